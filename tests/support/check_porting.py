#!/usr/bin/python3
"""The code that docs/porting.md shows: an excerpt ("From `file`:") stands in that file line for line, and every other block
of C compiles by itself, for this machine and for a Cortex-M4.

Exit 1 and one line a defect. --self-test plants a defect of each kind and fails unless each of them is found.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs/porting.md"
BLOCK = re.compile(r"(?:^From `([^`\n]+)`:\n)?^```(c|ld)\n(.*?)^```$", re.M | re.S)
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wpedantic", "-fsyntax-only"]
COMPILERS = [["cc"], ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb"]]


def excerpt_defect(path, text):
    if not (ROOT / path).is_file():
        return f"there is no {path}"
    return None if text in (ROOT / path).read_text() else f"{path} does not say this:\n{text}"


def compile_defect(text):
    for compiler in COMPILERS:
        done = subprocess.run([*compiler, *WARNINGS, f"-I{ROOT}/device-fw", f"-I{ROOT}/lib", "-x", "c", "-"], input=text, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        if done.returncode != 0:
            return f"{compiler[0]}: {done.stdout}"
    return None


def defects(page):
    """What is wrong, and how many blocks there are of each kind."""
    found, excerpts, programs = [], 0, 0
    for path, language, text in BLOCK.findall(page):
        if path:
            excerpts += 1
            found.append(excerpt_defect(path, text))
        elif language == "c":
            programs += 1
            found.append(compile_defect(text))
        else:
            found.append("a linker script that is no excerpt")
    return [f"docs/porting.md: {f}" for f in found if f], excerpts, programs


PLANTED = [
    "```c\n#include \"updater/updater.h\"\nint f(void) { return otter_updater_stop(); }\n```\n",
    "From `device-fw/port/maps.c`:\n```c\nconst struct otter_flash_map otter_map_f408 = {\n```\n",
    "From `device-fw/port/map.c`:\n```c\n#include \"port/flash.h\"\n```\n",
    "```ld\nMEMORY {}\n```\n",
]


def main():
    if "--self-test" in sys.argv:
        found = [f"not found: {planted}" for planted in PLANTED if not defects(planted)[0]]
    else:
        found, excerpts, programs = defects(PAGE.read_text())
        if not found and (excerpts < 5 or programs < 2):
            found = [f"docs/porting.md: {excerpts} excerpts and {programs} programs found: the check sees too little"]
    print("\n".join(found) if found else "docs/porting.md shows what is there")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
