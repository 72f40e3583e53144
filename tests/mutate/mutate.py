#!/usr/bin/python3
"""Breaks one line at a time and demands that a named test turns red (tests/mutate/mutations.txt).

mutate.py [--json] [--only NAME]     works in a copy under build/mutate; the tree itself is never touched
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "build/mutate"
TREE = WORK / "tree"
BUILD = WORK / "build"
MESON = ["/usr/bin/python3", "/usr/bin/meson"]
FIELDS = ("name", "file", "line", "mutant", "test")


def mutations():
    """Blocks of `field: value`, parted by blank lines. line and mutant are matched without outer white space."""
    text = (ROOT / "tests/mutate/mutations.txt").read_text()
    body = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for block in body.split("\n\n"):
        if block.strip():
            made = dict(line.split(": ", 1) for line in block.strip().splitlines())
            assert set(made) == set(FIELDS), f"fields of {made.get('name', block)}: {sorted(made)}"
            yield made


def copy_tree():
    TREE.mkdir(parents=True, exist_ok=True)
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], check=True,
                            stdout=subprocess.PIPE, text=True).stdout.splitlines()
    for path in listed:  # what has gone from the tree stays in the copy: meson names every file it builds
        source, target = ROOT / path, TREE / path
        if not source.is_file():
            continue
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
            os.utime(target)  # newer than what was built from an earlier mutant


def quiet(args, **kwargs):
    return subprocess.run([str(a) for a in args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, text=True, errors="replace", timeout=300, check=False, **kwargs)


def build(*targets):
    return quiet(["ninja", "-C", BUILD, *targets])


def mutate(text, made):
    """The text with the one matching line replaced, its indentation kept; None unless exactly one matches."""
    lines = text.splitlines(keepends=True)
    at = [i for i, line in enumerate(lines) if line.strip() == made["line"].strip()]
    if len(at) != 1:
        return None, len(at)
    old = lines[at[0]]
    lines[at[0]] = old[:len(old) - len(old.lstrip())] + made["mutant"].strip() + "\n"
    return "".join(lines), 1


def run(test):
    return quiet(test["cmd"], cwd=test["workdir"] or TREE, env={**os.environ, **(test["env"] or {})})


def target_of(test):
    return os.path.relpath(test["cmd"][0], BUILD)


def green_tests(chosen, tests):
    """Red for a mutant means something only where the untouched tree is green."""
    wanted = {one["test"] for one in chosen} & set(tests)
    built = build(*sorted({target_of(tests[name]) for name in wanted}))
    if built.returncode != 0:
        sys.exit("the untouched tree does not build:\n" + built.stdout[-3000:])
    return {name for name in wanted if run(tests[name]).returncode == 0}


def judge(made, tests, green):
    path = TREE / made["file"]
    if not (ROOT / made["file"]).is_file():
        return False, f"no file {made['file']}"
    original = path.read_text()
    mutant, matches = mutate(original, made)
    if mutant is None:
        return False, f"{matches} lines of {made['file']} match: {made['line']}"
    test = tests.get(made["test"])
    if test is None:
        return False, f"no test named {made['test']}"
    if made["test"] not in green:
        return False, f"{made['test']} is red without the mutation"
    path.write_text(mutant)
    try:
        # Builds anew also what an earlier mutant left behind.
        built = build(target_of(test))
        if built.returncode != 0:
            return False, "the mutant does not compile:\n" + built.stdout[-1500:]
        return run(test).returncode != 0, f"{made['test']} stays green"
    except subprocess.TimeoutExpired:
        return True, "the test hung"
    finally:
        path.write_text(original)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only")
    args = parser.parse_args()
    copy_tree()
    again = ["--reconfigure"] if (BUILD / "build.ninja").exists() else []
    made = quiet([*MESON, "setup", *again, BUILD, TREE, f"-Dsources_dir={ROOT / 'build/sources'}", "-Dbuildtype=debug",
                  "-Dwerror=false", "-Dcli=true", "-Demulator=true"])
    if made.returncode != 0:
        sys.exit(made.stdout[-3000:])
    listed = json.loads(quiet([*MESON, "introspect", BUILD, "--tests"]).stdout)
    tests = {test["name"]: test for test in listed}
    chosen = [one for one in mutations() if args.only in (None, one["name"])]
    green = green_tests(chosen, tests)
    survivors = 0
    for one in sorted(chosen, key=lambda one: (one["test"], one["file"])):  # neighbours share what is built
        killed, detail = judge(one, tests, green)
        survivors += not killed
        if args.json:
            print(json.dumps({"name": one["name"], "killed": killed, "detail": "" if killed else detail}), flush=True)
        else:
            print(f"{'killed  ' if killed else 'SURVIVED'} {one['name']}{'' if killed else ': ' + detail}", flush=True)
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
