"""Refusals that take a certain state of the server: conflicts, transitions, a database that another program has locked."""

import contextlib
import json
import sqlite3

import api_samples
import pytest


@pytest.fixture
def prepared(tmp_path):
    made = api_samples.Prepared(tmp_path)
    yield made
    made.stop()


def refused(reply, status, code):
    got, _, body = reply
    told = json.loads(body)
    assert (got, told["code"]) == (status, code), told
    return told


@pytest.mark.parametrize("before,verb", [
    ([], "advance"), ([], "pause"), ([], "resume"), (["start"], "start"), (["start", "advance"], "advance"),
    (["start"], "resume"), (["start", "pause"], "pause"), (["start", "pause"], "advance"), (["abort"], "start"),
    (["abort"], "abort"), (["abort"], "resume"), ([], "approve"), (["start"], "approve"), ([], "rollback"),
    (["start"], "rollback"),
])
def test_a_rollout_does_only_what_its_state_allows(prepared, before, verb):
    server = prepared.server
    wish = {"release": prepared.spare, "target": "all", "phases": [50, 100]}
    made = server.json("POST", "/api/v1/rollouts", wish, expect=201)
    path = f"/api/v1/rollouts/{made['id']}"
    for step in before:
        server.json("POST", f"{path}/{step}")

    def state():
        shown = server.json("GET", path)
        return shown["state"], shown["phase"]
    was = state()
    assert str(made["id"]) in refused(server.request("POST", f"{path}/{verb}"), 409, "conflict")["detail"]
    assert state() == was


def test_an_upload_of_which_bytes_are_kept_has_one_size(prepared):
    headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    assert prepared.server.request("PATCH", f"/api/v1/uploads/{prepared.upload}", api_samples.UPLOAD[:4], headers)[0] == 204
    again = {"sha256": prepared.upload, "size": len(api_samples.UPLOAD) + 1}
    assert "size" in refused(prepared.server.request("POST", "/api/v1/uploads", again), 409, "conflict")["detail"]


def test_a_device_cannot_report_what_only_the_server_knows(prepared):
    report = {**prepared.bodies["report"], "state": "succeeded"}
    told = refused(prepared.server.request("POST", "/v1/device/report", report, token=api_samples.SECRET), 409, "bad-transition")
    assert "offered" in told["detail"] and "succeeded" in told["detail"]
    assert prepared.server.json("GET", "/api/v1/devices/own-1")["state"] == "offered"


def test_a_member_twice_is_refused_where_devices_speak(prepared):
    text = json.dumps(prepared.poll())[:-1] + ', "root": 2}'
    told = refused(prepared.server.request("POST", "/v1/device/poll", text, token=api_samples.SECRET), 400, "duplicate-member")
    assert told["at"] == text.rindex('"root"') or text[told["at"]:].startswith("root")


def test_a_device_enrolled_otherwise_already_exists(prepared):
    other = {**prepared.device("own-1"), "hardware": "other"}
    refused(prepared.server.request("POST", "/api/v1/devices", other), 409, "already-exists")
    batch = prepared.server.json("POST", "/api/v1/devices/batch", {"items": [other, prepared.device("own-1"), {}]})
    assert (batch["created"], batch["unchanged"]) == (0, 1)
    assert [(e["index"], e["code"]) for e in batch["errors"]] == [(0, "already-exists"), (2, "missing-member")]


def test_rollouts_and_releases_are_refused_by_name(prepared):
    server, wish = prepared.server, prepared.bodies["previewPlan"]
    server.json("POST", "/api/v1/devices", {**prepared.device("other-1"), "hardware": "other"}, expect=201)
    for change, status, code in [({"phases": [50]}, 400, "bad-phases"), ({"phases": [100, 5]}, 400, "bad-phases"),
                                 ({"target": "tag =="}, 400, "bad-target"), ({"target": "id == nobody"}, 400, "empty-target"),
                                 ({"target": "hardware == other"}, 422, "wrong-hardware"),
                                 ({"release": "0" * 64}, 404, "not-found")]:
        for path in "/api/v1/rollouts", "/api/v1/rollouts/preview":
            refused(server.request("POST", path, {**wish, **change}), status, code)
    path, images = prepared.world.release("1.3.0", sequence=1)
    shown = prepared.world.otter("release", "publish", path, *images, expect=1)
    assert "sequence-taken" in shown.err


def test_a_rollout_is_taken_back_by_one_of_its_own(prepared):
    server, path = prepared.server, "/api/v1/rollouts"
    made = server.json("POST", path, {"release": prepared.release, "target": "all", "phases": [100],
                                      "rollback_release": prepared.spare}, expect=201)["id"]
    server.json("POST", f"{path}/{made}/start")
    back = server.json("POST", f"{path}/{made}/rollback")
    assert back["state"] == "rolled-back"
    assert server.json("GET", f"{path}/{back['child']}")["parent"] == made


def test_nothing_goes_back_to_a_release_that_was_withdrawn(prepared):
    server = prepared.server
    made = server.json("POST", "/api/v1/rollouts", {"release": prepared.release, "target": "all", "phases": [100],
                                                    "rollback_release": prepared.spare}, expect=201)
    path = f"/api/v1/rollouts/{made['id']}"
    for verb in "start", "abort":
        server.json("POST", f"{path}/{verb}")
    server.json("POST", f"/api/v1/releases/{prepared.spare}/withdraw", {"reason": "bad"})
    refused(server.request("POST", f"{path}/rollback"), 422, "release-withdrawn")
    assert server.json("GET", path)["state"] == "aborted"


def test_a_group_stays_small_enough_for_those_that_name_it(prepared):
    server, path = prepared.server, "/api/v1/groups"
    server.json("PUT", f"{path}/outer", {"target": " or ".join(["group == lab"] * 4)}, expect=201)
    large = {"target": " or ".join(f"tag == t{n}" for n in range(40))}
    told = refused(server.request("PUT", f"{path}/lab", large), 409, "conflict")
    assert "group outer would be over a bound" in told["detail"]
    assert server.json("GET", f"{path}/lab")["target"] == "tag == lab"


def test_a_database_that_another_program_has_locked_is_503_and_then_works_again(prepared):
    server, device = prepared.server, prepared.device("late-1")
    with contextlib.closing(sqlite3.connect(server.data / "otter.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        status, headers, body = server.request("POST", "/api/v1/devices", device)
        assert (status, json.loads(body)["code"]) == (503, "too-busy") and int(headers["retry-after"]) > 0
        assert server.json("GET", "/api/v1/status")["devices"] == 2
        poll = server.request("POST", "/v1/device/poll", prepared.poll(), token=api_samples.SECRET)
        assert poll[0] == 200  # its open attempt, from memory
        other.execute("ROLLBACK")
    server.json("POST", "/api/v1/devices", device, expect=201)
