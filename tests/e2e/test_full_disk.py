"""The disk of the data directory is full: changes are refused with 507, everything else goes on, and all is well again
when there is room, without a restart."""

import hashlib
import os
import subprocess

import disk as disks
import documents
import ledger as books
import otter
import pytest
from test_bad_input import problem


@pytest.fixture
def disk(tmp_path):
    made = disks.Disk(tmp_path / "disk", 48)
    yield made
    made.close()


@pytest.fixture
def small(tmp_path, disk):
    """A world whose server is on the small disk."""
    made = otter.World(tmp_path)
    disks.put_on(made.server, disk)
    made.start()
    yield made
    made.stop()


def enrol(world, name):
    device = books.Device(name)
    return device, world.server.request("POST", "/api/v1/devices", device.body())


def refuse_writes(world, disk, leave=0):
    """Fills the disk until no change goes in any more: SQLite uses up what room its log has. leave: bytes for the log
    to grow until it wants to be brought into the database, which then has no room."""
    disk.fill(leave)
    refused = 0
    for number in range(4000):
        # Names all over the index: some need a page more than others, and none may fit in the end.
        name = hashlib.sha256(str(number).encode()).hexdigest()[:12]
        status, _, body = enrol(world, name)[1]
        assert status in (201, 507), body
        refused = refused + 1 if status == 507 else 0
        if refused == 20:
            return
    raise AssertionError("writes go on on a full disk")


def poll(world, device, **changes):
    load = books.Load(world, books.Ledger(), 0, 0, kinds=())
    return load.poll(books.Wire(world.server), device, **changes)


def report(world, device, attempt, step, state):
    running = {"version": "1.0.0", "sha256": "00" * 32, "slot": "A", "confirmed": True}
    return world.server.request("POST", "/v1/device/report", {"device": device.name, "attempt": attempt, "step": step,
                                                             "state": state, "running": running},
                                token=documents.b64(device.secret))


def told(world, event):
    return [line for line in world.server.log.read_text().splitlines() if f"event={event} " in line]


@pytest.mark.long(10)
def test_writes_are_507_reads_go_on_and_all_recovers_when_there_is_room(small, disk):
    rollout = books.prepare(small)
    (granted, made), (late, _) = enrol(small, "granted"), enrol(small, "late")
    assert made[0] == 201
    offer = poll(small, granted)
    assert report(small, granted, offer["attempt"], 1, "downloading")[0] == 200
    refuse_writes(small, disk, leave=4_300_000)

    # What changes something is refused by name, and nothing of it is there.
    assert problem(enrol(small, "more")[1], 507)["code"] == "store-full"
    assert problem(report(small, granted, offer["attempt"], 2, "downloaded"), 507)["code"] == "store-full"
    assert problem(small.server.request("POST", f"/api/v1/rollouts/{rollout}/pause"), 507)["code"] == "store-full"
    small.server.json("GET", "/api/v1/devices/more", expect=404)

    # Polls go on: the same attempt for who has one, nothing new for who has none; so do blobs and lists.
    again = poll(small, granted)
    assert (again["attempt"], again["image"]) == (offer["attempt"], offer["image"])
    assert "attempt" not in poll(small, late)
    status, _, blob = small.server.request("GET", f"/v1/blobs/{offer['image']['sha256']}")
    assert status == 200 and hashlib.sha256(blob).hexdigest() == offer["image"]["sha256"]
    assert len(books.pages(small.server, "/api/v1/devices")) > 2
    assert small.server.json("GET", f"/api/v1/rollouts/{rollout}")["counts"]["downloading"] == 1
    assert small.otter("device", "list", "--json").json["items"]
    refused = small.otter("rollout", "pause", rollout, expect=None)
    assert refused.code == 3 and "disk is full" in refused.err

    # The log says it once, whatever is refused.
    assert len(told(small, "store-trouble")) == 1 and "status=store-full" in told(small, "store-trouble")[0]

    disk.empty()
    assert enrol(small, "more")[1][0] == 201
    assert report(small, granted, offer["attempt"], 2, "downloaded")[0] == 200
    assert poll(small, late)["attempt"] > offer["attempt"]
    otter.wait_for("the log tells that it is over", lambda: told(small, "store-recovered"))
    counts = small.server.json("GET", f"/api/v1/rollouts/{rollout}")["counts"]
    assert (counts["downloaded"], counts["offered"], sum(counts.values())) == (1, 1, 2)
    small.server.stop()
    disk_check(small)


def disk_check(world):
    """The check of all files, by an otterd that sees the disk."""
    done = otter.run([*world.server.command, "--data", world.server.served, "--check-database"], expect=0)
    assert "is sound" in done.out


def test_an_upload_stops_with_507_and_goes_on_where_it_stood(small, disk):
    data = os.urandom(3_000_000)
    digest = hashlib.sha256(data).hexdigest()
    small.server.json("POST", "/api/v1/uploads", {"sha256": digest, "size": len(data)}, expect=201)
    disk.fill(leave=1_000_000)
    headers = {"Content-Type": "application/offset+octet-stream"}
    reply = small.server.request("PATCH", f"/api/v1/uploads/{digest}", data, {**headers, "Upload-Offset": "0"})
    assert problem(reply, 507)["code"] == "store-full"
    _, head, _ = small.server.request("HEAD", f"/api/v1/uploads/{digest}")
    offset = int(head["upload-offset"])
    assert 0 < offset < len(data)
    disk.empty()
    status, _, _ = small.server.request("PATCH", f"/api/v1/uploads/{digest}", data[offset:],
                                        {**headers, "Upload-Offset": str(offset)})
    assert status == 204
    assert small.server.request("GET", f"/v1/blobs/{digest}")[2] == data


def test_devices_keep_their_reports_until_there_is_room(small, disk):
    base, fleet = small.image("1.0.0", "A"), small.fleet(12)
    rollout = small.rollout(small.publish("1.1.0"))
    emulator = subprocess.Popen(
        [otter.EMU, "--server", small.server.url, "--fleet", fleet / "fleet.jsonl", "--slot-a", base, "--keep",
         small.folder / "flash", "--fault", "slow=20000", "--speed", "5", "--timeout", "150", "--json",
         "--expect", "1.1.0:confirmed"],
        env={**os.environ, "LC_ALL": "C.UTF-8"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        def some():
            return small.status(rollout)["counts"]["downloading"] + small.status(rollout)["counts"]["downloaded"] > 3
        otter.wait_for("devices are at it", some, 60)
        refuse_writes(small, disk)
        otter.wait_for("reports are refused", lambda: told(small, "store-trouble"), 60)
        disk.empty()
        out, err = emulator.communicate(timeout=180)
        assert emulator.returncode == 0, (out, err)
    finally:
        if emulator.poll() is None:
            emulator.kill()
            emulator.wait()
    counts = small.status(rollout)["counts"]
    assert counts["succeeded"] == 12 and sum(counts.values()) == 12
    attempts = small.server.json("GET", "/api/v1/devices/dev-01/attempts")["items"]
    assert [event["state"] for event in attempts[0]["events"]] == [
        "offered", "downloading", "downloaded", "installed", "testing", "succeeded"]


def test_nothing_acknowledged_on_a_disk_that_fills_and_empties_under_load_is_lost(small, disk):
    rollout, ledger = books.prepare(small), books.Ledger()
    for number in range(3):
        with books.Load(small, ledger, rollout, seed=number, most_devices=40, keep_on=True):
            before = ledger.acknowledged
            otter.wait_for("load", lambda before=before: ledger.acknowledged > before + 50, 60)
            disk.fill()
            full = ledger.refused.get(507, 0)
            otter.wait_for("refusals", lambda full=full: ledger.refused.get(507, 0) > full + 20, 60)
            if number == 1:
                small.server.kill()  # on the full disk
                disk.empty()
                small.server.start()
                continue
            disk.empty()
            after = ledger.acknowledged
            otter.wait_for("load again", lambda after=after: ledger.acknowledged > after + 50, 60)
        books.check(small.server, ledger, rollout)
    assert set(ledger.refused) == {507}
    small.server.stop()
    disk_check(small)


def test_a_restart_on_a_full_disk_goes_on_serving_what_it_can(small, disk):
    books.prepare(small)
    device, _ = enrol(small, "granted")
    offer = poll(small, device)
    refuse_writes(small, disk)
    small.server.stop()  # clean, though its last words could not be written
    disk.fill()
    small.server.start()
    assert poll(small, device)["attempt"] == offer["attempt"]
    assert problem(enrol(small, "more")[1], 507)["code"] == "store-full"
    disk.empty()
    assert enrol(small, "more")[1][0] == 201


def test_a_start_that_cannot_open_the_database_on_a_full_disk_says_what_to_do(small, disk):
    small.server.stop()
    disk.fill()
    small.server.log.unlink()
    small.server.start(expect_exit=2)
    assert "its disk is full: make room there, then start otterd again" in small.server.log.read_text()
    disk.empty()
    small.server.start()
    assert small.server.json("GET", "/api/v1/status")["root"]["version"] == 1
