"""Each operation of docs/openapi.yaml, asked wrongly in every way that its kind knows: what it answers is described, and
the connection goes on. The operations are read from the description: a new one is tested as soon as it is written down.
"""

import json

import api_samples
import openapi
import pytest

DESCRIPTION = openapi.description()
OPERATIONS = [pytest.param(op, id=op.id) for op in DESCRIPTION.operations]
OPERATORS = [param for param in OPERATIONS if param.values[0].path.startswith("/api/v1")]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
TOO_LONG = 1048577  # one byte over what the largest operation takes

pytestmark = pytest.mark.coverage


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    made = api_samples.Prepared(tmp_path_factory.mktemp("honesty"))
    yield made
    made.stop()


class Asker:
    """One operation over one connection, which must survive every refusal."""

    def __init__(self, prepared, op):
        self.prepared, self.op = prepared, op
        self.connection = prepared.connection()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.__exit__()

    def ask(self, query="", *, method=None, target=None, token=None, headers=None, body=None):
        required = self.prepared.required(self.op)
        query += ("&" if query else "?") + required if required else ""
        body = self.prepared.body(self.op) if body is None else body
        return self.connection.ask(
            method or self.op.method, (target or self.prepared.target(self.op)) + query,
            token=self.prepared.token(self.op, body or b"") if token is None else token,
            headers={**self.prepared.headers(self.op), **(headers or {})}, body=body)

    def is_alive(self):
        return self.connection.ask("GET", "/api/v1/status", token=self.prepared.server.token).status == 200


@pytest.fixture
def asker(prepared, op):
    with Asker(prepared, op) as made:
        yield made


def code_of(reply):
    return json.loads(reply.body)["code"] if reply.body else None


@pytest.mark.parametrize("op", [p for p in OPERATIONS if p.values[0].spec.get("security") not in ([], [{}])])
def test_nobody_is_refused_and_may_go_on(asker, op):
    for token in ("", "wrong", "x" * 300):
        reply = asker.ask(token=token)
        assert reply.status == 401
        assert op.method == "HEAD" or code_of(reply) in ("unauthorized", "unknown-device")
    asker.prepared.server.json("GET", "/api/v1/whoami")  # a right one, before there are too many in a row
    assert asker.is_alive()


@pytest.mark.parametrize("op", [p for p in OPERATIONS if "{" in p.values[0].path])
def test_what_is_not_there_is_not_found(asker, op):
    reply = asker.ask(target=asker.prepared.target(op, missing=True))
    assert reply.status == 404 and (op.method == "HEAD" or code_of(reply) == "not-found")
    for value in ("%00", "a%20b", "%2e%2e", "x" * 200, "-1", "%ff", "..", ".", "a%00b", "..%2f..%2foffer.key", "%2e%2e%2fsecret.key",
                  "%c0%ae%c0%ae", "%252e%252e", "..;", "%5c..%5c", "%", "%zz", "%0d%0aX-A:%20b"):
        start, end = op.path.index("{"), op.path.index("}") + 1
        assert asker.ask(target=op.path[:start] + value + op.path[end:]).status == 404
    assert asker.is_alive()


@pytest.mark.parametrize("op", OPERATIONS)
def test_every_other_method_is_refused_with_those_that_are_taken(asker, op):
    target = asker.prepared.target(op)
    _, allow = DESCRIPTION.find("GET", target)
    for method in METHODS:
        if method not in allow:
            reply = asker.ask(method=method, target=target, body=b"")
            assert reply.status == 405 and set(reply.headers["allow"].split(", ")) == allow
    assert asker.is_alive()


@pytest.mark.parametrize("op", OPERATORS)
def test_a_parameter_that_is_not_taken_is_refused(asker, op):
    for query in ("?colour=red", "?dryrun=1", "?DRY_RUN=1", "?=1", "?limit[]=1"):
        reply = asker.ask(query)
        assert reply.status == 400 and (op.method == "HEAD" or code_of(reply) == "unknown-member"), query
    assert asker.is_alive()


BAD_VALUES = {
    "limit": ["", "0", "1001", "-1", "x", "1.5", "99999999999999999999", "%31%00"],
    "cursor": ["x", "-1", "99999999999999999999"],
    "sort": ["nothing", "-", "--id", "x" * 100, "%ff"],
    "filter": ["(", "id ==", "%ff", "nothing == 1", "x" * 1100, "a%00"],
    "dry_run": ["", "2", "-1", "yes", "true", "01x"],
    "waiting": ["", "2", "-1", "yes", "true", "01x"],
    "at": ["x", "-1", "2026-13-01T00:00:00Z", "2026-11-23", "99999999999999999999"],
}


@pytest.mark.parametrize("op", OPERATORS)
def test_bad_parameters_are_named(asker, op):
    mine = [(name, value) for name, values in BAD_VALUES.items() for value in values if op.parameter("query", name)]
    for name, value in mine:
        reply = asker.ask(f"?{name}={value}")
        assert reply.status == 400 and code_of(reply) in ("bad-value", "bad-target"), (name, value, reply.body)
        assert name in json.loads(reply.body)["detail"] or "sorted" in json.loads(reply.body)["detail"]
    for name in {name for name, _ in mine}:
        assert asker.ask(f"?{name}=1&{name}=1").status == 400
    if op.parameter("query", "dry_run"):
        assert asker.ask("?dry_run").status == 400  # not taken for "no"
    assert asker.is_alive()


@pytest.mark.parametrize("op", [p for p in OPERATORS if p.values[0].parameter("query", "sort")])
def test_each_order_that_is_described_is_taken(asker, op):
    schema = DESCRIPTION.resolved(op.parameter("query", "sort")["schema"])
    for order in schema.get("enum", [schema.get("const")]):
        assert asker.ask(f"?limit=1&sort={order}").status == 200, order


@pytest.mark.parametrize("op", [p for p in OPERATORS if "requestBody" in p.values[0].spec])
def test_a_body_of_another_type_is_refused(asker, op):
    for kind in ("text/plain", "application/xml", "application/jsonx", ""):
        reply = asker.ask(headers={"Content-Type": kind})
        assert reply.status == 415 and "Content-Type" in json.loads(reply.body)["detail"], kind
    assert asker.is_alive()


@pytest.mark.parametrize("op", OPERATIONS)
def test_a_body_over_the_limit_is_refused_before_it_is_sent(asker, op):
    reply = asker.ask(headers={"Content-Length": str(TOO_LONG), "Expect": "100-continue"}, body=b"")
    assert reply.status == 413 and (op.method == "HEAD" or code_of(reply) == "body-too-large")
    assert asker.connection.is_closed()  # what might still come is no request


@pytest.mark.parametrize("op", OPERATIONS)
def test_a_request_that_may_end_in_two_places_is_refused(asker, op):
    reply = asker.ask(headers={"Host": "otter\r\nHost: other"})
    assert reply.status == 400 and (op.method == "HEAD" or code_of(reply) == "bad-value")
    assert asker.connection.is_closed()


@pytest.mark.parametrize("op", OPERATIONS)
def test_a_head_that_leaves_no_room_for_the_reply_is_refused_and_not_carried_out(asker, op):
    # What begins as a device's connection has less memory, and more than all of it libmicrohttpd refuses by itself.
    reply = asker.ask(headers={"X-Big": "a" * (2500 if op.path.startswith("/v1/") else 5000)})
    assert reply.status == 431 and (op.method == "HEAD" or code_of(reply) == "too-large")
    assert asker.connection.is_closed()


@pytest.mark.parametrize("op", [p for p in OPERATIONS if p.values[0].method == "GET"])
def test_head_is_get_without_the_body(asker, op):
    got, headed = asker.ask(), asker.ask(method="HEAD")
    assert (got.status, headed.status) == (200, 200) or op.id == "ready" and got.status == headed.status
    for name in ("content-type", "content-length", "cache-control", "etag"):
        if name != "content-length" or op.id not in ("getStatus", "getMetrics", "metrics"):
            assert got.headers.get(name) == headed.headers.get(name)
    assert asker.is_alive()


@pytest.mark.parametrize("op", [p for p in OPERATORS if p.values[0].parameter("header", "Idempotency-Key")])
def test_an_idempotency_key_is_bounded_and_belongs_to_one_request(asker, op):
    for key in ("", "k" * 129):
        reply = asker.ask(headers={"Idempotency-Key": key})
        assert reply.status == 400 and "Idempotency-Key" in json.loads(reply.body)["detail"]
    if op.id in ("createUpload", "backup"):  # named by its digest; by its folder
        return
    key = {"Idempotency-Key": f"key-of-{op.id}"}
    first, again = asker.ask(headers=key), asker.ask(headers=key)
    assert first.status in (200, 201), first.body
    assert (again.status, again.body) == (first.status, first.body)
    other = asker.ask(headers=key, body=b'{"items":[]}')
    assert other.status == 409 and code_of(other) == "idempotency-key-reused"
    assert asker.is_alive()
