#!/usr/bin/python3
"""Fills a page of the manual (scdoc, with a line @OPTIONS@ or @KEYS@) from what the program itself says.

    fill.py PAGE.scd.in --help-of PROGRAM    options and their texts, as `PROGRAM --help` prints them
    fill.py PAGE.scd.in --keys-of FILE       sections, keys and defaults, as the commented configuration file has them
"""

import re
import subprocess
import sys


def text(s):
    """In which scdoc sees no marks."""
    return re.sub(r"([\\_*#+\-\[\]|<>`~.'])", r"\\\1", s)


def usage(s):
    """--data DIR, or --version, --help: names bold, values underlined."""
    words = [re.sub(r"^(-[^,=]*)(.*)$", lambda m: f"*{text(m[1])}*{text(m[2])}", w) if w.startswith("-") else f"_{text(w)}_"
             for w in s.split()]
    return " ".join(words)


def options(program):
    told = subprocess.run([program, "--help"], check=True, stdout=subprocess.PIPE, text=True).stdout
    found = []
    for line in told.splitlines():
        option = re.match(r"^ {1,3}(-\S.*?)(?:\s{2,}(\S.*))?$", line)
        if option:
            found.append((option[1], [option[2] or ""]))
        elif found and re.match(r"^ {6,}\S", line):
            found[-1][1].append(line.strip())
        elif line.strip() and found:
            break
    if not found:
        sys.exit(f"{program} --help names no option")
    return "\n".join(f"{usage(name)}\n\t{text(' '.join(says).strip()) or 'As everywhere.'}\n" for name, says in found)


def keys(path):
    out, comment, behind_key = [], [], False
    with open(path, encoding="utf-8") as f:
        for line in f.read().splitlines():
            key = re.match(r"^;([a-z_]+ = .*)$", line)
            if line.startswith("["):
                out.append(f"## {line}\n")  # headings know no marks
                comment, behind_key = [], False
            elif key:
                name, value = key[1].split(" = ", 1)
                out.append(f"*{text(name)}* = _{text(value)}_\n\t{text(' '.join(comment)) if comment else 'As above.'}\n")
                behind_key = True
            elif line.startswith("; "):
                comment = ([] if behind_key else comment) + [line[2:].strip()]
                behind_key = False
    return "\n".join(out)


def main():
    page, how, what = sys.argv[1:]
    with open(page, encoding="utf-8") as f:
        template = f.read()
    mark, filled = ("@OPTIONS@", options) if how == "--help-of" else ("@KEYS@", keys)
    if mark not in template:
        sys.exit(f"{page}: no line {mark}")
    sys.stdout.write(template.replace(mark, filled(what).rstrip()))


if __name__ == "__main__":
    main()
