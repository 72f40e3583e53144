#!/usr/bin/python3
"""The table in docs/security.md, Attacks, and tests/attacks.py name the same attacks and the same tests; each test is there,
and what is said to stop an attack is named so in docs/protocol.md or docs/operations.md.

Exit 1 and one line a defect. --self-test plants a defect of each kind and fails unless each of them is found.
"""

import ast
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from attacks import ATTACKS  # noqa: E402

HEADING = "## Attacks"
# Those that may not be missing.
NAMED = """arbitrary-software rollback fast-forward freeze mix-and-match endless-data slow-retrieval extraneous-data wrong-device
    wrong-hardware wrong-slot replayed-offer another-devices-offer stolen-offer-key one-stolen-release-key malicious-mirror
    server-taken-over old-backup toctou flash-wear retry-after-for-ever report-forging device-id-squatting tls-downgrade
    duplicate-signatures""".split()
COLUMNS = ["attack", "the attacker", "what stops it", "what remains", "tests"]
QUOTED = re.compile(r"`([^`]+)`")
UNIT = "unit:"


def rows(page):
    """name -> [what stops it, tests], of the section's one table; and its defects."""
    section = page.partition(f"\n{HEADING}\n")[2].partition("\n## ")[0]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")]
    if not lines or lines[0] != COLUMNS:
        return {}, [f"no table of the columns {', '.join(COLUMNS)} below {HEADING}"]
    found, wrong = {}, []
    for line in lines[2:]:
        name = line[0].strip("`")
        if len(line) != len(COLUMNS) or "" in line:
            wrong.append(f"{name}: a row of {len(COLUMNS)} cells that say something was expected")
        elif name in found:
            wrong.append(f"{name}: two rows")
        else:
            found[name] = line[2], line[4]
    return found, wrong


def functions(path):
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


def is_unit_program(name):
    """As tests/unit/*/meson.build spells it, or puts it together: 'area-' + a word of a list."""
    for text in (path.read_text() for path in ROOT.glob("tests/unit/*/meson.build")):
        for begin in re.findall(r"test\('([^']+)'", text):
            rest = name.removeprefix(begin)
            if name == begin or begin[-1] in "-/" and rest != name and f"'{rest}'" in text:
                return True
    return False


def is_there(test):
    if test.startswith(UNIT):
        return is_unit_program(test[len(UNIT):])
    file, _, function = test.partition("::")
    path = ROOT / "tests/e2e" / file
    return path.is_file() and function.startswith("test_") and function in functions(path)


def wrong_tests(name, tests, cell):
    if not tests:
        yield f"{name}: no test"
    yield from (f"{name}: there is no {test}" for test in tests if not is_there(test))
    said, wanted = set(QUOTED.findall(cell)), {f"attack-{name}", *tests}
    yield from (f"{name}: the row does not name {test}" for test in sorted(wanted - said))
    yield from (f"{name}: the row names {test}, tests/attacks.py does not" for test in sorted(said - wanted))


def defects(page, attacks, names, needed=()):
    """needed: attacks that must be there. names: text in which each `name` that stops an attack stands likewise in `quotes`."""
    table, found = rows(page)
    found += [f"{name}: no row in docs/security.md" for name in attacks if name not in table]
    found += [f"{name}: not in tests/attacks.py" for name in [*table, *needed] if name not in attacks]
    for name in (name for name in attacks if name in table):
        stops, tests = table[name]
        found += [f"{name}: neither docs/protocol.md nor docs/operations.md knows `{word}`" for word in QUOTED.findall(stops)
                  if f"`{word}`" not in names]
        found += wrong_tests(name, attacks[name], tests)
    return found


# --- what the check must find

TEST = "test_straight_road.py::test_manual_phases_open_only_when_told"
HEAD = f"\n{HEADING}\n\n| " + " | ".join(COLUMNS) + " |\n|---|---|---|---|---|\n"
GOOD = HEAD + f"| theft | takes | `wrong-link` | dust | `attack-theft`: `{TEST}` |\n"
PLANTED = {
    "no table": ("\n## Others\n", {"theft": [TEST]}),
    "a row too few": (HEAD, {"theft": [TEST]}),
    "a row too many": (GOOD, {}),
    "a row twice": (GOOD + GOOD.splitlines()[-1], {"theft": [TEST]}),
    "an empty cell": (GOOD.replace("dust", ""), {"theft": [TEST]}),
    "a name that stops nothing": (GOOD.replace("wrong-link", "wrong-lunch"), {"theft": [TEST]}),
    "no test": (GOOD.replace(f": `{TEST}`", ""), {"theft": []}),
    "a test that is not there": (GOOD.replace("manual", "wrong"), {"theft": [TEST.replace("manual", "wrong")]}),
    "a file that is not there": (GOOD.replace("straight", "broad"), {"theft": [TEST.replace("straight", "broad")]}),
    "a program that is not there": (GOOD.replace(TEST, "unit:core-none"), {"theft": ["unit:core-none"]}),
    "a test without its row's word": (GOOD, {"theft": [TEST, "unit:core-verify"]}),
    "a test of the row alone": (GOOD.replace(f"`{TEST}`", f"`{TEST}`, `unit:core-verify`"), {"theft": [TEST]}),
    "another suite": (GOOD.replace("attack-theft", "attack-heft"), {"theft": [TEST]}),
}


def self_test():
    said = "`wrong-link`"
    yield from (f"found in what is good: {defect}" for defect in defects(GOOD, {"theft": [TEST]}, said))
    yield from (f"not found: {what}" for what, (page, attacks) in PLANTED.items() if not defects(page, attacks, said))
    if not defects(GOOD, {"theft": [TEST]}, said, ["theft", "arson"]):
        yield "not found: an attack that is needed and not there"


def main():
    docs = ROOT / "docs"
    names = (docs / "protocol.md").read_text() + (docs / "operations.md").read_text()
    found = list(self_test()) if "--self-test" in sys.argv else defects(
        (docs / "security.md").read_text(), ATTACKS, names, NAMED)
    print("\n".join(found) if found else f"{len(ATTACKS)} attacks, each with its row and its tests")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
