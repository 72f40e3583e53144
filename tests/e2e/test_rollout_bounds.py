"""A rollout's bounds against devices that come at the same time, and its deadlines against an otterd that was away."""

import collections
import concurrent.futures
import threading

import hand
import otter
import pytest
from test_clock import Clock

DEVICES, THREADS = 48, 16


def create(world, release, **plan):
    made = world.server.json("POST", "/api/v1/rollouts",
                             {"release": release, "target": "all", "phases": [100], **plan}, expect=201)
    world.server.json("POST", f"/api/v1/rollouts/{made['id']}/start")
    return made["id"]


def poll_all(devices):
    """Every device twice, by threads that begin together; the attempts that were offered."""
    begin = threading.Barrier(THREADS)

    def some(first):
        begin.wait()
        for device in devices[first::THREADS // 2]:  # two threads for each device
            device.poll()

    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(some, n % (THREADS // 2)) for n in range(THREADS)]:
            done.result()
    return {device.attempt for device in devices if device.attempt}


@pytest.mark.parametrize("plan, most", [
    ({"max_active": 5}, 5),
    ({"bytes_per_second": 1}, 1),  # an image takes the better part of an hour
    ({"per_minute": 1}, 2),        # a second one if the minute turns meanwhile
], ids=lambda value: str(value))
def test_devices_that_poll_at_the_same_time_never_pass_a_bound(world, plan, most):
    devices = hand.hands(world, DEVICES)
    rollout = create(world, world.publish("1.1.0"), **plan)
    attempts = poll_all(devices) | poll_all(devices)
    counts = world.status(rollout)["counts"]
    assert 1 <= len(attempts) <= most and counts["offered"] == len(attempts), counts


def test_a_place_that_is_given_back_is_taken_once(world):
    devices = hand.hands(world, DEVICES)
    rollout = create(world, world.publish("1.1.0"), max_active=3)
    assert len(poll_all(devices)) == 3
    lost = [device for device in devices if device.attempt][:2]
    for device in lost:
        device.report("failed", "image-digest")
        device.attempt = None
    poll_all(devices)
    counts = collections.Counter(a["state"] for a in world.otter(
        "rollout", "attempts", rollout, "--all", "--json").json["items"])
    assert counts == {"offered": 3, "failed": 2}


def test_a_stop_of_otterd_beyond_deadline_and_silence_fails_nobody(tmp_path):
    clock = Clock(tmp_path)
    world = otter.World(tmp_path)
    world.server.command = ["env", *(f"{k}={v}" for k, v in clock.env.items()), *world.server.command]
    world.start()
    try:
        downloading, installed = hand.hands(world, 2)
        release = world.publish("1.1.0")
        rollout = create(world, release, deadline=3600, silence=600)
        for device, state in ((downloading, "downloading"), (installed, "installed")):
            assert device.poll()["attempt"]
            device.report(state)
        world.server.stop()
        clock.set(30 * 3600)
        world.server.start()
        assert downloading.poll()["attempt"] == downloading.attempt
        digest = otter.hashlib.sha256(world.image("1.1.0", "B").read_bytes()).hexdigest()
        for device in (downloading, installed):
            if device is downloading:
                device.report("installed")
            device.running = {"version": "1.1.0", "sha256": digest, "slot": "B", "confirmed": True}
            device.poll()
        counts = world.status(rollout)["counts"]
        assert counts["succeeded"] == 2 and counts["timed-out"] == 0
    finally:
        world.stop()
