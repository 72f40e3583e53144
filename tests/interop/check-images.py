#!/usr/bin/python3
"""Re-derives every field of a signed image: header, TLVs and their order, hash, digest, signature, KEYHASH, SEC_CNT,
ROM_FIXED, self-test TLV; and lets `openssl dgst -verify` judge the signature over header, payload and protected TLVs.

Without arguments: the valid images of manifests/vectors and, with OTTER_BIN set, images that `otter image sign` makes,
each held against what was asked for. With arguments: IMAGE PUBLIC.pem prints the derived fields."""

import hashlib
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import otter_documents
import otterspec as o
from cryptography.hazmat.primitives import serialization

VECTORS = pathlib.Path(__file__).resolve().parent.parent.parent / "manifests" / "vectors"


def load_public(path):
    return serialization.load_pem_public_key(pathlib.Path(path).read_bytes())


def derive(data, public):
    """What the image says, each figure computed anew; Refusal where it does not hold together."""
    info = o.check_image(data, [o.spki(public)], [])
    selftest = info["tlv"].get(o.SELFTEST)
    counter = info["tlv"].get(o.SEC_CNT)
    return {
        "version": "%d.%d.%d+%d" % info["version"],
        "header_size": info["header_size"],
        "image_size": info["image_size"],
        "rom_fixed": info["load_addr"] if info["flags"] & o.ROM_FIXED else None,
        "flags": info["flags"],
        "protected_size": info["protected_size"],
        "counter": struct.unpack("<I", counter)[0] if counter else None,
        "selftest": [selftest[0], selftest[1]] if selftest else None,
        "tlvs": info["order"],
        "keyhash": info["tlv"][o.KEYHASH].hex(),
        "hash": info["tlv"][o.SHA256].hex(),
        "size": info["file_size"],
        "sha256": hashlib.sha256(data[: info["file_size"]]).hexdigest(),
        "hashed": info["hashed"],
        "signature": info["tlv"][o.ECDSA_SIG].hex(),
    }


def openssl_verifies(data, derived, public, folder):
    key, sig, signed = folder / "key.pem", folder / "sig", folder / "signed"
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    key.write_bytes(pem)
    sig.write_bytes(bytes.fromhex(derived["signature"]))
    signed.write_bytes(data[: derived["hashed"]])
    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", str(key), "-signature", str(sig), str(signed)],
        capture_output=True,
        timeout=30,
    )
    return done.returncode == 0


def of_vectors():
    """(name, image, public key, fields expected)"""
    for path in sorted((VECTORS / "image").glob("valid*.json")):
        case = json.loads(path.read_text())
        data = o.unb64(case["image"])
        key_id = o.inspect_image(data)["tlv"][o.KEYHASH]
        der = next(k for k in map(o.unb64, case["keys"]) if hashlib.sha256(k).digest() == key_id)
        expect = case.get("decoded", {})
        yield path.stem, data, serialization.load_der_public_key(der), {
            k: expect[k] for k in ("size", "sha256", "counter") if k in expect
        }


def check(name, data, public, expect, folder):
    try:
        derived = derive(data, public)
    except o.Refusal as refusal:
        print("%s: %s" % (name, refusal))
        return False
    wrong = ["%s is %r, not %r" % (k, derived[k], v) for k, v in expect.items() if derived[k] != v]
    if not openssl_verifies(data, derived, public, folder):
        wrong.append("openssl dgst does not verify the signature")
    broken = bytes([data[derived["header_size"]] ^ 1])
    at = derived["header_size"]
    if openssl_verifies(data[:at] + broken + data[at + 1 :], derived, public, folder):
        wrong.append("openssl dgst verifies a changed payload")
    for why in wrong:
        print("%s: %s" % (name, why))
    return not wrong


def check_manifests(made):
    """Every image of a manifest is the file that was signed, at the address of its slot."""
    good = True
    for name, (manifest, files) in made.manifests.items():
        m = o.decode_manifest(manifest)
        for i, image in enumerate(m["images"]):
            try:
                o.check_manifest_image(m, i, files[image["slot"]], [o.spki(made.image_public)], [])
            except (o.Refusal, KeyError) as refusal:
                good = False
                print("%s, image %d: %s" % (name, i, refusal))
    return good


def main():
    if len(sys.argv) == 3:
        data = pathlib.Path(sys.argv[1]).read_bytes()
        print(json.dumps(derive(data, load_public(sys.argv[2])), indent=2))
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        images = list(of_vectors())
        good = True
        if otter_documents.binary():
            made = otter_documents.make(folder)
            images += [("otter " + n, d, made.image_public, e) for n, (d, e) in made.images.items()]
            good = check_manifests(made)
        good = all([check(*image, folder) for image in images]) and good
    print("%d images re-derived: %s" % (len(images), "all as asked for" if good else "WRONG"))
    return 0 if good and images else 1


if __name__ == "__main__":
    sys.exit(main())
