#!/usr/bin/python3
"""cppcheck and gcc -fanalyzer over the files that a build compiles.

usage: analysis.py cppcheck|fanalyzer BUILD...     BUILD: a folder with compile_commands.json; a file in two is looked at once
       analysis.py cppcheck|fanalyzer --self-test  a planted defect must be found, and a justified row that fits nothing

Exit 1 and a line a finding that tests/support/<tool>.justified does not name; a row there that fits none is told, too.
A row: FILE, what the tool calls it, the function (fanalyzer) or what the text ends with (cppcheck: a variable), and why it is no defect.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUPPORT = ROOT / "tests/support"
OURS = ("lib/", "server/", "cli/", "emulator/", "simulator/", "device-fw/")
JOBS = 2
IN_FUNCTION = re.compile(r"In function .(\w+).:$")
WARNED = re.compile(r"^(\S+?):(\d+):\d+: (?:warning|error): (.*) \[-W(?:error=)?(analyzer-[\w-]+)\]$")
CHECKED = re.compile(r"^(\S+?):\d+: \w+: (\w+): .*?(\S+)$")
# What the compiler defines, as far as sources ask for it.
DEFINED = ["-D__x86_64__=1", "-D__BYTE_ORDER__=1234", "-D__ORDER_LITTLE_ENDIAN__=1234"]
PLANTED = """#include <stdlib.h>
int planted(int n);
int planted(int n)
{
    char *p = malloc(16);
    int v = 0;

    if (!p)
        return 0;
    p[0] = (char)n;
    free(p);
    v = p[0];
    return v;
}
"""


def commands(folders):
    """(folder, compile command, file below ROOT) of each of our files, once."""
    seen = set()
    for folder in map(pathlib.Path, folders):
        for entry in json.loads((folder / "compile_commands.json").read_text()):
            path = os.path.relpath(os.path.normpath(folder / entry["file"]), ROOT)
            if path.startswith(OURS) and path not in seen:
                seen.add(path)
                yield folder, entry["command"], path


def analyzed(work):
    """(file, kind, function, line) of each thing that gcc says of one file."""
    folder, command, _ = work
    args = shlex.split(command)
    while os.path.basename(args[0]) == "ccache":
        args = args[1:]
    args[args.index("-o") + 1] = os.devnull
    for name, words in (("-MD", 1), ("-MQ", 2), ("-MF", 2)):
        while name in args:
            del args[args.index(name):args.index(name) + words]
    done = subprocess.run([*args, "-S", "-g0", "-fanalyzer", "-fdiagnostics-plain-output", "-Wno-error"], cwd=folder, text=True,
                          errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, env={**os.environ, "LC_ALL": "C"})
    if done.returncode != 0:
        raise SystemExit(done.stdout[-2000:])
    found, function = [], "-"
    for line in done.stdout.splitlines():
        entered, warned = IN_FUNCTION.search(line), WARNED.match(line)
        function = entered.group(1) if entered else function
        if warned:
            path = os.path.relpath(os.path.normpath(pathlib.Path(folder) / warned.group(1)), ROOT)
            found.append((path, warned.group(4), function, line))
    return found


def fanalyzer(folders):
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for found in pool.map(analyzed, commands(folders)):
            yield from found


def cppcheck(folders):
    ours = [{"directory": str(ROOT), "command": f"cc {shlex.join(words(command, folder))} -c {path}", "file": path}
            for folder, command, path in commands(folders)]
    with tempfile.TemporaryDirectory() as scratch:
        project = pathlib.Path(scratch) / "compile_commands.json"
        project.write_text(json.dumps(ours))
        # Its exit code tells whether it ran; what it found it says.
        done = subprocess.run(["cppcheck", f"--project={project}", "--quiet", f"-j{JOBS}", "--std=c17", "--inline-suppr",
                               "--enable=warning,performance,portability", f"--library={SUPPORT / 'cppcheck.cfg'}",
                               *DEFINED, "--template={file}:{line}: {severity}: {id}: {message}"],
                              cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise SystemExit(done.stdout[-2000:])
    for line in done.stdout.splitlines():
        checked = CHECKED.match(line)
        if checked:
            yield (os.path.relpath(ROOT / checked.group(1), ROOT), *checked.group(2, 3), line)


def words(command, folder):
    """Where headers are and what is defined; of other libraries' headers cppcheck makes nothing."""
    for word in shlex.split(command):
        if word.startswith("-I") and not word.startswith("-I/"):
            yield "-I" + os.path.normpath(pathlib.Path(folder) / word[2:])
        elif word.startswith("-D"):
            yield word


TOOLS = {"cppcheck": cppcheck, "fanalyzer": fanalyzer}


def justified(path):
    """{(file, kind, where): why}"""
    rows = {}
    for line in path.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            file, kind, where, why = line.split(None, 3)
            rows[file, kind, where] = why
    return rows


def judge(found, rows):
    """Lines: what is not justified, and which rows fit nothing."""
    kept = {said[:3] for said in found}
    yield from (said[3] for said in found if said[:3] not in rows)
    yield from (f"{' '.join(row)}: the row is stale, nothing of it is found any more" for row in rows if row not in kept)


def self_test(tool):
    kind = {"cppcheck": "deallocuse", "fanalyzer": "analyzer-use-after-free"}[tool]
    with tempfile.TemporaryDirectory(dir=ROOT / "lib") as scratch:
        folder = pathlib.Path(scratch)
        (folder / "planted.c").write_text(PLANTED)
        entry = {"directory": scratch, "command": "gcc -O0 -c planted.c -o planted.o", "file": "planted.c"}
        (folder / "compile_commands.json").write_text(json.dumps([entry]))
        found = list(TOOLS[tool]([folder]))
    rows = {found[0][:3]: "planted"} if found else {}
    ok = [said[1] for said in found] == [kind] and list(judge(found, {})) and not list(judge(found, rows))
    ok = ok and list(judge([], {("lib/gone.c", kind, "gone"): "no more"}))
    print("found" if ok else f"not found: {found}")
    return 0 if ok else 1


def main():
    tool, folders = sys.argv[1], sys.argv[2:]
    if folders == ["--self-test"]:
        return self_test(tool)
    told = list(judge(list(TOOLS[tool](folders)), justified(SUPPORT / f"{tool}.justified")))
    print("\n".join(told) or "nothing that is not justified")
    return 1 if told else 0


sys.exit(main())
