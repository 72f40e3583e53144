"""What an operator does to a fleet from the command line, against the real server: lists, CSV, bulk changes, reports."""

import csv
import io
import json
import os
import subprocess

import otter
import pytest
from test_rollout_control import Device
from test_terminal import on_terminal

SECRET = "00" * 32
LISTS = {
    "root list": ["version", "created"], "release list": ["version", "sequence"], "image-key list": ["product", "kid"],
    "rollout list": ["state", "created"], "rollout attempts 1": ["device", "updated"], "device list": ["id", "last_seen"],
    "device timeline dev-1": ["what", "detail"],
}


def devices_csv(count, prefix="dev-", extra=""):
    rows = [f"{prefix}{n},{otter.PRODUCT},{otter.HARDWARE},{SECRET},lab{extra}" for n in range(count)]
    return "id,product,hardware,secret,tags" + (",attr.site" if extra else "") + "\n" + "\n".join(rows) + "\n"


def write(world, name, text):
    path = world.folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def piped(world, path, *args):
    """What otter says that has a file as its standard input."""
    env = {**os.environ, "OTTER_SERVER": world.server.url, "OTTER_TOKEN": world.server.token}
    with open(path, "rb") as source:
        return subprocess.run([otter.OTTER, *args], stdin=source, capture_output=True, text=True, timeout=60, check=True,
                              env=env).stdout


@pytest.fixture
def stocked(world):
    """A server that has something in every list."""
    fleet = world.fleet(3)
    rollout = world.rollout(world.publish("1.1.0"))
    assert Device(world, fleet, "dev-1").poll() == 200
    assert rollout == 1
    return world, fleet


def test_every_list_takes_every_format_columns_filter_sort_and_limit(stocked):
    world, _ = stocked
    for words, columns in LISTS.items():
        verb = words.split()
        whole = world.otter(*verb, "--json").json
        assert whole["items"], words
        assert world.otter(*verb, "--all", "--json").json == whole, words
        lines = world.otter(*verb, "--all", "--format", "jsonl").out.splitlines()
        assert [json.loads(line) for line in lines] == whole["items"], words
        rows = list(csv.DictReader(io.StringIO(world.otter(*verb, "--format", "csv", "--columns", ",".join(columns)).out)))
        assert len(rows) == len(whole["items"]) and all(row.keys() == {c.replace("_", " ") for c in columns} for row in rows)
        assert world.otter(*verb, "--columns", columns[0]).out.splitlines()[0] == columns[0].upper()
        assert len(world.otter(*verb, "--limit", "1", "--json").json["items"]) == 1
        assert "Columns, between commas: " in world.otter(*verb, "--columns", "colour", expect=2).err
        refused = world.otter(*verb, "--sort", "colour", expect=1).err
        assert "colour" in refused and "bad-value" in refused, refused


@pytest.mark.parametrize("words,column", [
    ("root list", "version"), ("image-key list", "product"), ("release list", "sequence"), ("rollout list", "id"),
    ("rollout attempts 1", "device"), ("device list", "id")])
def test_every_list_is_sorted_both_ways_over_its_pages(stocked, words, column):
    world, fleet = stocked
    world.publish("1.2.0")
    world.rollout(world.publish("1.3.0"), start=False)
    assert Device(world, fleet, "dev-3").poll() == Device(world, fleet, "dev-2").poll() == 200
    world.otter("image-key", "add", world.pub("image"), "--product", "air")
    second = world.folder / "root2.json"
    world.otter("root", "new", "--from", world.root, "--out", second)
    world.otter("root", "sign", second, "--key", world.keys["root"])
    world.otter("root", "publish", second)
    verb = words.split()
    rising = [i[column] for i in world.otter(*verb, "--sort", column, "--json").json["items"]]
    assert rising == sorted(rising) and len(rising) > 1
    assert [i[column] for i in world.otter(*verb, f"--sort=-{column}", "--json").json["items"]] == rising[::-1]
    path = {"rollout attempts 1": "/api/v1/rollouts/1/attempts"}.get(words, f"/api/v1/{verb[0]}s")
    for order, wanted in ((column, rising), ("-" + column, rising[::-1]), (None, None)):
        got, cursor = [], ""
        while cursor is not None:
            page = world.server.json("GET", f"{path}?limit=1" + (f"&sort={order}" if order else "")
                                     + (f"&cursor={cursor}" if cursor else ""))
            got += [i[column] for i in page["items"]]
            cursor = page["next"]
        assert got == wanted if order else sorted(got) == rising


def test_a_filter_selects_and_a_sort_orders(stocked):
    world, _ = stocked
    assert [d["id"] for d in world.otter("device", "list", "--sort=-id", "--json").json["items"]] == ["dev-3", "dev-2", "dev-1"]
    assert [d["id"] for d in world.otter("device", "list", "--filter", "state == offered", "--json").json["items"]] == ["dev-1"]
    assert world.otter("device", "list", "--sort", "last seen", "--columns", "id").out.splitlines()[1] != "dev-1"
    assert "  tag = lab\n      ^" in world.otter("device", "list", "--filter", "tag = lab", expect=1).err
    assert "it can by id, " in world.otter("device", "list", "--sort", "colour", expect=1).err


def test_a_large_fleet_is_listed_page_by_page(world):
    path = write(world, "many.csv", devices_csv(2500, "m-"))
    assert world.otter("device", "import", path, "--json").json == {
        "created": 2500, "updated": 0, "unchanged": 0, "errors": []}
    for verb in (["device", "list", "--all"], ["device", "list", "--limit", "2500"]):
        rows = world.otter(*verb, "--format", "csv", "--columns", "id").out.splitlines()
        assert rows == ["id"] + [f"m-{n}" for n in range(2500)]
    assert len(world.otter("device", "list", "--all", "--sort=-id").out.splitlines()) == 2501
    shown = world.otter("device", "list")
    assert len(shown.out.splitlines()) == 101 and "--all" in shown.err


HOSTILE = ["a,b", 'say "x"', "=cmd|' /C calc'!A0", "+1", "-1", "@x", "\u6f22\u5b57 \U0001f600", " both ends ", "'", '"', ",", ";",
           "#1", "x" * 256]


def test_what_was_exported_imports_without_any_change(world):
    out = io.StringIO()
    to = csv.writer(out, lineterminator="\r\n")
    to.writerow(["attr.note", "id", "tags", "product", "hardware", "secret", "attr.site"])
    for n, value in enumerate(HOSTILE):
        to.writerow([value, f"d:{n}", "b a;c" if n % 2 else "", otter.PRODUCT, otter.HARDWARE, SECRET, "oslo" if n % 3 else ""])
    path = write(world, "hostile.csv", b"\xef\xbb\xbf" + out.getvalue().encode())
    assert world.otter("device", "import", path).out == f"{len(HOSTILE)} created, 0 updated, 0 unchanged, 0 errors\n"
    for n, value in enumerate(HOSTILE):
        assert world.server.json("GET", f"/api/v1/devices/d:{n}")["operator_attributes"]["note"] == value
    device = Device(world, world.fleet(1, "own-"), "own-1")
    status, _, _ = world.server.request("PUT", "/v1/device/attributes?device=own-1", {"note": "its own"}, token=device.token)
    assert status == 204
    before = world.otter("device", "list", "--all", "--json").json["items"]
    exported = world.otter("device", "export").out
    assert not any("its own" in line for line in exported.splitlines())
    assert "=cmd|' /C calc'!A0" in exported
    again = write(world, "again.csv", exported)
    for _ in range(2):
        done = world.otter("device", "import", again).out
        assert done == f"0 created, 0 updated, {len(HOSTILE) + 1} unchanged, 0 errors\n"
    assert world.otter("device", "list", "--all", "--json").json["items"] == before
    world.otter("device", "export", "--out", world.folder / "file.csv")
    assert (world.folder / "file.csv").read_text() == exported
    some = world.otter("device", "export", "--filter", "attr.site == oslo").out
    assert len(some.splitlines()) == 1 + sum(1 for n in range(len(HOSTILE)) if n % 3)


def test_an_import_replaces_labels_and_says_what_it_did(world):
    path = write(world, "d.csv", devices_csv(3, extra=",oslo"))
    dry = world.otter("device", "import", path, "--dry-run")
    assert dry.out == "dry run, nothing was changed: 3 created, 0 updated, 0 unchanged, 0 errors\n"
    assert world.otter("device", "list", "--json").json["items"] == []
    assert piped(world, path, "device", "import", "-").startswith("3 created")
    changed = write(world, "e.csv", "id,tags,attr.rack\ndev-0,,\ndev-1,lab,7\nnew-1,,\n")
    result = world.otter("device", "import", changed, expect=1)
    assert result.out == "0 created, 2 updated, 0 unchanged, 1 errors\n"
    assert f"{changed}:4: new-1: missing-member: " in result.err
    got = {d["id"]: (d["tags"], d["attributes"]) for d in world.otter("device", "list", "--json").json["items"]}
    assert got == {"dev-0": ([], {}), "dev-1": (["lab"], {"rack": "7"}), "dev-2": (["lab"], {"site": "oslo"})}
    bad = write(world, "f.csv", "id,tags\ndev-2,red\ndev-0,a!b\n\"x\n")
    assert "f.csv:4:1: a quote is not closed" in world.otter("device", "import", bad, expect=1).err
    bad.write_text("id,tags\ndev-2,red\ndev-0,a!b\n")
    assert "f.csv:3: tags: " in world.otter("device", "import", bad, expect=1).err
    assert world.server.json("GET", "/api/v1/devices/dev-2")["tags"] == ["lab"]


def test_an_import_shows_a_bar_on_a_terminal(world):
    path = write(world, "d.csv", devices_csv(1200))
    status, seen = on_terminal(world, "device", "import", path)
    assert status == 0, seen
    assert "1000 of 1200" in seen and "1200 of 1200" in seen and "1200 created" in seen


def test_bulk_changes_take_ids_or_a_target(stocked):
    world, _ = stocked
    assert world.otter("device", "tag", "dev-1", "dev-2", "--add", "red").out == "2 matched, 2 changed\n"
    assert world.otter("device", "set", "--target", "tag == red", "site=oslo", "rack=7").out == "2 matched, 2 changed\n"
    assert world.otter("device", "set", "dev-1", "rack=").out == "1 matched, 1 changed\n"
    assert world.server.json("GET", "/api/v1/devices/dev-1")["attributes"] == {"site": "oslo"}
    assert world.otter("device", "hold", "dev-2", "--reason", "on fire").out == "1 matched, 1 held\n"
    result = world.otter("device", "hold", "dev-2", "nobody", "--reason", "on fire", expect=1)
    assert result.out == "1 matched, 0 held\n" and "nobody: not-found: " in result.err
    assert "held " in world.otter("device", "show", "dev-2").out
    assert "on fire" in world.otter("device", "list", "--columns", "id,held").out
    assert world.otter("device", "unhold", "--target", "held == yes").out == "1 matched, 1 let go\n"
    assert world.otter("device", "pin", "dev-3", "--release", f"{otter.PRODUCT}@1.1.0").out == "1 matched, 1 pinned\n"
    assert "pinned to" in world.otter("device", "show", "dev-3").out
    assert world.otter("device", "unpin", "dev-3").out == "1 matched, 1 unpinned\n"
    assert "dev-2: conflict: " in world.otter("device", "retry", "dev-2", expect=1).err
    assert "\n  tag = x\n      ^" in world.otter("device", "hold", "--target", "tag = x", expect=1).err


def test_an_update_that_was_lost_may_be_tried_again(stocked):
    world, fleet = stocked
    device = Device(world, fleet, "dev-1")
    attempt = world.otter("rollout", "attempts", 1, "--json").json["items"][0]["id"]
    device.report(attempt, "failed")
    assert device.poll() == 204
    assert world.otter("device", "retry", "--target", "state == failed").out == "1 matched, 1 to be tried again\n"
    assert device.poll() == 200


def test_retired_devices_leave_every_list_but_their_own(stocked):
    world, fleet = stocked
    assert "--yes" in world.otter("device", "retire", "--target", "id == dev-2", "--reason", "scrapped", expect=2).err
    assert world.otter("device", "retire", "--target", "id == dev-2", "--reason", "scrapped", "--yes").out == (
        "1 matched, 1 retired\n")
    assert [d["id"] for d in world.otter("device", "list", "--json").json["items"]] == ["dev-1", "dev-3"]
    assert [d["id"] for d in world.otter("device", "list", "--filter", "state == retired", "--json").json["items"]] == ["dev-2"]
    assert "dev-2" not in world.otter("device", "export").out
    assert "scrapped" in world.otter("device", "show", "dev-2").out
    assert "otter device reinstate" in world.otter("device", "hold", "dev-2", expect=1).err
    assert Device(world, fleet, "dev-2").poll() == 401
    assert world.otter("device", "reinstate", "dev-2").out == "1 matched, 1 reinstated\n"
    assert Device(world, fleet, "dev-2").poll() == 200


@pytest.mark.parametrize("answer,changed", [("y", True), ("yes", True), ("n", False), ("", False)])
def test_a_target_on_a_terminal_is_asked_about_with_the_number(stocked, answer, changed):
    world, _ = stocked
    status, seen = on_terminal(world, "device", "hold", "--target", "all", typed=answer + "\n")
    assert "Hold 3 devices (all; 3 of them would change)? [y/N]" in seen
    assert status == (0 if changed else 1), seen
    assert ("nothing was changed" in seen) == (not changed)
    held = world.otter("device", "list", "--filter", "held == yes", "--json").json["items"]
    assert len(held) == (3 if changed else 0)


def test_ids_yes_and_dry_runs_are_not_asked_about(stocked):
    world, _ = stocked
    for args in (["dev-1"], ["--target", "all", "--yes"], ["--target", "all", "--dry-run"]):
        status, seen = on_terminal(world, "device", "hold", *args)
        assert status == 0 and "[y/N]" not in seen, seen


def test_the_timeline_tells_what_happened(stocked):
    world, fleet = stocked
    device = Device(world, fleet, "dev-1")
    attempt = world.otter("rollout", "attempts", 1, "--json").json["items"][0]["id"]
    device.report(attempt, "downloading")
    device.report(attempt, "failed")
    world.otter("device", "hold", "dev-1", "--reason", "looks odd")
    items = world.otter("device", "timeline", "dev-1", "--all", "--json").json["items"]
    kinds = [i["kind"] for i in items]
    assert kinds[0] == "enrolled" and kinds[-1] == "held" and kinds.count("attempt") >= 3
    shown = world.otter("device", "timeline", "dev-1").out.splitlines()
    assert shown[0].split() == ["TIME", "WHAT", "ROLLOUT", "STATE", "REASON", "DETAIL"]
    assert len(shown) == len(items) + 1
    assert any("downloading" in line for line in shown) and "looks odd" in shown[-1]


def test_the_summary_counts_groups_and_names_what_it_does_not_know(stocked):
    world, fleet = stocked
    digest = "ab" * 32
    strange = {"version": "0.9.0", "sha256": digest, "slot": "A", "confirmed": True}
    Device(world, fleet, "dev-2").poll(running=strange)
    text = world.otter("fleet", "summary").out
    assert text.startswith("3 devices\nstates     ")
    assert "VERSION  DEVICES  BAR " in text
    assert [line for line in text.splitlines() if line.startswith("0.9.0 ")][0].split()[1] == "1"
    assert digest[:12] in text and "otter device list --filter 'version == " in text
    rows = list(csv.DictReader(io.StringIO(world.otter("fleet", "summary", "--by", "hardware,state", "--format", "csv").out)))
    assert {(r["hardware"], r["state"], r["devices"]) for r in rows} == {
        (otter.HARDWARE, "offered", "2"), (otter.HARDWARE, "never-seen", "1")}
    assert world.otter("fleet", "summary", "--filter", "id == dev-3", "--json").json["devices"] == 1
    assert "bad-value" in world.otter("fleet", "summary", "--by", "colour", expect=1).err


def test_a_release_is_withdrawn_only_when_nothing_needs_it(stocked):
    world, _ = stocked
    deps = world.otter("release", "deps", "1.1.0").out
    assert "why not" in deps and "ROLLOUT  STATE" in deps and "IMAGE " in deps
    refused = world.otter("release", "withdraw", "1.1.0", "--reason", "bad", expect=1).err
    assert "release-in-use" in refused and "otter release deps" in refused
    dry = world.otter("release", "withdraw", "1.1.0", "--reason", "bad", "--abort-rollouts", "--dry-run").out
    assert "dry run" in dry and world.status(1)["state"] == "running"
    world.otter("release", "withdraw", "1.1.0", "--reason", "bad", "--abort-rollouts")
    assert world.status(1)["state"] == "aborted"
    assert "bad" in world.otter("release", "list", "--columns", "version,withdrawn").out
    assert "withdrawn at" in world.otter("release", "show", "1.1.0").out
    assert "release-withdrawn" in world.otter("rollout", "create", "--release", "1.1.0", "--target", "all", expect=1).err


def test_gc_says_what_would_go_and_drops_no_more_than_that(world):
    first, second = world.publish("1.1.0"), world.publish("1.2.0")
    would = world.otter("server", "gc", "--keep", "1", "--orphans-older-than", "1s", "--dry-run").out
    assert "1.1.0" in would and "1.2.0" not in would and "would go: 2 blobs of " in would and "of 1 releases" in would
    assert world.otter("release", "list", "--columns", "images_held").out.split() == ["IMAGES", "HELD", "yes", "yes"]
    status, seen = on_terminal(world, "server", "gc", "--keep", "1", typed="n\n")
    assert status == 1 and "Drop them? [y/N]" in seen and "would go: 2 blobs" in seen
    assert world.server.json("GET", f"/api/v1/releases/{first}")["images_held"] is True
    assert "gone: 2 blobs of " in world.otter("server", "gc", "--keep", "1").out
    assert world.server.json("GET", f"/api/v1/releases/{first}")["images_held"] is False
    assert world.server.json("GET", f"/api/v1/releases/{second}")["images_held"] is True
    pruned = world.otter("rollout", "create", "--release", "1.1.0", "--target", "all", expect=1).err
    assert "images-pruned" in pruned and "otter release publish" in pruned


def test_a_freeze_stands_in_every_status_until_it_is_ended(stocked):
    world, fleet = stocked
    would = world.otter("server", "freeze", "--reason", "bad batch", "--dry-run").out
    assert "dry run" in would and world.otter("server", "status", "--json").json["frozen"] is None
    assert world.otter("server", "freeze", "--reason", "bad batch").out.startswith("FROZEN since ")
    world.server.stop()
    world.server.start()
    assert Device(world, fleet, "dev-2").poll() == 204
    for verb in (["server", "status"], ["rollout", "status", "1"], ["rollout", "list"], ["device", "show", "dev-2"],
                 ["fleet", "summary"]):
        text = world.otter(*verb).out
        assert text.startswith("FROZEN since ") and "bad batch" in text.splitlines()[0], verb
    assert "frozen" in world.otter("device", "show", "dev-2").out.split("ANSWERS")[1]
    assert world.otter("server", "unfreeze").out.startswith("Not frozen")
    assert "FROZEN" not in world.otter("server", "status").out
    assert Device(world, fleet, "dev-2").poll() == 200


def test_a_backup_goes_where_it_was_told(stocked):
    world, _ = stocked
    place = world.folder / "backup"
    assert "whole path on the server's machine" in world.otter("server", "backup", "backup", expect=2).err
    world.otter("server", "backup", place, "--dry-run")
    assert not place.exists()
    done = world.otter("server", "backup", place, "--json").json
    assert done["dir"] == str(place) and (place / "otter.db").exists()
    assert world.otter("server", "backup", place, expect=1).err
