#!/usr/bin/python3
"""Runs the suites of tests/suites.py and ends with `N passed, N failed, N skipped`.

scripts/test [--quick | --full] [--list] [--only NAME]...
"""

import argparse
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import suites  # noqa: E402

TIERS = ["quick", "default", "full", "named"]  # the last is in no run that does not name the suite


def allowed_skips():
    lines = (suites.ROOT / "tests/allowed-skips").read_text().splitlines()
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


def run_suite(suite, tier):
    try:
        return list(suite.run(tier))
    except suites.SuiteError as error:
        return [suites.Case(suite.name, "failed", str(error))]


def report(suite, cases, seconds):
    for case in cases:
        if case.outcome != "passed":
            print(f"{case.outcome.upper()} {suite.name}: {case.name}")
            if case.message:
                print("    " + case.message.rstrip().replace("\n", "\n    "))
    passed = sum(case.outcome == "passed" for case in cases)
    print(f"{suite.name}: {passed} of {len(cases)} passed, {seconds:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="scripts/test", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_const", dest="tier", const="quick", default="default")
    parser.add_argument("--full", action="store_const", dest="tier", const="full")
    parser.add_argument("--list", action="store_true", help="name the suites and their tiers")
    parser.add_argument("--only", action="append", metavar="NAME", help="only this suite (may be repeated)")
    args = parser.parse_args()

    if args.list:
        for suite in suites.SUITES:
            print(f"{suite.name:28} {suite.tier:8} {suite.summary}")
        return 0
    unknown = set(args.only or []) - {suite.name for suite in suites.SUITES}
    if unknown:
        parser.error(f"no suite named {', '.join(sorted(unknown))}; see --list")

    chosen = [s for s in suites.SUITES
              if (s.name in args.only if args.only else TIERS.index(s.tier) <= TIERS.index(args.tier))]
    skips = allowed_skips()
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for suite in chosen:
        started = time.monotonic()
        cases = run_suite(suite, args.tier)
        if not cases:
            cases = [suites.Case(suite.name, "failed", "the suite ran no case")]
        for case in cases:
            if case.outcome == "skipped" and f"{suite.name}/{case.name}" not in skips:
                case.outcome, case.message = "failed", f"skipped, but not in tests/allowed-skips: {case.message}"
            total[case.outcome] += 1
        report(suite, cases, time.monotonic() - started)
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")
    return 1 if total["failed"] or not total["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
