"""Queries and Idempotency-Keys at random, always the same ones: each is answered, as docs/openapi.yaml says."""

import base64
import random

import api_samples
import openapi
import pytest

DESCRIPTION = openapi.description()
LISTS = [pytest.param(op, id=op.id) for op in DESCRIPTION.operations if op.parameter("query", "filter")]
WORDS = ["tag", "id", "version", "attr.site", "state", "reason", "held", "pinned", "product", "==", "!=", "<", "<=", ">", ">=",
         "in", "and", "or", "not", "(", ")", "all", "lab", "1.2.0", "1.2.0+7", '"a b"', '"', "\\", ",", "[", "]", "*",
         "99999999999999999999", "-1", "0", "true", "null", "ü", "\x00", "\x7f", "%", "%zz", "&", "=", "+", " ", "\t"]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    made = api_samples.Prepared(tmp_path_factory.mktemp("fuzz"))
    yield made
    made.stop()


def escaped(some, text):
    """Percent-encoded, all of it or what must be; now and then a byte that is no UTF-8."""
    data = text.encode() + (bytes([some.randrange(128, 256)]) if some.random() < 0.05 else b"")
    whole = some.random() < 0.2
    return "".join(chr(b) if not whole and chr(b).isalnum() else f"%{b:02X}" for b in data)


def expression(some):
    return " ".join(some.choice(WORDS) for _ in range(some.randrange(1, 12)))


def cursors(some, real):
    """A cursor that the server gave, with characters exchanged; or one of the right form with other numbers."""
    if real and some.random() < 0.6:
        text = list(real)
        for _ in range(some.randrange(1, 3)):
            text[some.randrange(len(text))] = some.choice("AZaz09-_=.")
        return "".join(text)
    key = ".".join(some.choice(["0", "1", "-1", "x", "", str(2**64), str(2**63), "id", "a" * 300]) for _ in range(3))
    return base64.urlsafe_b64encode(key.encode()).rstrip(b"=").decode()


def query_of(some, op, real):
    orders = DESCRIPTION.resolved((op.parameter("query", "sort") or {}).get("schema", {})).get("enum", [""])
    made = {
        "filter": lambda: escaped(some, expression(some)),
        "sort": lambda: some.choice([*orders, escaped(some, some.choice(WORDS))]),
        "limit": lambda: some.choice(["1", "2", "1000", "0", "1001", "+1", "1e3", "0x1", escaped(some, some.choice(WORDS))]),
        "cursor": lambda: cursors(some, real),
        "by": lambda: ",".join(some.choice(["version", "tag", "state", "x", ""]) for _ in range(some.randrange(5))),
        "dry_run": lambda: some.choice(["0", "1", ""]),
    }
    names = [name for name in made if op.parameter("query", name) or some.random() < 0.02]
    return "&".join(f"{name}={made[name]()}" for name in names if some.random() < 0.6)


@pytest.mark.parametrize("op", LISTS)
def test_any_query_of_a_list_is_answered(prepared, op):
    some, statuses, real = random.Random(op.id), set(), None
    with prepared.connection() as connection:
        for _ in range(400):
            query = query_of(some, op, real)
            reply = connection.ask("GET", f"{prepared.target(op)}?{query}", token=prepared.server.token)
            statuses.add(reply.status)
            if reply.status == 200 and op.id != "getFleetSummary":
                real = openapi.strict_json(reply.body)["next"] or real
    assert statuses == {200, 400}


def test_any_idempotency_key_is_answered(prepared):
    some, statuses = random.Random(1), set()
    op = DESCRIPTION.by_id["addImageKey"]
    with prepared.connection() as connection:
        for _ in range(400):
            size = some.choice([1, 2, 10, 127, 128, 129, 300])
            key = "".join(chr(some.choice([some.randrange(33, 127), some.randrange(128, 256), 34, 92])) for _ in range(size))
            reply = connection.ask("POST", op.path, token=prepared.server.token, body=prepared.body(op),
                                   headers={**prepared.headers(op), "Idempotency-Key": key})
            statuses.add(reply.status)
            assert (reply.status == 400) == (len(key.strip()) > 128), key
    assert statuses == {200, 201, 400}
