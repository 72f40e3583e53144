"""The ARM firmware in QEMU, bootloader and updater, against the real server: the straight road, and what must not
happen on it."""

import hashlib

import boards as support
import otter
import pytest
import qemu
import relay as relays


@pytest.fixture
def boards(tmp_path):
    support.build_variants()
    made = support.Boards(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def relay(boards):
    with boards.relay() as made:
        yield made


def test_four_devices_update_into_one_slot_and_back_into_the_other(boards):
    base = boards.image("1.0.0", "A")
    fleet = [boards.board(f"dev-{n}", base) for n in range(1, 5)]
    rollout = boards.rollout(boards.publish("1.1.0"))
    for device in fleet:
        device.start()
    for device in fleet:
        device.wait_for_line("^boot: row first-a slot A")
        device.wait_for_line("^app: 1.0.0 slot A")
        support.updates(device, "1.1.0", "B")
    boards.until(rollout, succeeded=4)
    digest = hashlib.sha256(boards.image("1.1.0", "B").read_bytes()).hexdigest()
    for shown in boards.otter("device", "list", "--all", "--json").json["items"]:
        assert shown["running"] == {"version": "1.1.0", "sha256": digest, "slot": "B", "confirmed": True}
    # The plug is pulled: what was confirmed stays.
    for device in fleet:
        device.stop()
    second = boards.rollout(boards.publish("1.3.0"))
    for device in fleet:
        device.start()
        support.runs(device, "1.1.0", "B")
    for device in fleet:
        device.wait_for_line("^boot: row trial slot A")
        device.wait_for_line("^app: confirmed")
    boards.until(second, succeeded=4)
    # The road back is closed: the server does not even offer what is older.
    older = boards.rollout(boards.publish("1.2.9", sequence=0))
    assert boards.status(older)["counts"]["offered"] == 0
    assert {d["running"]["version"] for d in boards.otter("device", "list", "--all", "--json").json["items"]} == {"1.3.0"}


def test_an_image_that_is_damaged_on_the_servers_disk_is_refused_by_its_digest(boards):
    device = boards.board("dev-1", boards.image("1.0.0", "A"))
    path, images = boards.release("1.1.0")
    boards.otter("release", "publish", path, *images)
    good = images[1].read_bytes()
    digest = hashlib.sha256(good).hexdigest()
    blob = boards.server.data / "blobs" / digest[:2] / digest
    blob.chmod(0o600)
    blob.write_bytes(good[:5000] + bytes([good[5000] ^ 1]) + good[5001:])
    rollout = boards.rollout(hashlib.sha256(path.read_bytes()).hexdigest())
    device.start()
    device.wait_for_line("^update: failed image-digest")
    assert boards.until(rollout, failed=1)["reasons"] == {"image-digest": 1}
    assert device.count("^boot: cause") == 1
    # Whole again, it is taken.
    blob.write_bytes(good)
    boards.otter("device", "retry", "dev-1")
    support.updates(device, "1.1.0", "B")
    boards.until(rollout, succeeded=1)


def test_a_server_that_lies_gets_neither_other_hardwares_image_nor_an_older_one_into_a_device(boards, relay):
    device = boards.board("dev-1", boards.image("1.0.0", "A"), url=boards.url(relay.port), factory=["--sequence", "5"])
    # For another board, really signed by the release key.
    foreign = support.otter.World(boards.folder / "other")
    foreign.folder.mkdir()
    foreign.keys, foreign.server, foreign.root, foreign.sequence = boards.keys, boards.server, boards.root, 20
    foreign.fleet(1, prefix="other-")
    other = boards.rollout(foreign.publish("9.0.0"))
    release = boards.publish("1.1.0", name="older", sequence=4)
    older = boards.rollout(release)
    # Told the truth, the server does not offer them.
    device.start()
    otter.wait_for("two polls", lambda: sum(path == "/v1/device/poll" for _, path, _, _ in list(relay.requests)) >= 2, 60)
    assert boards.status(other)["counts"]["offered"] == boards.status(older)["counts"]["offered"] == 0
    assert not any(path.startswith("/v1/blobs") for _, path, _, _ in relay.requests)
    # Told otherwise, it does; the device refuses, and its word gets through.
    relay.poll = {"hardware": foreign.hardware}
    device.wait_for_line("^update: failed wrong-hardware")
    assert boards.until(other, failed=1)["reasons"] == {"wrong-hardware": 1}
    relay.poll = {"sequence": 3}
    otter.wait_for("the lie to be believed", lambda: boards.shown("dev-1")["sequence"] == 3, 60)
    older = boards.rollout(release)
    device.wait_for_line("^update: failed sequence-not-above")
    assert boards.until(older, failed=1)["reasons"] == {"sequence-not-above": 1}
    # It has not even asked for an image, and takes the right one.
    images = {f"/v1/blobs/{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in boards.folder.rglob("*.img")}
    assert not any(path in images for _, path, _, _ in relay.requests)
    relay.poll = {}
    rollout = boards.rollout(boards.publish("1.1.0", sequence=6))
    support.updates(device, "1.1.0", "B")
    boards.until(rollout, succeeded=1)


# name: (what is wrong with it, how the rollout names it, and the bootloader, how often it is tried)
BAD_IMAGES = {"hangs": (["1.3.0", "--selftest", "hang"], "watchdog", "watchdog", 3),
              "fails": (["1.4.0", "--selftest", "fail"], "self-test", "rejected-before", 1),
              "deaf": ([support.BROKEN_NETWORK], "trial-no-server", "trial-no-server", 3)}


def test_images_that_hang_fail_or_lose_the_network_are_reverted_each_for_its_reason(boards):
    base = boards.image("1.0.0", "A")
    rollouts, devices = {}, {}
    for name, (release, _, _, _) in BAD_IMAGES.items():
        deadline = {"trial_deadline_ms": 6000} if name == "deaf" else {}
        devices[name] = boards.board(name, base, factory=["--tag", name], options=deadline)
        rollouts[name] = boards.rollout(boards.publish(*release), target=f'tag == "{name}"')
    for device in devices.values():
        device.start()
    for name, (_, reason, said, tries) in BAD_IMAGES.items():
        device = devices[name]
        device.wait_for_line(f"^boot: slot B {said}")
        device.wait_for_line("^boot: row confirmed slot A")
        device.wait_for_line("^app: 1.0.0 slot A")
        assert boards.until(rollouts[name], reverted=1)["reasons"] == {reason: 1}
        assert device.count("^boot: row trial slot B") == device.count("^app: trial boot") == tries
        assert device.count("^boot: cause watchdog") == (tries if reason == "watchdog" else 0)
        assert device.count("^app: confirmed") == 0
    for shown in boards.otter("device", "list", "--all", "--json").json["items"]:
        assert shown["running"]["version"] == "1.0.0" and shown["running"]["confirmed"]


def test_devices_wait_for_a_server_that_is_gone_and_update_when_it_is_back(boards):
    base = boards.image("1.0.0", "A")
    fleet = [boards.board(f"dev-{n}", base) for n in range(1, 3)]
    fleet[0].start()
    fleet[0].wait_for_line("^net: address")
    otter.wait_for("the first poll", lambda: boards.shown("dev-1")["last_seen"], 60)
    rollout = boards.rollout(boards.publish("1.1.0"))
    boards.server.kill()
    fleet[1].start()  # finds none from the first
    for device in fleet:
        device.wait_for_line("net-unreachable|net-lost")
        device.wait_for_line("net-unreachable")
    boards.server.start()
    for device in fleet:
        support.updates(device, "1.1.0", "B")
    boards.until(rollout, succeeded=2)


def test_a_download_goes_on_where_it_stopped_after_the_link_was_down(boards, relay):
    device = boards.board("dev-1", boards.image("1.0.0", "A"), url=boards.url(relay.port), options={"inactivity_ms": 3000})
    rollout = boards.rollout(boards.publish("1.1.0"))
    relay.hold = relays.Hold(after=50_000)
    device.start()
    assert relay.hold.reached.wait(qemu.PATIENCE)
    device.set_link(False)
    device.wait_for_line("^net: link down")
    device.wait_for_line("^update: downloading net-")
    relay.hold.go_on.set()
    device.set_link(True)
    device.wait_for_line("^net: link up")
    support.updates(device, "1.1.0", "B")
    boards.until(rollout, succeeded=1)
    ranges = [headers["Range"] for _, path, headers, status in relay.requests if status == 206]
    assert ranges and all(int(r.removeprefix("bytes=").rstrip("-")) > 0 for r in ranges), ranges
