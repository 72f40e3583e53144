"""Documents and images made by the `otter` binary that OTTER_BIN names, with what was asked of it."""

import hashlib
import json
import os
import pathlib
import subprocess
import types

from cryptography.hazmat.primitives import serialization

import otterspec as o

BASES = {"A": 0x08020000, "B": 0x08120000}
ROM = bytes((i * 31 + 7) & 0xFF for i in range(5000))


def binary():
    return os.environ.get("OTTER_BIN")


def otter(folder, *words):
    done = subprocess.run([binary(), *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise SystemExit("otter %s: exit %d: %s" % (" ".join(map(str, words)), done.returncode, done.stderr.strip()))
    return done.stdout


def public(path):
    return serialization.load_pem_private_key(pathlib.Path(path).read_bytes(), None).public_key()


def new_key(folder, name):
    otter(folder, "key", "new", "--out", name)
    return name


# What `otter image sign` is asked for, and what must come out. Options of the F429 map, spelled out.
IMAGES = {
    "plain": (["--version", "1.2.3+4", "--security-counter", "9"], {"version": "1.2.3+4", "counter": 9, "selftest": None}),
    "selftest fail": (["--version", "1.2.3", "--selftest", "fail"], {"version": "1.2.3+0", "counter": 0, "selftest": [1, 100]}),
    "selftest hang=30": (["--version", "0.0.1", "--selftest", "hang=30"], {"version": "0.0.1+0", "selftest": [2, 30]}),
    "no counter": (["--version", "255.255.65535+4294967295", "--security-counter", "none"],
                   {"version": "255.255.65535+4294967295", "counter": None, "protected_size": 0}),
}  # fmt: skip


def sign_image(folder, name, slot, words):
    """The image's bytes, and the fields that hold for every one of this map."""
    out = name.replace(" ", "-").replace("=", "-") + "-" + slot + ".img"
    otter(folder, "image", "sign", "--key", "image.key", "--align", 4, "--header-size", "0x200", "--slot-size", "896K",
          "--rom-fixed", hex(BASES[slot]), *words, "firmware.bin", out)  # fmt: skip
    data = (folder / out).read_bytes()
    payload = (folder / "firmware.bin").read_bytes()
    if data[0x200 : 0x200 + len(payload)] != payload:
        raise SystemExit("%s: the payload is not the firmware" % out)
    expect = {"header_size": 0x200, "image_size": len(payload), "rom_fixed": BASES[slot], "flags": o.ROM_FIXED,
              "size": len(data), "sha256": hashlib.sha256(data).hexdigest(),
              "keyhash": o.kid(public(folder / "image.key")).hex()}  # fmt: skip
    return data, expect


def make_images(folder, made):
    for name, (words, fields) in IMAGES.items():
        data, expect = sign_image(folder, name, "B", words)
        made.images[name] = (data, dict(expect, **fields))


def make_root(folder, made):
    names = [new_key(folder, n) for n in ("root-1.key", "root-2.key", "release.key", "offer.key", "image.key")]
    otter(folder, "root", "new", "--out", "root.json", "--root-key", "root-1.key.pub", "root-2.key.pub",
          "--threshold-root", 2, "--release-key", "release.key.pub", "--offer-key", "offer.key.pub")  # fmt: skip
    for name in names[:2]:
        otter(folder, "root", "sign", "root.json", "--key", name)
    made.envelopes["root"] = (folder / "root.json").read_text()
    root = o.check_root_first(made.envelopes["root"])
    expect = {"root": (2, names[:2]), "release": (1, names[2:3]), "offer": (1, names[3:4])}
    for role, (threshold, keys) in expect.items():
        if root["roles"][role] != (threshold, [o.kid(public(folder / k)) for k in keys]):
            raise SystemExit("root: role %s is not as asked for" % role)
    made.root, made.root_payload = root, o.open_envelope(made.envelopes["root"])[0]


def make_release(folder, made):
    words = ["--version", "2.0.0", "--security-counter", 5]
    files = {s: sign_image(folder, "release", s, words)[0] for s in "AB"}
    otter(folder, "release", "create", "--product", "thermostat", "--version", "2.0.0", "--hardware", "nucleo-f429zi",
          "--image", "A=release-A.img", "--image", "B=release-B.img", "--sequence", 12, "--requires-from", "1.0.0",
          "--out", "release.json")  # fmt: skip
    otter(folder, "release", "sign", "release.json", "--key", "release.key")
    envelope = (folder / "release.json").read_text()
    payload = o.open_envelope(envelope)[0]
    m = o.check_release(made.root, json.loads(payload)["created"], envelope)
    expect = {"product": "thermostat", "hardware": ["nucleo-f429zi"], "version": (2, 0, 0, 0), "epoch": 1,
              "sequence": 12, "security_counter": 5, "from": (1, 0, 0, 0), "below": None}  # fmt: skip
    for field, value in expect.items():
        if m[field] != value:
            raise SystemExit("release: %s is %r, not %r" % (field, m[field], value))
    images = [(i["slot"], i["link"], i["size"], i["sha256"]) for i in m["images"]]
    if images != [(s, BASES[s], len(files[s]), hashlib.sha256(files[s]).digest()) for s in "AB"]:
        raise SystemExit("release: its images are not the files given")
    made.envelopes["manifest"] = envelope
    made.manifests["release"] = (payload, files)


def make(folder):
    """Keys, four images, a root signed by two keys and a release of two images, each checked against what was asked."""
    made = types.SimpleNamespace(images={}, envelopes={}, manifests={})
    (folder / "firmware.bin").write_bytes(ROM)
    make_root(folder, made)
    make_images(folder, made)
    make_release(folder, made)
    made.image_public = public(folder / "image.key")
    return made
