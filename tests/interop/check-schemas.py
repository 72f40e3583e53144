#!/usr/bin/python3
"""The JSON Schemas (draft 2020-12) against every example and every vector: what is valid must be accepted, and what is
refused for its shape must not be, but for the listed cases that a schema cannot tell."""

import json
import pathlib
import sys

import jsonschema
import otterspec as o

MANIFESTS = pathlib.Path(__file__).resolve().parent.parent.parent / "manifests"
KIND_OF_CHECK = {"root-first": "root", "root-next": "root", "offer": "offer", "manifest": "manifest", "release": "manifest",
                 "poll": "poll", "report": "report"}  # fmt: skip
SHAPE = ("bad-value", "missing-member", "unknown-member", "wrong-type", "root-roles")
# Shapes that JSON Schema cannot see, by the case's name: the data model has lost them, or they span members.
BEYOND_SCHEMA = {
    "number-fraction": "1.0 is an integer in JSON Schema's data model",
    "number-exponent": "1e3 is an integer, too",
    "escaped-name": "an escape is resolved before a schema sees the name",
    "roles-unknown-key": "a key id must be among another member's names",
    "roles-threshold-above": "a threshold against the length of an array",
    "roles-offer-shared-release": "key ids across roles",
    "roles-offer-shared-root": "key ids across roles",
    "roles-ten-keyids": "a sum over roles",
}


def load_schemas():
    schemas = {}
    for path in sorted((MANIFESTS / "schemas").glob("*.schema.json")):
        schema = json.loads(path.read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        schemas[path.name.split(".")[0]] = jsonschema.Draft202012Validator(schema)
    return schemas


def parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


class Checker:
    def __init__(self):
        self.schemas, self.failed, self.accepted, self.refused = load_schemas(), 0, 0, 0

    def judge(self, where, kind, doc, valid):
        errors = list(self.schemas[kind].iter_errors(doc))
        if valid and errors:
            self.fail(where, "the schema refuses what is valid: %s" % errors[0].message[:200])
        elif not valid and not errors:
            self.fail(where, "the schema accepts what is refused")
        elif valid:
            self.accepted += 1
        else:
            self.refused += 1

    def fail(self, where, why):
        self.failed += 1
        print("%s: %s" % (where, why))

    def examples(self):
        kinds = {"offer-empty": "offer"}
        for path in sorted((MANIFESTS / "examples").glob("*.json")):
            self.judge(path.name, kinds.get(path.stem, path.stem), json.loads(path.read_text()), True)

    def vector(self, path):
        case = json.loads(path.read_text())
        where, check, expect = "%s/%s" % (path.parent.name, path.stem), case["check"], case["expect"]
        if "envelope" in case and expect == "ok":
            self.judge(where, "envelope", parsed(case["envelope"]), True)
        if "envelope" in case and expect == "bad-envelope" and parsed(case["envelope"]) and "two-payloads" not in path.stem:
            self.judge(where, "envelope", parsed(case["envelope"]), False)
        if check not in KIND_OF_CHECK or not (expect == "ok" or expect in SHAPE) or path.stem in BEYOND_SCHEMA:
            return
        doc = parsed(case["body"] if "body" in case else o.open_envelope(case["envelope"])[0])
        self.judge(where, KIND_OF_CHECK[check], doc, expect == "ok")


def main():
    checker = Checker()
    checker.examples()
    for path in sorted((MANIFESTS / "vectors").glob("*/*.json")):
        checker.vector(path)
    print("%d accepted, %d refused, %d wrong" % (checker.accepted, checker.refused, checker.failed))
    return 0 if not checker.failed and checker.accepted and checker.refused else 1


if __name__ == "__main__":
    sys.exit(main())
