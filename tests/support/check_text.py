#!/usr/bin/python3
"""Text rules over every tracked file: no host of a package registry, no path of a developer's machine."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# Written so that this file does not match itself.
FORBIDDEN = [
    (r"(deb|security|snapshot)\.debian" + r"\.org", "host of a package registry"),
    (r"pypi" + r"\.org|pythonhosted" + r"\.org|crates" + r"\.io|registry\.npmjs" + r"\.org", "host of a package registry"),
    (r"(?<![\w.])/(root|home/\w+|work)" + r"/\w", "path of a machine"),
]


def main():
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"], check=True,
                            stdout=subprocess.PIPE, text=True).stdout.splitlines()
    found = []
    for path in listed:
        try:
            text = (ROOT / path).read_text()
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        for pattern, what in FORBIDDEN:
            for match in re.finditer(pattern, text):
                line = text.count("\n", 0, match.start()) + 1
                found.append(f"{path}:{line}: {what}: {match.group(0)}")
    print("\n".join(found) if found else "nothing forbidden")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
