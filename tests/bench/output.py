"""A run as a Markdown table and as JSON."""

import json
import os
import pathlib
import platform
import re
import subprocess

import figures
import nginx


def first_line(args, pattern):
    done = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    found = re.search(pattern, done.stdout)
    return found.group(1) if found else "?"


def machine():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    versions = ", ".join([
        "nginx " + first_line([nginx.executable(), "-v"], r"nginx/(\S+)"),
        "wrk " + first_line(["wrk", "-v"], r"([0-9]+[.][0-9]+[.][0-9]+)"),
        first_line(["openssl", "version"], r"(OpenSSL \S+)")])
    return (f"{os.cpu_count()} cores{' (' + cpu.group(1) + ')' if cpu else ''}, Linux {platform.release().split('-')[0]}, "
            f"{versions}")


def about(plan, others, seconds):
    return (f"{machine()}; everything on loopback, the load generator on the same cores. {plan.rounds} rounds of "
            f"{plan.seconds} s for each server, in turn; a ratio is otterd / nginx, the median of the rounds' ratios, with the "
            f"quarters' bounds around it; absolute figures are those of the median round. {plan.devices:,} devices poll in "
            f"turn, each with its own token. Others had {others:.0f} % of the CPU time meanwhile: above 10 %, trust CPU a "
            f"request and memory, not rates. {seconds:.0f} s in all.")


VERDICT = {None: "", True: "met", False: "**missed**"}


def markdown_row(row):
    between = ""
    if len(row.values) > 1:
        low, high = (f"{v:,.{figures.DIGITS[row.unit]}f}" for v in (row.spread.low, row.spread.high))
        between = f"{low} to {high}"
    target = row.target.text(row.unit) if row.target else ""
    return (f"| {row.what} | {target} | {figures.shown(row.value, row.unit)} | {between} | {VERDICT[row.met]} | {row.otterd} | "
            f"{row.nginx} | {row.how} |")


def summary(rows, failures):
    judged = [row for row in rows if row.met is not None]
    missed = [row for row in judged if not row.met]
    return (f"{len(judged) - len(missed)} of {len(judged)} targets met"
            + "".join(f"\nmissed: {row.what}: {figures.shown(row.value, row.unit)}, target {row.target.text(row.unit)}"
                      for row in missed)
            + "".join(f"\nnot measured: {name}: {why}" for name, why in failures.items()))


def markdown(rows, failures, told):
    lines = [told, "", "| what | target | measured | quarters | | otterd | nginx | how |", "|---|---|---|---|---|---|---|---|",
             *map(markdown_row, rows), "", summary(rows, failures)]
    return "\n".join(lines) + "\n"


def as_json(rows, failures, told, plan):
    return json.dumps({"about": told, "plan": plan, "rows": [row.json() for row in rows], "not_measured": failures},
                      indent=1) + "\n"
