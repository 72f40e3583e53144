#!/usr/bin/python3
"""Makes the broken copy of a source file that a fault of faults.txt asks for.

fault.py NAME SOURCE OUT      SOURCE is the file that the fault names; fails unless exactly one line of it matches
fault.py --list               a line each: name, and what finds it
"""

import pathlib
import sys

FIELDS = {"name", "file", "line", "mutant", "where"}


def faults(text):
    body = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for block in body.split("\n\n"):
        if block.strip():
            made = dict(line.split(": ", 1) for line in block.strip().splitlines())
            if set(made) != FIELDS:
                sys.exit(f"fields of {made.get('name', block)}: {sorted(made)}")
            yield made


def read():
    return list(faults((pathlib.Path(__file__).parent / "faults.txt").read_text()))


def main(name, source, out):
    found = [f for f in read() if f["name"] == name]
    if len(found) != 1 or not pathlib.Path(source).as_posix().endswith(found[0]["file"]):
        sys.exit(f"no fault {name} of {source}")
    lines = pathlib.Path(source).read_text().splitlines(keepends=True)
    at = [i for i, line in enumerate(lines) if line.strip() == found[0]["line"]]
    if len(at) != 1:
        sys.exit(f"{name}: {len(at)} lines of {found[0]['file']} match: {found[0]['line']}")
    lines[at[0]] = found[0]["mutant"] + "\n"
    pathlib.Path(out).write_text("".join(lines))


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(f"{f['name']} {f['where']}" for f in read()))
    else:
        main(*sys.argv[1:])
