"""The database on bad days: damaged, newer, older; and what otterd says then."""

import contextlib
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import time

import disk as disks
import ledger as books
import old_database as old
import otter
import pytest
from test_bad_input import problem

PAGE = 4096


def check(data, expect):
    return otter.run([otter.OTTERD, "--data", data, "--check-database"], expect=expect, timeout=60)


def worked(world):
    """A server that has done some of everything, and is stopped cleanly. Its ledger and rollout."""
    rollout, ledger = books.prepare(world), books.Ledger()
    with books.Load(world, ledger, rollout, seed=1, most_devices=20):
        otter.wait_for("load", lambda: ledger.acknowledged > 200, 60)
        world.server.stop()
    return rollout, ledger


def page_of(data, name):
    """The first page of a table or index."""
    with contextlib.closing(sqlite3.connect(f"file:{data}/otter.db?mode=ro", uri=True)) as db:
        return db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchone()[0]


def change(path, *statements):
    """By a program that is not otterd."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        for sql in statements:
            db.execute(sql)


def write_at(path, at, data):
    with open(path, "r+b") as f:
        f.seek(at)
        f.write(data)


def flip(path, at):
    with open(path, "r+b") as f:
        f.seek(at)
        byte = f.read(1)[0]
        f.seek(at)
        f.write(bytes([byte ^ 0x40]))


SPOILS = {
    "the magic": lambda data: write_at(data / "otter.db", 0, b"no database here"),
    "the schema's page": lambda data: write_at(data / "otter.db", 100, bytes(200)),
    "cut in the middle": lambda data: os.truncate(data / "otter.db", (data / "otter.db").stat().st_size // PAGE // 2 * PAGE),
    "a page of devices": lambda data: write_at(data / "otter.db", (page_of(data, "devices") - 1) * PAGE, bytes(PAGE)),
    "a page of rollouts": lambda data: write_at(data / "otter.db", (page_of(data, "rollouts") - 1) * PAGE, bytes(PAGE)),
    "a page of attempts": lambda data: write_at(data / "otter.db", (page_of(data, "attempts") - 1) * PAGE, b"\xff" * PAGE),
    "rubbish over all": lambda data: write_at(data / "otter.db", 0, os.urandom(3 * PAGE)),
}


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_damaged_database_is_exit_4_and_says_how_to_go_on(world, spoil):
    worked(world)
    server = world.server
    SPOILS[spoil](server.data)
    before = (server.data / "otter.db").read_bytes()
    server.log.unlink()
    server.start(expect_exit=4)
    said = server.log.read_text()
    assert "is damaged" in said and "otterd --restore BACKUP --data NEW" in said, said
    assert (server.data / "otter.db").read_bytes() == before, "a damaged database was written to"
    assert "damaged" in str(check(server.data, 4))


@pytest.mark.parametrize("index", ["attempt_events_step", "devices", "answers_at"])
def test_damage_after_a_kill_is_found_wherever_it_is(world, index):
    """After a kill each page is read at the start: also those that are not needed yet."""
    worked(world)
    world.server.start()
    world.server.kill()
    write_at(world.server.data / "otter.db", (page_of(world.server.data, index) - 1) * PAGE, bytes(PAGE))
    world.server.start(expect_exit=4)
    assert "damaged: otter.db:" in check(world.server.data, 4).out or "is damaged" in check(world.server.data, 4).err


def test_random_flips_never_crash_it_and_are_refused_or_harmless(world):
    """A flip in text or in a free part of a page is nobody's to find; whatever starts, answers and stops."""
    worked(world)
    server, chance = world.server, random.Random(3)
    good = (server.data / "otter.db").read_bytes()
    codes = []
    for _ in range(40):
        for companion in ("otter.db-wal", "otter.db-shm"):
            (server.data / companion).unlink(missing_ok=True)
        (server.data / "otter.db").write_bytes(good)
        for _ in range(8):
            flip(server.data / "otter.db", chance.randrange(len(good)))
        done = check(server.data, None)
        assert done.code in (0, 4, 5), str(done)  # 5: the flip was in the version
        process = subprocess.Popen([otter.OTTERD, "--data", server.data, "--listen", "127.0.0.1:0", "--port-file",
                                    server.beside / "flip.port"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)

        def ended(process=process):
            return process.poll() is not None or (server.beside / "flip.port").exists()
        otter.wait_for("started or refused", ended)
        process.terminate()
        said = process.communicate(timeout=60)[0].decode()
        (server.beside / "flip.port").unlink(missing_ok=True)
        codes.append(process.returncode)
        assert process.returncode in (0, 4, 5), said
    assert codes.count(4) >= 5, codes


def test_damage_met_while_running_is_told_changes_are_refused_and_the_rest_goes_on(world):
    """The index that every event goes into is spoilt under the running server, which has not read it yet."""
    rollout, _ = worked(world)
    page = page_of(world.server.data, "attempt_events_step")
    world.server.start()
    write_at(world.server.data / "otter.db", (page - 1) * PAGE, bytes(PAGE))
    device = books.Device("unlucky")
    world.server.json("POST", "/api/v1/devices", device.body(), expect=201)
    offer = books.Load(world, books.Ledger(), rollout, 0, kinds=()).poll(books.Wire(world.server), device)
    assert "attempt" not in offer, "granted, though it could not be stored"
    assert "status=store-damaged" in world.server.log.read_text()
    told = problem(world.server.request("POST", f"/api/v1/rollouts/{rollout}/resume"), 500)
    assert told["code"] == "store-damaged"
    assert world.server.log.read_text().count("event=store-trouble") == 1
    assert "otterd --restore BACKUP --data NEW" in world.server.log.read_text()
    status, _, body = world.server.request("GET", "/readyz", token=None)
    assert status == 503 and b"store" in body
    assert world.server.json("GET", "/api/v1/status")["devices"] > 0
    world.server.stop()
    world.server.start(expect_exit=4)  # what was met is not forgotten: no mark of a clean stop


def frames(wal):
    """How many pages the log holds since it began anew: behind them may be those of before, with another salt."""
    data = wal.read_bytes()
    heads = range(32, len(data) - PAGE - 23, 24 + PAGE)
    return next((n for n, at in enumerate(heads) if data[at + 8:at + 16] != data[16:24]), len(heads))


def test_a_flip_in_the_log_loses_its_end_and_says_so(world):
    rollout, ledger = books.prepare(world), books.Ledger()
    wal = world.server.data / "otter.db-wal"

    def killed_with_a_long_log():
        world.server.process.send_signal(signal.SIGSTOP)
        if frames(wal) > 40:
            world.server.kill()
        world.server.process.send_signal(signal.SIGCONT)
        return world.server.process.returncode
    with books.Load(world, ledger, rollout, seed=1, most_devices=30):
        otter.wait_for("load", lambda: ledger.acknowledged > 200, 60)
        otter.wait_for("a log", killed_with_a_long_log, 60)
    flip(wal, 32 + frames(wal) // 2 * (24 + PAGE) + PAGE // 2)
    world.server.start()
    assert "event=log-cut-short" in world.server.log.read_text()
    assert len(books.pages(world.server, "/api/v1/devices")) > 1
    world.server.stop()
    check(world.server.data, 0)


def test_keys_of_tables_without_rowid_are_their_first_columns_in_order(world):
    """Of others SQLite's quick_check (3.40) says "NULL value in ..." where nothing is wrong, and otterd would not start."""
    with contextlib.closing(sqlite3.connect(f"file:{world.server.data}/otter.db?mode=ro", uri=True)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE sql LIKE '%WITHOUT ROWID'")]
        assert "operator_grants" in tables and len(tables) > 8
        for table in tables:
            places = [place for (place,) in db.execute("SELECT pk FROM pragma_table_info(?) ORDER BY cid", (table,))]
            key = [place for place in places if place]
            assert places[:len(key)] == sorted(key), table


def test_a_newer_database_is_exit_5_and_stays_as_it_is(world):
    worked(world)
    path = world.server.data / "otter.db"
    change(path, f"PRAGMA user_version = {old.NEWEST + 1}")
    before = path.read_bytes()
    world.server.start(expect_exit=5)
    said = world.server.log.read_text()
    assert f"has schema {old.NEWEST + 1}, this program knows up to {old.NEWEST}: start the newer otterd again" in said
    (world.server.data / f"otter.db.before-{old.NEWEST + 1}").write_bytes(b"as the newer one made it")
    world.server.start(expect_exit=5)
    assert f"otter.db.before-{old.NEWEST + 1}" in world.server.log.read_text()
    assert path.read_bytes() == before
    assert str(old.NEWEST + 1) in check(world.server.data, 5).err


@pytest.mark.coverage
@pytest.mark.parametrize("version", range(1, old.NEWEST))
def test_an_older_database_is_copied_before_its_schema_changes_and_goes_on(world, version):
    rollout, ledger = worked(world)
    data = world.server.data
    old.make_older(data, version)
    before = old.rows(data / "otter.db")
    kept = data / f"otter.db.before-{old.NEWEST}"
    check(data, 0)  # it asks an older one only what its schema can answer
    assert old.rows(data / "otter.db") == before and not kept.exists()
    world.server.start()
    books.check(world.server, ledger, rollout)
    world.server.stop()
    assert old.rows(kept) == before and kept.stat().st_mode & 0o777 == 0o600
    with contextlib.closing(sqlite3.connect(kept)) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == version
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    check(data, 0)

    # Damaged now, it names the copy; put back as the page on operations says, the copy works.
    write_at(data / "otter.db", 0, bytes(PAGE))
    world.server.start(expect_exit=4)
    assert str(kept) in world.server.log.read_text()
    for companion in ("otter.db", "otter.db-wal", "otter.db-shm"):
        (data / companion).unlink(missing_ok=True)
    shutil.copy(kept, data / "otter.db")
    world.server.start()
    books.check(world.server, ledger, rollout)
    assert kept.exists()


def test_without_room_for_the_copy_nothing_is_touched(tmp_path):
    disk = disks.Disk(tmp_path / "disk", 24)
    try:
        world = otter.World(tmp_path)
        disks.put_on(world.server, disk)
        world.start()
        worked(world)
        path, mine = world.server.data / "otter.db", tmp_path / "mine"
        mine.mkdir()
        shutil.copy(path, mine / "otter.db")
        old.make_older(mine, 1)
        shutil.copy(mine / "otter.db", path)
        disk.fill(leave=100_000)
        world.server.start(expect_exit=2)
        said = world.server.log.read_text()
        assert "a copy of the database cannot be kept before (nothing was changed; make room" in said, said
        names = {path.name for path in world.server.data.iterdir()}
        assert not [name for name in names if "before" in name], names
        assert path.read_bytes() == (mine / "otter.db").read_bytes()
        disk.empty()
        world.server.start()
        world.server.stop()
        assert (world.server.data / f"otter.db.before-{old.NEWEST}").exists()
    finally:
        disk.close()


def test_kill_9_in_the_middle_of_a_change_of_schema_is_made_good_by_the_next_start(world):
    """Killed at moments spread over the whole start: while the copy is made, between the changes, after them."""
    rollout, ledger = worked(world)
    data, chance = world.server.data, random.Random(5)
    old.make_older(data, 1)
    change(data / "otter.db",  # so large that there is something to hit
           "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO answers"
           " SELECT 'k' || i, 1, zeroblob(32), 'ok', 0, hex(randomblob(40)) FROM n")
    good = (data / "otter.db").read_bytes()
    before, kept, hit = old.rows(data / "otter.db"), data / f"otter.db.before-{old.NEWEST}", set()
    for _ in range(20):
        for path in data.glob("otter.db*"):
            path.unlink()
        (data / "otter.db").write_bytes(good)
        with subprocess.Popen([otter.OTTERD, "--data", data, "--listen", "127.0.0.1:0"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            time.sleep(chance.uniform(0.005, 0.2))  # when the kill comes: no logic waits for it
            process.kill()
        hit.add((kept.exists(), pathlib.Path(f"{kept}.part").exists()))
        world.server.start()
        world.server.stop()
        assert old.rows(kept) == before and not pathlib.Path(f"{kept}.part").exists()
        check(data, 0)
    assert len(hit) > 1, hit
    world.server.start()
    books.check(world.server, ledger, rollout)


def test_a_second_otterd_on_the_same_directory_is_refused_and_the_first_goes_on(world):
    done = otter.run([otter.OTTERD, "--data", world.server.data, "--listen", "127.0.0.1:0"], expect=2, timeout=20)
    assert "is in use by another otterd" in done.err
    assert world.server.json("GET", "/api/v1/status")["root"]["version"] == 1


def test_a_unix_socket_in_use_is_exit_3(tmp_path):
    sock, port_file = tmp_path / "s", tmp_path / "port"
    with subprocess.Popen([otter.OTTERD, "--data", tmp_path / "one", "--listen", f"unix:{sock}", "--port-file", port_file],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        try:
            otter.wait_for("ready", port_file.exists)
            done = otter.run([otter.OTTERD, "--data", tmp_path / "two", "--listen", f"unix:{sock}"], expect=3, timeout=20)
            assert str(sock) in done.err and not (tmp_path / "two").exists() and sock.exists()
        finally:
            first.terminate()
        assert first.wait(20) == 0


@pytest.mark.coverage
def test_the_check_finds_each_kind_of_damage_and_works_beside_a_running_server(world):
    worked(world)
    world.server.start()
    assert "is sound" in check(world.server.data, 0).out
    world.server.stop()
    digest = world.load_release
    blob = world.server.data / "blobs" / digest[:2] / digest
    text = blob.read_bytes()
    blob.write_bytes(text[:-1] + b"!")
    assert f"blob {digest} is damaged" in check(world.server.data, 4).out
    blob.unlink()
    assert f"blob {digest} is missing, which a release needs" in check(world.server.data, 4).out
    blob.write_bytes(text)
    check(world.server.data, 0)
    path = world.server.data / "otter.db"
    change(path, "UPDATE attempt_counts SET n = n + 1 WHERE state = 'succeeded'")
    assert "attempts are not as many as counted" in check(world.server.data, 4).out
    change(path, "UPDATE attempt_counts SET n = n - 1 WHERE state = 'succeeded'",
           "UPDATE attempts SET rollout = 999 WHERE id = (SELECT min(id) FROM attempts)")
    assert "a reference leads nowhere" in check(world.server.data, 4).out
    assert "cannot be read" in check(world.server.beside / "nothing", 2).err
