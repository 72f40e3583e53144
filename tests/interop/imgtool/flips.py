#!/usr/bin/env python3
"""2,000 random bit flips on which imgtool and a device must agree, each one.

flips.py VERDICTS [FOLDER]   judges them by imgtool, in this process (run it by the Python of a venv that has imgtool), and by
                             VERDICTS (build/asan/tests/support/image-verdicts). Images are the committed vectors, or
                             FOLDER's <case>.img
flips.py --write             notes what imgtool says of the committed vectors' flips in flips.json
flips.py --noted VERDICTS    compares with those notes; needs no imgtool, any Python will do

Prints one JSON object: flips, refused (by both), accepted (by both), open (place -> how many bits imgtool lets pass of how many),
wrong (what must be empty).

The flips lie in what both tools claim to judge: header, payload, protected entries, the magic of the entries, hash and
signature; and behind the last entry, in padding and trailer of the slot, where both must accept. The frame of the unprotected
entries (OPEN) is no matter of chance: there imgtool lets pass what a device refuses, so each of its bits is flipped,
and the device must refuse them all."""

import base64
import json
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cases  # noqa: E402

NOTES = pathlib.Path(__file__).with_name("flips.json")
SEED, FLIPS = 20261123, 2000
IMAGES = ("counter", "header-1024", "entries", "pad-b", "any-place")
HASH, KEY_HASH, SIGNATURE = 0x10, 0x01, 0x22
ENTRY = {HASH: "hash", KEY_HASH: "key-hash", SIGNATURE: "signature"}

# The unprotected entries are framed by bytes that no signature covers, and imgtool reads only as much of them as it needs
# to find a good signature by the key that it is given. A bootloader has no such hint, and takes no image that is not whole:
OPEN = {
    "total": "the area's length: imgtool ends at the signature and does not ask whether the area ends there, too",
    "key-hash": "its value, which names the key: imgtool is told the key and does not look; a device knows no such key",
    "key-hash-head": "the entry that holds it: imgtool passes over it whatever it is",
    "hash-head": "its type: imgtool reads the low byte alone, and does without a hash where it finds none",
    "signature-head": "its type: imgtool reads the low byte alone",
}


def committed(name):
    text = json.loads((cases.VECTORS / "image" / ("imgtool-%s.json" % name)).read_text())["image"]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def fields(data):
    """[(name, first byte, byte behind)] of the whole file, in order."""
    header, protected, size = struct.unpack_from("<HHI", data, 8)
    at = header + size + protected
    parts = [("signed", 0, at), ("magic", at, at + 2), ("total", at + 2, at + 4)]
    end, at = at + struct.unpack_from("<H", data, at + 2)[0], at + 4
    while at < end:
        kind, length = struct.unpack_from("<HH", data, at)
        parts += [(ENTRY[kind] + "-head", at, at + 4), (ENTRY[kind], at + 4, at + 4 + length)]
        at += 4 + length
    return [*parts, ("behind", end, len(data))]


def place(parts, byte):
    return next(name for name, first, behind in parts if first <= byte < behind)


def draw(images):
    """[(image, bit)]: half over whole files, half over header and entries, where the decisions are made."""
    rng = random.Random(SEED)
    flips = []
    while len(flips) < FLIPS:
        name = IMAGES[len(flips) % len(IMAGES)]
        data, parts = images[name], fields(images[name])
        header, _, size = struct.unpack_from("<HHI", data, 8)
        entries = range(header + size, parts[-1][1])
        byte = rng.randrange(len(data)) if len(flips) % 2 else rng.choice([*range(32), *entries])
        if place(parts, byte) not in OPEN:
            flips.append((name, byte * 8 + rng.randrange(8)))
    return flips


def open_bits(images):
    return [(name, bit) for name in IMAGES for what, first, behind in fields(images[name]) if what in OPEN
            for bit in range(first * 8, behind * 8)]  # fmt: skip


def flipped(data, bit):
    return data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :]


def by_imgtool(images, flips):
    from imgtool import image, keys

    key, accepted = keys.load(str(cases.KEY)), []
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "flipped.img"
        for n, (name, bit) in enumerate(flips):
            path.write_bytes(flipped(images[name], bit))
            try:
                if image.Image.verify(str(path), key)[0] == image.VerifyResult.OK:
                    accepted.append(n)
            except (struct.error, IndexError, ValueError):
                pass  # its way of refusing what it cannot read
    return accepted


def by_device(verdicts, images, flips):
    """Status names. The key goes by its SubjectPublicKeyInfo, as openssl writes it."""
    spki = subprocess.run(["openssl", "pkey", "-in", str(cases.KEY), "-pubout", "-outform", "DER"], check=True,
                          capture_output=True, timeout=60).stdout  # fmt: skip
    data = [flipped(images[name], bit) if bit is not None else images[name] for name, bit in flips]
    done = subprocess.run([verdicts, spki.hex()], input=b"".join(struct.pack("<I", len(d)) + d for d in data),
                          check=True, capture_output=True, timeout=600)  # fmt: skip
    return done.stdout.decode().split()


def compare(images, flips, accepted, statuses):
    result = {"flips": len(flips), "accepted": 0, "refused": 0, "wrong": []}
    for n, ((name, bit), status) in enumerate(zip(flips, statuses, strict=True)):
        where = place(fields(images[name]), bit // 8)
        theirs, ours = n in accepted, status == "ok"
        if "/" in status or status == "internal" or theirs != ours or ours != (where == "behind"):
            result["wrong"].append("%s, bit %d (%s): imgtool %s it, the device says %s"
                                   % (name, bit, where, "accepts" if theirs else "refuses", status))  # fmt: skip
        result["accepted" if ours else "refused"] += 1
    return result


def compare_open(images, flips, accepted, statuses, result):
    counts = {where: [0, 0] for where in OPEN}
    for n, ((name, bit), status) in enumerate(zip(flips, statuses, strict=True)):
        where = place(fields(images[name]), bit // 8)
        counts[where][0] += n in accepted
        counts[where][1] += 1
        if "/" in status or status in ("ok", "internal"):
            result["wrong"].append("%s, bit %d (%s): the device says %s" % (name, bit, where, status))
    result["open"] = {where: "%d of %d" % tuple(pair) for where, pair in counts.items()}


def judge(verdicts, images, noted):
    flips, frame = draw(images), open_bits(images)
    notes = json.loads(NOTES.read_text()) if noted else notes_of(images)
    result = compare(images, flips, set(notes["accepted"]), by_device(verdicts, images, flips))
    compare_open(images, frame, set(notes["open"]), by_device(verdicts, images, frame), result)
    whole = by_device(verdicts, images, [(name, None) for name in IMAGES])
    result["wrong"] += ["%s, as made: %s" % pair for pair in zip(IMAGES, whole) if pair[1] != "ok"]
    return result


def notes_of(images):
    """What imgtool accepts, by the flips' numbers."""
    return {"seed": SEED, "accepted": by_imgtool(images, draw(images)), "open": by_imgtool(images, open_bits(images))}


def main():
    if sys.argv[1:] == ["--write"]:
        images = {name: committed(name) for name in IMAGES}
        NOTES.write_text(json.dumps(notes_of(images)) + "\n")
        return
    noted = sys.argv[1] == "--noted"
    words = sys.argv[2:] if noted else sys.argv[1:]
    folder = pathlib.Path(words[1]) if len(words) > 1 else None
    images = {name: (folder / (name + ".img")).read_bytes() if folder else committed(name) for name in IMAGES}
    print(json.dumps(judge(words[0], images, noted), indent=1))


if __name__ == "__main__":
    main()
