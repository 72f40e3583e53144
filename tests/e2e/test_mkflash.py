"""scripts/mkflash: the flash file of a device in QEMU. That a board boots from it is test_qemu_boot.py's."""

import otter
import pytest
import qemu

MKFLASH = otter.FIRMWARE.parents[1] / "scripts/mkflash"
# Whole regions of device-fw/port/maps.c.
ROOM = {"factory": (0x10000, 0x10000), "slot-a": (0x20000, 0xe0000), "slot-b": (0x120000, 0xe0000)}
CONTROL = qemu.FLASH_SIZE - 0x1000


def test_each_part_lies_in_its_place_and_all_else_is_erased(tmp_path):
    parts = {name: bytes([at]) * room for at, (name, (_, room)) in enumerate(ROOM.items(), 1)}
    arguments = []
    for name, data in parts.items():
        (tmp_path / name).write_bytes(data)
        arguments += [f"--{name}", tmp_path / name]
    otter.run([MKFLASH, *arguments, "-o", tmp_path / "flash"])
    flash = bytearray((tmp_path / "flash").read_bytes())
    assert len(flash) == qemu.FLASH_SIZE
    for name, data in parts.items():
        at, room = ROOM[name]
        assert flash[at:at + room] == data
        flash[at:at + room] = b"\xff" * room
    assert flash[CONTROL:] == b"CTTO" + bytes(0x1000 - 4)
    assert set(flash[:CONTROL]) == {0xff}


def test_what_is_not_given_is_erased(tmp_path):
    otter.run([MKFLASH, "-o", tmp_path / "flash"])
    assert set((tmp_path / "flash").read_bytes()[:CONTROL]) == {0xff}


@pytest.mark.parametrize("name", ROOM)
def test_a_part_that_does_not_fit_is_refused(tmp_path, name):
    at, room = ROOM[name]
    (tmp_path / "part").write_bytes(bytes(room + 1))
    done = otter.run([MKFLASH, f"--{name}", tmp_path / "part", "-o", tmp_path / "flash"], expect=1)
    assert f"error: {name.replace('-', '_')}: {room + 1} bytes, and there is room for {room}" in str(done)
    assert not (tmp_path / "flash").exists()


def test_a_part_that_is_not_there_is_an_error(tmp_path):
    done = otter.run([MKFLASH, "--factory", tmp_path / "none", "-o", tmp_path / "flash"], expect=1)
    assert "error: " in str(done) and not (tmp_path / "flash").exists()
