"""A backup of a server under load, and what comes back from it: nothing acknowledged before is lost, no number of an
attempt comes twice, and a spoilt backup is refused."""

import contextlib
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading

import disk as disks
import documents
import ledger as books
import otter
import pytest
from fleet import Device, change
from test_bad_input import problem

RAISED = 2**20


def back_up(server, folder, expect=200):
    return server.json("POST", "/api/v1/server/backup", {"dir": str(folder)}, expect=expect)


def restore(folder, data, expect=0):
    return otter.run([otter.OTTERD, "--restore", folder, "--data", data], expect=expect, timeout=120)


def tree(folder):
    """{path: (bytes, inode's links)} of all files below."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in pathlib.Path(folder).rglob("*") if path.is_file()}


@contextlib.contextmanager
def serving(world, data):
    """The world's ledger is held against another data directory."""
    server = otter.Server(data)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def said_done(server):
    """When the newest backup was done, by the server's log: what was heard before was acknowledged before."""
    line = [line for line in server.log.read_text().splitlines() if "event=backup-done" in line][-1]
    text = re.search(r"time=(\S+)Z", line).group(1)
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc).timestamp()


@pytest.mark.coverage
def test_a_backup_under_load_has_all_that_was_acknowledged_before_it_said_done(world, tmp_path):
    rollout, ledger = books.prepare(world), books.Ledger()
    for number in range(6):
        folder, data = tmp_path / f"backup-{number}", tmp_path / f"new-{number}"
        with books.Load(world, ledger, rollout, seed=number, most_devices=200):
            floor = ledger.acknowledged + 40
            otter.wait_for("load", lambda floor=floor: ledger.acknowledged > floor, 60)
            said = back_up(world.server, folder)
        made = ledger.as_of(said_done(world.server))  # all of this must be in it
        assert said["blobs"] == said["linked"] + said["copied"] == len(list((folder / "blobs").rglob("*/*"))), said
        assert (folder / "backup.json").exists() and folder.stat().st_mode & 0o777 == 0o700
        told = restore(folder, data).out
        assert f"restored {folder}" in told and "attempts go on from" in told
        books.check_files(data)
        with serving(world, data) as server:
            books.check(server, made, rollout)
            first = books.Device("after-the-restore")
            server.json("POST", "/api/v1/devices", first.body(), expect=201)
            load = books.Load(world, books.Ledger(), rollout, 0, kinds=())
            offer = load.poll(books.Wire(server), first)
            assert offer["attempt"] > RAISED
            name = server.json("POST", "/api/v1/rollouts", {"release": world.load_release, "target": "all",
                                                            "phases": [100], "name": "later"}, expect=201)
            assert name["id"] > max(made.rollouts.values(), default=0) + 900
        shutil.rmtree(data)
        if number < 5:
            shutil.rmtree(folder)


def test_writes_go_on_during_a_backup_of_a_large_database_and_are_in_it(world, tmp_path):
    """10,000 devices: the copy takes many turns of the writer, with batches between them."""
    rollout, ledger = books.prepare(world), books.Ledger()
    for start in range(0, 10000, 1000):
        items = [{"id": f"many-{n}", "product": otter.PRODUCT, "hardware": otter.HARDWARE,
                  "secret": documents.b64(os.urandom(32)), "attributes": {"note": "x" * 200}}
                 for n in range(start, start + 1000)]
        world.server.json("POST", "/api/v1/devices/batch", {"items": items})
    counted = []
    with books.Load(world, ledger, rollout, seed=1, most_devices=400):
        otter.wait_for("load", lambda: ledger.acknowledged > 20, 60)
        before = ledger.acknowledged
        said = back_up(world.server, tmp_path / "backup")
        counted.append(ledger.acknowledged - before)
    made = ledger.as_of(said_done(world.server))
    assert said["database_bytes"] > 4_000_000 and counted[0] > 0, (said, counted)
    restore(tmp_path / "backup", tmp_path / "new")
    world.server.stop()
    with serving(world, tmp_path / "new") as server:
        listed = {item["id"] for item in books.pages(server, "/api/v1/devices")}
        assert {f"many-{n}" for n in range(10000)} <= listed and set(made.devices) <= listed
        books.check_attempts(server, made, rollout)
        books.check_documents(server, made)


def test_devices_under_way_finish_their_update_across_backup_and_restore(world, tmp_path):
    """The server is lost after the backup, with attempts made since; the devices go on with the restored one."""
    base, fleet = world.image("1.0.0", "A"), world.fleet(20)
    rollout = world.rollout(world.publish("1.1.0"), phases="50,100")
    emulator = subprocess.Popen(
        [otter.EMU, "--server", world.server.url, "--fleet", fleet / "fleet.jsonl", "--slot-a", base, "--keep",
         world.folder / "flash", "--fault", "slow=15000", "--speed", "20", "--timeout", "200", "--json", "--expect",
         "1.1.0:confirmed"], env={**os.environ, "LC_ALL": "C.UTF-8"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    try:
        def at_it():
            return world.status(rollout)["counts"]["downloading"] >= 3
        otter.wait_for("downloads", at_it, 60)
        back_up(world.server, tmp_path / "backup")
        world.otter("rollout", "advance", rollout)  # after the backup: the others get attempts that will be lost

        def more():
            items = world.server.json("GET", f"/api/v1/rollouts/{rollout}/attempts?limit=1000")["items"]
            return len(items) if len(items) > 12 else None
        otter.wait_for("attempts after the backup", more, 60)
        world.server.kill()
        port = world.server.port
        restore(tmp_path / "backup", tmp_path / "new")
        restored = otter.Server(tmp_path / "new")
        restored.port = port
        world.server = restored.start()
        assert world.status(rollout)["phase"] == 1
        world.otter("rollout", "advance", rollout)
        out, err = emulator.communicate(timeout=240)
        assert emulator.returncode == 0, (out, err)
    finally:
        if emulator.poll() is None:
            emulator.send_signal(signal.SIGKILL)
            emulator.wait()
    items = world.server.json("GET", f"/api/v1/rollouts/{rollout}/attempts?limit=1000")["items"]
    assert all(item["id"] < RAISED // 2 or item["id"] > RAISED for item in items)
    devices = books.pages(world.server, "/api/v1/devices")
    assert all(item["running"]["version"] == "1.1.0" for item in devices)
    counts = world.status(rollout)["counts"]
    assert counts["failed"] == counts["reverted"] == 0 and sum(counts.values()) == len(items)
    world.server.stop()
    books.check_files(tmp_path / "new")


def made_backup(world, tmp_path):
    rollout, ledger = books.prepare(world), books.Ledger()
    with books.Load(world, ledger, rollout, seed=1, most_devices=20):
        otter.wait_for("load", lambda: ledger.acknowledged > 100, 60)
    back_up(world.server, tmp_path / "backup")
    return rollout, ledger


def first_blob(folder):
    return next((folder / "blobs").rglob("*/*"))


def change_note(folder, **changes):
    note = json.loads((folder / "backup.json").read_text())
    note.update(changes)
    (folder / "backup.json").write_text(json.dumps(note))


def rewrite(path, data):
    """As another file: a blob of the backup shares its bytes with the server."""
    path.unlink()
    path.write_bytes(data)


SPOILS = {
    "no note: never finished": (lambda f: (f / "backup.json").unlink(), 2, "is no finished backup"),
    "half a note": (lambda f: (f / "backup.json").write_text('{"format": 1,'), 4, "backup.json"),
    "another digest in the note": (lambda f: change_note(f, files=[{**x, "sha256": "00" * 32} for x in json.loads(
        (f / "backup.json").read_text())["files"]]), 4, "is not what was backed up"),
    "a flip in the database": (lambda f: rewrite(f / "otter.db", flipped(f / "otter.db", 20000)), 4, "otter.db"),
    "a database cut short": (lambda f: os.truncate(f / "otter.db", 40960), 4, "otter.db"),
    "no database": (lambda f: (f / "otter.db").unlink(), 4, "otter.db"),
    "a flip in a key": (lambda f: rewrite(f / "secret.key", bytes(32)), 4, "secret.key"),
    "no offer key": (lambda f: (f / "offer.key").unlink(), 4, "offer.key"),
    "a flip in a blob": (lambda f: rewrite(first_blob(f), flipped(first_blob(f), 100)), 4, "the bytes of blob"),
    "a blob less": (lambda f: first_blob(f).unlink(), 4, "blobs of"),
    "a newer format": (lambda f: change_note(f, format=2), 5, "newer otterd"),
}


def flipped(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    return bytes(data)


@pytest.mark.coverage
def test_a_spoilt_backup_is_refused_and_leaves_nothing(world, tmp_path):
    made_backup(world, tmp_path)
    for name, (spoil, code, said) in SPOILS.items():
        folder = tmp_path / "spoilt"
        shutil.copytree(tmp_path / "backup", folder)
        spoil(folder)
        done = restore(folder, tmp_path / "new", expect=code)
        assert said in done.err, (name, done.err)
        assert not (tmp_path / "new").exists(), name
        shutil.rmtree(folder)
    restore(tmp_path / "backup", tmp_path / "new")  # and the sound one goes


def test_an_attempt_that_was_retried_is_no_damage(world, tmp_path):
    """It is no longer counted: neither the check nor a restore may miss it there."""
    device = Device(world.server, "device")
    rollout = world.rollout(world.publish("1.1.0"))
    device.report(device.poll()["attempt"], "failed", reason="self-test")
    assert change(world.server, "retry", [device], rollout=rollout)["changed"] == 1
    back_up(world.server, tmp_path / "backup")
    assert "is sound" in otter.run([otter.OTTERD, "--data", world.server.data, "--check-database"], timeout=60).out
    restore(tmp_path / "backup", tmp_path / "new")
    with serving(world, tmp_path / "new") as server:
        assert server.json("GET", f"/api/v1/rollouts/{rollout}")["counts"]["failed"] == 0
        assert Device(server, "device", register=False).poll()


def test_a_restore_needs_an_empty_directory_and_leaves_the_backup_as_it_was(world, tmp_path):
    made_backup(world, tmp_path)
    before = tree(tmp_path / "backup")
    done = restore(tmp_path / "backup", world.server.data, expect=2)
    assert "is not empty" in done.err and world.server.json("GET", "/api/v1/status")["releases"] > 0
    (tmp_path / "new").mkdir()
    restore(tmp_path / "backup", tmp_path / "new")
    for path in (tmp_path / "new/blobs").rglob("*/*"):
        assert path.stat().st_nlink == 1, "a restored blob shares its bytes with the backup"
    for name in ("offer.key", "secret.key", "admin.token", "otter.db"):
        assert (tmp_path / "new" / name).stat().st_mode & 0o777 == 0o600
    with serving(world, tmp_path / "new") as server:
        books.Wire(server).ask("POST", "/api/v1/devices", books.Device("more").body(), token=server.token)
    assert tree(tmp_path / "backup") == before
    restore(tmp_path / "backup", tmp_path / "another")
    # A restore that was cut short is not served as an empty server.
    (tmp_path / "another/otter.db").rename(tmp_path / "another/otter.db.restoring")
    half = otter.Server(tmp_path / "another")
    half.start(expect_exit=2)
    assert "a restore into" in half.log.read_text() and "was not finished" in half.log.read_text()


@pytest.mark.coverage
def test_what_is_no_place_for_a_backup_is_refused_by_name(world, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").write_text("x")
    (tmp_path / "file").write_text("x")
    for folder, status, said in [("relative", 400, "absolute"), ("/", 400, "absolute"),
                                 ("/nonexistent/x", 400, "No such file"), (world.server.data / "b", 400, "inside the data"),
                                 (tmp_path / "full", 409, "not empty"), (tmp_path / "file", 400, "Not a directory"),
                                 ("/proc/otter-backup", 400, "cannot be made")]:
        told = problem(world.server.request("POST", "/api/v1/server/backup", {"dir": str(folder)}), status)
        assert said in told["detail"], told
    for body, code in [({}, "missing-member"), ({"dir": 7}, "bad-value"), ({"dir": "/x", "more": 1}, "unknown-member")]:
        assert problem(world.server.request("POST", "/api/v1/server/backup", body), 400)["code"] == code
    link = tmp_path / "link"
    link.symlink_to(world.server.data)
    assert "inside the data" in problem(world.server.request("POST", "/api/v1/server/backup",
                                                             {"dir": str(link / "b")}), 400)["detail"]
    (world.server.data / "empty").mkdir()
    (tmp_path / "itself").symlink_to(world.server.data / "empty")
    assert "inside the data" in problem(world.server.request("POST", "/api/v1/server/backup",
                                                             {"dir": str(tmp_path / "itself")}), 400)["detail"]
    tried = world.server.json("POST", "/api/v1/server/backup?dry_run=1", {"dir": str(tmp_path / "b")})
    assert tried["database_bytes"] > 0 and tried["linked"] == tried["copied"] == 0 and not (tmp_path / "b").exists()


@pytest.fixture
def slow_target(tmp_path):
    """Another disk: blobs are copied, and there is room for 6 MB of them."""
    made = disks.Disk(tmp_path / "disk", 6)
    yield made
    made.close()


def upload(world, size):
    data = os.urandom(size)
    digest = books.hashlib.sha256(data).hexdigest()
    world.server.json("POST", "/api/v1/uploads", {"sha256": digest, "size": size}, expect=201)
    status, _, _ = world.server.request("PATCH", f"/api/v1/uploads/{digest}", data,
                                        {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"})
    assert status == 204
    return digest


def test_onto_another_disk_blobs_are_copied_and_without_room_nothing_is_left(tmp_path, slow_target):
    world = otter.World(tmp_path)
    world.server.command = [*slow_target.enter, *world.server.command]
    world.start()
    try:
        upload(world, 2_000_000)
        said = back_up(world.server, slow_target.path / "first")
        assert said["copied"] == said["blobs"] == 1 and said["linked"] == 0
        upload(world, 5_000_000)
        told = problem(world.server.request("POST", "/api/v1/server/backup",
                                            {"dir": str(slow_target.path / "second")}), 507)
        assert told["code"] == "store-full"
        assert [path.name for path in slow_target.seen.iterdir()] == ["first"]
        assert world.server.json("GET", "/api/v1/status")["root"]["version"] == 1
        enrolled = world.server.request("POST", "/api/v1/devices", books.Device("more").body())
        assert enrolled[0] == 201, "the server's own disk is not full"
        # A blob that has rotted on the server is told, and no backup is made of it.
        digest = upload(world, 1000)
        path = world.server.data / "blobs" / digest[:2] / digest
        path.write_bytes(flipped(path, 10))
        shutil.rmtree(slow_target.seen / "first")
        (world.server.data / "blobs").joinpath(digest[:2]).exists()
        for big in [p for p in (world.server.data / "blobs").rglob("*/*") if p.stat().st_size > 4_000_000]:
            big.unlink()
        told = problem(world.server.request("POST", "/api/v1/server/backup",
                                            {"dir": str(slow_target.path / "third")}), 500)
        assert digest in told["detail"] and "is damaged" in told["detail"]
        assert not list(slow_target.seen.iterdir())
    finally:
        world.stop()


@pytest.mark.coverage
def test_one_backup_at_a_time_and_a_stop_gives_it_up(world, tmp_path):
    """The backup is held up by a fifo in the place of a file that it reads."""
    token = world.server.token
    os.unlink(world.server.data / "offer.pub")
    os.mkfifo(world.server.data / "offer.pub")
    answers = []

    def ask():
        wire = books.Wire(world.server)
        try:
            answers.append(wire.ask("POST", "/api/v1/server/backup", {"dir": str(tmp_path / "one")}, token=token))
        except (books.Refused, books.Lost) as error:
            answers.append(error)
    asker = threading.Thread(target=ask)
    asker.start()
    otter.wait_for("the backup has begun", lambda: "event=backup-begun" in world.server.log.read_text())
    told = problem(world.server.request("POST", "/api/v1/server/backup", {"dir": str(tmp_path / "two")}), 409)
    assert told["code"] == "conflict" and not (tmp_path / "two").exists()
    collected = problem(world.server.request("POST", "/api/v1/server/gc", {"keep": 1}), 409)
    assert collected["code"] == "conflict"
    world.server.process.send_signal(signal.SIGTERM)
    with open(world.server.data / "offer.pub", "wb") as end:
        end.write(b"the public key")
    assert world.server.process.wait(60) == 0
    asker.join(60)
    assert isinstance(answers[0], books.Refused) and answers[0].status == 503, answers
    assert not (tmp_path / "one").exists()


def test_kill_9_during_a_backup_leaves_nothing_that_could_be_taken_for_one(world, tmp_path):
    rollout, ledger = made_backup(world, tmp_path)
    for number in range(12):
        folder = tmp_path / f"cut-{number}"
        wire = books.Wire(world.server)
        killer = threading.Timer(0.002 * number, world.server.kill)
        killer.start()
        done = False
        try:
            wire.ask("POST", "/api/v1/server/backup", {"dir": str(folder)}, token=world.server.token)
            done = True
        except books.Lost:
            pass
        killer.join()
        if (folder / "backup.json").exists():
            restore(folder, tmp_path / f"new-{number}")  # whole, though nobody may have heard of it
            books.check_files(tmp_path / f"new-{number}")
        else:
            assert not done
            assert "is no finished backup" in restore(folder, tmp_path / f"new-{number}", expect=2).err
        world.server.start()
    books.check(world.server, ledger, rollout)
