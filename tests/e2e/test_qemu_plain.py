"""Firmware that speaks http alone (updater_plain_dep) on a real board: a whole update by proofs instead of tokens, and https
refused by its name."""

import boards as support
import certificates
import otter
import pytest
import qemu


class PlainBoards(support.Boards):
    """The same world without TLS, whose images are those of the http application."""

    def __init__(self, folder):
        otter.World.__init__(self, folder, ("--plain-devices",))
        self.devices = []

    def firmware(self, _version, _hardware, slot):
        return support.BUILT / "1.0.0" / f"app-http-{slot.lower()}.bin"

    def board(self, name, url, *factory):
        made = self.folder / f"{name}.factory.bin"
        self.otter("device", "provision", "--id", name, "--product", otter.PRODUCT, "--hardware", self.hardware, "--root",
                   self.root, "--image-key", self.pub("image"), "--url", url, *factory, "--out", made)
        flash = qemu.mkflash(self.folder / f"{name}.flash", made, self.image("1.0.0", "A"))
        device = qemu.Device(flash, support.FAST)
        self.devices.append(device)
        return device


@pytest.fixture
def boards(tmp_path):
    support.build_variants()  # what build/fw holds meanwhile may have no network
    made = PlainBoards(tmp_path)
    made.start()
    yield made
    made.stop()


def test_firmware_without_tls_updates_over_http_with_proofs(boards):
    device = boards.board("dev-1", f"http://{qemu.HOST}:{boards.server.port}")
    rollout = boards.rollout(boards.publish("1.1.0"))
    device.start()
    device.wait_for_line("^app: 1.0.0 slot A")
    device.wait_for_line("^boot: row trial slot B")
    device.wait_for_line("^app: 1.1.0 slot B")
    device.wait_for_line("^app: confirmed")
    boards.until(rollout, succeeded=1)


def test_firmware_without_tls_refuses_https_by_name_and_runs_on(boards):
    device = boards.board("dev-1", f"https://{qemu.HOST}:{boards.server.port}", "--tls-name", certificates.NAME, "--ca",
                          certificates.authority(boards.folder / "tls"))
    device.start()
    device.wait_for_line("^update: - tls-absent ")
    device.wait_for_line("^update: - tls-absent ")  # nor the next time
    device.wait_for_line("^app: temperature ")
    assert boards.shown("dev-1")["last_seen"] is None


def test_a_board_enrols_by_the_fleet_key_rotates_and_updates(tmp_path):
    support.build_variants()
    boards = PlainBoards(tmp_path)
    boards.server.options += ["--enrol", "fleet-key"]
    boards.start()
    try:
        boards.otter("fleet-key", "new", otter.PRODUCT, "--out", boards.folder / "fleet.key")
        device = boards.board("dev-1", f"http://{qemu.HOST}:{boards.server.port}", "--fleet-key", boards.folder / "fleet.key")
        assert boards.otter("device", "list", "--json").json["items"] == []
        device.start()
        device.wait_for_line("^app: 1.0.0 slot A")
        otter.wait_for("the board has enrolled itself and polled",
                       lambda: [d for d in boards.otter("device", "list", "--json").json["items"] if d["last_seen"]], 60)
        boards.otter("device", "rotate", "dev-1")

        def rotated():
            told = boards.otter("device", "timeline", "dev-1", "--json").json["items"]
            return "token-rotated" in [moment["kind"] for moment in told]
        otter.wait_for("its token is another one", rotated, 60)
        rollout = boards.rollout(boards.publish("1.1.0"))
        device.wait_for_line("^app: 1.1.0 slot B")
        device.wait_for_line("^app: confirmed")
        boards.until(rollout, succeeded=1)
    finally:
        boards.stop()
