"""Images that imgtool signed, at the bootloader of the board in QEMU: booted, tried where they are padded, and given up.

They are the committed ones (tests/interop/imgtool), made for a slot of 6 KB and stretched to a real one, as tests/interop shows
imgtool to do; their program does nothing, so that only the watchdog ends it. tests/interop boots fresh ones."""

import base64
import json
import pathlib
import sys

import otter
import pytest
import qemu
from test_qemu_boot import FAST, SLOT_SIZE

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "interop/imgtool"))
import cases  # noqa: E402

TRAILER = 1584


def stretched(name):
    text = json.loads((cases.VECTORS / f"image/imgtool-{name}.json").read_text())["image"]
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(data) < cases.SLOT_SIZE:
        return data
    return data[:-TRAILER] + b"\xff" * (SLOT_SIZE - len(data)) + data[-TRAILER:]


@pytest.fixture(scope="module")
def factory(tmp_path_factory):
    """Factory data of a device that trusts imgtool's key."""
    folder = tmp_path_factory.mktemp("factory")
    for name in ("root", "release", "offer"):
        otter.run([otter.OTTER, "key", "new", "--out", folder / f"{name}.key"])
    otter.run([otter.OTTER, "root", "new", "--root-key", folder / "root.key.pub", "--release-key", folder / "release.key.pub",
               "--offer-key", folder / "offer.key.pub", "--out", folder / "root.json"])
    otter.run([otter.OTTER, "root", "sign", folder / "root.json", "--key", folder / "root.key"])
    otter.run(["openssl", "pkey", "-in", cases.KEY, "-pubout", "-out", folder / "image.pub"])
    otter.run([otter.OTTER, "device", "provision", "--no-register", "--id", "dev-1", "--product", otter.PRODUCT, "--hardware",
               qemu.HARDWARE, "--root", folder / "root.json", "--image-key", folder / "image.pub", "--url",
               f"http://{qemu.HOST}:1", "--out", folder / "factory.bin"])
    return folder / "factory.bin"


def board(folder, factory, slot_a, slot_b):
    for name in (slot_a, slot_b):
        (folder / f"{name}.img").write_bytes(stretched(name))
    return qemu.Device(qemu.mkflash(folder / "flash.bin", factory, folder / f"{slot_a}.img", folder / f"{slot_b}.img"), extra=FAST)


@pytest.mark.parametrize("padded, header", [("qemu-pad-b", 0x200), ("qemu-pad-b-1024", 0x400)])
def test_a_padded_image_is_tried_three_times_and_given_up(tmp_path, factory, padded, header):
    with board(tmp_path, factory, "qemu-a", padded).start() as device:
        device.wait_for_line("^boot: row first-a slot A$")
        device.wait_for_line(f"^boot: jump 0x{cases.QEMU['A'] + 0x200:08x}$")
        for _ in range(3):
            device.wait_for_line("^boot: cause watchdog$")
            device.wait_for_line("^boot: row trial slot B$")
            device.wait_for_line(f"^boot: jump 0x{cases.QEMU['B'] + header:08x}$")
        device.wait_for_line("^boot: row confirmed slot A$")
        device.wait_for_line("^boot: cause watchdog$")
        device.wait_for_line("^boot: row confirmed slot A$")


def test_what_is_linked_for_another_board_is_refused(tmp_path, factory):
    with board(tmp_path, factory, "pad-a", "pad-b").start() as device:
        device.wait_for_line("^boot: slot A image-link$")
        device.wait_for_line("^boot: slot B image-link$")
        device.wait_for_line("^boot: nothing bootable$")
