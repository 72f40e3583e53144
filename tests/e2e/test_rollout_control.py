"""Pause, resume, abort and late comers: what an operator's word means to devices at each step of an update."""

import hashlib
import json

import otter
from test_bad_input import device_token, poll_body


class Device:
    """One device, step by step; only its words, no flash."""

    def __init__(self, world, fleet, name):
        self.world, self.name, self.token, self.step = world, name, device_token(fleet, name), 0

    def poll(self, **changes):
        return self.world.server.request("POST", "/v1/device/poll", poll_body(self.name, **changes), token=self.token)[0]

    def confirm(self, image):
        digest = hashlib.sha256(image.read_bytes()).hexdigest()
        return self.poll(running={"version": "1.1.0", "sha256": digest, "slot": "B", "confirmed": True}, sequence=1)

    def report(self, attempt, state, status=200):
        self.step += 1
        got, _, body = self.world.server.request(
            "POST", "/v1/device/report", {"device": self.name, "attempt": attempt, "step": self.step, "state": state,
                                          "running": poll_body(self.name)["running"]}, token=self.token)
        assert got == status
        return json.loads(body).get("continue")


def attempts(world, rollout):
    return {a["device"]: a for a in world.otter("rollout", "attempts", rollout, "--all", "--json").json["items"]}


def test_abort_stops_downloads_by_the_reply_to_a_report_and_installed_updates_finish_and_count(world):
    fleet = world.fleet(4)
    rollout = world.rollout(world.publish("1.1.0"))
    offered, downloading, installed, late = (Device(world, fleet, f"dev-{n}") for n in (1, 2, 3, 4))
    assert [d.poll() for d in (offered, downloading, installed)] == [200] * 3
    attempt = {name: a["id"] for name, a in attempts(world, rollout).items()}
    assert downloading.report(attempt["dev-2"], "downloading") is True
    assert installed.report(attempt["dev-3"], "installed") is True
    assert world.otter("rollout", "abort", rollout, "--json").json["state"] == "aborted"
    assert downloading.report(attempt["dev-2"], "downloaded") is False
    assert offered.poll() == 204 and late.poll() == 204
    assert installed.report(attempt["dev-3"], "testing") is True
    assert installed.confirm(world.image("1.1.0", "B")) == 204
    assert {name: (a["state"], a["reason"]) for name, a in attempts(world, rollout).items()} == {
        "dev-1": ("cancelled", "aborted"), "dev-2": ("cancelled", "aborted"), "dev-3": ("succeeded", None)}
    downloading.report(attempt["dev-2"], "installed", status=410)
    world.otter("rollout", "resume", rollout, expect=1)
    assert world.status(rollout)["state"] == "aborted"


def test_pause_grants_nothing_new_lets_the_running_finish_and_resume_goes_on(world):
    fleet = world.fleet(2)
    rollout = world.rollout(world.publish("1.1.0"))
    running, waiting = Device(world, fleet, "dev-1"), Device(world, fleet, "dev-2")
    assert running.poll() == 200
    world.otter("rollout", "pause", rollout)
    assert waiting.poll() == 204
    attempt = attempts(world, rollout)["dev-1"]["id"]
    assert running.report(attempt, "installed") is True
    assert running.confirm(world.image("1.1.0", "B")) == 204
    status = world.status(rollout)
    assert status["state"] == "paused" and status["counts"]["succeeded"] == 1
    world.otter("rollout", "resume", rollout)
    assert waiting.poll() == 200
    assert waiting.confirm(world.image("1.1.0", "B")) == 204
    otter.wait_for("complete", lambda: world.status(rollout)["state"] == "complete")


def test_a_device_provisioned_into_a_running_rollout_joins_it_and_is_waited_for(world):
    first = Device(world, world.fleet(1), "dev-1")
    rollout = world.rollout(world.publish("1.1.0"))
    late = Device(world, world.fleet(1, prefix="late-"), "late-1")
    assert first.poll() == 200 and first.confirm(world.image("1.1.0", "B")) == 204
    assert world.status(rollout)["state"] == "running"
    assert late.poll() == 200 and late.confirm(world.image("1.1.0", "B")) == 204
    otter.wait_for("complete", lambda: world.status(rollout)["state"] == "complete")
    status = world.status(rollout)
    assert status["counts"]["succeeded"] == 2 and status["devices"] == 2
    assert [phase["devices"] for phase in status["phases"]] == [2]
