#!/usr/bin/python3
"""Measures otterd beside nginx, on loopback, in one run, and prints a Markdown table with targets; or the firmware.

scripts/bench [--no-install] [--no-build] [--quick] [--only ROW]... [--seconds N] [--rounds N] [--out DIR] [--check] [--list]
scripts/bench --firmware

Exit: 0; with --check 1 if a target is missed; 2 if something could not be measured.
"""

import argparse
import contextlib
import dataclasses
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
import charts  # noqa: E402
import firmware  # noqa: E402
import load  # noqa: E402
import measures  # noqa: E402
import plan as plans  # noqa: E402
import processes  # noqa: E402
import output  # noqa: E402
import stand as stands  # noqa: E402

FILES_WANTED = 40_000
FILES_SPARE = 1_500  # beside the idle connections: wrk's, logs, databases


def raise_file_limit():
    """As many open files as we may have, for us and for the servers that we start; returns the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, FILES_WANTED)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return limit


class OutOfTime(Exception):
    pass


# Of which a measure may fail without taking the others along.
FAILURES = (OutOfTime, load.LoadError, AssertionError, RuntimeError, OSError, subprocess.SubprocessError)


@contextlib.contextmanager
def at_most(seconds, what):
    """Ends what runs in it by an exception when the time is over, wherever it waits."""
    def over(*_):
        raise OutOfTime(f"{what}: not within {seconds:.0f} s")
    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def measure_one(m, stand, plan, end):
    """(rows, why there are none)"""
    began = time.monotonic()
    seconds = min(measures.bound(m, plan), end - began)
    try:
        if seconds <= 0:
            raise OutOfTime("the whole run's time is over")
        with at_most(seconds, m.name):
            return m.run(stand, plan), None
    except FAILURES as error:
        print(f"error: {m.name}: {error}", file=sys.stderr)
        return [], str(error)
    finally:
        print(f"{m.name}: {time.monotonic() - began:.0f} s, estimated {m.estimate(plan):.0f} s", file=sys.stderr, flush=True)


def measure(plan, only, limit):
    """(rows, what could not be measured: name -> why)"""
    rows, failures = [], {}
    end = time.monotonic() + measures.whole_bound(plan, only)
    try:
        with tempfile.TemporaryDirectory(prefix="otter-bench-") as folder, \
                stands.Stand(folder, count=plan.devices, files=limit) as stand:
            for m in measures.chosen(plan, only):
                found, why = measure_one(m, stand, plan, end)
                rows += found
                failures |= {m.name: why} if why else {}
    except FAILURES as error:  # of a server that would not start, or not end
        failures["servers"] = str(error)
    return rows, failures


def whole_number(text):
    value = int(text)
    if not 1 <= value <= 100_000:
        raise argparse.ArgumentTypeError("1 to 100000")
    return value


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", choices=[m.name for m in measures.MEASURES], metavar="ROW", default=[],
                        help="only this one of --list (may be repeated)")
    parser.add_argument("--quick", action="store_true", help="a part of it, in shorter time: to see whether something broke")
    parser.add_argument("--seconds", type=whole_number, help="of each run of wrk (1)")
    parser.add_argument("--rounds", type=whole_number, help="runs of each server, in turn (5; --quick: 2)")
    parser.add_argument("--devices", type=whole_number, help="that poll (1000)")
    parser.add_argument("--out", type=pathlib.Path, metavar="DIR", help="for the table, its JSON and the charts")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a target is missed")
    parser.add_argument("--list", action="store_true", help="name what is measured, and how long it takes")
    parser.add_argument("--firmware", action="store_true", help="sizes and instruction counts of the firmware instead")
    return parser.parse_args()


def plan_of(args):
    plan = plans.QUICK if args.quick else plans.Plan()
    given = {name: getattr(args, name) for name in ("seconds", "rounds", "devices") if getattr(args, name)}
    return dataclasses.replace(plan, **given)


def print_list(plan):
    for m in measures.chosen(plan, ()):
        print(f"{m.name:14} {m.estimate(plan):4.0f} s, at most {measures.bound(m, plan):4.0f}: {m.summary}")
    print(f"{'all':14} {measures.whole_estimate(plan):4.0f} s, at most {measures.whole_bound(plan):4.0f}")


def write_out(folder, rows, failures, told, plan):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.md").write_text(output.markdown(rows, failures, told))
    (folder / "bench.json").write_text(output.as_json(rows, failures, told, dataclasses.asdict(plan)))
    for name, picture in charts.draw(rows).items():
        (folder / name).write_text(picture)


def main():
    args = arguments()
    plan = plan_of(args)
    if args.list:
        print_list(plan)
        return 0
    if args.firmware:
        firmware.print_table(firmware.measure(firmware.BUILD))
        return 0
    # So that an end by a signal, too, ends the servers and removes the folder.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    limit = raise_file_limit()
    plan = dataclasses.replace(plan, idle=min(plan.idle, limit - FILES_SPARE))
    others, began = processes.OthersShare(), time.monotonic()
    rows, failures = measure(plan, args.only, limit)
    told = output.about(plan, others.percent(), time.monotonic() - began)
    print(output.markdown(rows, failures, told), end="")
    if args.out:
        write_out(args.out, rows, failures, told, plan)
    if failures:
        return 2
    return int(args.check and any(row.met is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
