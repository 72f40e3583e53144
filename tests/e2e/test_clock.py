"""The machine's clock is set: ahead by a year, back to 1970, while otterd runs; by Debian's faketime on the unmodified
program. Its own clock, which never steps, goes on as in life."""

import glob
import json
import os
import pathlib
import time

import documents
import ledger as books
import otter
import pytest
from test_bad_input import poll_body

YEAR = 365 * 86400


class Clock:
    """What otterd and `otter` believe the time is: the real one, and so many seconds."""

    def __init__(self, folder):
        libraries = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        assert libraries, "no libfaketime: scripts/setup installs it"
        self.file = pathlib.Path(folder) / "faketime"
        self.env = {"LD_PRELOAD": libraries[0], "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}
        self.set(0)

    def set(self, seconds):
        text = self.file.with_suffix(".new")
        text.write_text(f"{seconds:+d}\n")
        text.rename(self.file)
        self.offset = seconds

    def now(self):
        return time.time() + self.offset


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


@pytest.fixture
def faked(tmp_path, clock):
    made = otter.World(tmp_path)
    made.server.command = ["env", *(f"{k}={v}" for k, v in clock.env.items()), *made.server.command]
    made.start()
    yield made
    made.stop()


def jump(world, clock, seconds):
    """Sets the clock and waits until otterd has seen it."""
    seen = world.server.log.read_text().count("event=clock-set")
    clock.set(seconds)
    otter.wait_for("otterd sees the step", lambda: world.server.log.read_text().count("event=clock-set") > seen)
    assert abs(world.server.json("GET", "/api/v1/status")["time"] - clock.now()) < 10


def poll(world, device, **changes):
    return books.Load(world, books.Ledger(), 0, 0, kinds=()).poll(books.Wire(world.server), device, **changes)


def report(world, device, attempt, step, state):
    running = {"version": "1.0.0", "sha256": "00" * 32, "slot": "A", "confirmed": True}
    status, _, _ = world.server.request("POST", "/v1/device/report",
                                        {"device": device.name, "attempt": attempt, "step": step, "state": state,
                                         "running": running}, token=documents.b64(device.secret))
    assert status == 200


def enrol(world, name):
    device = books.Device(name)
    world.server.json("POST", "/api/v1/devices", device.body(), expect=201)
    return device


def no_future(world, clock):
    """Of no device it is said that it was seen later than now."""
    for item in books.pages(world.server, "/api/v1/devices"):
        for name in ("first_seen", "last_seen"):
            assert item[name] is None or 0 < item[name] <= clock.now() + 2, (name, item)


@pytest.mark.parametrize("away", [YEAR, -YEAR, -1_700_000_000])
def test_the_clock_is_set_away_and_back_under_way(faked, clock, away):
    rollout = books.prepare(faked)
    one, two = enrol(faked, "one"), enrol(faked, "two")
    offer = poll(faked, one)
    report(faked, one, offer["attempt"], 1, "downloading")
    jump(faked, clock, away)
    again = poll(faked, one)  # the same attempt, issued now: the deadline is a duration from then
    assert again["attempt"] == offer["attempt"] and abs(again["issued"] - clock.now()) < 10
    assert again["deadline"] - again["issued"] == offer["deadline"] - offer["issued"]
    report(faked, one, offer["attempt"], 2, "downloaded")
    poll(faked, two)
    no_future(faked, clock)
    state = faked.status(rollout)
    assert state["state"] == "running" and state["counts"]["downloaded"] == 1

    jump(faked, clock, 0)
    no_future(faked, clock)
    report(faked, one, offer["attempt"], 3, "installed")
    report(faked, one, offer["attempt"], 4, "testing")
    poll(faked, one, **books.Load(faked, books.Ledger(), 0, 0, kinds=()).confirmed())
    attempt = faked.server.json("GET", "/api/v1/devices/one/attempts")["items"][0]
    assert [event["state"] for event in attempt["events"]] == [
        "offered", "downloading", "downloaded", "installed", "testing", "succeeded"]
    assert poll(faked, two)["attempt"] > offer["attempt"]
    assert faked.server.json("GET", f"/api/v1/rollouts/{rollout}")["counts"]["succeeded"] == 1
    no_future(faked, clock)


def test_a_release_that_expired_only_by_a_wrong_clock_is_granted_again(faked, clock):
    """What was found for a device is remembered until something changes; a clock that is set right is such a change."""
    books.prepare(faked)
    device = enrol(faked, "one")
    jump(faked, clock, 20 * YEAR)
    assert "attempt" not in poll(faked, device)
    jump(faked, clock, 0)
    assert poll(faked, device)["attempt"]


def test_a_rollout_is_not_complete_because_a_wrong_clock_let_its_release_expire(faked, clock):
    books.prepare(faked)
    device = enrol(faked, "one")
    faked.server.json("POST", "/api/v1/rollouts/1/pause")
    poll(faked, device)  # seen, and nothing granted
    rollout = faked.rollout(faked.load_release, target="id == one")
    jump(faked, clock, 20 * YEAR)
    for action in ("pause", "resume"):  # now and then the rollout is looked at; a resume makes it at once
        faked.server.json("POST", f"/api/v1/rollouts/{rollout}/{action}")
    faked.server.json("PATCH", "/api/v1/devices/one", {"attributes": {"n": "1"}})  # the writer has been round
    assert faked.server.json("GET", f"/api/v1/rollouts/{rollout}")["state"] == "running"
    jump(faked, clock, 0)
    assert poll(faked, device)["attempt"]


@pytest.mark.long(10)
def test_keys_of_requests_and_uploads_are_not_forgotten_by_a_wrong_clock(faked, clock):
    books.prepare(faked)
    body = {"release": faked.load_release, "target": "all", "phases": [100], "name": "once"}
    head = {"Idempotency-Key": "once"}
    made = faked.server.json("POST", "/api/v1/rollouts", body, expect=201, headers=head)
    data = os.urandom(1000)
    digest = books.hashlib.sha256(data).hexdigest()
    faked.server.json("POST", "/api/v1/uploads", {"sha256": digest, "size": 1000}, expect=201)
    kind = {"Content-Type": "application/offset+octet-stream"}
    assert faked.server.request("PATCH", f"/api/v1/uploads/{digest}", data[:500], {**kind, "Upload-Offset": "0"})[0] == 204
    jump(faked, clock, YEAR)
    faked.server.json("POST", "/api/v1/uploads", {"sha256": "ab" * 32, "size": 5}, expect=201)  # old ones go now
    beat = time.monotonic() + 12
    otter.wait_for("a heartbeat, which forgets what is old", lambda: time.monotonic() > beat, 30)
    assert faked.server.json("POST", "/api/v1/rollouts", body, expect=201, headers=head)["id"] == made["id"]
    _, upload, _ = faked.server.request("HEAD", f"/api/v1/uploads/{digest}")
    assert upload["upload-offset"] == "500"
    assert [item["name"] for item in books.pages(faked.server, "/api/v1/rollouts")].count("once") == 1


@pytest.mark.parametrize("away", [YEAR, -YEAR])
def test_a_restart_with_another_clock_keeps_order_and_shows_no_future(faked, clock, away):
    rollout, device = books.prepare(faked), enrol(faked, "one")
    offer = poll(faked, device)
    faked.server.stop()
    clock.set(away)
    faked.server.start()
    no_future(faked, clock)
    report(faked, device, offer["attempt"], 1, "downloading")
    faked.server.stop()
    clock.set(0)
    faked.server.start()
    no_future(faked, clock)
    events = faked.server.json("GET", "/api/v1/devices/one/attempts")["items"][0]["events"]
    assert [event["state"] for event in events] == ["offered", "downloading"]
    summary = faked.server.json("GET", "/api/v1/fleet/summary")
    assert sum(summary["ages"].values()) == summary["devices"] and all(n >= 0 for n in summary["ages"].values())
    assert faked.status(rollout)["counts"]["downloading"] == 1


def test_polls_come_back_in_the_interval_whatever_the_clock_does(faked, clock):
    device = enrol(faked, "one")
    token = documents.b64(device.secret)
    seen = []
    for away in (0, YEAR, -YEAR, 0):
        clock.set(away)
        status, headers, _ = faked.server.request("POST", "/v1/device/poll", json.dumps(poll_body("one")), token=token)
        assert status == 204
        seen.append(int(headers["retry-after"]))
    assert len(set(seen)) == 1 and 5 <= seen[0] <= 60


def test_load_while_the_clock_jumps_loses_nothing(faked, clock):
    rollout, ledger = books.prepare(faked), books.Ledger()
    kinds = ("devices", "devices", "labels", "rollouts", "uploads")  # releases and roots are dated by this test's clock
    with books.Load(faked, ledger, rollout, seed=1, kinds=kinds, most_devices=100):
        for away in (YEAR, -YEAR, 86400, -86400, 20 * YEAR, 0) * 2:
            before = ledger.acknowledged
            clock.set(away)
            otter.wait_for("load", lambda before=before: ledger.acknowledged > before + 30, 60)
    books.check(faked.server, ledger, rollout)
    no_future(faked, clock)
    faked.server.stop()
    books.check_files(faked.server.data)
