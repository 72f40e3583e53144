#!/usr/bin/python3
"""Measures the operators' lists of a large fleet: a real otterd, devices imported over its API, an attempt each.

tests/bench/lists.py [--devices N] [--rounds N] [--silent]      50,000 devices, each list asked 3 times; the slowest page counts
"""

import argparse
import pathlib
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
import fleet  # noqa: E402
import otter  # noqa: E402
import processes  # noqa: E402


def measure(world, rounds, release, rollout):
    reader, rows = fleet.Reader(world.server), []
    for what, path in fleet.list_requests(rollout, release, "unit-000010"):
        rows.append((what, max(reader.page(path)[0] for _ in range(rounds))))
    for what, path in (("all pages of devices", "/api/v1/devices?limit=1000"),
                       ("all pages of devices by -last_seen", "/api/v1/devices?limit=1000&sort=-last_seen"),
                       ("all pages of attempts by device", f"/api/v1/rollouts/{rollout}/attempts?limit=1000&sort=device")):
        seconds, items = reader.walk(path)
        rows.append((f"{what}: slowest of {len(seconds)} pages, {len(items):,} items", max(seconds)))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--devices", type=int, default=50000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--silent", action="store_true", help="no device polls: there are no attempts")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="otter-lists-") as folder:
        world = otter.World(folder)
        try:
            world.start()
            began = time.monotonic()
            fleet.import_many(world.server, args.devices)
            imported = time.monotonic() - began
            release = world.publish("1.1.0")
            rollout = world.rollout(release)
            began = time.monotonic()
            fleet.poll_many(world.server, 0 if args.silent else args.devices)
            polled = time.monotonic() - began
            rows = measure(world, args.rounds, release, rollout)
            began = time.monotonic()
            changed = fleet.change(world.server, "label", target="all", add_tags=["swept"])["changed"]
            rows.append((f"label {changed:,} devices by target", time.monotonic() - began))
            began = time.monotonic()
            fleet.change(world.server, "hold", target="all", reason="bench")
            rows.append(("hold all of them", time.monotonic() - began))
            rss = processes.rss_bytes(world.server.process.pid)
        finally:
            world.stop()
    print(f"{args.devices:,} devices imported in {imported:.1f} s, granted an attempt each in {polled:.1f} s; {rss / 2**20:.0f} MiB\n")
    print("| list | slowest, ms |\n|---|---:|")
    for what, seconds in rows:
        print(f"| {what} | {1000 * seconds:.0f} |")


if __name__ == "__main__":
    main()
