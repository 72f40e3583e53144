"""Device protocol v1 where it is rare: proofs over plain HTTP, offers that are not believed, names of newer devices."""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import subprocess

import otter
import pytest
from test_bad_input import device_token, poll_body, problem


def unpadded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def prove(token, device, method, target, body=b"", nonce=None):
    """The Authorization of protocol.md, Auth, made a second time from its text."""
    nonce = nonce or unpadded(os.urandom(16))
    text = "\n".join([method, target, nonce, hashlib.sha256(body).hexdigest()]).encode()
    mac = hmac.new(base64.urlsafe_b64decode(token + "="), text, hashlib.sha256).digest()
    return {"Authorization": f"Otter-HMAC {device}:{nonce}:{unpadded(mac)}"}


@pytest.fixture
def plain(tmp_path):
    made = otter.World(tmp_path, ["--plain-devices"]).start()
    yield made
    made.stop()


def ask(world, target, headers, body=None, method="POST"):
    return world.server.request(method, target, body, headers, token=None)


@contextlib.contextmanager
def running(world, fleet, base, speed):
    """A fleet that runs while a test watches it from the server's side."""
    emulator = subprocess.Popen(
        [otter.EMU, "--server", world.server.url, "--fleet", fleet / "fleet.jsonl", "--slot-a", base, "--keep",
         world.folder / "flash", "--speed", str(speed), "--timeout", "120", "--expect", "9.9.9:confirmed"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
        assert emulator.poll() is None
    finally:
        emulator.kill()
        emulator.wait()


def test_a_fleet_without_tokens_on_the_wire_completes_an_update(plain):
    base, fleet = plain.image("1.0.0", "A"), plain.fleet(5)
    rollout = plain.rollout(plain.publish("1.1.0"))
    summary = plain.emulate(fleet, base, "--auth", "hmac", "--fault", "drop=0.01,seed=3", "--speed", "200", "--expect",
                            "1.1.0:confirmed").json
    assert summary["by_version"] == {"1.1.0": 5}
    assert plain.status(rollout)["counts"]["succeeded"] == 5


def test_without_plain_devices_proofs_are_refused(world):
    fleet = world.fleet(1)
    body = json.dumps(poll_body("dev-1")).encode()
    proof = prove(device_token(fleet, "dev-1"), "dev-1", "POST", "/v1/device/poll", body)
    assert problem(ask(world, "/v1/device/poll", proof, body), 401)["code"] == "unauthorized"
    summary = world.emulate(fleet, world.image("1.0.0", "A"), "--auth", "hmac", "--expect", "1.0.0:confirmed", "--timeout",
                            "3", expect=1).json
    assert summary["polls"] == 0


def test_a_proof_is_taken_once_for_its_own_device_and_its_own_request(plain):
    fleet = plain.fleet(2)
    token = device_token(fleet, "dev-1")
    body = json.dumps(poll_body("dev-1", fresh=1)).encode()
    good = prove(token, "dev-1", "POST", "/v1/device/poll", body)
    assert ask(plain, "/v1/device/poll", good, body)[0] == 200
    told = problem(ask(plain, "/v1/device/poll", good, body), 401)
    assert told["code"] == "unauthorized" and "nonce" in told["detail"]
    for wrong in (prove(token, "dev-1", "POST", "/v1/device/report", body),
                  prove(token, "dev-1", "POST", "/v1/device/poll", body + b" "),
                  prove(token, "dev-2", "POST", "/v1/device/poll", body),
                  prove(device_token(fleet, "dev-2"), "dev-2", "POST", "/v1/device/poll", body),
                  prove(device_token(fleet, "dev-2"), "dev-1", "POST", "/v1/device/poll", body)):
        assert problem(ask(plain, "/v1/device/poll", wrong, body), 401)["code"] == "unknown-device"
    assert ask(plain, "/v1/device/poll", prove(token, "dev-1", "POST", "/v1/device/poll", body), body)[0] == 200


def test_blobs_and_attributes_take_proofs_and_a_restart_keeps_the_secrets(plain):
    fleet = plain.fleet(1)
    plain.publish("1.1.0")
    blob = plain.image("1.1.0", "B").read_bytes()
    target, token = "/v1/blobs/" + hashlib.sha256(blob).hexdigest(), device_token(fleet, "dev-1")
    plain.server.stop()
    plain.server.start()
    proof = prove(token, "dev-1", "GET", target)
    assert ask(plain, target, proof, method="GET")[2] == blob
    problem(ask(plain, target, proof, method="GET"), 401)
    status, _, part = ask(plain, target, {**prove(token, "dev-1", "GET", target), "Range": "bytes=5-9"}, method="GET")
    assert (status, part) == (206, blob[5:10])
    target = "/v1/device/attributes?device=dev-1"
    assert ask(plain, target, prove(token, "dev-1", "PUT", target, b'{"tz":"UTC"}'), b'{"tz":"UTC"}', "PUT")[0] == 204
    # The token itself is still taken on loopback.
    assert plain.server.request("POST", "/v1/device/poll", poll_body("dev-1", fresh=1), token=token)[0] == 200


def test_devices_that_do_not_believe_the_server_say_why_and_run_on(world):
    base, stranger = world.image("1.0.0", "A"), world.folder / "stranger.key"
    world.otter("key", "new", "--out", stranger)
    world.root = world.folder / "other-root.json"
    world.otter("root", "new", "--root-key", world.pub("root"), "--release-key", world.pub("release"), "--offer-key",
                world.folder / "stranger.key.pub", "--out", world.root)
    world.otter("root", "sign", world.root, "--key", world.keys["root"])
    fleet = world.fleet(3)
    world.rollout(world.publish("1.1.0"))
    assert "last_refusal" in world.otter("device", "show", "dev-1", "--json").json

    with running(world, fleet, base, 200):
        for number in (1, 2, 3):
            shown = otter.wait_for("the refusal arrives", lambda n=number: refusal_of(world, f"dev-{n}"), 30)
            assert shown == "unknown-key"
        assert "unknown-key" in world.otter("device", "show", "dev-1").out
        device = world.otter("device", "show", "dev-1", "--json").json
        assert device["running"]["version"] == "1.0.0" and device["running"]["confirmed"]
        assert device["state"] == "offered"
    assert "refused=unknown-key" in world.server.log.read_text()
    # A restart keeps it, a poll without it clears it.
    world.server.stop()
    world.server.start()
    assert refusal_of(world, "dev-1") == "unknown-key"
    token = device_token(fleet, "dev-1")
    assert world.server.request("POST", "/v1/device/poll", poll_body("dev-1"), token=token)[0] == 200
    assert refusal_of(world, "dev-1") is None


def refusal_of(world, device):
    return world.otter("device", "show", device, "--json").json["last_refusal"]


def test_names_that_only_newer_devices_know_lose_nothing(world):
    fleet = world.fleet(1)
    rollout = world.rollout(world.publish("1.1.0"))
    token = device_token(fleet, "dev-1")

    def poll(**changes):
        return world.server.request("POST", "/v1/device/poll", poll_body("dev-1", **changes), token=token)
    assert poll(refused="moon-phase")[0] == 200
    assert refusal_of(world, "dev-1") == "other"
    assert "refused=moon-phase" in world.server.log.read_text()
    attempt = world.otter("rollout", "attempts", rollout, "--json").json["items"][0]["id"]
    last = {"attempt": attempt, "step": 1, "state": "downloading", "reason": "low-battery"}
    assert poll(last=last)[0] == 200
    report = {"device": "dev-1", "attempt": attempt, "step": 2, "state": "failed", "reason": "moon-phase",
              "running": poll_body("dev-1")["running"]}
    assert world.server.request("POST", "/v1/device/report", report, token=token)[0] == 200
    assert world.status(rollout)["reasons"] == {"other": 1}
    events = world.server.json("GET", "/api/v1/devices/dev-1/attempts")["items"][0]["events"]
    assert [(e["state"], e["reason"], e["detail"]) for e in events if e["step"]] == [
        ("downloading", "other", "low-battery"), ("failed", "other", "moon-phase")]


@pytest.mark.parametrize("change", [{"state": "hovering"}, {"reason": "no name"}])
def test_a_report_of_an_unknown_state_is_400_and_changes_nothing(world, change):
    fleet = world.fleet(1)
    rollout = world.rollout(world.publish("1.1.0"))
    token = device_token(fleet, "dev-1")
    world.server.request("POST", "/v1/device/poll", poll_body("dev-1"), token=token)
    attempt = world.otter("rollout", "attempts", rollout, "--json").json["items"][0]["id"]
    report = {"device": "dev-1", "attempt": attempt, "step": 1, "state": "failed",
              "running": poll_body("dev-1")["running"], **change}
    told = problem(world.server.request("POST", "/v1/device/report", report, token=token), 400)
    assert told["code"] == "bad-value"
    assert world.status(rollout)["counts"]["offered"] == 1


def test_a_blob_that_is_gone_is_reported_with_the_http_status(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(1)
    rollout = world.rollout(world.publish("1.1.0"))
    digest = hashlib.sha256(world.image("1.1.0", "B").read_bytes()).hexdigest()
    for path in world.server.data.rglob(digest):
        path.unlink()

    def failed():
        items = world.otter("rollout", "attempts", rollout, "--json").json["items"]
        return items[0] if items and items[0]["state"] == "failed" else None
    with running(world, fleet, base, 20000):
        attempt = otter.wait_for("the device gives up", failed, 60)
    assert (attempt["reason"], attempt["detail"]) == ("http-status", "HTTP 404")
