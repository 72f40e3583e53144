"""The bootloader and its board (device-fw/bootloader, device-fw/ports/mps2) in QEMU, really executed. In the slots: a
program that does one thing to the board (device-fw/ports/mps2/probe.c), since no server has a part in any of this."""

import struct

import otter
import pytest
import qemu

PROBE = {slot: otter.FIRMWARE / qemu.HARDWARE / f"probe-{slot.lower()}.bin" for slot in "AB"}
# Where things lie in the flash file (device-fw/port/maps.c).
JOURNAL, FACTORY, SLOT, SLOT_SIZE = 0x8000, 0x10000, {"A": 0x20000, "B": 0x120000}, 896 << 10
CONTROL = qemu.FLASH_SIZE - 0x1000
PAD_MAGIC = bytes.fromhex("77c295f360d2ef7f3552500f2cb67980")
# Time runs by instructions, 1 us each, and a sleep takes none: 8 s of a watchdog pass at once.
FAST = ["-icount", "shift=10,sleep=off"]


class Shelf:
    """Keys, factory data and signed images, made once."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("root", "release", "offer", "image", "foreign"):
            self.otter("key", "new", "--out", folder / f"{name}.key")
        self.otter("root", "new", "--root-key", self.pub("root"), "--release-key", self.pub("release"), "--offer-key",
                   self.pub("offer"), "--out", folder / "root.json")
        self.otter("root", "sign", folder / "root.json", "--key", folder / "root.key")
        self.factory = folder / "factory.bin"
        self.otter("device", "provision", "--no-register", "--id", "dev-1", "--product", otter.PRODUCT, "--hardware",
                   qemu.HARDWARE, "--root", folder / "root.json", "--image-key", self.pub("image"), "--url",
                   f"http://{qemu.HOST}:1", "--out", self.factory)

    def otter(self, *args):
        return otter.run([otter.OTTER, *args])

    def pub(self, name):
        return self.folder / f"{name}.key.pub"

    def image(self, slot, version="1.0.0", *options, key="image", linked=None):
        out = self.folder / f"{slot}-{linked or slot}-{version}-{key}-{'-'.join(options).strip('-')}.img"
        if not out.exists():
            self.otter("image", "sign", "--key", self.folder / f"{key}.key", "--version", version, "--hardware", qemu.HARDWARE,
                       "--slot", linked or slot, *options, PROBE[linked or slot], out)
        return out


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    return Shelf(tmp_path_factory.mktemp("shelf"))


class Board(qemu.Device):
    """A device whose flash file the test looks into, and changes."""

    def __init__(self, folder, shelf, slot_a, slot_b=None, **options):
        super().__init__(qemu.mkflash(folder / "flash.bin", shelf.factory, slot_a, slot_b), options)

    def peek(self, at, size):
        with open(self.flash, "rb") as flash:
            flash.seek(at)
            return flash.read(size)

    def poke(self, at, data):
        with open(self.flash, "r+b") as flash:
            flash.seek(at)
            flash.write(data)

    def flip(self, slot, offset=0x1000):
        self.poke(SLOT[slot] + offset, bytes([self.peek(SLOT[slot] + offset, 1)[0] ^ 1]))

    def pad(self, slot):
        """As `imgtool sign --pad` does."""
        self.poke(SLOT[slot] + SLOT_SIZE - len(PAD_MAGIC), PAD_MAGIC)

    def act(self, name=None):
        """What the program in the slot is to do from the next start on."""
        self.options = {key: value for key, value in self.options.items() if key != "probe"}
        if name:
            self.options["probe"] = name

    def boots(self, row, slot):
        self.wait_for_line(f"^boot: row {row} slot {slot}$")
        self.wait_for_line(f"^boot: jump 0x{0x21000000 + SLOT[slot] + 0x200:08x}$")
        return self.wait_for_line(f"^probe: slot {slot} ").string


@pytest.fixture
def board(tmp_path, shelf):
    made = []

    def make(*args, **options):
        made.append(Board(tmp_path, shelf, *args, **options))
        return made[-1]
    yield make
    for device in made:
        device.stop()


# --- which image

def test_the_first_boot_takes_a_and_remembers_it(board, shelf):
    device = board(shelf.image("A"), shelf.image("B"))
    with device.start():
        assert device.boots("first-a", "A").endswith("confirmed 0 handed slot A cause power")
    with device.start():
        device.wait_for_line("^boot: cause power$")
        device.boots("confirmed", "A")
    assert not device.count("^boot: slot")


def test_the_first_boot_takes_b_when_a_is_damaged(board, shelf):
    device = board(shelf.image("A"), shelf.image("B"))
    device.flip("A")
    with device.start():
        device.wait_for_line("^boot: slot A image-hash$")
        assert device.boots("first-b", "B").endswith("confirmed 0 handed slot B cause power")


def test_the_signature_is_checked_at_every_boot(board, shelf):
    """What booted yesterday is damaged today: the other slot's image takes over, and stays."""
    device = board(shelf.image("A"), shelf.image("B"))
    with device.start():
        device.boots("first-a", "A")
    device.flip("A")
    with device.start():
        device.wait_for_line("^boot: slot A image-hash$")
        device.boots("fallback", "B")
    with device.start():
        device.boots("confirmed", "B")


@pytest.mark.parametrize("make, why", [
    (lambda shelf: shelf.image("A", key="foreign"), "image-key-unknown"),
    (lambda shelf: shelf.image("A", linked="B"), "image-link"),
])
def test_an_image_of_another_key_or_link_is_refused(board, shelf, make, why):
    device = board(make(shelf), shelf.image("B"))
    with device.start():
        device.wait_for_line(f"^boot: slot A {why}$")
        device.boots("first-b", "B")


def test_an_image_below_the_counter_floor_is_never_booted(board, shelf):
    device = board(shelf.image("A", "2.0.0", "--security-counter", "7"), shelf.image("B", "1.0.0", "--security-counter", "6"))
    with device.start():
        device.boots("first-a", "A")
    device.flip("A")
    device.pad("B")
    with device.start():
        device.wait_for_line("^boot: slot A image-hash$")
        device.wait_for_line("^boot: slot B image-floor$")
        device.wait_for_line("^boot: nothing bootable$")


# --- nothing to boot

def test_with_nothing_bootable_it_says_why_erases_nothing_and_looks_again(board, shelf):
    device = board(shelf.image("A"))
    device.flip("A")
    with device.start():
        device.wait_for_line("^boot: slot A image-hash$")
        device.wait_for_line("^boot: slot B image-magic$")
        device.wait_for_line("^boot: nothing bootable$")
        before = device.peek(0, CONTROL)
        # A debugger puts an image there: the next look finds it.
        device.poke(SLOT["B"], shelf.image("B").read_bytes())
        device.boots("first-b", "B")
        after = device.peek(0, CONTROL)
    assert device.count("^boot: cause") == 1
    unchanged = [(0, JOURNAL), (FACTORY, SLOT["B"])]
    assert all(before[a:b] == after[a:b] for a, b in unchanged)


def test_nothing_bootable_can_end_the_process(board, shelf):
    device = board(shelf.image("A"), exit_on="nothing")
    device.flip("A")
    with device.start():
        assert device.exit_status() == 0
    assert device.count("^boot: nothing bootable$") == 1


def test_without_factory_data_nothing_is_authentic(board, shelf):
    device = board(shelf.image("A"))
    device.poke(FACTORY, b"\xff" * 16)
    with device.start():
        device.wait_for_line("^boot: factory bad-encoding$")
        device.wait_for_line("^boot: slot A image-key-unknown$")
        device.wait_for_line("^boot: nothing bootable$")


# --- trials

def test_a_padded_image_is_tried_thrice_and_reverted(board, shelf):
    device = board(shelf.image("A"), shelf.image("B", "2.0.0"))
    with device.start():
        device.boots("first-a", "A")
    device.pad("B")
    device.act("reset")
    with device.start():
        for boot in (1, 2, 3):
            said = device.boots("trial", "B")
            assert f"slot B trial {boot} handed slot B cause {'power' if boot == 1 else 'software'}" in said
        device.wait_for_line("^boot: slot B trial-deadline$")
        device.boots("confirmed", "A")
    device.act()
    with device.start():
        device.wait_for_line("^boot: slot B rejected-before$")
        device.boots("confirmed", "A")


def test_a_trial_that_hangs_is_reset_by_the_watchdog_and_reverted(board, shelf):
    device = board(shelf.image("A"), shelf.image("B", "2.0.0"))
    with device.start():
        device.boots("first-a", "A")
    device.pad("B")
    device.act("hang")
    device.extra = FAST
    with device.start():
        for boot in (1, 2, 3):
            assert f"trial {boot} handed" in device.boots("trial", "B")
            device.wait_for_line("^boot: cause watchdog$")
        device.wait_for_line("^boot: slot B watchdog$")
        device.boots("confirmed", "A")


# --- the board

@pytest.mark.parametrize("act, fault", [
    ("stray-slot", r"cfsr 0x00000082 address 0x21120000 pc 0x2102"),
    ("stray-journal", r"cfsr 0x00000082 address 0x21008000 pc 0x2102"),
    ("stray-null", r"cfsr 0x00000082 address 0x00000000 pc 0x2102"),
    ("overflow", r"cfsr 0x000000(82 address 0x2000|10|92)"),
    ("undefined", r"cfsr 0x00010000 pc 0x2102"),
])
def test_what_must_not_happen_is_a_fault_that_is_told_and_resets(board, shelf, act, fault):
    device = board(shelf.image("A"), shelf.image("B"), probe=act)
    before = shelf.image("B").read_bytes()
    with device.start():
        device.wait_for_line(f"^fault: exception 3 {fault}")
        device.wait_for_line("^boot: cause software$")
        device.boots("confirmed", "A")
    assert device.peek(SLOT["B"], len(before)) == before
    assert not device.count("the store went through")


@pytest.mark.parametrize("act, said", [
    ("flash", "^probe: flash: keeps its contract$"),
    ("protected", "^probe: protected$"),
    ("random", "^probe: random$"),
    ("sleep", "^probe: slept$"),
])
def test_the_board_keeps_what_it_promises(board, shelf, act, said):
    device = board(shelf.image("A"), probe=act)
    with device.start():
        device.wait_for_line(said)
        device.wait_for_line("^probe: at rest$")
    assert device.count("^boot: cause") == 1


def test_a_program_that_feeds_late_but_in_time_is_left_alone(board, shelf):
    device = board(shelf.image("A"), probe="late")
    device.extra = FAST
    with device.start():
        device.wait_for_line("^probe: fed$")
    assert device.count("^boot: cause") == 1


def test_the_cause_of_each_reset_is_told(board, shelf):
    device = board(shelf.image("A"), probe="reset")
    with device.start():
        device.wait_for_line("^boot: cause power$")
        device.wait_for_line("cause power$")
        device.wait_for_line("^boot: cause software$")
        assert device.boots("confirmed", "A").endswith("cause software")
    device.act("hang")
    device.extra = FAST
    with device.start():
        device.wait_for_line("^boot: cause power$")
        device.wait_for_line("^boot: cause watchdog$")
        assert device.boots("confirmed", "A").endswith("cause watchdog")


def test_a_reset_can_end_the_process(board, shelf):
    device = board(shelf.image("A"), probe="reset", exit_on="reset")
    with device.start():
        assert device.exit_status() == 0
    assert device.count("^boot: cause power$") == 1


def test_the_clients_times_are_set_by_name(board, shelf):
    device = board(shelf.image("A"), probe="tune", backoff_first_ms=1000, stale_after_s=(1 << 32) - 1)
    with device.start():
        said = device.wait_for_line("^probe: times (.*)").group(1)
    assert [int(value, 0) for value in said.split()] == [1, 2, 1000, 4, 5, 6, (1 << 32) - 1]
    assert not device.count("not understood")


def test_an_option_that_is_not_understood_is_said_and_passed_over(board, shelf):
    wrong = {"nonsense": 1, "inactivity_ms": "soon", "trial_poll_ms": 1 << 32, "exit_on": "monday", "trial_poll": 3,
             "min_bytes_per_s": "", "backoff_max_msx": 5}
    device = board(shelf.image("A"), probe="tune", trial_deadline_ms=50, **wrong)
    with device.start():
        said = device.wait_for_line("^probe: times (.*)").group(1)
    assert [int(value, 0) for value in said.split()] == [1, 2, 3, 4, 50, 6, 7]
    for name, value in wrong.items():
        assert device.count(f"^option not understood: {name}={value}$") == 1


# --- power cuts (test_qemu_cuts.py has them by the hundred)

def control(device):
    return dict(zip(("magic", "operations", "cut_at", "seed", "fired"), struct.unpack("<5I", device.peek(CONTROL, 20))))


@pytest.mark.parametrize("cut_at, seed", [(1, 1), (2, 2), (3, 3)])
def test_the_power_is_cut_at_the_operation_named(board, shelf, cut_at, seed):
    device = board(shelf.image("A"))
    device.poke(CONTROL + 8, struct.pack("<2I", cut_at, seed))
    with device.start():
        assert device.exit_status() == qemu.EXIT_CUT
    assert control(device) == {"magic": 0x4f545443, "operations": cut_at, "cut_at": cut_at, "seed": seed, "fired": 1}
    with device.start():
        device.boots("first-a", "A")
    assert control(device)["operations"] > cut_at


def test_the_same_seed_tears_the_same_bits(tmp_path, board, shelf):
    torn = []
    for seed in (5, 5, 6):
        device = board(shelf.image("A"))
        device.log.unlink(missing_ok=True)
        device.poke(CONTROL + 8, struct.pack("<2I", 4, seed))
        with device.start():
            assert device.exit_status() == qemu.EXIT_CUT
        torn.append(device.peek(JOURNAL, FACTORY - JOURNAL))
    assert torn[0] == torn[1] != torn[2]
