"""The program that a porter runs first (device-fw/check, docs/porting.md) on a board that keeps the contracts, and on the
same board with one of them broken."""

import otter
import pytest
import qemu

CHECK = otter.FIRMWARE / qemu.HARDWARE / "check-a.bin"
PARTS = ["map", "hand-over", "clock", "random", "flash", "protection", "ethernet"]


@pytest.fixture(scope="module")
def flash_of(tmp_path_factory):
    """Makes a flash file with the program in slot A."""
    folder = tmp_path_factory.mktemp("check")

    def run(*args):
        return otter.run([otter.OTTER, *args])
    for name in ("root", "release", "offer", "image"):
        run("key", "new", "--out", folder / f"{name}.key")
    pub = {name: folder / f"{name}.key.pub" for name in ("root", "release", "offer", "image")}
    run("root", "new", "--root-key", pub["root"], "--release-key", pub["release"], "--offer-key", pub["offer"], "--out",
        folder / "root.json")
    run("root", "sign", folder / "root.json", "--key", folder / "root.key")
    run("device", "provision", "--no-register", "--id", "dev-1", "--product", otter.PRODUCT, "--hardware", qemu.HARDWARE,
        "--root", folder / "root.json", "--image-key", pub["image"], "--url", f"http://{qemu.HOST}:1", "--out",
        folder / "factory.bin")
    run("image", "sign", "--key", folder / "image.key", "--version", "0.0.1", "--hardware", qemu.HARDWARE, "--slot", "A",
        CHECK, folder / "check.img")
    return lambda path: qemu.mkflash(path, folder / "factory.bin", folder / "check.img")


def test_a_good_board_passes_every_part_and_its_watchdog_bites(flash_of, tmp_path):
    with qemu.Device(flash_of(tmp_path / "flash.bin")) as board:
        board.start()
        for part in PARTS:
            board.wait_for_line(f"^check: {part} ok$")
        board.wait_for_line("^check: the longest erase took ms ")
        board.wait_for_line("^check: feeds the watchdog no more")
        board.wait_for_line("^boot: cause watchdog$")
        board.wait_for_line("^check: watchdog ok$")
        board.wait_for_line("^check: done$")
        assert board.count("FAILED") == 0


def test_a_board_without_its_cable_is_told_so_and_keeps_running(flash_of, tmp_path):
    with qemu.Device(flash_of(tmp_path / "flash.bin"), extra=["-S"]) as board:
        board.start()
        board.set_link(False)
        board.qmp.execute("cont")
        board.wait_for_line("^check: protection ok$")
        board.wait_for_line("^check: ethernet FAILED$")
        board.wait_for_line("^check:   does not hold: there is a carrier")
        board.wait_for_line("^check: stopped before the watchdog$")
        assert board.count("^check: feeds the watchdog no more") == 0
