"""Dropped connections, power cuts, kill -9: nothing acknowledged is lost, every device ends well."""

import hashlib
import os
import signal
import subprocess
import threading

import otter
import pytest


@pytest.mark.parametrize("fault", ["drop=0.02,seed=1", "corrupt=0.005,seed=2", "slow=200000,seed=3"])
def test_a_bad_network_delays_the_update_but_does_not_prevent_it(world, fault):
    base, fleet = world.image("1.0.0", "A"), world.fleet(10)
    rollout = world.rollout(world.publish("1.1.0"))
    summary = world.emulate(fleet, base, "--fault", fault, "--speed", "200", "--expect", "1.1.0:confirmed").json
    assert summary["by_version"] == {"1.1.0": 10}
    assert world.status(rollout)["counts"]["succeeded"] == 10


def test_a_download_resumes_after_drops_instead_of_starting_again(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(5)
    world.rollout(world.publish("1.1.0"))
    size = world.image("1.1.0", "B").stat().st_size
    summary = world.emulate(fleet, base, "--drop-every", "20000", "--speed", "200", "--expect", "1.1.0:confirmed").json
    assert summary["drops"] > 0
    # A drop costs at most the bytes since the last sector edge and the headers of a request, not the whole image.
    assert summary["bytes"] < 5 * (size * 3 + 20000)


def test_power_cut_at_200_spread_flash_operations_never_bricks_and_always_ends_updated(world):
    base, probe, fleet = world.image("1.0.0", "A"), world.fleet(1, prefix="probe-"), world.fleet(200, prefix="cut-")
    world.rollout(world.publish("1.1.0"))
    operations = world.emulate(probe, base, "--expect", "1.1.0:confirmed").json["flash_operations"]
    assert operations > 200
    summary = world.emulate(fleet, base, "--cut-spread", f"1:{operations}", "--speed", "60", "--expect",
                            "1.1.0:confirmed", timeout=240).json
    assert summary["cuts"] == 200
    assert summary["by_version"] == {"1.1.0": 200}


def test_kill_9_in_the_middle_of_publishing_loses_nothing_acknowledged_and_shows_no_partial_blob(world):
    path, images = world.release("1.1.0")
    digests = [hashlib.sha256(image.read_bytes()).hexdigest() for image in images]
    for attempt in range(12):
        env = {**os.environ, "OTTER_SERVER": world.server.url, "OTTER_TOKEN": world.server.token}
        publish = subprocess.Popen([otter.OTTER, "release", "publish", path, *images], env=env,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        killer = threading.Timer(0.002 * attempt, world.server.process.kill)
        killer.start()
        published = publish.wait(60) == 0
        killer.join()
        world.server.process.wait(20)
        world.server.start()
        for digest, image in zip(digests, images):
            status, _, body = world.server.request("GET", f"/v1/blobs/{digest}")
            assert status == 404 or body == image.read_bytes()
        listed = world.otter("release", "list", "--json").json["items"]
        assert len(listed) == 1 if published else len(listed) <= 1
        if listed:
            break
    world.otter("release", "publish", path, *images)
    assert len(world.otter("release", "list", "--json").json["items"]) == 1


def test_kill_9_in_the_middle_of_a_rollout_loses_no_success_and_the_fleet_ends_updated(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(40)
    rollout = world.rollout(world.publish("1.1.0"), "--auto", phases="25,100")
    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    emulator = subprocess.Popen(
        [otter.EMU, "--server", world.server.url, "--fleet", fleet / "fleet.jsonl", "--slot-a", base, "--keep",
         world.folder / "flash", "--speed", "20", "--timeout", "120", "--json", "--expect", "1.1.0:confirmed"],
        env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        seen = set()
        for _ in range(5):
            floor = len(seen) + 2

            def more():
                done = {a["device"] for a in world.otter("rollout", "attempts", rollout, "--all", "--json").json["items"]
                        if a["state"] == "succeeded"}
                return done if len(done) >= min(floor, 40) else None
            seen = otter.wait_for("more devices succeed", more, 60)
            world.server.kill()
            world.server.start()
            kept = {a["device"] for a in world.otter("rollout", "attempts", rollout, "--all", "--json").json["items"]
                    if a["state"] == "succeeded"}
            assert seen <= kept, "an acknowledged success was lost"
        out, err = emulator.communicate(timeout=150)
        assert emulator.returncode == 0, (out, err)
    finally:
        if emulator.poll() is None:
            emulator.send_signal(signal.SIGKILL)
            emulator.wait()
    counts = world.status(rollout)["counts"]
    assert counts["succeeded"] == 40 and sum(counts.values()) == 40


def test_sigterm_stops_cleanly_and_a_restart_goes_on(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(5)
    rollout = world.rollout(world.publish("1.1.0"))
    world.server.stop()
    world.server.start()
    world.emulate(fleet, base, "--expect", "1.1.0:confirmed")
    assert world.status(rollout)["state"] == "complete"


def test_a_second_server_with_the_offer_key_and_a_foreign_root_cannot_move_the_devices(world, tmp_path):
    base, fleet = world.image("1.0.0", "A"), world.fleet(10)
    (tmp_path / "evil").mkdir()
    evil = otter.World(tmp_path / "evil")
    evil.server.data.mkdir(mode=0o700)
    for name in ("offer.key", "offer.pub"):
        (evil.server.data / name).write_bytes((world.server.data / name).read_bytes())
        (evil.server.data / name).chmod(0o600)
    evil.start()
    try:
        evil.otter("device", "enroll", "--from", fleet / "devices.csv")
        evil.keys["image"], rollout = world.keys["image"], None
        rollout = evil.rollout(evil.publish("1.1.0"))
        summary = otter.run(
            [otter.EMU, "--server", evil.server.url, "--fleet", fleet / "fleet.jsonl", "--slot-a", base, "--keep",
             world.folder / "flash", "--speed", "20", "--timeout", "60", "--json", "--expect", "1.0.0:confirmed",
             "--expect-reason", "unknown-key"]).json
        assert summary["by_version"] == {"1.0.0": 10}
        assert evil.status(rollout)["reasons"] == {"unknown-key": 10}
    finally:
        evil.stop()


@pytest.mark.long(15)
def test_a_thousand_devices_in_one_process_complete_an_update(world):
    base, fleet = world.image("1.0.0", "A"), world.fleet(1000)
    rollout = world.rollout(world.publish("1.1.0"))
    summary = world.emulate(fleet, base, "--speed", "5", "--expect", "1.1.0:confirmed", timeout=300).json
    assert summary["by_version"] == {"1.1.0": 1000}
    assert world.status(rollout)["counts"]["succeeded"] == 1000
