#!/usr/bin/python3
"""Lets otterd work for a while, over plain HTTP and over TLS, and judges whether what it holds stays flat.

scripts/soak [--no-install] [--no-build] [--seconds N] [--out DIR]

Exit: 0 flat, 1 not.
"""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
import certificates  # noqa: E402
import fleet  # noqa: E402
import output  # noqa: E402
import otter  # noqa: E402
import soak_chart  # noqa: E402
import soak_judge  # noqa: E402
import soak_work  # noqa: E402

MOST_SAMPLES = 720
MEGA = 1e6


def size(path):
    """MB of a file; a log may come and go."""
    try:
        return path.stat().st_size / MEGA
    except FileNotFoundError:
        return 0.0


class Sampler:
    """One server's series."""

    def __init__(self, server, device, began):
        self.server, self.device, self.began = server, device, began
        self.proc = pathlib.Path(f"/proc/{server.process.pid}")
        self.wire, self.samples = soak_work.Wire(server), []

    def sample(self):
        status = dict(line.split(":", 1) for line in (self.proc / "status").read_text().splitlines())
        asked = time.monotonic()
        soak_work.poll(self.wire, self.device)
        answered = time.monotonic()
        self.samples.append({
            "at": round(answered - self.began, 2), "rss": int(status["VmRSS"].split()[0]) * 1024 / MEGA,
            "private": int(status["RssAnon"].split()[0]) * 1024 / MEGA, "threads": int(status["Threads"]),
            "descriptors": len(os.listdir(self.proc / "fd")), "database": size(self.server.data / "otter.db"),
            "wal": size(self.server.data / "otter.db-wal"), "poll_ms": round((answered - asked) * 1000, 2)})


def start(name, folder, ends):
    (folder / name).mkdir()
    tls = certificates.tls_folder(folder / "pki") if name == "tls" else None
    world = otter.World(folder / name, tls=tls)
    ends.callback(world.stop)
    return world.start()


def soak(seconds, folder):
    """(series: name -> samples, works: name -> Work)"""
    series, works = {}, {}
    with contextlib.ExitStack() as ends:
        worlds = {name: start(name, folder, ends) for name in ("plain", "tls")}
        for at, (name, world) in enumerate(worlds.items()):
            works[name] = ends.enter_context(soak_work.Work(world, seed=at))
        began = time.monotonic()
        samplers = {name: Sampler(world.server, fleet.Device(world.server, "sampler"), began) for name, world in worlds.items()}
        while time.monotonic() < began + seconds:
            for sampler in samplers.values():
                sampler.sample()
            time.sleep(max(1.0, seconds / MOST_SAMPLES))
        series = {name: sampler.samples for name, sampler in samplers.items()}
    return series, works


def verdicts(series, works):
    found = []
    for name, samples in series.items():
        told = soak_judge.judge(samples) + soak_judge.judge_work(works[name].done, works[name].KINDS, works[name].failures)
        found += [soak_judge.Verdict(f"{name}: {v.what}", v.met, v.detail) for v in told]
    return found


def write_out(folder, seconds, series, works, found):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "soak.json").write_text(json.dumps({
        "machine": output.machine(), "seconds": seconds, "series": series, "work": {name: w.done for name, w in works.items()},
        "verdicts": [vars(verdict) for verdict in found]}, indent=1) + "\n")
    (folder / "soak.svg").write_text(soak_chart.draw(series))


def main():
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=3600, help="of work (3600)")
    parser.add_argument("--out", type=pathlib.Path, metavar="DIR", help="for the series as JSON and the picture")
    args = parser.parse_args()
    # So that an end by a signal, too, ends the servers and removes the folder.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    with tempfile.TemporaryDirectory(prefix="otter-soak-") as folder:
        series, works = soak(args.seconds, pathlib.Path(folder))
    found = verdicts(series, works)
    for verdict in found:
        print(f"{'met' if verdict.met else 'MISSED'}: {verdict.what}: {verdict.detail}")
    if args.out:
        write_out(args.out, args.seconds, series, works, found)
    return int(not all(verdict.met for verdict in found))


if __name__ == "__main__":
    sys.exit(main())
