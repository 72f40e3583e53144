#!/usr/bin/python3
"""What a whole run of the end-to-end tests must have reached: each operation of docs/openapi.yaml with each status that
it describes, and each code of the API. The judge (api_judge.py) wrote down what was.

api_ledger.py FOLDER      one line for each that was missed; exit 1 if there is one
"""

import json
import pathlib
import re
import sys

import openapi

STATUS_H = pathlib.Path(__file__).resolve().parents[2] / "lib/core/status.h"

# Answered by what all operations share (server/service/writer.c, reader.c, server/http/request.c), whatever was asked:
# somewhere in the run, not at each operation.
SHARED = {503: "too-busy", 507: "store-full"}

# What no test can reach from outside, and why.
UNREACHABLE_STATUS = {
    500: "a defect in otterd, or a disk that fails under it; tests/unit/service and tests/unit/http have them",
}
UNREACHABLE_CODE = {
    "internal": "a defect in otterd, or no memory",
    "length-required": "no operation needs a Content-Length: a body may be chunked",
}

# Reached or not, as the machine is: what a disk that fails looks like differs.
MAYBE_CODE = {"io-error"}
# Needs disks of a test's own (disk.py); where there can be none, a file of this name stands in the folder.
NO_DISKS, DISK_CODES = "no-disks", {"store-full"}


def hits(folder):
    for ledger in sorted(pathlib.Path(folder).glob("*.jsonl")):
        for line in ledger.read_text().splitlines():
            yield tuple(json.loads(line))


def api_codes():
    """Of lib/core/status.h: those of the API's own group."""
    return set(re.findall(r"X\(\w+, \"([a-z0-9-]+)\", 'A',", STATUS_H.read_text()))


def missed(description, hit, excused):
    statuses = {(operation, status) for operation, status, _ in hit}
    codes = {code for _, _, code in hit}
    wanted_codes = api_codes()
    for op in description.operations:
        for status, response in description.responses(op).items():
            wanted_codes |= set(description.codes(response) or [])
            if status not in SHARED and status not in UNREACHABLE_STATUS and (op.id, status) not in statuses:
                yield f"{op.id}: {status} was never answered"
    for status, code in SHARED.items():
        if code not in excused and not any(seen == status for _, seen in statuses):
            yield f"{status} {code} was never answered"
    yield from (f"the code {code} was never answered"
                for code in sorted(wanted_codes - codes - set(UNREACHABLE_CODE) - excused))
    yield from (f"the code {code} can be answered: take it from the list of those that cannot"
                for code in sorted(codes & set(UNREACHABLE_CODE)))


def main():
    no_disks = (pathlib.Path(sys.argv[1]) / NO_DISKS).exists()
    excused = MAYBE_CODE | (DISK_CODES if no_disks else set())
    found = list(missed(openapi.description(), set(hits(sys.argv[1])), excused))
    print("\n".join(found) if found else "each operation, status and code was answered")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
