"""What `imgtool sign` is asked for, and what a device must say of it. Shared by those who make and those who judge.

Each case is a vector of its own below manifests/vectors/image, named imgtool-<case>, so that the unit tests (BearSSL
and OpenSSL) and every other reader of the vectors judge it, too. All slots here are of 6 KB, so that padded images are small:
a trailer lies at the slot's end, wherever that is."""

import pathlib
import struct

ROOT = pathlib.Path(__file__).resolve().parents[3]
VECTORS = ROOT / "manifests" / "vectors"
KEYS = VECTORS / "keys"
KEY, OTHER_KEY = KEYS / "test-only-image-1.pem", KEYS / "test-only-image-2.pem"
SLOT_SIZE = 0x1800
BASES = {"A": 0x08020000, "B": 0x08120000}
QEMU = {"A": 0x21020000, "B": 0x21120000}  # mps2-an386
FIRMWARE = bytes((i * 73 + 11) & 0xFF for i in range(1000))
COMMON = ["--align", "4", "-S", hex(SLOT_SIZE), "--pad-header"]
A, B = ["-F", hex(BASES["A"])], ["-F", hex(BASES["B"])]
H = ["-H", "0x200"]

# name -> (what it shows, options, status expected, what must be read from it)
CASES = {
    "plain": ("unpadded, no counter", [*H, *A, "-v", "1.2.3+4"], "ok", {"version": "1.2.3+4"}),
    "counter": ("-s N", [*H, *A, "-v", "1.2.3", "-s", "9"], "ok", {"version": "1.2.3", "counter": 9}),
    "counter-auto": ("-s auto: from the version, its build left out", [*H, *A, "-v", "1.2.3+4", "-s", "auto"], "ok",
                     {"counter": 1 << 24 | 2 << 16 | 3}),
    "header-32": ("the smallest header", ["-H", "0x20", *A, "-v", "1.0.0"], "ok", {}),
    "header-1024": ("as H743 needs it", ["-H", "0x400", *A, "-v", "1.0.0", "-s", "1"], "ok", {"counter": 1}),
    "header-2048": ("more than any of our boards needs", ["-H", "0x800", *B, "-v", "1.0.0"], "ok", {}),
    "any-place": ("no ROM_FIXED", [*H, "-v", "1.0.0"], "ok", {}),
    "version-edges": ("the largest version", [*H, *A, "-v", "255.255.65535+4294967295"], "ok",
                      {"version": "255.255.65535+4294967295"}),
    "pad-a": ("--pad for slot A", [*H, *A, "-v", "1.0.0", "--pad"], "ok", {}),
    "pad-b": ("--pad -s for slot B", [*H, *B, "-v", "2.0.0", "-s", "7", "--pad"], "ok", {"counter": 7}),
    "pad-b-1024": ("--pad with a larger header", ["-H", "0x400", *B, "-v", "2.1.0", "--pad"], "ok", {}),
    "pad-b-any": ("--pad without ROM_FIXED", [*H, "-v", "2.2.0", "--pad"], "ok", {}),
    "pad-b-32": ("--pad with a header whose vectors a Cortex-M4 cannot take", ["-H", "0x20", *B, "-v", "2.3.0", "--pad"],
                 "ok", {}),
    "test-b": ("--test", [*H, *B, "-v", "2.4.0", "--test"], "ok", {}),
    "confirm-b": ("--confirm", [*H, *B, "-v", "2.5.0", "--confirm"], "ok", {}),
    "entries": ("protected entries of others", [*H, *A, "-v", "1.0.0", "-s", "3", "--custom-tlv", "0x00a1", "0xcafe",
                                                "--custom-tlv", "0x0fb0", "text", "-d", "(1,1.0.0+0)",
                                                "--vid", "example.org", "--cid", "board"], "ok", {"counter": 3}),
    "selftest": ("our self-test entry, written by imgtool", [*H, *A, "-v", "1.0.0", "--custom-tlv", "0x4fa0", "0x0232"],
                 "ok", {"selftest": 2, "percent": 50}),
    # For the board in QEMU, with a program that does nothing, for ever.
    "qemu-a": ("for slot A", [*H, "-F", hex(QEMU["A"]), "-v", "1.0.0"], "ok", {}),
    "qemu-pad-b": ("--pad for slot B", [*H, "-F", hex(QEMU["B"]), "-v", "2.0.0", "--pad"], "ok", {}),
    "qemu-pad-b-1024": ("--pad -s with a larger header", ["-H", "0x400", "-F", hex(QEMU["B"]), "-v", "2.1.0", "-s", "3", "--pad"],
                        "ok", {"counter": 3}),
    # What imgtool makes and a device of ours does not take.
    "full-key": ("the key itself instead of its hash", [*H, *A, "-v", "1.0.0", "--public-key-format", "full"],
                 "image-tlv", {}),
    "big-endian": ("for another kind of core", [*H, *A, "-v", "1.0.0", "-e", "big"], "image-magic", {}),
    "ram-load": ("to be copied into RAM", [*H, "-L", "0x20000000", "-v", "1.0.0"], "image-flags", {}),
    "non-bootable": ("data", [*H, *A, "-v", "1.0.0", "--non-bootable"], "image-flags", {}),
}  # fmt: skip


def firmware(name):
    if not name.startswith("qemu-"):
        return FIRMWARE
    options = CASES[name][1]
    base, header = (int(options[options.index(flag) + 1], 0) for flag in ("-F", "-H"))
    # Stack, reset, NMI (the watchdog's first word) and all other vectors; a branch to itself.
    return struct.pack("<16I", 0x20010000, *[base + header + 64 | 1] * 15) + struct.pack("<H", 0xE7FE) * 8


def words(name):
    """The options of `imgtool sign` behind -k KEY, without the two files."""
    return [*COMMON, *CASES[name][1]]


def said(name, version):
    """The command line as people type it."""
    key = KEY.relative_to(ROOT)
    quoted = ["'%s'" % w if any(c in w for c in "() ") else w for w in words(name)]
    return "imgtool %s: imgtool sign -k %s %s firmware.bin %s.img" % (version, key, " ".join(quoted), name)
