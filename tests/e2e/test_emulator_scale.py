"""Thousands of devices in one process, each the firmware's bootloader and updater, complete one update against a real
otterd. OTTER_LONG=1: a hundred thousand, within 4 GB of memory and 10 GB of disk; the time is printed (some ten minutes)."""

import collections
import hashlib
import json
import os
import resource
import shutil

import otter
import pytest

LONG = bool(os.environ.get("OTTER_LONG"))
DEVICES = 100000 if LONG else 2000
PATIENCE = 3600 if LONG else 900


@pytest.fixture
def calm(tmp_path):
    """A server that the devices need not come back to every few seconds."""
    made = otter.World(tmp_path, server_options=("--poll-interval", "3600"))
    made.start()
    yield made
    made.stop()
    if LONG:
        shutil.rmtree(tmp_path)


def disk_of(folder):
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def test_thousands_of_devices_in_one_process_confirm_the_new_image(calm):
    world = calm
    base, fleet = world.image("1.0.0", "A"), world.fleet(DEVICES, timeout=PATIENCE)
    release = world.publish("1.1.0")
    rollout = world.rollout(release)
    done = otter.run([otter.EMU, "--server", world.server.url, "--fleet", fleet / "fleet.jsonl", "--slot-a", base,
                      "--crypto", "openssl", "--sources", "127.0.0.0/8", "--concurrency", "200", "--expect",
                      "1.1.0:confirmed", "--timeout", PATIENCE, "--json", "--quiet"], timeout=PATIENCE + 60).json
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024  # of the largest child so far

    assert done["met"] == DEVICES and done["by_version"] == {"1.1.0": DEVICES} and done["by_report"] == {"succeeded": DEVICES}
    assert done["boots"] == 2 * DEVICES and done["reverts"] == 0 and done["failures"] == {}
    assert done["sockets"] <= 200
    # The server saw each of them confirm the very image.
    digest = hashlib.sha256(world.image("1.1.0", "B").read_bytes()).hexdigest()
    devices = world.otter("device", "list", "--all", "--json", timeout=PATIENCE).json["items"]
    runs = collections.Counter((d["running"]["sha256"], d["running"]["slot"], d["running"]["confirmed"]) for d in devices)
    assert runs == {(digest, "B", True): DEVICES}
    counts = world.status(rollout)["counts"]
    assert counts["succeeded"] == DEVICES == sum(counts.values())
    # Two images a device, and still little room: what is equal is stored once, and who waits is packed.
    size = world.image("1.1.0", "B").stat().st_size
    assert done["flash_held"] > DEVICES * 2 * size
    assert done["flash_stored"] < DEVICES * 20000 + 50 * size
    assert memory < 60e6 + DEVICES * 10000
    taken = done["flash_stored"] + disk_of(world.folder)
    if LONG:
        assert memory < 4e9 and taken < 10e9
    print(json.dumps({"devices": DEVICES, "seconds": done["milliseconds"] / 1000, "memory_mb": memory // 10**6,
                      "disk_mb": taken // 10**6, "polls": done["polls"], "bytes": done["bytes"]}))
