"""A world whose devices are ARM firmware in QEMU, behind an otterd with TLS."""

import fcntl
import hashlib
import shutil

import certificates
import otter
import qemu
import relay as relays

ROOT = otter.FIRMWARE.parents[1]
BUILT = ROOT / "build/fw-qemu"
# What scripts/build is told for each.
VARIANTS = {"1.0.0": [], "1.1.0": ["--app-version", "1.1.0"],
            "1.2.0": ["--app-version", "1.2.0", "--app-fault", "network"]}
BROKEN_NETWORK = "1.2.0"
# Everything that the firmware is made of.
SOURCES = ["device-fw", "lib/core", "meson.build", "meson_options.txt", "scripts/build", "build/sources"]
FAST = {"backoff_first_ms": 1000, "backoff_max_ms": 3000}


def sources_digest():
    digest = hashlib.sha256()
    for top in SOURCES:
        for path in [ROOT / top] if (ROOT / top).is_file() else sorted((ROOT / top).rglob("*")):
            if path.is_file():
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def build_variants():
    """Each once for as long as nothing of them changes, also where several tests ask at a time."""
    BUILT.mkdir(parents=True, exist_ok=True)
    with open(BUILT / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp, digest = BUILT / "stamp", sources_digest()
        if stamp.exists() and stamp.read_text() == digest:
            return
        stamp.unlink(missing_ok=True)
        for name, flags in VARIANTS.items():
            otter.run([ROOT / "scripts/build", "--no-install", *flags], timeout=900)
            (BUILT / name).mkdir(exist_ok=True)
            for path in (otter.FIRMWARE / qemu.HARDWARE).iterdir():
                shutil.copy(path, BUILT / name)
        otter.run([ROOT / "scripts/build", "--no-install"], timeout=900)
        stamp.write_text(digest)


def runs(device, version, slot):
    """It boots this version out of this slot for good."""
    device.wait_for_line(f"^boot: row confirmed slot {slot}")
    device.wait_for_line(f"^app: {version} slot {slot}")


def updates(device, version, slot):
    """It starts this version on trial and confirms it."""
    device.wait_for_line(f"^boot: row trial slot {slot}")
    device.wait_for_line(f"^app: {version} slot {slot}")
    device.wait_for_line("^app: confirmed")


class Boards(otter.World):
    hardware = qemu.HARDWARE

    def __init__(self, folder, server_options=()):
        super().__init__(folder, server_options, tls=certificates.tls_folder(folder / "tls"))
        self.devices = []

    def firmware(self, version, hardware, slot):
        if hardware != self.hardware:
            return super().firmware(version, hardware, slot)
        return BUILT / (version if version in VARIANTS else "1.0.0") / f"app-{slot.lower()}.bin"

    def url(self, port=None):
        """As the devices reach this machine's loopback."""
        return f"https://{qemu.HOST}:{port or self.server.port}"

    def relay(self):
        """A server in between that has the server's certificate."""
        tls = self.folder / "tls"
        return relays.Relay(lambda: (self.server.port, self.server.cacert), tls / "server.pem", tls / "server.key")

    def board(self, name, base, *, url=None, ca=None, tls_name=certificates.NAME, image_keys=("image",), factory=(),
              options=None, netdev=""):
        """A device from the factory, registered, off. factory: further options of `otter device provision`."""
        made = self.folder / f"{name}.factory.bin"
        self.otter("device", "provision", "--id", name, "--product", otter.PRODUCT, "--hardware", self.hardware, "--root",
                   self.root, "--image-key", *[self.pub(key) for key in image_keys], "--url", url or self.url(), "--ca",
                   ca or self.server.cacert, *(["--tls-name", tls_name] if tls_name else []), *factory, "--out", made)
        flash = qemu.mkflash(self.folder / f"{name}.flash", made, base)
        device = qemu.Device(flash, {**FAST, **(options or {})}, netdev=netdev, boot=BUILT / "1.0.0/boot.elf")
        self.devices.append(device)
        return device

    def shown(self, device):
        return self.otter("device", "show", device, "--json").json

    def until(self, rollout, seconds=qemu.PATIENCE, **counts):
        """The rollout's status, once these counts are reached."""
        status = {}

        def reached():
            status.update(self.status(rollout))
            return all(status["counts"][name] == count for name, count in counts.items())
        try:
            otter.wait_for(f"rollout {rollout}: {counts}", reached, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; {status}") from None
        return status

    def stop(self):
        for device in self.devices:
            device.stop()
            print(device.said("its console"))  # shown where a test has failed
            device.flash.unlink(missing_ok=True)
        super().stop()
