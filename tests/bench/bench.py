#!/usr/bin/python3
"""Measures otterd beside nginx, on loopback, in one run, and prints a Markdown table; or the firmware.

scripts/bench [--no-install] [--no-build] [--only NAME]... [--seconds N] [--rounds N] [--devices N] [--list]
scripts/bench --firmware
"""

import argparse
import os
import pathlib
import platform
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
import firmware  # noqa: E402
import load  # noqa: E402
import measures  # noqa: E402
import nginx  # noqa: E402
import processes  # noqa: E402
import rollouts  # noqa: E402
import stand as stands  # noqa: E402

MEASURES = {**measures.MEASURES, **rollouts.MEASURES}
FILES_WANTED = 40_000
FILES_SPARE = 1_500  # beside the idle connections: wrk's, logs, the database


def raise_file_limit():
    """As many open files as we may have, for us and for the servers that we start; returns the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, FILES_WANTED)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return limit


def first_line(args, pattern):
    done = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    found = re.search(pattern, done.stdout)
    return found.group(1) if found else "?"


def describe(args, others):
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    versions = ", ".join([
        "nginx " + first_line([nginx.executable(), "-v"], r"nginx/(\S+)"),
        "wrk " + first_line(["wrk", "-v"], r"([0-9]+[.][0-9]+[.][0-9]+)"),
        first_line(["openssl", "version"], r"(OpenSSL \S+)")])
    return (f"{os.cpu_count()} cores{' (' + cpu.group(1) + ')' if cpu else ''}, Linux {platform.release().split('-')[0]}, "
            f"{versions}; everything on loopback, the load generator on the same cores. {args.rounds} rounds of "
            f"{args.seconds} s for each server, alternating; ratios are medians of the rounds' ratios otterd / nginx, "
            f"absolute figures those of the median round. {args.devices:,} devices poll in turn, each with its own token. "
            f"Others had {others:.0f} % of the CPU time meanwhile: above 10 %, trust CPU a request and memory, not rates.")


def print_table(rows, about):
    print(f"{about}\n")
    print("| what | target | measured | | otterd | nginx | how |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        verdict = {None: "", True: "met", False: "**missed**"}[row.met]
        print(f"| {row.metric} | {row.target} | {row.value} | {verdict} | {row.otterd} | {row.nginx} | {row.how} |")


def arguments():
    def positive(text):
        value = int(text)
        if not 1 <= value <= 100_000:
            raise argparse.ArgumentTypeError("1 to 100000")
        return value
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=sorted(MEASURES), metavar="NAME",
                        help="only this measurement (may be repeated)")
    parser.add_argument("--seconds", type=positive, default=3, help="of each run of wrk (3)")
    parser.add_argument("--rounds", type=positive, default=3, help="pairs of runs (3)")
    parser.add_argument("--devices", type=positive, default=1000, help="that poll (1000)")
    parser.add_argument("--max-fleet", type=int, default=1_000_000, help="largest fleet of `start` and `rollouts` (1000000)")
    parser.add_argument("--list", action="store_true", help="name the measurements")
    parser.add_argument("--firmware", action="store_true", help="sizes and instruction counts of the firmware instead")
    return parser.parse_args()


def measure(args, limit):
    plan = measures.Plan(args.seconds, args.rounds, min(10_000, limit - FILES_SPARE),
                         [n for n in (100_000, 1_000_000) if n <= args.max_fleet])
    rows = []
    with tempfile.TemporaryDirectory(prefix="otter-bench-") as folder:
        with stands.Stand(folder, devices=args.devices, files=limit) as stand:
            # In the table's order: `offer` starts a rollout, so what comes before it runs without one.
            for name, (function, _) in MEASURES.items():
                if not args.only or name in args.only:
                    began = time.monotonic()
                    rows += function(stand, plan)
                    print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return rows


def main():
    args = arguments()
    if args.list:
        for name, (_, summary) in MEASURES.items():
            print(f"{name:12} {summary}")
        return 0
    if args.firmware:
        firmware.print_table(firmware.measure(firmware.BUILD))
        return 0
    # So that an end by a signal, too, ends the servers and removes the folder.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    others = processes.OthersShare()
    try:
        rows = measure(args, raise_file_limit())
    except (load.LoadError, AssertionError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print_table(rows, describe(args, others.percent()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
