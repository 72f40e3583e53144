"""Each refusal names its cause and changes nothing."""

import base64
import hashlib
import json

import otter
import pytest

NONCE = base64.urlsafe_b64encode(b"0123456789abcdef").rstrip(b"=").decode()


def problem(reply, status):
    got, headers, body = reply
    assert got == status, (got, body)
    assert headers["content-type"].startswith("application/problem+json")
    told = json.loads(body)
    assert told["status"] == status and told["detail"]
    return told


def device_token(fleet, device):
    for line in (fleet / "devices.csv").read_text().splitlines():
        fields = line.split(",")
        if fields[0] == device:
            return fields[3]
    raise KeyError(device)


def poll_body(device, **changes):
    body = {"device": device, "product": otter.PRODUCT, "hardware": otter.HARDWARE,
            "running": {"version": "1.0.0", "sha256": "00" * 32, "slot": "A", "confirmed": True},
            "epoch": 1, "sequence": 0, "root": 1, "nonce": NONCE, "caps": {"ram": 0, "covers": 0}}
    body.update(changes)
    return body


@pytest.mark.parametrize("method,path,body,status,code", [
    ("POST", "/api/v1/releases", "x" * 6000, 413, "body-too-large"),
    ("POST", "/api/v1/releases", "{", 422, "bad-json"),
    ("POST", "/api/v1/roots", "{}", 422, "bad-envelope"),
    ("POST", "/api/v1/rollouts", '{"release": }', 400, "bad-json"),
    ("POST", "/api/v1/rollouts", '{"target": "all"}', 400, "missing-member"),
    ("POST", "/api/v1/uploads", '{"sha256":"zz","size":1}', 400, "bad-value"),
    ("GET", "/api/v1/releases/" + "0" * 64, None, 404, "not-found"),
    ("GET", "/api/v1/rollouts/999", None, 404, "not-found"),
    ("GET", "/api/v1/devices/nobody", None, 404, "not-found"),
    ("GET", "/api/v1/nothing", None, 404, "not-found"),
    ("DELETE", "/api/v1/releases", None, 405, "method-not-allowed"),
])
def test_operators_requests_are_refused_by_name(world, method, path, body, status, code):
    assert problem(world.server.request(method, path, body), status)["code"] == code


def test_malformed_json_is_answered_with_the_place(world):
    told = problem(world.server.request("POST", "/api/v1/rollouts", '{"release": "x",, }'), 400)
    assert told["code"] == "bad-json" and told["at"] >= 15


@pytest.mark.parametrize("token", [None, "wrong"])
def test_no_or_a_wrong_token_is_401(world, token):
    assert problem(world.server.request("GET", "/api/v1/releases", token=token), 401)["code"] == "unauthorized"


def test_a_poll_by_an_unknown_device_is_401(world):
    told = problem(world.server.request("POST", "/v1/device/poll", poll_body("nobody"), token="wrong"), 401)
    assert told["code"] == "unknown-device"


def test_a_poll_with_malformed_json_is_400_with_the_place_and_one_over_the_limit_413(world):
    token = device_token(world.fleet(1), "dev-1")
    told = problem(world.server.request("POST", "/v1/device/poll", '{"device":"dev-1",', token=token), 400)
    assert told["code"] == "bad-json" and told["at"] == 18
    problem(world.server.request("POST", "/v1/device/poll", "x" * 5000, token=token), 413)


def test_a_device_may_not_poll_for_another(world):
    token = device_token(world.fleet(2), "dev-1")
    problem(world.server.request("POST", "/v1/device/poll", poll_body("dev-2"), token=token), 401)


def test_polls_before_any_root_are_503_no_root(tmp_path):
    server = otter.Server(tmp_path / "data").start()
    try:
        secret = base64.urlsafe_b64encode(b"s" * 32).rstrip(b"=").decode()
        server.json("POST", "/api/v1/devices", {"id": "d1", "product": otter.PRODUCT, "hardware": otter.HARDWARE,
                                                "secret": secret}, expect=201)
        told = problem(server.request("POST", "/v1/device/poll", poll_body("d1"), token=secret), 503)
        assert told["code"] == "no-root"
    finally:
        server.stop()


def test_an_oversized_image_is_refused_at_signing(world):
    big = world.folder / "big.bin"
    big.write_bytes(b"\x55" * (915920 - 0x200))
    refused = world.otter("image", "sign", "--key", world.keys["image"], "--version", "1.0.0", "--hardware",
                          otter.HARDWARE, "--slot", "A", big, world.folder / "big.img", expect=1)
    assert "image-too-large" in refused.err or "slot" in refused.err
    assert not (world.folder / "big.img").exists()


def test_a_truncated_image_is_refused_by_the_server(world):
    images = [world.image("1.1.0", slot) for slot in "AB"]
    cut = world.folder / "cut.img"
    cut.write_bytes(images[1].read_bytes()[:-40])
    refused = world.otter("release", "create", "--product", otter.PRODUCT, "--version", "1.1.0", "--hardware",
                          otter.HARDWARE, "--image", f"A={images[0]}", "--image", f"B={cut}", "--sequence", "1",
                          "--out", world.folder / "cut.json", expect=1)
    assert "cut.img" in refused.err


def test_an_image_linked_for_the_other_slot_is_refused(world):
    image = world.image("1.1.0", "A")
    refused = world.otter("release", "create", "--product", otter.PRODUCT, "--version", "1.1.0", "--hardware",
                          otter.HARDWARE, "--image", f"A={image}", "--image", f"B={image}", "--sequence", "1",
                          "--out", world.folder / "links.json", expect=1)
    assert "link" in refused.err or "slot" in refused.err


def test_an_image_by_a_key_the_product_does_not_know_is_refused(world):
    world.fleet(1)
    stranger = world.folder / "stranger.key"
    world.otter("key", "new", "--out", stranger)
    images = [world.image("1.1.0", slot, key=stranger, name="stranger") for slot in "AB"]
    path = world.folder / "stranger.json"
    world.otter("release", "create", "--product", otter.PRODUCT, "--version", "1.1.0", "--hardware", otter.HARDWARE,
                "--image", f"A={images[0]}", "--image", f"B={images[1]}", "--sequence", "1", "--out", path)
    world.otter("release", "sign", path, "--key", world.keys["release"])
    refused = world.otter("release", "publish", path, *images, expect=1)
    assert "image-key-unknown" in refused.err


def test_a_release_whose_image_was_never_uploaded_is_refused(world):
    path, images = world.release("1.1.0")
    told = problem(world.server.request("POST", "/api/v1/releases", path.read_bytes()), 409)
    assert told["code"] == "blob-missing"
    assert hashlib.sha256(images[0].read_bytes()).hexdigest() in told["detail"]


def test_a_tampered_manifest_is_refused(world):
    path, images = world.release("1.1.0")
    envelope = json.loads(path.read_text())
    payload = base64.urlsafe_b64decode(envelope["payload"] + "==").replace(b'"sequence":1', b'"sequence":2')
    envelope["payload"] = base64.urlsafe_b64encode(payload).rstrip(b"=").decode()
    told = problem(world.server.request("POST", "/api/v1/releases", json.dumps(envelope, separators=(",", ":"))), 422)
    assert told["code"] == "bad-signature"


def test_an_upload_that_breaks_resumes_and_no_partial_blob_is_served(world):
    blob = bytes(range(256)) * 512
    digest = hashlib.sha256(blob).hexdigest()
    status, headers, _ = world.server.request("POST", "/api/v1/uploads", {"sha256": digest, "size": len(blob)})
    assert status == 201
    place = headers["location"]
    patch = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    assert world.server.request("PATCH", place, blob[:70000], patch)[0] == 204
    assert world.server.request("GET", f"/v1/blobs/{digest}")[0] == 404
    world.server.kill()
    world.server.start()
    status, headers, _ = world.server.request("HEAD", place)
    assert status == 200 and int(headers["upload-offset"]) == 70000
    told = problem(world.server.request("PATCH", place, blob[:10], {**patch, "Upload-Offset": "5"}), 409)
    assert told["code"] == "offset-mismatch"
    assert world.server.request("PATCH", place, blob[70000:], {**patch, "Upload-Offset": "70000"})[0] == 204
    assert world.server.request("GET", f"/v1/blobs/{digest}")[2] == blob
    status, _, body = world.server.request("POST", "/api/v1/uploads", {"sha256": digest, "size": len(blob)})
    assert status == 200 and json.loads(body)["held"]


def test_an_upload_of_other_bytes_than_announced_is_refused_and_forgotten(world):
    digest = hashlib.sha256(b"good").hexdigest()
    _, headers, _ = world.server.request("POST", "/api/v1/uploads", {"sha256": digest, "size": 4})
    patch = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    assert problem(world.server.request("PATCH", headers["location"], b"evil", patch), 409)["code"] == "digest-mismatch"
    assert world.server.request("HEAD", headers["location"])[0] == 404
    assert world.server.request("GET", f"/v1/blobs/{digest}")[0] == 404


def test_a_report_for_a_foreign_attempt_is_404_and_counts_nothing(world):
    fleet = world.fleet(2)
    rollout = world.rollout(world.publish("1.1.0"))
    one, two = (device_token(fleet, f"dev-{n}") for n in (1, 2))
    assert world.server.request("POST", "/v1/device/poll", poll_body("dev-1"), token=one)[0] == 200
    attempt = world.otter("rollout", "attempts", rollout, "--json").json["items"][0]["id"]
    report = {"device": "dev-2", "attempt": attempt, "step": 1, "state": "failed", "reason": "image-digest",
              "running": poll_body("dev-2")["running"]}
    assert world.server.request("POST", "/v1/device/report", report, token=two)[0] == 404
    assert world.status(rollout)["counts"]["failed"] == 0


def test_the_same_report_twice_counts_once_and_none_after_the_end(world):
    fleet = world.fleet(1)
    rollout = world.rollout(world.publish("1.1.0"))
    token = device_token(fleet, "dev-1")
    world.server.request("POST", "/v1/device/poll", poll_body("dev-1"), token=token)
    attempt = world.otter("rollout", "attempts", rollout, "--json").json["items"][0]["id"]
    report = {"device": "dev-1", "attempt": attempt, "step": 1, "state": "failed", "reason": "image-digest",
              "running": poll_body("dev-1")["running"]}
    for _ in range(3):
        assert world.server.request("POST", "/v1/device/report", report, token=token)[0] == 200
    assert world.status(rollout)["counts"]["failed"] == 1
    late = {**report, "step": 2, "state": "installed", "reason": None}
    del late["reason"]
    assert world.server.request("POST", "/v1/device/report", late, token=token)[0] == 410
    assert world.status(rollout)["counts"]["failed"] == 1
