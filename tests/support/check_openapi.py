#!/usr/bin/python3
"""docs/openapi.yaml holds together: references lead somewhere and nothing is left over, schemas are schemas, examples
fit them, replies are closed (an undocumented member would be found), each problem is of its own status, and each
operation names what any of its kind can answer. Exit 1 and one line a fault.
"""

import sys

import jsonschema

import openapi

# Statuses that an operation has for its nature, whatever else it has.
OPERATORS = {400, 401, 413}
WITH_BODY = {415}
CHANGING = {500, 503, 507}
ASKING = {"previewPlan"}  # by a POST, since what they ask about fits into a body only; they change nothing


def walk(node, path=""):
    yield path, node
    if isinstance(node, dict):
        for name, inner in node.items():
            yield from walk(inner, f"{path}/{name}")
    elif isinstance(node, list):
        for at, inner in enumerate(node):
            yield from walk(inner, f"{path}/{at}")


def references(description):
    used = set()
    for path, node in walk(description.document):
        if isinstance(node, dict) and isinstance(node.get("$ref"), str):
            used.add(node["$ref"])
            try:
                description.resolver.resolve(node["$ref"])
            except jsonschema.RefResolutionError:
                yield f"{path}: {node['$ref']} leads nowhere"
    for kind, parts in description.document["components"].items():
        for name in parts:
            if kind != "securitySchemes" and f"#/components/{kind}/{name}" not in used:
                yield f"components/{kind}/{name} is used nowhere"


def schemas(description):
    """(place, schema) of each schema that stands as one."""
    for name, schema in description.document["components"]["schemas"].items():
        yield f"schemas/{name}", schema
    for path, node in walk(description.document):
        if isinstance(node, dict) and isinstance(node.get("schema"), dict):
            yield f"{path}/schema", node["schema"]


def schemas_hold(description):
    for place, schema in schemas(description):
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            yield f"{place}: {error.message}"
        for path, node in walk(schema, place):
            for example in node.get("examples", []) if isinstance(node, dict) else []:
                yield from description.misfits(node, example, f"{path}: the example")


def open_objects(description, schema, path, seen):
    """Where a reply may have members that nobody described."""
    if not isinstance(schema, dict) or schema.get("unevaluatedProperties") is False:
        return
    if "$ref" in schema and schema["$ref"] not in seen:
        seen.add(schema["$ref"])
        yield from open_objects(description, description.resolver.resolve(schema["$ref"])[1], schema["$ref"], seen)
    kind = schema.get("type")
    if (kind == "object" or isinstance(kind, list) and "object" in kind) and "additionalProperties" not in schema:
        yield f"{path}: a reply's object without additionalProperties"
    for name in ("properties", "patternProperties"):
        for member, inner in schema.get(name, {}).items():
            yield from open_objects(description, inner, f"{path}/{member}", seen)
    for name in ("items", "additionalProperties"):
        yield from open_objects(description, schema.get(name), f"{path}/{name}", seen)
    for name in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(name, []):
            yield from open_objects(description, inner, path, seen)


def replies_are_closed(description):
    seen = {"#/components/schemas/Envelope"}  # a signed document, its bytes as they were sent
    for op in description.operations:
        for status, response in description.responses(op).items():
            for kind, content in response.get("content", {}).items():
                if kind.endswith("json"):
                    yield from open_objects(description, content["schema"], f"{op.id} {status}", seen)


def problems_fit(description):
    for op in description.operations:
        for status, response in description.responses(op).items():
            content = response.get("content", {}).get(openapi.PROBLEM)
            own = content["schema"].get("properties", {}).get("status", {}) if content else {}
            if content and own.get("const") != status:
                yield f"{op.id} {status}: its problem does not say that its status is {status}"
            if status >= 400 and not content and op.method != "HEAD" and not response.get("content"):
                yield f"{op.id} {status}: a refusal without a body"


def expected(op):
    wanted = set()
    if op.path.startswith("/api/v1"):
        wanted |= OPERATORS
        if op.method not in ("GET", "HEAD") and op.id not in ASKING:
            wanted |= CHANGING
        if "requestBody" in op.spec:
            wanted |= WITH_BODY
    if "{" in op.path:
        wanted.add(404)
    return wanted


def operations_are_whole(description):
    ids = [op.id for op in description.operations]
    yield from (f"{name}: two operations of this id" for name in set(ids) if ids.count(name) > 1)
    for op in description.operations:
        missing = expected(op) - set(description.responses(op))
        if missing:
            yield f"{op.id}: does not list {', '.join(map(str, sorted(missing)))}"
        if not any(status < 300 for status in description.responses(op)):
            yield f"{op.id}: no success"


CHECKS = [references, schemas_hold, replies_are_closed, problems_fit, operations_are_whole]


def main():
    description = openapi.description()
    found = [fault for check in CHECKS for fault in check(description)]
    print("\n".join(found) if found else f"{len(description.operations)} operations hold together")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
