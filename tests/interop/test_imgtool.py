"""imgtool, MCUboot's own tool, and ours take each other's images: byte for byte, and bit for bit.

What imgtool made once lies in manifests/vectors/image/imgtool-*.json, where the unit tests judge it by both crypto
adapters and boot it (tests/unit/boot/test_imgtool.c); its verdicts on bit flips lie beside flips.py. The tests marked
`imgtool` make everything afresh, by the imgtool of the venv that OTTER_IMGTOOL names."""

import base64
import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent / "imgtool"
sys.path.insert(0, str(HERE))
import cases  # noqa: E402
import flips  # noqa: E402
import make  # noqa: E402

SLOT = 896 * 1024
OURS = [("0x20", []), ("0x200", []), ("0x200", ["--pad"]), ("0x400", ["--security-counter", "7"]),
        ("0x400", ["--security-counter", "auto", "--pad"]), ("0x800", ["--security-counter", "none", "--selftest", "hang=30"]),
        ("0x800", ["--security-counter", "none", "--pad"])]
needs_imgtool = pytest.mark.imgtool


def run(*words, expect=0, cwd=None):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, errors="replace", timeout=300, cwd=cwd)
    assert expect is None or done.returncode == expect, f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def otter(*words, **more):
    return run(os.environ["OTTER_BIN"], *words, **more)


def imgtool(*words, **more):
    return run(pathlib.Path(os.environ["OTTER_IMGTOOL"]) / "bin/imgtool", *words, **more)


def judge_flips(*words, python=sys.executable):
    result = json.loads(run(python, "-B", HERE / "flips.py", *words).stdout)
    assert result["wrong"] == [] and result["flips"] == 2000
    assert result["accepted"] + result["refused"] == 2000 and result["accepted"] > 100 and result["refused"] > 1000
    # The frame of the unprotected entries: each place is one where imgtool lets pass what the device refuses.
    assert all(int(count.split()[0]) > 0 for count in result["open"].values()), result["open"]


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    path = tmp_path_factory.mktemp("keys") / "image.pub"
    run("openssl", "pkey", "-in", cases.KEY, "-pubout", "-out", path)
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """All cases, by imgtool, now."""
    folder = tmp_path_factory.mktemp("imgtool")
    return folder, make.make(os.environ["OTTER_IMGTOOL"], folder)


def firmware(folder):
    path = folder / "firmware.bin"
    path.write_bytes(cases.FIRMWARE)
    return path


def secret(folder):
    """The committed key as otter wants a secret to be kept."""
    path = folder / "image.key"
    path.write_bytes(cases.KEY.read_bytes())
    path.chmod(0o600)
    return path


def test_every_case_is_committed_as_imgtool_made_it():
    committed = {p.stem.removeprefix("imgtool-") for p in (cases.VECTORS / "image").glob("imgtool-*.json")}
    assert committed == set(cases.CASES)
    pinned = next(line for line in (HERE / "requirements.txt").read_text().splitlines() if line.startswith("imgtool=="))
    for name in cases.CASES:
        vector = json.loads((cases.VECTORS / "image" / f"imgtool-{name}.json").read_text())
        assert vector["expect"] == cases.CASES[name][2]
        assert cases.said(name, pinned.removeprefix("imgtool==")) in vector["about"]


def test_on_2000_bit_flips_the_device_says_what_imgtool_has_said():
    judge_flips("--noted", os.environ["OTTER_VERDICTS"])


@needs_imgtool
def test_on_2000_bit_flips_of_fresh_images_imgtool_and_the_device_agree(made):
    judge_flips(os.environ["OTTER_VERDICTS"], made[0], python=pathlib.Path(os.environ["OTTER_IMGTOOL"]) / "bin/python")


@needs_imgtool
@pytest.mark.parametrize("name", cases.CASES)
def test_what_imgtool_signs_is_verified_and_read(made, public, name):
    path = made[0] / f"{name}.img"
    _, words, status, decoded = cases.CASES[name]
    if name != "big-endian":  # which it makes, and does not read
        imgtool("verify", "-k", cases.KEY, path)
    if status != "ok":
        assert f": {status}: " in otter("image", "verify", "--key", public, path, expect=1).stderr
        return
    otter("image", "verify", "--key", public, path)
    info = json.loads(otter("image", "info", path, "--json").stdout)
    told = {"version": info["version"], "counter": info.get("security_counter")}
    assert {k: told[k] for k in told if k in decoded} == {k: v for k, v in decoded.items() if k in told}
    assert info["header_size"] == int(words[words.index("-H") + 1], 0)
    assert info["padded"] == ("pad" in name or "--test" in words or "--confirm" in words)
    assert info.get("link") == (int(words[words.index("-F") + 1], 0) if "-F" in words else None)


def signature_of(data):
    return next(data[first:behind] for name, first, behind in flips.fields(data) if name == "signature")


@needs_imgtool
@pytest.mark.parametrize("name", [n for n in cases.CASES if n.startswith(("pad-", "test-", "confirm-"))])
def test_the_trailer_is_the_same_at_the_end_of_a_slot_of_any_size(made, tmp_path, name):
    """So that a committed image of a slot of 6 KB stands for that of a real slot, stretched."""
    small, big = made[1][name], tmp_path / "big.img"
    words = [hex(SLOT) if w == hex(cases.SLOT_SIZE) else w for w in cases.words(name)]
    digest, signature = tmp_path / "digest", tmp_path / "signature"
    imgtool("sign", "--vector-to-sign", "digest", "-k", cases.KEY, *words, firmware(tmp_path), digest)
    signature.write_text(base64.b64encode(signature_of(small)).decode())
    run("openssl", "pkey", "-in", cases.KEY, "-pubout", "-out", tmp_path / "key.pub")
    imgtool("sign", "--fix-sig", signature, "--fix-sig-pubkey", tmp_path / "key.pub", *words, tmp_path / "firmware.bin", big)
    cut = cases.SLOT_SIZE - 1584
    assert big.read_bytes() == small[:cut] + b"\xff" * (SLOT - cases.SLOT_SIZE) + small[cut:]


@needs_imgtool
@pytest.mark.parametrize("header, options", OURS)
def test_what_otter_signs_is_verified_and_read_by_imgtool(tmp_path, header, options):
    out, told = tmp_path / "ours.img", tmp_path / "told.json"
    otter("image", "sign", "--key", secret(tmp_path), "--version", "1.2.3+4", "--align", 4, "--slot-size", SLOT, "--header-size",
          header, "--rom-fixed", "0x08120000", *options, firmware(tmp_path), out)
    said = imgtool("verify", "-k", cases.KEY, out).stdout
    assert "Image was correctly validated" in said and "Image version: 1.2.3+4" in said
    assert imgtool("verify", "-k", cases.OTHER_KEY, out, expect=None).returncode != 0
    imgtool("dumpinfo", "-f", "json", "-o", told, out)
    dump = json.loads(told.read_text())
    assert dump["header"]["hdr_size"] == int(header, 0) and dump["header"]["load_addr"] == 0x08120000
    assert bool(dump["trailer"]) == ("--pad" in options)


@needs_imgtool
@pytest.mark.parametrize("align", [1, 2, 4, 8, 16, 32])
@pytest.mark.parametrize("pad", [[], ["--pad"]])
def test_with_one_signature_both_make_the_same_bytes(tmp_path, public, align, pad):
    """Signed elsewhere: both give the same digest to sign, and the same image around its signature."""
    path = firmware(tmp_path)
    theirs = ["--align", align, *(["--max-align", align] if align > 8 else []), "-S", "0x8000", "--pad-header", "-H", "0x200",
              "-F", "0x08020000", "-v", "1.2.3+4", "-s", "9"]
    ours = ["--align", align, "--slot-size", "0x8000", "--pad-header", "--header-size", "0x200", "--rom-fixed",
            "0x08020000", "--version", "1.2.3+4", "--security-counter", "9"]
    digest = [tmp_path / "theirs.digest", tmp_path / "ours.digest"]
    imgtool("sign", "--vector-to-sign", "digest", "-k", cases.KEY, *theirs, path, digest[0])
    otter("image", "sign", "--vector-to-sign", "digest", *ours, path, digest[1])
    assert digest[0].read_bytes() == digest[1].read_bytes()
    signature, text = tmp_path / "signature.der", tmp_path / "signature.txt"
    run("openssl", "pkeyutl", "-sign", "-inkey", cases.KEY, "-in", digest[0], "-out", signature)
    text.write_text(base64.b64encode(signature.read_bytes()).decode())
    fixed = ["--fix-sig", text, "--fix-sig-pubkey", public]
    imgtool("sign", *fixed, *theirs, *pad, path, tmp_path / "theirs.img")
    otter("image", "sign", *fixed, *ours, *pad, path, tmp_path / "ours.img")
    assert (tmp_path / "theirs.img").read_bytes() == (tmp_path / "ours.img").read_bytes()
    imgtool("verify", "-k", cases.KEY, tmp_path / "ours.img")
    otter("image", "verify", "--key", public, tmp_path / "theirs.img")


@needs_imgtool
def test_fresh_images_boot_in_qemu_and_the_padded_one_is_tried(tmp_path, public):
    """The ARM bootloader; in the slots a program that says where it runs (device-fw/ports/mps2/probe.c)."""
    sys.path.insert(0, str(cases.ROOT / "tests/support"))
    import qemu

    for slot, options in {"a": ["-s", "3"], "b": ["-s", "auto", "--pad"]}.items():
        imgtool("sign", "-k", cases.KEY, "--align", 4, "-S", SLOT, "--pad-header", "-H", "0x200", "-F", hex(cases.QEMU[slot.upper()]),
                "-v", "1.0.0", *options, cases.ROOT / f"build/fw/{qemu.HARDWARE}/probe-{slot}.bin", tmp_path / f"{slot}.img")
    for name in ("root", "release", "offer"):
        otter("key", "new", "--out", tmp_path / f"{name}.key")
    otter("root", "new", "--root-key", tmp_path / "root.key.pub", "--release-key", tmp_path / "release.key.pub",
          "--offer-key", tmp_path / "offer.key.pub", "--out", tmp_path / "root.json")
    otter("root", "sign", tmp_path / "root.json", "--key", tmp_path / "root.key")
    otter("device", "provision", "--no-register", "--id", "dev-1", "--product", "pump", "--hardware", qemu.HARDWARE, "--root",
          tmp_path / "root.json", "--image-key", public, "--url", f"http://{qemu.HOST}:1", "--out", tmp_path / "factory.bin")
    flash = qemu.mkflash(tmp_path / "flash.bin", tmp_path / "factory.bin", tmp_path / "a.img", tmp_path / "b.img")
    device = qemu.Device(flash)
    for row, slot in (("first-a", "A"), ("trial", "B"), ("trial", "B"), ("trial", "B"), ("confirmed", "A")):
        with device.start():
            device.wait_for_line(f"^boot: row {row} slot {slot}$")
            device.wait_for_line(f"^probe: slot {slot} ")
