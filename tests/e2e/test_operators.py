"""Operators with tokens of their own: who may make them, what they may do, and by whom a change was made."""

import http.client
import json

import otter
import pytest


def run(world, token, *args, expect=0):
    return otter.run([otter.OTTER, *args], expect=expect, env={"OTTER_SERVER": world.server.url, "OTTER_TOKEN": token})


def names(world):
    return [item["name"] for item in world.otter("operator", "list", "--json").json["items"]]


def add(world, name):
    return world.otter("operator", "add", name, "--json").json["token"]


def test_an_operator_works_with_a_token_of_its_own_until_it_is_taken_back(world):
    eve = add(world, "eve")
    assert names(world) == ["admin", "eve"]
    run(world, eve, "server", "freeze", "--reason", "works")
    world.server.stop()
    world.server.start()
    run(world, eve, "server", "unfreeze")
    log = world.server.log.read_text()
    assert log.count(" operator=eve ") == 2 and " operator=admin " in log and eve not in log
    world.otter("operator", "remove", "eve")
    assert names(world) == ["admin"]
    assert "unauthorized" in run(world, eve, "device", "list", expect=None).err


def test_one_makes_a_rollout_and_another_approves_it(world):
    eve = add(world, "eve")
    world.fleet(2)
    rollout = world.rollout(world.publish("1.1.0"), "--approval", "yes", phases="1dev,100")
    assert "has to be approved first" in world.otter("rollout", "advance", rollout, expect=1).err
    assert "another operator has to approve it" in world.otter("rollout", "approve", rollout, expect=4).err
    run(world, eve, "rollout", "approve", rollout)
    assert "was approved by eve already" in run(world, eve, "rollout", "approve", rollout, expect=1).err
    run(world, eve, "rollout", "advance", rollout)
    world.otter("operator", "remove", "eve")
    events = world.otter("rollout", "events", rollout, "--json").json["items"]
    assert [(e["kind"], e["who"]) for e in events] == [
        ("created", "admin"), ("started", "admin"), ("phase-opened", "admin"), ("approved", "eve"), ("phase-opened", "eve")]
    told = world.status(rollout)
    assert (told["created_by"], told["approved_by"], told["phase"]) == ("admin", "eve", 2)


def test_a_token_is_nothing_from_its_removal_on_even_where_it_was_something_before(world):
    eve = add(world, "eve")
    connection = http.client.HTTPConnection("127.0.0.1", world.server.port, timeout=20)

    def status():
        connection.request("GET", "/api/v1/devices", headers={"Authorization": f"Bearer {eve}"})
        reply = connection.getresponse()
        reply.read()
        return reply.status
    assert status() == 200
    world.otter("operator", "remove", "eve")
    assert status() == 401
    assert add(world, "eve") != eve
    assert status() == 401
    connection.close()


def test_only_admin_makes_operators_and_admin_stays(world):
    eve = add(world, "eve")
    for args in ("add", "adam"), ("remove", "eve"):
        assert "only the operator of admin.token" in run(world, eve, "operator", *args, expect=None).err
    assert "stays" in world.otter("operator", "remove", "admin", expect=None).err
    assert names(world) == ["admin", "eve"]


@pytest.mark.parametrize("method, path, body, status, code", [
    ("POST", "/api/v1/operators", {"name": "eve"}, 409, "already-exists"),
    ("POST", "/api/v1/operators", {"name": "admin"}, 409, "already-exists"),
    ("POST", "/api/v1/operators", {"name": "e/ve"}, 400, "bad-value"),
    ("POST", "/api/v1/operators", {"name": ".."}, 400, "bad-value"),
    ("POST", "/api/v1/operators", {"name": "-eve"}, 400, "bad-value"),
    ("DELETE", "/api/v1/operators/adam", None, 404, "not-found"),
    ("DELETE", "/api/v1/operators/admin", None, 403, "forbidden"),
])
def test_what_cannot_be_is_refused(world, method, path, body, status, code):
    add(world, "eve")
    told = world.server.json(method, path, body, expect=status)
    assert told["code"] == code
    assert names(world) == ["admin", "eve"]


def test_the_token_is_nowhere_but_in_the_answer(world):
    """Neither in the list, nor in a trace, nor readable in the data directory."""
    trace = world.folder / "add.trace"
    token = world.otter("operator", "add", "eve", "--json", "--trace", trace).json["token"]
    assert token not in trace.read_text() and json.loads(trace.read_text())["response"]["name"] == "eve"
    assert token not in world.otter("operator", "list", "--json").out
    world.server.stop()
    for path in world.server.data.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes(), path


def test_a_backup_brings_operators_along(world):
    eve = add(world, "eve")
    backup, restored = world.folder / "backup", world.folder / "restored"
    world.otter("server", "backup", backup)
    world.server.stop()
    otter.run([otter.OTTERD, "--restore", backup, "--data", restored])
    world.server.data = world.server.served = restored
    world.server.start()
    assert names(world) == ["admin", "eve"]
    run(world, eve, "device", "list")
