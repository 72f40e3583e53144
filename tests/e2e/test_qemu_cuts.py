"""The power cut 200 times during a whole update on the ARM binaries in QEMU: torn words, half-erased sectors. tests/sim
cuts the same code at every operation; this is to say that what is compiled for the board keeps its promise, too."""

import dataclasses
import json
import struct

import boards as support
import otter
import pytest
import qemu

CUTS = 200
HALVES = 2  # side by side, each over a server of its own
AGAIN = 5   # every so manieth device loses its power once more while it recovers
FAST = {"backoff_first_ms": 100, "backoff_max_ms": 300, "trial_poll_ms": 1000}
FACTORY, SLOT_A, SLOT_B, CONTROL = 0x10000, 0x20000, 0x120000, qemu.FLASH_SIZE - 0x1000
USED = 2 << 20  # of the file: the F429's map
WORD = 4        # bytes that one operation programs
MARGIN = 4      # a device that reports at another moment may need so many operations less
CONTROL_PAGE = struct.Struct("<5I")  # magic, operations, cut at, seed, fired


class World(otter.World):
    """Devices without TLS: each proves itself by Otter-HMAC."""
    hardware = qemu.HARDWARE
    firmware = support.Boards.firmware


@dataclasses.dataclass
class Profile:
    """Operations of an update that is not cut: until its download begins, about, and in all."""
    before: int
    total: int


def spread(first, last, count):
    return [first + (last - first) * i // count for i in range(count)]


def cuts(profile, image_size):
    """Most of an update's operations program the image: as many cuts as there fall into what comes before, and after."""
    after = profile.before + image_size // WORD
    chosen = [*spread(1, profile.before, 70), *spread(profile.before, after, 60),
              *spread(after, profile.total - MARGIN, CUTS - 130)]
    assert len(chosen) == CUTS and 0 < profile.before < after < profile.total - MARGIN, (profile, image_size)
    return chosen


class Bench:
    """One flash file, used by one device after the other; each comes from the factory."""

    def __init__(self, world, name):
        self.world, self.path = world, world.folder / f"{name}.flash"
        self.base, self.next = world.image("1.0.0", "A").read_bytes(), world.image("1.1.0", "B").read_bytes()
        self.blank = None

    def succeeded(self, rollout):
        status, _, body = self.world.server.request("GET", f"/api/v1/rollouts/{rollout}")
        assert status == 200, body
        return json.loads(body)["counts"]["succeeded"]

    def control(self):
        with open(self.path, "rb") as flash:
            flash.seek(CONTROL)
            return CONTROL_PAGE.unpack(flash.read(CONTROL_PAGE.size))

    def plan(self, cut_at, seed=0, operations=None):
        """The next cut; counts from 0 again for a new device."""
        magic, done, *_ = self.control()
        with open(self.path, "r+b") as flash:
            flash.seek(CONTROL)
            flash.write(CONTROL_PAGE.pack(magic, done if operations is None else operations, cut_at, seed, 0))

    def device(self, factory):
        """Only what a device may have written is made anew: 2 of 16 MiB."""
        if self.blank is None:
            qemu.mkflash(self.path, factory, self.world.image("1.0.0", "A"))
            self.blank = bytearray(self.path.read_bytes()[:USED])
        data = factory.read_bytes()
        self.blank[FACTORY:FACTORY + 0x10000] = data.ljust(0x10000, b"\xff")
        with open(self.path, "r+b") as flash:
            flash.write(self.blank)
        self.path.with_name(self.path.name + ".log").unlink(missing_ok=True)
        self.plan(0, operations=0)
        return qemu.Device(self.path, FAST, qmp=False, boot=support.BUILT / "1.0.0/boot.elf")

    def holds(self, at, image):
        with open(self.path, "rb") as flash:
            flash.seek(at)
            return flash.read(len(image)) == image


def until_done(bench, device, rollout, done):
    """It runs the new image for good, and the server knows."""
    device.start()
    try:
        otter.wait_for("the server to be told", lambda: bench.succeeded(rollout) == done,
                       qemu.PATIENCE)
    except AssertionError as error:
        raise AssertionError(device.said(error)) from None
    device.wait_for_line("^app: confirmed|^boot: row confirmed slot B")


def cut_once(bench, device, cut_at, seed):
    """Power comes, and goes at this operation."""
    bench.plan(cut_at, seed)
    device.start()
    code = device.exit_status()
    assert code == qemu.EXIT_CUT and bench.control()[4] == 1, device.said(f"no cut at operation {cut_at}")


def cut_recovery(bench, device, seed):
    """Somewhere in the next operations, if there are so many."""
    bench.plan(bench.control()[1] + 1 + seed * 7 % 40, seed)
    device.start()
    otter.wait_for("a cut or a trial", lambda: not device.running() or device.count("^app: confirmed"), qemu.PATIENCE)
    device.stop()
    bench.plan(0)


def judge(bench, device):
    """Whatever it booted was one of the two images, whole: the base is never written to, and a trial came to a good end."""
    lines = device.read()
    assert bench.holds(SLOT_A, bench.base), device.said("slot A has been touched")
    assert bench.holds(SLOT_B, bench.next), device.said("slot B does not hold the image")
    assert not any("nothing bootable" in line for line in lines), device.said("it had nothing to boot")
    boots = [line for line in lines if line.startswith("boot: row")]
    assert boots and all(line.split()[2] in ("first-a", "confirmed", "trial") for line in boots), device.said("a wrong boot")
    # Whoever is on trial may lose its power three times; these have lost it at most twice.
    assert device.count("^boot: slot B (rejected-before|image-floor|trial-image)") == 0, device.said("a good image rejected")


def measure(bench, factory, rollout):
    """An update without any cut. Of what does not program the image, about a half comes before it."""
    device = bench.device(factory)
    try:
        device.start()
        device.wait_for_line("^app: confirmed")
        otter.wait_for("the server to be told", lambda: bench.succeeded(rollout) == 1, qemu.PATIENCE)
    finally:
        device.stop()
    total = bench.control()[1]
    return Profile((total - len(bench.next) // WORD) // 2, total)


@pytest.fixture
def world(tmp_path):
    support.build_variants()
    made = World(tmp_path, ["--plain-devices"])
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize("half", range(HALVES))
def test_two_hundred_power_cuts_during_an_update(world, half):
    bench = Bench(world, f"half-{half}")
    folder = world.fleet(1 + CUTS // HALVES, prefix="cut-", url=f"http://{qemu.HOST}:{world.server.port}")
    factories = sorted(folder.glob("*.factory.bin"))
    rollout = world.rollout(world.publish("1.1.0"))
    profile = measure(bench, factories[0], rollout)
    for done, cut_at in enumerate(cuts(profile, len(bench.next))[half::HALVES], start=1):
        device = bench.device(factories[done])
        try:
            cut_once(bench, device, cut_at, seed=done)
            bench.plan(0)
            if done % AGAIN == 0:
                cut_recovery(bench, device, seed=done)
            until_done(bench, device, rollout, 1 + done)
        finally:
            device.stop()
        judge(bench, device)
