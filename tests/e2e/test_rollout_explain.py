"""Why did this device (not) get it? As an operator asks, over the real daemon; tests/unit/service/test_explain.c holds the
answers against ten thousand polls."""

import pytest

HOUR = 3600


@pytest.fixture
def asked(world):
    """Three devices, two of them in the laboratory, and a release; (world, its version)."""
    world.fleet(3)
    for device in ("dev-1", "dev-3"):
        world.otter("device", "tag", device, "--add", "lab")
    return world, world.publish("1.1.0")


def explain(world, device, *options):
    told = world.otter("rollout", "explain", "--device", device, *options, "--json").json
    assert told["device"] == device
    return told


def rule(world, device, *options):
    return [(each["id"], each["decision"], each["rule"]) for each in explain(world, device, *options)["rollouts"]]


def test_each_answer_names_its_rule_what_is_so_and_what_would_have_to_be(asked):
    world, release = asked
    lab = world.rollout(release, target="tag == lab", phases="100")
    draft = world.rollout(release, start=False, phases="100")
    assert rule(world, "dev-1")[0] == (lab, "offer", "ok")
    assert (lab, "refuse", "not-in-target") in rule(world, "dev-2")
    assert (draft, "refuse", "not-started") in rule(world, "dev-2")
    world.otter("device", "hold", "dev-1", "--reason", "in the test stand")
    held = explain(world, "dev-1")["rollouts"][0]
    assert (held["decision"], held["rule"]) == ("refuse", "held") and held["facts"]
    assert all(set(fact) == {"have", "need"} for fact in held["facts"].values())


def test_a_time_to_come_is_answered_as_it_will_be(asked):
    world, release = asked
    now = explain(world, "dev-1")["at"]
    rollout = world.rollout(release, "--not-before", str(now + HOUR), phases="100")
    waits = explain(world, "dev-1")["rollouts"][0]
    assert (waits["rule"], waits["next_change_at"]) == ("not-yet", now + HOUR)
    assert rule(world, "dev-1", "--at", str(now + HOUR)) == [(rollout, "offer", "ok")]
    assert rule(world, "dev-1", "--at", str(now + HOUR - 1)) == [(rollout, "refuse", "not-yet")]


def test_who_is_asked_about_must_be_known(asked):
    world, _ = asked
    refused = world.otter("rollout", "explain", "--device", "nobody", expect=1)
    assert "not-found" in refused.err and "otter device list" in refused.err
    for query, status in (("device=nobody", 404), ("", 400), ("device=dev-1&at=yesterday", 400)):
        assert world.server.request("GET", "/api/v1/rollouts/explain?" + query)[0] == status, query
