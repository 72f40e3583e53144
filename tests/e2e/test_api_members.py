"""Bodies, member by member: each member of each request in docs/openapi.yaml is left out, of another type, out of bounds.
What the description refuses must be refused by otterd, and what otterd accepts must be described.
"""

import copy
import json

import api_samples
import openapi
import pytest

DESCRIPTION = openapi.description()
JSON = "application/json"
PROBES = [None, True, 0, 1, -1, 1.5, 2**53, 10**30, "", "a b", "x" * 300, "ünï", "\x01", "a\x00b", [], [None], [[]],
          [""], [0], ["x" * 300], ["a"] * 1001, {}, {"a": None}, {"a": 1}, {"a b": "c"}, {"a": "\x07"},
          {"a": "x" * 300}, {f"n{i}": "v" for i in range(70)}]


def schema_of(op):
    body = DESCRIPTION.resolved(op.spec.get("requestBody", {}))
    return body.get("content", {}).get(JSON, {}).get("schema")


OPERATIONS = [pytest.param(op, id=op.id) for op in DESCRIPTION.operations if schema_of(op)]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    made = api_samples.Prepared(tmp_path_factory.mktemp("members"))
    yield made
    made.stop()


def resolved(schema):
    while "$ref" in schema:
        schema = DESCRIPTION.resolver.resolve(schema["$ref"])[1]
    return schema


def members(schema, value, at=()):
    """Each place of the sample that a schema names: its path, and whether it may be left out."""
    schema = resolved(schema)
    if isinstance(value, list) and value and "items" in schema:
        yield from members(schema["items"], value[0], (*at, 0))
    if not isinstance(value, dict):
        return
    for part in [schema, *schema.get("allOf", [])]:
        part = resolved(part)
        for name, inner in part.get("properties", {}).items():
            yield (*at, name), name in part.get("required", [])
            if name in value:
                yield from members(inner, value[name], (*at, name))


def changed(sample, path, change):
    body = copy.deepcopy(sample)
    place = body
    for step in path[:-1]:
        place = place[step]
    change(place, path[-1])
    return body


class Sender:
    def __init__(self, prepared, op):
        self.prepared, self.op, self.schema = prepared, op, schema_of(op)
        self.connection = prepared.connection()
        # Nothing may change meanwhile; devices' requests have no dry run, and harm nobody.
        self.target = prepared.target(op) + ("?dry_run=1" if op.parameter("query", "dry_run") else "")

    def send(self, body):
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.connection.ask(self.op.method, self.target, token=self.prepared.token(self.op, text),
                                   headers=self.prepared.headers(self.op), body=text)

    def check(self, body):
        """The schema's verdict and otterd's are one; the judge has the other direction."""
        reply = self.send(body)
        assert reply.status < 500, (body, reply.body)
        told = json.loads(reply.body) if reply.body else {}
        if DESCRIPTION.request_misfits(self.schema, body, "body") and not told.get("errors"):
            assert 400 <= reply.status < 500, (body, reply.status, reply.body)
        return reply


@pytest.fixture
def sender(prepared, op):
    made = Sender(prepared, op)
    yield made
    made.connection.__exit__()


@pytest.mark.parametrize("op", OPERATIONS)
def test_the_sample_itself_is_accepted(sender, op):
    sample = sender.prepared.bodies[op.id]
    assert DESCRIPTION.misfits(sender.schema, sample, "sample") == []
    assert sender.send(sample).status < 300


@pytest.mark.parametrize("op", OPERATIONS)
def test_each_member_is_looked_at(sender, op):
    sample = sender.prepared.bodies[op.id]
    for path, required in members(sender.schema, sample):
        for probe in PROBES:
            sender.check(changed(sample, path, lambda place, name, probe=probe: place.update({name: probe})))
        reply = sender.check(changed(sample, path, lambda place, name: place.pop(name, None)))
        told = json.loads(reply.body) if reply.body else {}
        if required:
            code = told["errors"][0]["code"] if told.get("errors") else told["code"]
            assert code == "missing-member", (path, told)


@pytest.mark.parametrize("op", OPERATIONS)
def test_a_member_that_nobody_knows_is_refused_or_is_a_newer_devices(sender, op):
    sample = sender.prepared.bodies[op.id]
    reply = sender.send({**sample, "colour": "red"})
    if op.path.startswith("/v1/device"):
        assert reply.status < 300
    else:
        assert reply.status == 400 and json.loads(reply.body)["code"] == "unknown-member"


@pytest.mark.parametrize("op", OPERATIONS)
def test_what_is_no_object_is_refused(sender, op):
    for body in ([], None, True, 7, "text", [{}]):
        assert sender.check(body).status == 400, body
    for text in (b"", b" ", b"{", b"{}{}", b"{'a':1}", b'{"a":1,"a":2}', b"\xff", b'{"a":"\xff"}', b"\xef\xbb\xbf{}",
                 b'{"a":"\\ud800"}', b"[" * 5000, b'{"a":' * 3000, b"nul", b'{"a":1,}', b'{"a":NaN}', b'{"a":1e999}',
                 b'{"a":"\\u0000"}', b'{"a":"\x00"}', b'{"a\\u0000":1}', b'{"a":1}\x00', b"\x00", b'{"a":"\xc0\xaf"}', b'{"a":"\xed\xa0\x80"}',
                 b'{"a":' + b"[" * 400 + b"]" * 400 + b"}", b'{"a":1,"\\u0061":2}'):
        reply = sender.send(text)
        told = json.loads(reply.body)
        assert reply.status in (400, 413), (text[:20], reply.status)
        if told["code"] == "bad-json":
            assert 0 <= told["at"] <= len(text), text[:20]
