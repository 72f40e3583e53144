"""Thousands of devices in one process, each the firmware's bootloader and updater, complete one update against a real
otterd. OTTER_LONG=1: a hundred thousand, within 4 GB of memory and 10 GB of disk; the time is printed (some ten minutes)."""

import collections
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import subprocess

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


def run_and_watch(args, folder):
    """(its JSON, the most memory that it had): the kernel's own figure for a child counts what its parent had, too."""
    with open(folder / "told.json", "w+", encoding="utf-8") as told:
        with subprocess.Popen([str(a) for a in args], stdin=subprocess.DEVNULL, stdout=told) as process:
            peak = 0
            while process.poll() is None:
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
                peak = max(peak, *(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.1)
        told.seek(0)
        assert process.returncode == 0, told.read()
        return json.load(told), peak


def test_thousands_of_devices_in_one_process_confirm_the_new_image(calm):
    world = calm
    base, fleet = world.image("1.0.0", "A"), world.fleet(DEVICES, timeout=PATIENCE)
    release = world.publish("1.1.0")
    rollout = world.rollout(release)
    done, memory = run_and_watch([otter.EMU, "--server", world.server.url, "--fleet", fleet / "fleet.jsonl", "--slot-a", base,
                                  "--crypto", "openssl", "--sources", "127.0.0.0/8", "--concurrency", "200", "--expect",
                                  "1.1.0:confirmed", "--timeout", PATIENCE, "--json", "--quiet"], world.folder)

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
    assert 0 < memory < 60e6 + DEVICES * 10000
    taken = done["flash_stored"] + disk_of(world.folder)
    if LONG:
        assert memory < 4e9 and taken < 10e9
    print(json.dumps({"devices": DEVICES, "seconds": done["milliseconds"] / 1000, "memory_mb": memory // 10**6,
                      "disk_mb": taken // 10**6, "polls": done["polls"], "bytes": done["bytes"]}))
