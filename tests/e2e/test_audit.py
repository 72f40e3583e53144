"""The audit log: what is in it, and that nothing done to it stays unseen, wherever it was done."""

import json
import pathlib
import re
import signal
import socket
import sqlite3
import subprocess

import otter
import pytest
from otter import wait_for
from test_dry_run import CHANGING, Prepared
from test_rollout_control import Device

# A verb's own entries, where they are not one of its own name. An upload is an entry of its own, unless it is held.
ENTRIES = {
    "root publish": ["root-publish"], "release publish": ["release-publish"], "device tag": ["device-label"],
    "device set": ["device-label"], "device enroll": ["device-batch"], "device provision": ["image-key-add", "device-create"],
    **{f"operator {verb}": ["operator-change"] for verb in ("grant", "revoke", "disable", "enable")},
    "fleet-key new": ["fleet-key-add"], "token login": ["token-new"], "token logout": ["token-revoke"],
    "server freeze": ["freeze"], "server unfreeze": ["unfreeze"], "server gc": ["gc"], "server backup": ["backup"],
}
# What they are run with where the dry run's words would not do, or after what.
INSTEAD = {
    "root publish": "ROOT2", "rollout resume": "PAUSED", "rollout rollback": "GATED",
    "device provision": CHANGING["device provision"].replace("new-1", "new-9"),
    "server gc": "--keep 100 --orphans-older-than 100d", "device retire": "dev-3 --reason old",
    "fleet-key new": "pump --out FLEET.key", "audit prune": "--before 2100-01-01 --archive LOG.old",
    "release withdraw": "1.0.0 --reason bad", "rollout pause": "PAUSED", "rollout abort": "PAUSED", "device reject": "asker-2",
}
# Others leave nothing to do for those behind them: these come last, in this order.
LAST = ["operator grant", "operator revoke", "operator disable", "operator enable", "token new", "token login", "token logout",
        "token revoke", "operator remove", "rollout approve", "rollout advance", "rollout pause", "rollout abort",
        "rollout rollback", "release withdraw", "device retire", "server freeze", "server unfreeze", "server backup", "audit prune"]


# What a fresh world's log begins with.
BEGIN = ["audit-key", "root-publish"]


def log_of(world):
    return world.otter("audit", "list", "--all", "--format", "jsonl").out.splitlines()


def entries_of(world):
    return [json.loads(line) for line in log_of(world)]


def export(world, name="audit.jsonl"):
    path = world.folder / name
    world.otter("audit", "export", "--out", path)
    return path


def verify(world, *args, expect=0):
    done = otter.run([otter.OTTER, "audit", "verify", *args], expect=expect)
    return done.err if expect else done.out


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    made = Prepared(tmp_path_factory.mktemp("audit"))
    yield made
    made.world.stop()


def test_each_changing_verb_is_one_entry_of_the_operator_who_ran_it(prepared):
    world = prepared.world
    prepared.names.update({name: world.folder / name for name in ("LOG.old", "FLEET.key")})
    stranger = Device(world, world.folder / "fleet-dev-", "dev-1")  # accept and reject have a request each
    stranger.name, stranger.token = "asker-2", "E" * 43
    assert stranger.poll() == 403
    order = [verb for verb in CHANGING if verb not in LAST] + LAST
    for verb in order:
        before = entries_of(world)
        words = INSTEAD.get(verb, CHANGING[verb])
        sent = prepared.run(verb, words)
        changed = [s for s in sent if s[0] not in ("GET", "HEAD") and "/preview" not in s[1]]
        assert changed and all(200 <= status < 300 for _, _, status in changed), (verb, sent)
        known = {e["hash"] for e in before}
        new = [e for e in entries_of(world) if e["hash"] not in known]
        own = [e for e in new if e["who"] and e["act"] != "upload"]
        noun, name = verb.split()
        assert [e["act"] for e in own] == ENTRIES.get(verb, [f"{noun}-{name}"]), (verb, own)
        assert not any(otter_secret in json.dumps(new) for otter_secret in (world.server.token, "00" * 32))
    verify(world, export(world))


def test_a_dry_run_and_a_reader_leave_no_entry(world):
    world.otter("operator", "add", "eve", "--role", "viewer")
    before = log_of(world)
    world.otter("server", "freeze", "--reason", "fire", "--dry-run")
    world.otter("operator", "list")
    world.otter("audit", "list")
    assert log_of(world) == before


def test_what_a_server_does_by_itself_is_by_nobody(world):
    fleet = world.fleet(2)
    first = world.release("1.0.0")[1][0]
    rollout = world.rollout(world.publish("1.1.0"))
    world.emulate(fleet, first, "--speed", "200", "--expect", "1.1.0:confirmed")
    wait_for("its end", lambda: world.status(rollout)["state"] == "complete")
    acts = [(e["act"], e["subject"]) for e in entries_of(world) if e["who"] is None]
    assert acts[0] == ("audit-key", "log")
    assert {("rollout-phase-complete", f"rollout {rollout}"), ("rollout-complete", f"rollout {rollout}")} <= set(acts)


def test_the_same_request_again_is_no_second_entry(world):
    headers = {"Idempotency-Key": "once"}
    for _ in range(2):
        assert world.server.request("POST", "/api/v1/server/freeze", {"reason": "fire"}, headers=headers)[0] == 200
    assert [e["act"] for e in entries_of(world)].count("freeze") == 1


def test_a_refusal_for_want_of_an_approval_is_an_entry(world):
    release = world.publish("1.1.0")
    world.fleet(2)
    made = world.otter("rollout", "create", "--release", release, "--target", "all", "--phases", "50,100",
                       "--approval", "yes", "--json").json["id"]
    world.otter("rollout", "start", made)
    world.otter("rollout", "approve", made, expect=4)  # made by the same
    world.otter("rollout", "advance", made, expect=1)
    refused = [(e["act"], e["detail"]["refused"]) for e in entries_of(world) if "refused" in e["detail"]]
    assert refused == [("rollout-approve", "forbidden"), ("rollout-advance", "conflict")]
    verify(world, export(world))


def test_the_list_is_filtered_and_sorted(world):
    world.otter("operator", "add", "eve", "--role", "viewer")
    world.otter("server", "freeze", "--reason", "fire")
    world.otter("server", "unfreeze")

    def nums(*args):
        return [e["act"] for e in world.otter("audit", "list", *args, "--json").json["items"]]

    assert nums() == [*BEGIN, "operator-add", "freeze", "unfreeze"]
    assert nums("--sort", "-num", "--limit", "2") == ["unfreeze", "freeze"]
    assert nums("--filter", "act == *freeze") == ["freeze", "unfreeze"]
    assert nums("--filter", "who == admin and subject == eve") == ["operator-add"]
    assert nums("--filter", "who == otterd and at within 1h") == ["audit-key"]
    assert nums("--filter", "at < 2020-01-01T00:00:00Z") == []
    assert "who, act, subject or at" in world.otter("audit", "list", "--filter", "product == x", expect=1).err
    assert world.server.request("GET", "/api/v1/audit?sort=who")[0] == 400
    assert world.server.request("GET", "/api/v1/audit/export?cursor=99")[0] == 404
    assert world.server.request("GET", "/api/v1/audit/export?filter=all")[0] == 400


# --- what is done to an export

def busy(world, n=6):
    for i in range(n):
        world.otter("server", "freeze", "--reason", f"reason {i}")


def first_wrong_line(world, path):
    return re.search(r"line (\d+): ([a-z-]+):", verify(world, path, expect=1)).groups()


def test_each_flipped_byte_is_found_in_its_line(world):
    busy(world, 2)
    path, spoiled = export(world), world.folder / "spoiled.jsonl"
    whole = path.read_bytes()
    for at in range(0, len(whole) - 1, 41):
        spoiled.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1:])
        line, _ = first_wrong_line(world, spoiled)
        assert int(line) == whole[:at].count(b"\n") + 1, at


@pytest.mark.parametrize("name, spoil, line, fault", [
    ("dropped", lambda lines: lines[:3] + lines[4:], 4, "missing"),
    ("newest dropped", lambda lines: lines[:-2] + lines[-1:], 8, "cut"),
    ("swapped", lambda lines: lines[:2] + [lines[3], lines[2]] + lines[4:], 3, "missing"),
    ("twice", lambda lines: lines[:3] + lines[2:], 4, "misplaced"),
    ("inserted", lambda lines: lines[:3] + ["{}"] + lines[3:], 4, "no-entry"),
])
def test_lines_dropped_reordered_and_inserted_are_found(world, name, spoil, line, fault):
    busy(world)
    path, spoiled = export(world), world.folder / "spoiled.jsonl"
    spoiled.write_text("\n".join(spoil(path.read_text().splitlines())) + "\n")
    assert first_wrong_line(world, spoiled) == (str(line), fault), name


def test_a_log_that_was_cut_off_is_found_by_its_missing_head_or_a_kept_one(world):
    busy(world)
    head, path, cut = world.folder / "head.json", export(world), world.folder / "cut.jsonl"
    world.otter("audit", "head", "--save", head)
    cut.write_text("\n".join(path.read_text().splitlines()[:4]) + "\n")
    assert "no-head" in verify(world, cut, expect=1)
    assert "cut" in verify(world, cut, "--head", head, expect=1)


def test_another_servers_log_is_refused(world, tmp_path):
    busy(world, 1)
    (tmp_path / "other").mkdir()
    other = otter.World(tmp_path / "other").start()
    try:
        busy(other, 3)
        head = world.folder / "head.json"
        world.otter("audit", "head", "--save", head)
        path = export(other)
        assert "strange-key" in verify(world, path, "--key", world.server.data / "audit.pub", expect=1)
        assert "other-head" in verify(world, path, "--head", head, expect=1)
    finally:
        other.stop()


# --- what is done to the server

def test_an_edit_of_the_database_is_found_by_check_and_export(world):
    busy(world)
    world.server.stop()
    with sqlite3.connect(world.server.data / "otter.db") as db:
        db.execute("UPDATE audit SET who = 'eve' WHERE num = 4")
    db.close()
    done = otter.run([otter.OTTERD, "--check-database", "--data", world.server.data], expect=4)
    assert "audit log, entry 4: changed" in done.out
    world.server.start()
    assert first_wrong_line(world, export(world)) == ("4", "changed")


def test_a_flip_in_the_database_file_itself_is_found(world):
    busy(world)
    world.server.stop()
    db = world.server.data / "otter.db"
    whole = db.read_bytes()
    at = whole.rindex(b"reason 3")
    db.write_bytes(whole[:at] + b"season" + whole[at + 6:])
    done = otter.run([otter.OTTERD, "--check-database", "--data", world.server.data], expect=4)
    assert "audit log, entry 6: changed" in done.out


def test_a_backup_brings_the_log_and_a_restored_one_says_so_and_is_seen_by_a_newer_head(world):
    busy(world, 2)
    backup, head, new = world.folder / "backup", world.folder / "head.json", world.folder / "new"
    world.otter("server", "backup", backup)
    verify(world, export(world))
    for i in range(5):
        world.otter("server", "freeze", "--reason", f"later {i}")
    world.otter("audit", "head", "--save", head)
    world.server.stop()
    otter.run([otter.OTTERD, "--restore", backup, "--data", new])
    world.server.data = world.server.served = new
    world.server.start()
    acts = [e["act"] for e in entries_of(world)]
    assert acts == [*BEGIN, "freeze", "freeze", "backup", "restore"]
    path = export(world)
    verify(world, path)
    assert "cut" in verify(world, path, "--head", head, expect=1)
    busy(world, 6)
    assert "other-head" in verify(world, export(world), "--head", head, expect=1)


def test_a_key_of_the_operators_own_is_an_entry_and_old_heads_still_count(world):
    busy(world, 1)
    head, mine = world.folder / "head.json", world.folder / "mine.key"
    world.otter("audit", "head", "--save", head)
    old = (world.server.data / "audit.pub").read_bytes()
    (world.folder / "old.pub").write_bytes(old)
    world.server.stop()
    world.otter("key", "new", "--out", mine)
    (world.server.data / "audit.key").write_bytes(mine.read_bytes())
    world.server.start()
    busy(world, 1)
    assert [e["act"] for e in entries_of(world)] == [*BEGIN, "freeze", "audit-key", "freeze"]
    assert (world.server.data / "audit.pub").read_bytes() != old
    path = export(world)
    verify(world, path, "--head", head, "--key", world.server.data / "audit.pub")
    assert "strange-key" in verify(world, path, "--head", head, "--key", world.folder / "old.pub", expect=1)


def test_the_oldest_go_into_an_archive_and_both_are_still_checked(world):
    busy(world)
    archive = world.folder / "archive.jsonl"
    world.otter("audit", "prune", "--before", "2100-01-01", "--archive", archive)
    left = entries_of(world)
    assert [e["act"] for e in left] == ["freeze", "audit-prune"]
    path = export(world)
    verify(world, path)
    verify(world, archive)
    verify(world, archive, path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[1:]) + "\n")
    assert "begins-late" in verify(world, path, expect=1)
    world.otter("audit", "prune", "--before", "2100-01-01", "--archive", archive, expect=5)  # it is there
    status = world.server.request("POST", "/api/v1/audit/prune", {"through": left[0]["num"], "hash": "0" * 64})[0]
    assert status == 409
    assert world.server.request("POST", "/api/v1/audit/prune", {"through": 1, "hash": "0" * 64})[0] == 404
    wrong = otter.run([otter.OTTERD, "--check-database", "--data", world.server.data])
    assert "is sound" in wrong.out


# --- copies: [audit] file and syslog

def with_copies(world, **keys):
    config = world.folder / "otterd.conf"
    config.write_text("[audit]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items()))
    world.server.stop()
    world.server.options = (*world.server.options, "--config", config)
    return world.server


def lines_of(path):
    return path.read_text().splitlines() if path.exists() else []


def exported(world):
    return export(world).read_text().splitlines()[:-1]


def test_the_file_has_each_line_and_is_made_anew_after_a_rotation(world):
    path, moved = world.folder / "copy.jsonl", world.folder / "copy.1"
    server = with_copies(world, file=path)
    server.start()
    busy(world, 2)
    wait_for("the lines", lambda: lines_of(path) == exported(world))
    assert path.stat().st_mode & 0o777 == 0o600
    path.rename(moved)
    server.process.send_signal(signal.SIGHUP)
    wait_for("a new file", path.exists)
    busy(world, 1)
    wait_for("the line", lambda: lines_of(moved) + lines_of(path) == exported(world))
    head = world.folder / "head.json"
    world.otter("audit", "head", "--save", head)
    verify(world, moved, path, "--head", head)


def test_a_kill_between_act_and_line_leaves_no_gap_and_a_torn_line_is_mended(world):
    path = world.folder / "copy.jsonl"
    server = with_copies(world, file=path)
    server.start()
    for _ in range(3):
        busy(world, 1)
        server.kill()
        whole = path.read_bytes()
        path.write_bytes(whole[:-40])  # as a crash leaves a write
        server.start()
        wait_for("the lines", lambda: lines_of(path) == exported(world))


def test_acts_while_no_file_could_be_written_come_later_and_are_told(world):
    folder = world.folder / "gone"
    folder.mkdir()
    path = folder / "copy.jsonl"
    server = with_copies(world, file=path)
    server.start()
    wait_for("the lines", lambda: lines_of(path) == exported(world))
    path.unlink()
    path.mkdir()
    server.process.send_signal(signal.SIGHUP)
    wait_for("the event", lambda: "what=audit-behind" in server.log.read_text())
    busy(world, 2)

    def behind():
        text = server.request("GET", "/metrics")[2].decode()
        return re.search(r'otter_audit_behind_entries\{to="file"\} (\d+)', text)[1]

    wait_for("the metric", lambda: behind() == "2")
    path.rmdir()
    wait_for("the lines", lambda: lines_of(path) == exported(world)[len(BEGIN):])
    wait_for("the metric", lambda: behind() == "0")


def test_syslog_gets_each_entry_once_and_again_after_it_was_away(world):
    path = world.folder / "log.sock"

    def listen():
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        s.bind(str(path))
        s.settimeout(20)
        return s

    first = listen()
    server = with_copies(world, syslog=path)
    server.start()
    busy(world, 1)
    got = [first.recv(65536).decode() for _ in range(3)]
    assert all(re.match(r"<85>otterd-audit\[\d+\]: \{", line) for line in got)
    assert [line.split(": ", 1)[1] for line in got] == exported(world)
    first.close()
    path.unlink()
    busy(world, 1)
    server.stop()
    second = listen()
    server.start()
    assert second.recv(65536).decode().split(": ", 1)[1] == exported(world)[3]
    second.close()


def test_an_independent_reading_agrees_with_the_export(world):
    busy(world, 3)
    check = pathlib.Path(__file__).resolve().parents[1] / "interop/audit-check.py"
    done = subprocess.run(["/usr/bin/python3", "-B", check, export(world)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
