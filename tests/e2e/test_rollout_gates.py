"""Gates by real processes: whose approval counts, for which phase, and that a verdict is given once, whatever ends otterd."""

import otter
import pytest
from hand import hands
from test_events import Told, digests, make_world
from test_operators import add, run


@pytest.fixture
def told(tmp_path):
    return Told(tmp_path)


@pytest.fixture
def world(tmp_path, told):
    made = make_world(tmp_path, told)
    yield made
    made.stop()


def create(world, release, **plan):
    made = world.server.json("POST", "/api/v1/rollouts", {"release": release, "target": "all", **plan}, expect=201)
    world.server.json("POST", f"/api/v1/rollouts/{made['id']}/start")
    return made["id"]


def kinds(world, rollout):
    return [e["kind"] for e in world.otter("rollout", "events", rollout, "--all", "--json").json["items"]]


def gate(world, rollout, verdict):
    otter.wait_for(f"the gate says {verdict}", lambda: (world.status(rollout)["gate"] or {}).get("verdict") == verdict)


def test_a_phase_is_approved_by_another_operator_and_it_is_the_phase_that_was_meant(world, told):
    devices, eve = hands(world, 4), add(world, "eve")
    release = world.publish("1.1.0")
    rollout = create(world, release, auto=True, phases=[{"count": 1, "approval": True}, 100])
    first, = [device for device in devices if device.poll()]
    first.succeed("1.1.0", digests(world, release)["B"])
    gate(world, rollout, "approval")
    assert f"otter rollout approve {rollout} --phase 1" in told.one("gate-waiting")["detail"]
    assert "another operator" in world.otter("rollout", "approve", rollout, "--phase", "1", expect=4).err
    assert "approved first" in world.otter("rollout", "advance", rollout, expect=1).err
    assert "phase 2 was meant" in run(world, eve, "rollout", "approve", str(rollout), "--phase", "2", expect=1).err
    run(world, eve, "rollout", "approve", str(rollout), "--phase", "1")
    otter.wait_for("the second phase", lambda: world.status(rollout)["phase"] == 2)
    assert told.one("phase-opened")["phase"] == 1
    shown = world.status(rollout)
    assert (shown["created_by"], shown["approved_by"], shown["approved_phase"]) == ("admin", "eve", 1)
    assert "phase 1 was meant" in world.otter("rollout", "advance", rollout, "--phase", "1", expect=1).err
    assert kinds(world, rollout) == ["created", "started", "phase-opened", "phase-complete", "approval-needed", "approved",
                                     "phase-opened"]


def test_a_halt_outlasts_a_kill_is_told_once_and_its_losses_are_seen_by_a_resume(world, told):
    devices = hands(world, 6)
    rollout = create(world, world.publish("1.1.0"), auto=True, phases=[{"percent": 100, "failure": 10, "min_sample": 2}])
    for device in devices:
        assert device.poll()
    for device in devices[:2]:
        device.fail("self-test", "reverted")
    otter.wait_for("halted", lambda: world.status(rollout)["state"] == "halted")
    why = world.status(rollout)["state_reason"]
    assert "2 of 2 that finished were lost" in why
    event = told.one("rollout-halted")
    assert event["counts"]["reverted"] == 2 and event["reasons"] == {"self-test": 2}
    for _ in range(2):
        world.server.kill()
        world.server.start()
        shown = world.status(rollout)
        assert shown["state"] == "halted" and shown["state_reason"] == why and shown["reasons"] == {"self-test": 2}
    world.otter("rollout", "resume", rollout)
    devices[2].fail("self-test", "reverted")
    assert world.status(rollout)["state"] == "running"
    devices[3].fail("self-test", "reverted")
    otter.wait_for("halted again", lambda: world.status(rollout)["state"] == "halted")
    assert kinds(world, rollout).count("halted") == 2
