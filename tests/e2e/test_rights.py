"""Every operation of docs/openapi.yaml, asked by who may do nothing, and from an address that guessed too much."""

import json

import api_samples
import openapi
import pytest

# Of one's own affairs: there an operator without any right is asked for nothing but to be one.
OWN = {"whoami", "getOperator", "listTokens", "makeToken", "revokeToken"}
OPERATIONS = [op for op in openapi.description().operations
              if {"operator": []} in op.spec.get("security", [{"operator": []}]) and "blob" not in op.path.lower()]


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    made = api_samples.Prepared(tmp_path_factory.mktemp("rights"))
    made.powerless = made.server.json("POST", "/api/v1/operators", {"name": "nobody", "grants": []}, expect=201)["token"]
    yield made
    made.stop()


def ask(samples, op, token):
    path, query = samples.target(op), samples.required(op)
    status, headers, body = samples.server.request(op.method.upper(), path + ("?" + query if query else ""),
                                                   samples.body(op), headers=samples.headers(op), token=token)
    return status, headers, json.loads(body) if body[:1] == b"{" else None


@pytest.mark.parametrize("op", [op for op in OPERATIONS if op.id not in OWN and 403 in openapi.description().responses(op)],
                         ids=lambda op: op.id)
def test_without_a_right_nothing_is_done_and_nothing_told(samples, op):
    status, _, told = ask(samples, op, samples.powerless)
    assert status == 403
    if told:
        assert told["code"] == "forbidden" and "nobody lacks the right to" in told["detail"]


def test_another_ones_token_takes_an_admin(samples):
    status, _, body = samples.server.request("POST", "/api/v1/tokens", {"operator": "eve"}, token=samples.powerless)
    assert status == 403 and json.loads(body)["code"] == "forbidden"


def test_who_guesses_is_locked_out_of_every_operation(samples):
    while samples.server.request("GET", "/api/v1/whoami", token="guess")[0] == 401:
        pass
    for op in OPERATIONS:
        if 429 in openapi.description().responses(op):
            status, headers, _ = ask(samples, op, samples.server.token)
            assert status == 429 and int(headers["retry-after"]) >= 1, op.id
    # A device's token opens a blob all the same; an operator's does not now.
    blob = f"/v1/blobs/{samples.blob}"
    assert samples.server.request("GET", blob, token=api_samples.SECRET)[0] == 200
    assert samples.server.request("GET", blob)[0] == 429
