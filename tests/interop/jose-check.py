#!/usr/bin/python3
"""`jose jws ver`, another implementation of RFC 7515, must take our envelopes, key by key, and refuse a changed one.

Checked are valid roots, manifests and offers of manifests/vectors and, with OTTER_BIN set, what `otter` itself makes.
A kid is the digest of a SubjectPublicKeyInfo: the key stands in the root, and jose wants it as a JWK (RFC 7518, 6.2.1)."""

import json
import pathlib
import subprocess
import sys
import tempfile

import otter_documents
import otterspec as o

VECTORS = pathlib.Path(__file__).resolve().parent.parent.parent / "manifests" / "vectors"


def jwk(spki):
    """jose 11 takes a set of keys or one; `alg` keeps it from trying another algorithm."""
    return {"kty": "EC", "crv": "P-256", "alg": "ES256", "x": o.b64(spki[27:59]), "y": o.b64(spki[59:91])}


def jose_verifies(envelope, key, folder):
    """The payload that jose has verified, or None."""
    jws, jwk_file, out = folder / "jws", folder / "jwk", folder / "payload"
    jws.write_text(envelope)
    jwk_file.write_text(json.dumps(jwk(key)))
    done = subprocess.run(
        ["jose", "jws", "ver", "-i", str(jws), "-k", str(jwk_file), "-O", str(out)], capture_output=True, timeout=30
    )
    return out.read_bytes() if done.returncode == 0 else None


def of_vectors():
    """(name, envelope, root payload) of valid cases."""
    for name in ("root/valid", "root/valid-largest", "root-next/valid-rotation", "manifest/valid",
                 "manifest/valid-two-signatures", "offer/valid", "offer/valid-empty"):  # fmt: skip
        case = json.loads((VECTORS / (name + ".json")).read_text())
        payload, _ = o.open_envelope(case["envelope"])
        yield name, case["envelope"], payload if name.startswith("root") else case["root"].encode()


def check(name, envelope, root_payload, folder):
    keys = o.decode_root(root_payload)["keys"]
    payload, signatures = o.open_envelope(envelope)
    wrong, verified = [], 0
    for key_id in signatures:
        if key_id not in keys:
            continue
        verified += 1
        if jose_verifies(envelope, keys[key_id], folder) != payload:
            wrong.append("jose does not verify %s" % o.b64(key_id))
        changed = envelope.replace(o.b64(payload), o.b64(payload.replace(b"otter", b"0tter", 1)))
        if jose_verifies(changed, keys[key_id], folder) is not None:
            wrong.append("jose takes a changed payload")
    if not verified:
        wrong.append("no signature by a key of the root")
    for why in wrong:
        print("%s: %s" % (name, why))
    return verified, len(wrong)


def main():
    verified = failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        documents = list(of_vectors())
        if otter_documents.binary():
            made = otter_documents.make(folder)
            documents += [("otter " + n, e, made.root_payload) for n, e in made.envelopes.items()]
        for document in documents:
            v, f = check(*document, folder)
            verified, failed = verified + v, failed + f
    print("%d documents, %d signatures verified by jose, %d wrong" % (len(documents), verified, failed))
    return 1 if failed or not verified else 0


if __name__ == "__main__":
    sys.exit(main())
