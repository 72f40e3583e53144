"""Releases that are withdrawn and images that are removed: never one that anything needs."""

import hashlib
import os
import threading

import fleet
import otter
import pytest
from fleet import Device, change


def gc(server, keep=1, expect=200, query="", **more):
    return server.json("POST", f"/api/v1/server/gc{query}", {"keep": keep, **more}, expect=expect)


def blobs(world):
    return {p.name for p in (world.server.data / "blobs").glob("*/*")}


def images(world, release):
    return {i["sha256"] for i in world.server.json("GET", f"/api/v1/releases/{release}")["images"]}


def held(world, release):
    return world.server.json("GET", f"/api/v1/releases/{release}")["images_held"]


def withdraw(server, release, expect=200, **more):
    return server.json("POST", f"/api/v1/releases/{release}/withdraw", {"reason": "it does not pump", **more}, expect=expect)


def ended(world, rollout):
    world.server.json("POST", f"/api/v1/rollouts/{rollout}/abort")


def test_gc_drops_the_images_of_old_releases_that_nothing_needs_and_nothing_else(world):
    server = world.server
    old, middle, new = (world.publish(v) for v in ("1.1.0", "1.2.0", "1.3.0"))
    before = blobs(world)
    trial = gc(server, 2, query="?dry_run=1")
    assert [r["id"] for r in trial["releases"]] == [old] and blobs(world) == before
    done = gc(server, 2)
    assert done == trial and done["blobs"] == 2 and done["bytes"] > 0
    assert done["releases"] == [{"id": old, "product": otter.PRODUCT, "version": "1.1.0"}]
    assert before - blobs(world) == images(world, old)
    assert [held(world, r) for r in (old, middle, new)] == [False, True, True]
    assert server.request("GET", "/v1/blobs/" + old)[0] == 200  # the manifest stays
    Device(server, "d")
    body = {"release": old, "target": "all", "phases": [100]}
    assert server.json("POST", "/api/v1/rollouts", body, expect=422)["code"] == "images-pruned"
    assert change(server, "pin", ["d"], release=old, expect=422)["code"] == "images-pruned"
    again = gc(server, 2)
    assert again["releases"] == [] and again["blobs"] == 0
    world.otter("release", "publish", world.folder / "1.1.0.release.json", *world.folder.glob("1.1.0-?.img"))
    assert held(world, old) and images(world, old) <= blobs(world)  # and is back with its images
    server.stop()
    server.start()
    assert held(world, old)
    for bad in ({}, {"keep": 0}, {"keep": 1, "orphans_older_than": -1}, {"keep": 1, "more": 1}, {"keep": "1"}):
        assert server.json("POST", "/api/v1/server/gc", bad, expect=400)["code"] in (
            "missing-member", "bad-value", "unknown-member")


def draft(world, release):
    Device(world.server, "needs")
    world.rollout(release, start=False)


def running(world, release):
    Device(world.server, "needs")
    world.rollout(release)


def paused(world, release):
    Device(world.server, "needs")
    world.otter("rollout", "pause", world.rollout(release))


def pinned(world, release):
    Device(world.server, "needs")
    change(world.server, "pin", ["needs"], release=release)


def open_attempt(world, release):
    """Of a rollout that was aborted: an image that is installed goes on."""
    device = Device(world.server, "needs")
    rollout = world.rollout(release)
    device.report(device.poll()["attempt"], "installed")
    ended(world, rollout)


def runs_it(world, release):
    """By a cable; no rollout ever had it."""
    digest = sorted(images(world, release))[0]
    Device(world.server, "needs").poll_status(
        running={"version": "1.1.0", "sha256": digest, "slot": "A", "confirmed": True})


@pytest.mark.parametrize("need,reason", [(draft, "rollout"), (running, "rollout"), (paused, "rollout"), (pinned, "pin"),
                                         (open_attempt, "attempt"), (runs_it, "running")])
def test_a_release_is_kept_for_each_reason_alone(world, need, reason):
    old, new = world.publish("1.1.0"), world.publish("1.2.0")
    need(world, old)
    before = blobs(world)
    done = gc(world.server, orphans_older_than=0)
    assert done["blobs"] == 0 and done["releases"] == [] and blobs(world) == before
    assert done["kept"] == {**dict.fromkeys(
        ["newest", "rollout", "pin", "attempt", "running", "shared", "upload", "recent"], 0), "newest": 1, reason: 1}
    assert held(world, old) and held(world, new)


def test_without_its_reason_it_goes(world):
    server = world.server
    old, _ = world.publish("1.1.0"), world.publish("1.2.0")
    device = Device(server, "device")
    change(server, "pin", [device], release=old)
    rollout = world.rollout(old)
    offer = device.poll()
    ended(world, rollout)
    assert gc(server)["kept"]["pin"] == 1
    change(server, "unpin", [device])
    assert gc(server)["kept"]["attempt"] == 1
    assert device.poll() is None  # cancelled now
    device.running = {"version": "1.1.0", "sha256": offer["image"]["sha256"], "slot": "B", "confirmed": True}
    device.poll()
    assert gc(server)["kept"]["running"] == 1
    change(server, "retire", [device], reason="gone")
    assert [r["id"] for r in gc(server)["releases"]] == [old]


def test_an_image_that_a_kept_release_shares_stays(world):
    """The same bytes in two releases: the version in the image is the same, the sequence is not."""
    server = world.server
    old = world.publish("1.1.0")
    images_of_old = [world.image("1.1.0", slot, name="1.1.0") for slot in "AB"]
    path = world.folder / "again.json"
    world.sequence += 1
    world.otter("release", "create", "--product", otter.PRODUCT, "--version", "1.1.0", "--hardware", otter.HARDWARE,
                "--image", f"A={images_of_old[0]}", "--image", f"B={images_of_old[1]}", "--sequence", world.sequence, "--out", path)
    world.otter("release", "sign", path, "--key", world.keys["release"])
    world.otter("release", "publish", path, *images_of_old)
    new = hashlib.sha256(path.read_bytes()).hexdigest()
    done = gc(server)
    assert done["blobs"] == 0 and done["kept"]["shared"] == 2 and done["releases"] == []
    assert held(world, old) and held(world, new)
    deps = server.json("GET", f"/api/v1/releases/{old}/deps")
    assert [i["shared_with"] for i in deps["images"]] == [[new], [new]]


def test_orphans_and_uploads_go_by_their_age_and_what_is_being_uploaded_stays(world):
    server = world.server
    whole, part = b"x" * 1000, b"y" * 1000

    def begin(data):
        digest = hashlib.sha256(data).hexdigest()
        server.json("POST", "/api/v1/uploads", {"sha256": digest, "size": len(data)}, expect=201)
        return digest

    def send(digest, data):
        return server.request("PATCH", f"/api/v1/uploads/{digest}", data,
                              {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"})[0]
    orphan = begin(whole)
    assert send(orphan, whole) == 204
    half = begin(part)
    assert send(half, part[:500]) == 204
    kept = gc(server)
    assert (kept["blobs"], kept["uploads"], kept["kept"]["recent"]) == (0, 0, 1) and orphan in blobs(world)
    # somebody is told that it is held, and may be about to publish a release of it
    assert server.json("POST", "/api/v1/uploads", {"sha256": orphan, "size": 1000}) == {"held": True}
    done = gc(server, orphans_older_than=0)
    assert (done["blobs"], done["uploads"], done["kept"]["upload"]) == (0, 1, 1) and orphan in blobs(world)
    assert server.request("HEAD", f"/api/v1/uploads/{half}")[0] == 404
    server.stop()  # which forgets who was told
    server.start()
    path = server.data / "blobs" / orphan[:2] / orphan
    os.utime(path, (path.stat().st_mtime - 90000,) * 2)
    done = gc(server)
    assert (done["blobs"], done["bytes"]) == (1, 1000) and orphan not in blobs(world)


def test_a_download_that_has_begun_ends_well_beside_a_gc(world):
    server = world.server
    old = world.publish("1.1.0")
    world.publish("1.2.0")
    digest = sorted(images(world, old))[0]
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", "/v1/blobs/" + digest, headers={"Authorization": "Bearer " + server.token})
    reply = connection.getresponse()
    first = reply.read(1)
    assert gc(server)["blobs"] == 2
    assert hashlib.sha256(first + reply.read()).hexdigest() == digest
    connection.close()
    assert server.request("GET", "/v1/blobs/" + digest)[0] == 404


def test_publishing_beside_gc_never_ends_with_a_release_without_its_images(world):
    """One thread collects without pause, keeping one release, while others are published: every image of each release
    that says it holds them is there."""
    server = world.server
    made = [world.release(f"1.{n}.0") for n in range(1, 9)]
    stop, wrong = threading.Event(), []

    def collect():
        while not stop.is_set():
            status = server.request("POST", "/api/v1/server/gc", {"keep": 1, "orphans_older_than": 3600})[0]
            if status != 200:
                wrong.append(status)
    thread = threading.Thread(target=collect)
    thread.start()
    try:
        for path, files in made:
            world.otter("release", "publish", path, *files)
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive() and wrong == []
    gc(server)
    there = blobs(world)
    for release in fleet.pages(server, "/api/v1/releases"):
        has = {i["sha256"] for i in release["images"]} <= there
        assert has == release["images_held"], release["version"]
    assert [r["version"] for r in fleet.pages(server, "/api/v1/releases") if r["images_held"]] == ["1.8.0"]


def test_a_release_is_withdrawn_when_nothing_stands_against_it(world):
    server = world.server
    release = world.publish("1.1.0")
    devices = [Device(server, f"d{n}") for n in range(3)]
    rollout, second = world.rollout(release), world.rollout(release, start=False)
    offer = devices[0].poll()
    devices[0].confirm(offer)
    devices[1].poll()
    change(server, "pin", [devices[2]], release=release)
    deps = server.json("GET", f"/api/v1/releases/{release}/deps")
    assert (deps["devices_running"], deps["devices_pinned"], deps["attempts_open"]) == (1, 1, 1)
    assert [(r["id"], r["state"]) for r in deps["rollouts"]] == [(rollout, "running"), (second, "draft")]
    assert not deps["withdrawable"] and "pin" in deps["why"]
    assert withdraw(server, release, expect=409)["code"] == "release-in-use"
    assert withdraw(server, release, expect=409, abort_rollouts=True)["code"] == "release-in-use"  # the pin
    assert [world.status(r)["state"] for r in (rollout, second)] == ["running", "draft"]
    change(server, "unpin", [devices[2]])
    assert withdraw(server, release, expect=409)["code"] == "release-in-use"
    assert withdraw(server, "0" * 64, expect=404)["code"] == "not-found"
    done = withdraw(server, release, abort_rollouts=True)
    assert done["withdrawn"]["reason"] == "it does not pump" and done["images_held"]
    assert [world.status(r)["state"] for r in (rollout, second)] == ["aborted", "aborted"]
    assert devices[2].poll() is None
    body = {"release": release, "target": "all", "phases": [100]}
    assert server.json("POST", "/api/v1/rollouts", body, expect=422)["code"] == "release-withdrawn"
    assert change(server, "pin", [devices[2]], release=release, expect=422)["code"] == "release-withdrawn"
    assert withdraw(server, release)["withdrawn"] == done["withdrawn"]  # as it was
    deps = server.json("GET", f"/api/v1/releases/{release}/deps")
    assert not deps["withdrawable"] and "already" in deps["why"]
    server.stop()
    server.start()
    assert server.json("GET", f"/api/v1/releases/{release}")["withdrawn"] == done["withdrawn"]
    newer = world.publish("1.2.0")
    assert server.json("GET", f"/api/v1/releases/{newer}/deps")["withdrawable"]
    for bad in ({}, {"reason": ""}, {"reason": "x", "abort_rollouts": 1}, {"reason": "x", "more": 1}):
        assert server.json("POST", f"/api/v1/releases/{newer}/withdraw", bad, expect=400)["code"] in (
            "missing-member", "bad-value", "unknown-member")


def test_a_withdrawn_release_takes_no_place_among_the_newest(world):
    server = world.server
    old, bad = world.publish("1.1.0"), world.publish("1.2.0")
    withdraw(server, bad)
    assert [r["id"] for r in gc(server)["releases"]] == [bad]
    assert held(world, old)


def test_the_same_bytes_published_twice_at_once_are_one_release(world):
    server = world.server
    for n in range(1, 6):
        path, files = world.release(f"1.{n}.0")
        for file in files:
            data = file.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            server.json("POST", "/api/v1/uploads", {"sha256": digest, "size": len(data)}, expect=201)
            assert server.request("PATCH", f"/api/v1/uploads/{digest}", data,
                                  {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"})[0] == 204
        answers = []

        def publish(body=path.read_bytes(), into=answers):
            into.append(server.request("POST", "/api/v1/releases", body, {"Content-Type": "application/jose+json"}))
        threads = [threading.Thread(target=publish) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(a[0] for a in answers) == [200] * 7 + [201]
        assert len({a[2] for a in answers}) == 1
