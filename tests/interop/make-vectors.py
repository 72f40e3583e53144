#!/usr/bin/python3
"""Makes manifests/vectors: one JSON file a case, each with its inputs, the facts it is judged by and the wire name of
the status expected. `--check` judges every committed file again with tests/interop/otterspec.py and changes nothing.

ECDSA nonces are random here, so a new run gives other signatures: the files are made once and committed; a new
case is added with `--add`, and all are made again (`--write`) only when the format changes. Signatures that a device never checks (for cases refused earlier) are real, too, so
that each file is wrong in one thing alone."""

import argparse
import hashlib
import json
import os
import pathlib
import struct
import sys

import otterspec as o
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent.parent / "manifests" / "vectors"
EXAMPLES = HERE.parent.parent / "manifests" / "examples"
KEYS = ("root-1", "root-2", "root-3", "release-1", "release-2", "offer", "image-1", "image-2", "foreign")
NOW, YEAR = 1_767_225_600, 31_536_000  # 2026-01-01
BASE_A, BASE_B, SLOT_SIZE, TRAILER = 0x08020000, 0x08120000, 896 * 1024, 1584
NONCE = bytes(range(16))


def load_keys(make):
    folder, keys = VECTORS / "keys", {}
    folder.mkdir(parents=True, exist_ok=True)
    for name in KEYS:
        path = folder / ("test-only-%s.pem" % name)
        if make and not path.exists():
            pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            path.write_bytes(pem)
        keys[name] = serialization.load_pem_private_key(path.read_bytes(), None)
    return keys


K = {}


def kid(name):
    return o.kid(K[name].public_key())


def spki(name):
    return o.spki(K[name].public_key())


def compact(obj):
    return json.dumps(obj, separators=(",", ":"))


# ---- documents -------------------------------------------------------------------------------------------------------


def role(names, threshold):
    return {"keyids": [o.b64(kid(n)) for n in names], "threshold": threshold}


def root_doc(version=1, root=("root-1", "root-2"), root_threshold=2, release=("release-1", "release-2"),
             release_threshold=1, offer=("offer",), epoch=1, revoked=(), created=NOW - YEAR, expires=NOW + YEAR):  # fmt: skip
    names = list(dict.fromkeys(tuple(root) + tuple(release) + tuple(offer)))
    return {
        "type": "otter-root",
        "version": version,
        "created": created,
        "expires": expires,
        "sequence_epoch": epoch,
        "keys": {o.b64(kid(n)): o.b64(spki(n)) for n in names},
        "roles": {"root": role(root, root_threshold), "release": role(release, release_threshold), "offer": role(offer, 1)},
        "revoked_images": [o.b64(r) for r in revoked],
    }


def image_ref(slot, link, data):
    return {"slot": slot, "link": link, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def manifest_doc(images=None, **change):
    doc = {
        "type": "otter-manifest",
        "product": "thermostat",
        "hardware": ["nucleo-f429zi", "mps2-an386"],
        "version": "1.1.0",
        "epoch": 1,
        "sequence": 8,
        "security_counter": 3,
        "created": NOW - 86400,
        "expires": NOW + YEAR,
        "requires": {"from": "1.0.0", "below": ""},
        "images": images or [image_ref("A", BASE_A, image(link=BASE_A)), image_ref("B", BASE_B, image())],
    }
    doc.update(change)
    return doc


def offer_doc(manifest, pick=1, **change):
    m = json.loads(o.open_envelope(manifest)[0])
    chosen = m["images"][min(pick, len(m["images"]) - 1)]
    doc = {
        "type": "otter-offer",
        "device": "dev-0001",
        "nonce": o.b64(NONCE),
        "issued": NOW,
        "deadline": NOW + 86400,
        "attempt": 111,
        "manifest": {"sha256": hashlib.sha256(manifest.encode()).hexdigest(), "size": len(manifest)},
        "image": {k: chosen[k] for k in ("slot", "sha256", "size")},
    }
    doc.update(change)
    return doc


def empty_offer(**change):
    doc = {"type": "otter-offer", "device": "dev-0001", "nonce": o.b64(NONCE), "issued": NOW}
    doc.update(change)
    return doc


RUNNING_DIGEST = hashlib.sha256(b"the running image").hexdigest()


def facts(**change):
    f = {
        "device": "dev-0001",
        "product": "thermostat",
        "hardware": "nucleo-f429zi",
        "running": {"version": "1.0.0", "sha256": RUNNING_DIGEST, "slot": "A", "confirmed": True},
        "epoch": 1,
        "sequence": 7,
        "counter_floor": 2,
        "time_floor": NOW - 86400,
        "takes_delta": True,
        "slots": {
            "A": {"base": BASE_A, "size": SLOT_SIZE, "trailer": TRAILER},
            "B": {"base": BASE_B, "size": SLOT_SIZE, "trailer": TRAILER},
        },
    }
    f.update(change)
    return f


# ---- images ----------------------------------------------------------------------------------------------------------

PAYLOAD = bytes((i * 7 + 3) & 0xFF for i in range(96))


def image(key="image-1", link=BASE_B, version=(1, 1, 0, 0), counter=3, protected=None, flags=o.ROM_FIXED,
          header_size=0x80, payload=PAYLOAD, unsigned=None, hash_flip=0, sig_over=None, sig=None, extra=(), head=None):  # fmt: skip
    """A signed image; each argument bends one thing. The header is shorter than a board's, to keep files small."""
    if protected is None:
        protected = [o.tlv(o.SEC_CNT, struct.pack("<I", counter))] if counter is not None else []
    prot = o.area(o.PROTECTED_INFO, protected) if protected else b""
    if head is None:
        head = o.image_header(len(payload), len(prot), version, link, header_size, flags)
    hashed = head + payload + prot
    digest = bytearray(hashlib.sha256(hashed).digest())
    digest[0] ^= hash_flip
    entries = [o.tlv(o.SHA256, bytes(digest))]
    if not unsigned:
        signature = sig if sig is not None else o.sign_der(K[key], sig_over if sig_over is not None else hashed)
        entries += [o.tlv(o.KEYHASH, kid(key)), o.tlv(o.ECDSA_SIG, signature)]
    return hashed + o.area(o.OPEN_INFO, entries + list(extra))


def patched(data, at, new):
    return data[:at] + new + data[at + len(new) :]


# ---- cases -----------------------------------------------------------------------------------------------------------

CASES = {}


def case(folder, name, about, check, expect, **inputs):
    path = "%s/%s" % (folder, name)
    assert path not in CASES, path
    CASES[path] = {"about": about, "check": check, "expect": expect, **inputs}


def text(doc):
    return doc if isinstance(doc, (str, bytes)) else compact(doc)


def without(doc, name):
    return {k: v for k, v in doc.items() if k != name}


def repeated(doc, name):
    """The document with one member twice, which a dict cannot hold."""
    t = compact(doc)
    return "%s,%s:%s}" % (t[:-1], json.dumps(name), compact(doc[name]))


def shape_cases(kind, doc, sign, add, integers, strings):
    """What every signed document refuses alike."""
    add("missing-member-%s" % strings[0], "`%s` is absent" % strings[0], "missing-member", without(doc, strings[0]))
    add("missing-type", "`type` is absent", "missing-member", without(doc, "type"))
    add("unknown-member", "a member more than the format has", "unknown-member", dict(doc, colour="blue"))
    add("duplicate-member", "`%s` twice, with equal values" % integers[0], "duplicate-member", repeated(doc, integers[0]))
    add("wrong-type", "a document of another type, signed by the right key", "wrong-type", dict(doc, type="otter-" + "x"))
    add("type-number", "`type` is a number", "bad-value", dict(doc, type=1))
    for name in integers:
        for label, value in (("negative", -1), ("2-to-53", 2**53), ("string", "1")):
            add("%s-%s" % (name.replace("_", "-"), label), "`%s` is %r" % (name, value), "bad-value", dict(doc, **{name: value}))
    first = integers[0]
    add("number-fraction", "1.0 is no integer", "bad-value", compact(dict(doc, **{first: "@"})).replace('"@"', "1.0"))
    add("number-exponent", "1e3 is no plain integer", "bad-value", compact(dict(doc, **{first: "@"})).replace('"@"', "1e3"))
    add("number-leading-zero", "01 is no JSON", "bad-json", compact(dict(doc, **{first: "@"})).replace('"@"', "01"))
    add("trailing-text", "text behind the object", "bad-json", compact(doc) + "x")
    add("trailing-nul", "a NUL and text behind the object", "bad-json", compact(doc) + "\0x")
    add("trailing-comma", "a comma before the closing brace", "bad-json", compact(doc)[:-1] + ",}")
    add("truncated", "the last byte is missing", "bad-json", compact(doc)[:-1])
    add("no-object", "an array instead of an object", "bad-value", "[1]")
    add("empty", "no bytes at all", "bad-json", "")
    add("escaped-name", "a member's name is written with an escape", "missing-member",
        compact(doc).replace('"type"', '"\\u0074ype"', 1))  # fmt: skip
    add("too-many-tokens", "a member of 200 numbers", "bad-json", dict(doc, colour=[1] * 200))
    add("deep", "a member nested 20 deep", "bad-json", compact(doc)[:-1] + ',"colour":' + "[" * 20 + "]" * 20 + "}")


def envelope_cases(folder, check, good, payload, signer, other, inputs):
    """What every envelope refuses alike. good: an envelope that is accepted."""

    def add(name, about, expect, envelope):
        case(folder, name, about, check, expect, envelope=envelope, **inputs)

    protected, raw = o.jws_signature(K[signer], payload)

    def entry(head, sig=raw):
        return o.envelope_of(payload, [(head, sig)])

    key_id = o.b64(kid(signer))
    add("envelope-spaces", "white space between the tokens of an envelope is JSON", "ok",
        good.replace(",", " ,\n").replace(":", ": "))  # fmt: skip
    add("envelope-not-json", "no JSON", "bad-json", "hello")
    add("envelope-truncated", "the last brace is missing", "bad-json", good[:-1])
    add("envelope-trailing", "a second document behind it", "bad-json", good + "{}")
    add("envelope-too-large", "4,609 bytes, by white space", "too-large", good + " " * (4609 - len(good)))
    add("envelope-largest", "4,608 bytes, by white space", "ok", good + " " * (4608 - len(good)))
    add("envelope-array", "an array", "bad-envelope", "[%s]" % good)
    add("envelope-unknown-member", "a member beside payload and signatures", "bad-envelope", good[:-1] + ',"x":1}')
    add("envelope-no-payload", "payload is absent", "bad-envelope", '{"signatures":' + good.split('"signatures":')[1])
    add("envelope-two-payloads", "payload is there twice", "bad-envelope", '{"payload":"e30",' + good[1:])
    add("envelope-no-signatures", "an empty list of signatures", "bad-envelope", o.envelope_of(payload, []))
    add("envelope-flattened", "flattened serialization (RFC 7515, 7.2.2)", "bad-envelope",
        '{"payload":"%s","protected":"%s","signature":"%s"}' % (o.b64(payload), protected, o.b64(raw)))  # fmt: skip
    add("envelope-compact", "compact serialization", "bad-json", "%s.%s.%s" % (protected, o.b64(payload), o.b64(raw)))
    add("envelope-unprotected", "an unprotected header beside the protected one", "bad-envelope",
        good.replace('"signature":', '"header":{"kid":"x"},"signature":'))  # fmt: skip
    add("header-alg-none", "alg is none", "bad-header", entry(o.b64(('{"alg":"none","kid":"%s"}' % key_id).encode())))
    add("header-alg-es384", "alg is ES384, of the same length", "bad-header",
        entry(o.b64(('{"alg":"ES384","kid":"%s"}' % key_id).encode())))  # fmt: skip
    add("header-more-members", "the header has a member more", "bad-header",
        entry(o.b64(('{"alg":"ES256","kid":"%s","crit":["x"]}' % key_id).encode())))  # fmt: skip
    add("header-tail", "the header ends in another bracket", "bad-header",
        entry(o.b64(('{"alg":"ES256","kid":"%s"]' % key_id).encode())))  # fmt: skip
    add("header-order", "kid before alg", "bad-header", entry(o.b64(('{"kid":"%s","alg":"ES256"}' % key_id).encode())))
    add("header-no-kid", "kid is absent", "bad-header", entry(o.b64(b'{"alg":"ES256"}')))
    add("header-kid-alphabet", "kid is not base64url", "bad-header",
        entry(o.b64(('{"alg":"ES256","kid":"%s"}' % ("+" + key_id[1:])).encode())))  # fmt: skip
    add("header-kid-unused-bits", "kid's unused bits are not zero", "bad-header",
        entry(o.b64(('{"alg":"ES256","kid":"%s"}' % nudged(key_id)).encode())))  # fmt: skip
    add("header-alphabet", "the header's base64url holds a '+'", "bad-encoding", entry("+" + protected[1:]))
    b64_payload = o.b64(payload)
    add("payload-alphabet", "the payload's base64url holds a '/'", "bad-encoding", good.replace(b64_payload, "/" + b64_payload[1:]))
    add("payload-padded", "the payload is padded", "bad-encoding", good.replace(b64_payload, b64_payload + "="))
    add("signature-short", "63 bytes", "bad-encoding", entry(protected, raw[:63]))
    add("signature-long", "65 bytes", "bad-encoding", entry(protected, raw + b"\0"))
    add("signature-unused-bits", "unused bits of the signature are not zero", "bad-encoding",
        good.replace(o.b64(good_raw(good)), nudged(o.b64(good_raw(good)))))  # fmt: skip
    add("signature-flipped", "one bit of s is wrong", "bad-signature", entry(protected, raw[:63] + bytes([raw[63] ^ 1])))
    add("signature-zero", "r and s are zero", "bad-signature", entry(protected, bytes(64)))
    add("signature-all-ones", "r and s are above the order", "bad-signature", entry(protected, b"\xff" * 64))
    add("signature-other-payload", "a signature of another payload", "bad-signature",
        entry(*o.jws_signature(K[signer], payload + b" ")))  # fmt: skip
    add("signature-twice", "one key signs twice", "duplicate-signature",
        o.envelope_of(payload, [(protected, raw), o.jws_signature(K[signer], payload)]))  # fmt: skip
    foreign = o.jws_signature(K["foreign"], payload)
    add("signature-wrong-key", "the known kid over a foreign key's signature", "bad-signature", entry(protected, foreign[1]))
    add("unknown-key", "signed by a foreign key alone", "unknown-key", o.envelope_of(payload, [foreign]))
    add("key-of-another-role", "signed by a key that has another role", "unknown-key",
        o.envelope_of(payload, [o.jws_signature(K[other], payload)]))  # fmt: skip
    add("foreign-signature-skipped", "a foreign signature beside the valid ones is skipped, not verified", "ok",
        good[:-2] + ',{"protected":"%s","signature":"%s"}]}' % (foreign[0], o.b64(bytes(64))))  # fmt: skip
    many = [(o.header(hashlib.sha256(bytes([i])).digest()), bytes(64)) for i in range(9)]
    add("nine-signatures", "nine signatures", "too-many-signatures", o.envelope_of(payload, many))


def nudged(text):
    """The same bytes in base64url, with the last character's lowest unused bit set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) | 1]


def good_raw(envelope):
    return list(o.open_envelope(envelope)[1].values())[0][1]


def root_cases():
    doc = root_doc()
    good = o.jws(compact(doc), K["root-1"], K["root-2"])

    def add(name, about, expect, payload, signers=("root-1", "root-2")):
        case("root", name, about, "root-first", expect, envelope=o.jws(text(payload), *(K[s] for s in signers)))

    case("root", "valid", "version 1, two of two root keys", "root-first", "ok", envelope=good,
         decoded={"version": 1, "epoch": 1, "keys": 5, "revoked": 0})  # fmt: skip
    largest = root_doc(version=2**53 - 1, root=("root-1", "root-2", "root-3"), root_threshold=2, release=("release-1",
                       "release-2", "root-3"), release_threshold=2, offer=("offer", "image-2"), epoch=2**53 - 1,
                       created=2**53 - 1, expires=2**53 - 1,
                       revoked=[kid("image-2"), kid("foreign"), kid("image-1")])  # fmt: skip
    assert len(compact(largest)) <= 2048
    add("valid-largest", "seven keys, eight key ids, three revoked images, the largest integers", "ok", largest)
    del largest["keys"][o.b64(kid("image-2"))]
    largest["keys"][o.b64(kid("foreign"))] = o.b64(spki("foreign"))
    largest["roles"]["offer"] = role(["offer", "foreign"], 1)
    add("valid-unused-key", "all thresholds met by other members of the roles", "ok", largest, ("root-2", "root-3"))
    shape_cases("root", doc, None, add, ("version", "created", "expires", "sequence_epoch"), ("expires",))
    add("version-zero", "versions begin at 1", "bad-value", dict(doc, version=0))
    add("threshold", "one of two root keys signed", "threshold-not-met", doc, ("root-1",))
    other = root_doc(root=("root-1", "root-3"))
    add("threshold-foreign", "one root key and a foreign one signed", "threshold-not-met", doc, ("root-1", "foreign"))
    add("keys-empty", "no keys", "bad-value", dict(doc, keys={}))
    eight = dict(doc, keys={o.b64(hashlib.sha256(bytes([i])).digest()): "AA" for i in range(8)})
    add("keys-eight", "eight keys", "bad-value", eight)
    swapped = dict(doc["keys"])
    ids = list(swapped)
    swapped[ids[0]], swapped[ids[1]] = swapped[ids[1]], swapped[ids[0]]
    add("keys-swapped", "ids do not belong to their keys", "root-keys", dict(doc, keys=swapped))
    p384 = o.spki(ec.generate_private_key(ec.SECP384R1()).public_key())
    add("keys-p384", "a key on another curve, rightly named", "root-keys", with_key(doc, p384))
    point = bytearray(spki("root-3"))
    point[26] = 2
    add("keys-compressed-prefix", "a point that does not begin with 04", "root-keys", with_key(doc, bytes(point)))
    add("keys-short", "a key cut short", "root-keys", with_key(doc, spki("root-3")[:90]))
    add("keys-not-base64", "a key that is no base64url", "root-keys", dict(doc, keys=dict(doc["keys"], **{ids[0]: "*"})))
    twice = compact(doc).replace('"keys":{', '"keys":{"%s":"%s",' % (ids[1], doc["keys"][ids[1]]))
    add("keys-twice", "a key twice", "duplicate-member", twice)
    roles = doc["roles"]
    for name, about, change in (
        ("roles-unknown-key", "a role names a key that the root does not hold", {"release": role(["foreign"], 1)}),
        ("roles-threshold-zero", "threshold 0", {"release": role(["release-1"], 0)}),
        ("roles-threshold-above", "threshold above the number of keys", {"release": role(["release-1"], 2)}),
        ("roles-no-keys", "a role without keys", {"release": role([], 1)}),
        ("roles-key-twice", "a key twice in one role", {"release": role(["release-1", "release-1"], 2)}),
        ("roles-offer-shared-release", "the offer key may sign releases, too", {"offer": role(["release-1"], 1)}),
        ("roles-offer-shared-root", "the offer key may sign roots, too", {"offer": role(["root-1"], 1)}),
    ):
        add(name, about, "root-roles", dict(doc, roles=dict(roles, **change)))
    two = root_doc(offer=("offer", "root-3"))
    two["roles"]["offer"]["threshold"] = 2
    add("roles-offer-threshold", "the offer role's threshold is 2", "root-roles", two)
    ten = root_doc(root=("root-1", "root-2", "root-3", "release-1"), release=("root-1", "root-2", "root-3", "release-1", "release-2"))
    ten["revoked_images"] = []
    add("roles-ten-keyids", "ten key ids over all roles", "root-roles", ten)
    add("roles-missing", "the offer role is absent", "missing-member", dict(doc, roles=without(roles, "offer")))
    add("roles-unknown", "a fourth role", "unknown-member", dict(doc, roles=dict(roles, admin=role(["root-1"], 1))))
    add("threshold-string", "a threshold that is a string", "bad-value",
        dict(doc, roles=dict(roles, release=dict(roles["release"], threshold="1"))))  # fmt: skip
    add("revoked-four", "four revoked images", "bad-value", dict(doc, revoked_images=[o.b64(kid("image-1"))] * 4))
    add("revoked-short", "a revoked id of 31 bytes", "bad-value", dict(doc, revoked_images=[o.b64(bytes(31))]))
    big = o.jws(compact(dict(doc, colour="x" * (2049 - len(compact(doc)) - len(',"colour":""')))), K["root-1"])
    case("root", "payload-too-large", "a payload of 2,049 bytes", "root-first", "too-large", envelope=big)
    assert other
    envelope_cases("root", "root-first", good, compact(doc).encode(), "root-1", "release-1", {})
    # one root signer makes envelope_cases' single signatures stop at the threshold: they are judged before it


def with_key(doc, der):
    return dict(doc, keys=dict(doc["keys"], **{o.b64(hashlib.sha256(der).digest()): o.b64(der)}))


def root_next_cases():
    current = root_doc()

    def add(name, about, expect, doc, signers, **more):
        case("root-next", name, about, "root-next", expect, root=compact(current),
             envelope=o.jws(text(doc), *(K[s] for s in signers)), **more)  # fmt: skip

    new = root_doc(version=2, root=("root-2", "root-3"), created=NOW)
    all_three = ("root-1", "root-2", "root-3")
    add("valid-rotation", "root-1 gives way to root-3: thresholds of both", "ok", new, all_three,
        decoded={"version": 2, "epoch": 1, "keys": 5, "revoked": 0})  # fmt: skip
    add("valid-same-keys", "only the release keys change", "ok", root_doc(version=2, release=("release-2",)), ("root-1", "root-2"))
    add("valid-epoch-rises", "the sequence epoch rises", "ok", root_doc(version=2, epoch=5), ("root-1", "root-2"))
    add("valid-expired", "expiry is ignored along the chain", "ok", root_doc(version=2, expires=1), ("root-1", "root-2"))
    add("version-same", "the current version again", "root-version", root_doc(version=1), ("root-1", "root-2"))
    add("version-skips", "version + 2", "root-version", root_doc(version=3), ("root-1", "root-2"))
    add("epoch-falls", "the sequence epoch falls", "root-epoch", root_doc(version=2, epoch=0), ("root-1", "root-2"))
    add("only-new-keys", "signed by its own keys alone", "threshold-not-met", new, ("root-2", "root-3"))
    add("only-old-keys", "signed by the current keys alone", "threshold-not-met", new, ("root-1", "root-2"))
    stranger = root_doc(version=2, root=("foreign",), root_threshold=1)
    add("stranger", "a root that names and is signed by a stranger", "unknown-key", stranger, ("foreign",))
    add("stranger-with-old", "signed by the current keys, not by its own", "unknown-key", stranger, ("root-1", "root-2"))
    broken = json.loads(o.jws(compact(new), *(K[s] for s in all_three)))
    broken["signatures"][2]["signature"] = o.b64(bytes(64))
    case("root-next", "new-signature-broken", "the new key's signature does not verify", "root-next", "bad-signature",
         root=compact(current), envelope=compact(broken))  # fmt: skip
    broken["signatures"][2] = json.loads(o.jws(compact(new), K["root-3"]))["signatures"][0]
    broken["signatures"][0]["signature"] = o.b64(bytes(64))
    case("root-next", "old-signature-broken", "the old key's signature does not verify", "root-next", "bad-signature",
         root=compact(current), envelope=compact(broken))  # fmt: skip
    add("first-over-again", "a manifest where a root belongs", "wrong-type", manifest_doc(), ("root-1", "root-2"))


def offer_cases():
    root = root_doc()
    manifest = o.jws(compact(manifest_doc()), K["release-1"])
    doc = offer_doc(manifest)
    inputs = {"root": compact(root), "facts": facts(), "nonce": o.b64(NONCE)}

    def add(name, about, expect, payload, signer="offer", **change):
        case("offer", name, about, "offer", expect, envelope=o.jws(text(payload), K[signer]), **dict(inputs, **change))

    add("valid", "an update", "ok", doc, decoded={"empty": False, "attempt": 111})
    add("valid-empty", "nothing for you", "ok", empty_offer(), decoded={"empty": True, "attempt": 0})
    delta = {"base_sha256": RUNNING_DIGEST, "sha256": "ab" * 32, "size": 100}
    add("valid-delta-blobs", "with a delta and a place to fetch from", "ok",
        dict(doc, delta=delta, blobs="https://cdn.example.org/fw"))  # fmt: skip
    add("valid-issued-at-floor", "issued at the time floor itself", "ok", empty_offer(), facts=facts(time_floor=NOW))
    add("valid-last-second-of-root", "issued one second before the root expires", "ok", empty_offer(),
        root=compact(root_doc(expires=NOW + 1)))  # fmt: skip
    add("other-device", "for another device", "offer-device", dict(doc, device="dev-0002"))
    add("other-device-prefix", "for a device whose id begins alike", "offer-device", dict(doc, device="dev-00010"))
    add("other-nonce", "answers another poll", "offer-nonce", dict(doc, nonce=o.b64(bytes(16))))
    add("before-floor", "issued one second before the time floor", "offer-time", doc, facts=facts(time_floor=NOW + 1))
    add("root-expired", "issued in the second in which the root expires", "root-expired", doc, root=compact(root_doc(expires=NOW)))
    add("deadline-at-issue", "the deadline is the time of issue", "offer-deadline", dict(doc, deadline=NOW))
    add("deadline-before-issue", "the deadline is before the issue", "offer-deadline", dict(doc, deadline=NOW - 1))
    shape_cases("offer", doc, None, add, ("issued", "attempt", "deadline"), ("device",))
    for name in ("deadline", "attempt", "manifest", "image"):
        add("without-%s" % name, "neither an update nor empty: `%s` is absent" % name, "missing-member", without(doc, name))
    add("empty-with-blobs", "an empty offer with `blobs`", "missing-member", empty_offer(blobs="https://x"))
    add("attempt-zero", "attempt 0", "bad-value", dict(doc, attempt=0))
    add("device-space", "a device id with a space", "bad-value", dict(doc, device="dev 1"))
    add("device-empty", "an empty device id", "bad-value", dict(doc, device=""))
    add("device-65", "a device id of 65 characters", "bad-value", dict(doc, device="d" * 65))
    add("nonce-short", "a nonce of 15 bytes", "bad-value", dict(doc, nonce=o.b64(bytes(15))))
    add("nonce-padded", "a padded nonce", "bad-value", dict(doc, nonce=o.b64(NONCE) + "=="))
    add("manifest-size-zero", "a manifest of no bytes", "bad-value", dict(doc, manifest=dict(doc["manifest"], size=0)))
    add("manifest-size-4609", "a manifest that no device could take", "bad-value", dict(doc, manifest=dict(doc["manifest"], size=4609)))
    add("image-slot-c", "no such slot name", "bad-value", dict(doc, image=dict(doc["image"], slot="C")))
    add("image-digest-upper", "a digest in upper case", "bad-value",
        dict(doc, image=dict(doc["image"], sha256=doc["image"]["sha256"].upper())))  # fmt: skip
    add("image-unknown-member", "a member more in `image`", "unknown-member", dict(doc, image=dict(doc["image"], link=1)))
    add("delta-no-base", "a delta that does not name its base", "missing-member", dict(doc, delta=without(delta, "base_sha256")))
    add("blobs-empty", "an empty URL", "bad-value", dict(doc, blobs=""))
    add("blobs-space", "a URL with a space", "bad-value", dict(doc, blobs="https://x/ y"))
    add("blobs-129", "a URL of 129 bytes", "bad-value", dict(doc, blobs="https://" + "x" * 121))
    add("by-release-key", "signed by a release key", "unknown-key", doc, signer="release-1")
    envelope_cases("offer", "offer", o.jws(compact(doc), K["offer"]), compact(doc).encode(), "offer", "root-1", inputs)


def manifest_cases():
    root = root_doc()

    def add(name, about, expect, payload, signers=("release-1",), pick=1, offer=None, envelope=None, tamper=None, **change):
        sealed = envelope or o.jws(text(payload), *(K[s] for s in signers))
        try:
            made = offer_doc(sealed, pick)
            o.decode_offer(compact(made).encode())
        except (o.Refusal, ValueError, KeyError, TypeError, AttributeError, IndexError):
            made = offer_doc(o.jws(compact(manifest_doc()), K["release-1"]), pick)
            made["manifest"] = {"sha256": hashlib.sha256(sealed.encode("latin-1")).hexdigest(), "size": len(sealed)}
        made.update(offer or {})
        inputs = dict({"root": compact(root), "facts": facts()}, **change)
        sealed = tamper(sealed) if tamper else sealed
        case("manifest", name, about, "manifest", expect, offer=compact(made), envelope=sealed, **inputs)

    doc = manifest_doc()
    good = o.jws(compact(doc), K["release-1"])
    chosen = offer_doc(good)["image"]
    add("valid", "for slot B of a device that runs A", "ok", doc, decoded={"version": "1.1.0", "sequence": 8, "image": 1})
    in_b = facts(running=dict(facts()["running"], slot="B"))
    add("valid-slot-a", "for slot A of a device that runs B", "ok", doc, pick=0, facts=in_b,
        decoded={"version": "1.1.0", "sequence": 8, "image": 0})  # fmt: skip
    add("valid-two-signatures", "both release keys, threshold 2", "ok", doc, ("release-1", "release-2"),
        root=compact(root_doc(release_threshold=2)))  # fmt: skip
    add("valid-extras", "with digests of SBOM and notes", "ok", dict(doc, sbom_sha256="12" * 32, notes_sha256="34" * 32))
    add("valid-new-epoch", "a lower sequence in a higher epoch", "ok", dict(doc, epoch=2, sequence=1), root=compact(root_doc(epoch=2)))
    add("valid-counter-equal", "the counter is the floor", "ok", doc, facts=facts(counter_floor=3))
    at_from = facts(running=dict(facts()["running"], version="1.0.0"))
    add("valid-from-inclusive", "the running version is requires.from", "ok", doc, facts=at_from)
    add("valid-last-second", "issued one second before expiry", "ok", dict(doc, expires=NOW + 1))
    delta = {"base_sha256": RUNNING_DIGEST, "sha256": "ab" * 32, "size": chosen["size"] - 1}
    add("valid-delta", "with a delta one byte smaller than the image", "ok", doc, offer={"delta": delta})
    fits = image_ref("B", BASE_B, image())
    fits["size"] = SLOT_SIZE - TRAILER
    add("valid-largest-image", "the image fills the slot up to its trailer", "ok", dict(doc, images=[fits]), pick=0)
    add("size-other", "another size than offered", "manifest-size", doc, tamper=lambda e: e + " ")
    add("digest-other", "the size offered, other bytes", "manifest-digest", doc, tamper=lambda e: "[" + e[1:])
    add("threshold", "one of two release signatures", "threshold-not-met", doc, root=compact(root_doc(release_threshold=2)))
    add("by-offer-key", "signed by the server's own key", "unknown-key", doc, ("offer",))
    add("wrong-product", "for another product", "wrong-product", dict(doc, product="thermostat2"))
    add("wrong-hardware", "for other hardware", "wrong-hardware", dict(doc, hardware=["nucleo-f429", "nucleo-f429zi2"]))
    add("expired", "issued in the second in which it expires", "manifest-expired", dict(doc, expires=NOW))
    add("epoch-below", "the epoch before the root's", "wrong-epoch", doc, root=compact(root_doc(epoch=2)))
    add("epoch-above", "an epoch above the root's", "wrong-epoch", dict(doc, epoch=2))
    add("sequence-equal", "the confirmed sequence again", "sequence-not-above", dict(doc, sequence=7))
    add("sequence-below", "a sequence below the confirmed one", "sequence-not-above", dict(doc, sequence=6))
    add("sequence-old-epoch", "the device confirmed a higher epoch than the root's", "sequence-not-above", doc, facts=facts(epoch=2))
    add("counter-below", "the counter is below the floor", "counter-below", doc, facts=facts(counter_floor=4))
    for name, bounds, expect in (
        ("requires-from", {"from": "1.0.0+1", "below": ""}, "requires-from"),
        ("requires-below", {"from": "", "below": "1.0.0"}, "requires-below"),
        ("requires-below-build", {"from": "", "below": "1.0.0+1"}, "ok"),
    ):
        add(name + "-case", "requires %s, running 1.0.0" % compact(bounds).replace('"', ""), expect, dict(doc, requires=bounds))
    for name, change in (
        ("slot", {"slot": "A"}), ("size", {"size": chosen["size"] + 1}), ("digest", {"sha256": "00" * 32}),
    ):  # fmt: skip
        add("image-mismatch-%s" % name, "the offer's image differs in its %s" % name, "image-mismatch", doc,
            offer={"image": dict(chosen, **change)})  # fmt: skip
    add("slot-running", "the offer is for the slot that runs", "slot-running", doc, pick=0)
    any_image = dict(image_ref("any", 0, image()))
    add("slot-any", "one image for any slot, on a direct-XIP device", "slot-unsupported", dict(doc, images=[any_image]), pick=0)
    no_b = facts()
    no_b["slots"] = {"A": no_b["slots"]["A"]}
    add("slot-absent", "the device has slot A alone", "slot-unsupported", doc, facts=no_b)
    off = dict(fits, link=BASE_B + 0x200, size=1000)
    add("wrong-link", "linked 512 bytes behind the slot's base", "wrong-link", dict(doc, images=[off]), pick=0)
    high = dict(fits, link=BASE_B + 2**32, size=1000)
    add("wrong-link-33-bits", "an address that is right in its low 32 bits alone", "wrong-link", dict(doc, images=[high]), pick=0)
    add("image-too-large", "one byte into the trailer", "image-too-large", dict(doc, images=[dict(fits, size=SLOT_SIZE - TRAILER + 1)]), pick=0)
    add("image-too-large-33-bits", "a size that fits in its low 32 bits alone", "image-too-large",
        dict(doc, images=[dict(fits, size=2**32 + 1000)]), pick=0)  # fmt: skip
    add("delta-base", "a delta for another running image", "delta-base", doc, offer={"delta": dict(delta, base_sha256="00" * 32)})
    add("delta-size", "a delta as large as the image", "delta-size", doc, offer={"delta": dict(delta, size=chosen["size"])})
    add("delta-unsupported", "the device takes no deltas", "delta-unsupported", doc, offer={"delta": delta}, facts=facts(takes_delta=False))
    shape_cases("manifest", doc, None, add, ("sequence", "epoch", "security_counter", "created", "expires"), ("product",))
    manifest_shape(doc, add)
    inner = {"root": compact(root), "now": NOW}
    release_cases(doc, good, inner)


def manifest_shape(doc, add):
    images = doc["images"]
    bad = (
        ("counter-33-bits", "a counter of 33 bits", dict(doc, security_counter=2**32)),
        ("product-space", "a product with a space", dict(doc, product="a b")),
        ("product-empty", "an empty product", dict(doc, product="")),
        ("hardware-none", "no hardware", dict(doc, hardware=[])),
        ("hardware-nine", "nine boards", dict(doc, hardware=["h%d" % i for i in range(9)])),
        ("hardware-twice", "a board twice", dict(doc, hardware=["nucleo-f429zi", "nucleo-f429zi"])),
        ("hardware-object", "hardware is an object", dict(doc, hardware={"nucleo-f429zi": 1})),
        ("hardware-number", "a board that is a number", dict(doc, hardware=[1])),
        ("version-two-parts", "1.1", dict(doc, version="1.1")),
        ("version-four-parts", "1.1.0.0", dict(doc, version="1.1.0.0")),
        ("version-leading-zero", "1.01.0", dict(doc, version="1.01.0")),
        ("version-256", "256.0.0", dict(doc, version="256.0.0")),
        ("version-rev-65536", "1.0.65536", dict(doc, version="1.0.65536")),
        ("version-build-33-bits", "1.0.0+4294967296", dict(doc, version="1.0.0+4294967296")),
        ("requires-bad", "a bound that is no version", dict(doc, requires={"from": "1", "below": ""})),
        ("requires-number", "a bound that is a number", dict(doc, requires={"from": 1, "below": ""})),
        ("images-none", "no image", dict(doc, images=[])),
        ("images-five", "five images", dict(doc, images=[images[0]] * 5)),
        ("images-slot-twice", "two images for one slot", dict(doc, images=[images[0], images[0]])),
        ("images-slot-c", "no such slot name", dict(doc, images=[dict(images[0], slot="C")])),
        ("images-size-zero", "an image of no bytes", dict(doc, images=[dict(images[0], size=0)])),
        ("images-link-string", "a link in hex", dict(doc, images=[dict(images[0], link="0x8020000")])),
        ("images-digest-short", "a digest of 63 digits", dict(doc, images=[dict(images[0], sha256="0" * 63)])),
        ("sbom-bad", "an SBOM digest that is none", dict(doc, sbom_sha256="x")),
    )
    for name, about, payload in bad:
        add(name, about, "bad-value", payload)
    add("requires-absent", "requires must be there", "missing-member", without(doc, "requires"))
    add("requires-no-below", "requires without below", "missing-member", dict(doc, requires={"from": ""}))
    add("requires-more", "requires with a third bound", "unknown-member", dict(doc, requires={"from": "", "below": "", "not": ""}))
    add("images-unknown-member", "a member more in an image", "unknown-member", dict(doc, images=[dict(images[0], url="x")]))
    add("images-no-link", "an image without link", "missing-member", dict(doc, images=[without(images[0], "link")]))
    add("images-duplicate", "an image's size twice", "duplicate-member",
        compact(dict(doc, images=["@"])).replace('"@"', repeated(images[1], "size")))  # fmt: skip


def release_cases(doc, good, inputs):
    case("release", "valid", "what server and CLI ask of a release", "release", "ok", envelope=good,
         decoded={"version": "1.1.0", "sequence": 8}, **inputs)  # fmt: skip
    case("release", "expired", "published when it expires", "release", "manifest-expired", envelope=good,
         **dict(inputs, now=doc["expires"]))  # fmt: skip
    case("release", "wrong-epoch", "an epoch that is not the root's", "release", "wrong-epoch",
         envelope=o.jws(compact(dict(doc, epoch=2)), K["release-1"]), **inputs)  # fmt: skip
    case("release", "is-a-root", "a root, signed by a release key", "release", "wrong-type",
         envelope=o.jws(compact(root_doc()), K["release-1"]), **inputs)  # fmt: skip
    envelope_cases("release", "release", good, compact(doc).encode(), "release-1", "root-1", inputs)


def der_of(r, s):
    def integer(v):
        body = v.to_bytes(max(1, (v.bit_length() + 8) // 8), "big")
        return b"\x02" + bytes([len(body)]) + body

    body = integer(r) + integer(s)
    return b"\x30" + bytes([len(body)]) + body


def image_cases():
    keys = {"keys": [o.b64(spki("image-1")), o.b64(spki("image-2"))], "revoked": []}
    manifest = compact(manifest_doc())

    def add(name, about, expect, data, **change):
        case("image", name, about, "image", expect, **dict(keys, **change), image=o.b64(data))

    good = image()
    add("valid", "ROM_FIXED, SEC_CNT, signed by an image key", "ok", good,
        decoded={"version": "1.1.0", "counter": 3, "selftest": 0, "percent": 0, "size": len(good),
                 "sha256": hashlib.sha256(good).hexdigest()})  # fmt: skip
    add("valid-second-key", "signed by the second key", "ok", image("image-2"))
    add("valid-padded", "erased flash behind the last TLV", "ok", good + b"\xff" * 64)
    add("valid-no-counter", "without protected TLVs", "ok", image(counter=None))
    add("valid-version-edges", "the largest version", "ok", image(version=(255, 255, 65535, 2**32 - 1)))
    sec = o.tlv(o.SEC_CNT, struct.pack("<I", 3))
    for mode, percent in ((1, 1), (1, 100), (2, 50)):
        add("valid-selftest-%d-%d" % (mode, percent), "a self-test TLV", "ok",
            image(protected=[sec, o.tlv(o.SELFTEST, bytes([mode, percent]))]),
            decoded={"version": "1.1.0", "counter": 3, "selftest": mode, "percent": percent})  # fmt: skip
    add("valid-foreign-tlvs", "TLVs of others, in both areas", "ok",
        image(protected=[sec, o.tlv(0x40, bytes(12)), o.tlv(0x74, bytes(16))], extra=[o.tlv(0xABA0, b"x")]))  # fmt: skip
    add("magic", "no MCUboot magic", "image-magic", patched(good, 0, b"\0"))
    add("erased", "erased flash", "image-magic", b"\xff" * 1024)
    for name, about, at, new in (
        ("header-size-31", "a header smaller than its 32 bytes", 8, struct.pack("<H", 28)),
        ("header-size-odd", "a header size that is no multiple of 4", 8, struct.pack("<H", 0x82)),
        ("header-payload-zero", "no payload", 12, struct.pack("<I", 0)),
        ("header-payload-wraps", "sizes whose sum wraps at 32 bits", 12, struct.pack("<I", 2**32 - 0x80)),
        ("header-protected-3", "a protected area smaller than its info", 10, struct.pack("<H", 3)),
        ("header-protected-large", "a protected area over 4,096 bytes", 10, struct.pack("<H", 4097)),
    ):
        add(name, about, "image-header", patched(good, at, new))
    for name, bits in (("encrypted-128", 4), ("encrypted-256", 8), ("non-bootable", 0x10), ("ram-load", 0x20), ("lzma1", 0x200), ("lzma2", 0x400)):
        add("flags-%s" % name, "the flag %s" % name, "image-flags", image(flags=o.ROM_FIXED | bits))
    add("truncated-header", "31 bytes", "image-too-large", good[:31])
    add("truncated-payload", "the file ends in the payload", "image-too-large", good[: 0x80 + 10])
    add("truncated-protected", "the file ends in the protected TLVs", "image-too-large", good[: 0x80 + len(PAYLOAD) + 6])
    add("truncated-tlv", "the last byte is missing", "image-too-large", good[:-1])
    add("payload-beyond-file", "a payload longer than the file", "image-too-large", patched(good, 12, struct.pack("<I", 100000)))
    tlv_cases(add, good, sec)
    add("hash", "the hash TLV is of something else", "image-hash", image(hash_flip=1))
    add("payload-flipped", "one bit of the payload is wrong", "image-hash", patched(good, 0x80, bytes([good[0x80] ^ 1])))
    add("header-flipped", "another build number than was signed", "image-hash", patched(good, 24, b"\1"))
    end = 0x80 + len(PAYLOAD)
    add("protected-flipped", "another security counter than was signed", "image-hash", patched(good, end + 8, b"\4"))
    add("unsigned", "no KEYHASH, no signature", "image-tlv", image(unsigned=True))
    add("key-unknown", "signed by a key that the device does not hold", "image-key-unknown", image("foreign"))
    add("key-none", "a device without image keys", "image-key-unknown", good, keys=[])
    add("key-revoked", "signed by a revoked key", "image-key-revoked", image("image-2"), revoked=[o.b64(kid("image-2"))])
    add("key-other-revoked", "another key is revoked", "ok", good, revoked=[o.b64(kid("image-2"))])
    add("signature-other", "a signature of other bytes", "image-signature", image(sig_over=b"x"))
    add("signature-foreign", "the known KEYHASH over a foreign key's signature", "image-signature",
        image(sig=o.sign_der(K["foreign"], good[: end + 12])))  # fmt: skip
    der_cases(add, good, end)
    manifest_image_cases(keys, manifest)


def tlv_cases(add, good, sec):
    end, prot = 0x80 + len(PAYLOAD), 12
    open_at = end + prot
    for name, about, at, new in (
        ("protected-magic", "the protected area's magic", end, b"\x07"),
        ("protected-total", "the protected area's size is not the header's", end + 2, struct.pack("<H", 13)),
        ("protected-entry-over", "an entry over the protected area's edge", end + 6, struct.pack("<H", 5)),
        ("open-magic", "the open area's magic", open_at, b"\x08"),
        ("open-total-3", "an open area smaller than its info", open_at + 2, struct.pack("<H", 3)),
        ("open-total-large", "an open area over 4,096 bytes", open_at + 2, struct.pack("<H", 4097)),
        ("open-entry-over", "an entry over the open area's edge", open_at + 6, struct.pack("<H", 1000)),
    ):
        add("tlv-" + name, about, "image-tlv", patched(good, at, new))
    one_more = struct.pack("<H", struct.unpack_from("<H", good, open_at + 2)[0] + 2)
    add("tlv-half-entry", "two bytes where an entry begins", "image-tlv", patched(good, open_at + 2, one_more) + b"\0\0")
    add("tlv-open-foreign-over", "a foreign entry, the last one, over the edge", "image-tlv",
        image(extra=[struct.pack("<HH", 0xABA0, 9) + b"12345678"]))  # fmt: skip
    add("tlv-protected-foreign-over", "the same in the protected area", "image-tlv",
        image(protected=[sec, struct.pack("<HH", 0xABA0, 9) + b"12345678"]))  # fmt: skip
    add("tlv-protected-total-short", "the protected area says it is empty, the header that it is not", "image-tlv",
        short_protected(sec))  # fmt: skip
    hashed = good[:open_at]
    sha = o.tlv(o.SHA256, hashlib.sha256(hashed).digest())
    rest = [o.tlv(o.KEYHASH, kid("image-1")), o.tlv(o.ECDSA_SIG, o.sign_der(K["image-1"], hashed))]
    add("tlv-no-hash", "no hash TLV", "image-tlv", hashed + o.area(o.OPEN_INFO, rest))
    add("tlv-hash-twice", "the hash TLV twice", "image-tlv", hashed + o.area(o.OPEN_INFO, [sha, sha] + rest))
    add("tlv-hash-short", "a hash of 31 bytes", "image-tlv", hashed + o.area(o.OPEN_INFO, [o.tlv(o.SHA256, bytes(31))] + rest))
    add("tlv-keyhash-twice", "KEYHASH twice", "image-tlv", hashed + o.area(o.OPEN_INFO, [sha] + rest + rest[:1]))
    add("tlv-signature-twice", "two signatures", "image-tlv", hashed + o.area(o.OPEN_INFO, [sha] + rest + rest[1:]))
    add("tlv-no-keyhash", "a signature without KEYHASH", "image-tlv", hashed + o.area(o.OPEN_INFO, [sha, rest[1]]))
    add("tlv-no-signature", "KEYHASH without a signature", "image-tlv", hashed + o.area(o.OPEN_INFO, [sha, rest[0]]))
    add("tlv-counter-unprotected", "SEC_CNT outside the protected area", "image-tlv", image(counter=None, extra=[sec]))
    add("tlv-counter-twice", "SEC_CNT twice", "image-tlv", image(protected=[sec, sec]))
    add("tlv-counter-short", "SEC_CNT of 2 bytes", "image-tlv", image(protected=[o.tlv(o.SEC_CNT, b"\3\0")]))
    add("tlv-hash-protected", "the hash TLV inside what it covers", "image-tlv", image(protected=[sec, o.tlv(o.SHA256, bytes(32))]))
    for name, value in (("mode-0", b"\0\x64"), ("mode-3", b"\3\x64"), ("percent-0", b"\1\0"), ("percent-101", b"\1\x65"), ("short", b"\1")):
        add("tlv-selftest-" + name, "a self-test TLV out of range", "image-tlv", image(protected=[sec, o.tlv(o.SELFTEST, value)]))
    add("tlv-selftest-unprotected", "a self-test TLV outside the protected area", "image-tlv", image(extra=[o.tlv(o.SELFTEST, b"\1\x64")]))


def short_protected(sec):
    """Hash and signature fit the area's own size: only its disagreement with the header is wrong."""
    hashed = o.image_header(len(PAYLOAD), 12, (1, 1, 0, 0), BASE_B, 0x80) + PAYLOAD + o.area(o.PROTECTED_INFO, [])
    entries = [o.tlv(o.SHA256, hashlib.sha256(hashed).digest()), o.tlv(o.KEYHASH, kid("image-1")),
               o.tlv(o.ECDSA_SIG, o.sign_der(K["image-1"], hashed))]  # fmt: skip
    return hashed + sec + o.area(o.OPEN_INFO, entries)


def der_cases(add, good, end):
    hashed = good[: end + 12]
    r, s = o.utils.decode_dss_signature(o.sign_der(K["image-1"], hashed))
    strict = der_of(r, s)
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    for name, about, sig in (
        ("long-length", "a length in two bytes where one does", b"\x30\x81" + strict[1:]),
        ("trailing", "a byte behind the sequence", strict + b"\0"),
        ("truncated", "the last byte is missing", strict[:-1]),
        ("empty", "no signature at all", b""),
        ("not-sequence", "a set", b"\x31" + strict[1:]),
        ("long-number", "a number of 34 bytes", der_of(r | 1 << 264, s)),
        ("negative", "a negative number", b"\x30\x06\x02\x01\x80\x02\x01\x01"),
        ("leading-zero", "a needless zero before r", leading_zero(strict)),
        ("r-zero", "r is zero", der_of(0, s)),
        ("s-zero", "s is zero", der_of(r, 0)),
        ("s-plus-n", "s above the group's order", der_of(r, n)),
        ("73-bytes", "longer than 72 bytes", strict.ljust(73, b"\0")),
    ):
        add("der-" + name, about, "image-signature", image(sig=sig))
    add("valid-der-high-s", "n - s verifies, too: MCUboot asks no low s", "ok", image(sig=der_of(r, n - s)))


def leading_zero(der):
    length = der[3]
    body = b"\x02" + bytes([length + 1]) + b"\0" + der[4:]
    return b"\x30" + bytes([len(body)]) + body


def manifest_image_cases(keys, manifest):
    def add(name, about, expect, data, doc=None, index=1, **change):
        inputs = dict(keys, manifest=text(doc) if doc else manifest, index=index)
        case("manifest-image", name, about, "manifest-image", expect, **dict(inputs, **change), image=o.b64(data))

    def fitting(data, link=BASE_B, slot="B", **change):
        return manifest_doc([image_ref("A", BASE_A, image(link=BASE_A)), image_ref(slot, link, data)], **change)

    good = image()
    mine = fitting(good)
    add("valid", "the manifest's image, re-read", "ok", good, mine)
    add("valid-padded", "followed by erased flash", "ok", good + b"\xff" * 100, mine)
    foreign = image("foreign")
    add("valid-no-keys-told", "a server that was told no image keys", "ok", foreign, fitting(foreign), keys=None)
    unfixed = image(flags=0, link=0)
    add("valid-any", "slot any asks no ROM_FIXED", "ok", unfixed, fitting(unfixed, link=0, slot="any"))
    add("reread", "one bit differs from what was received", "image-reread", patched(good, 0x90, bytes([good[0x90] ^ 1])), mine)
    add("reread-header", "the header was damaged: flash is to blame, not the format", "image-reread", patched(good, 0, b"\0"), mine)
    add("length-short", "fewer bytes than the manifest says", "image-length", good[:-1], mine)
    longer = good + b"\xff"
    add("length-long", "the manifest counts a byte behind the last TLV", "image-length", longer, fitting(longer))
    for name, about, expect, data in (
        ("version", "the header says another version", "image-version", image(version=(1, 1, 0, 1))),
        ("counter", "SEC_CNT is above the manifest's", "image-counter", image(counter=4)),
        ("counter-absent", "no SEC_CNT", "image-counter", image(counter=None)),
        ("link-absent", "ROM_FIXED is not set", "image-link", image(flags=0)),
        ("link-other", "linked for the other slot", "image-link", image(link=BASE_A)),
        ("magic", "the manifest names bytes that are no image", "image-magic", patched(good, 0, b"\0")),
        ("hash", "the hash TLV is of something else", "image-hash", image(hash_flip=1)),
        ("unsigned", "no signature", "image-tlv", image(unsigned=True)),
        ("key-unknown", "signed by a foreign image key", "image-key-unknown", foreign),
        ("signature", "a signature of other bytes", "image-signature", image(sig_over=b"x")),
    ):
        add(name, about, expect, data, fitting(data))
    bare = image(counter=None)
    add("counter-absent-zero", "no SEC_CNT where the manifest says 0", "image-counter", bare, fitting(bare, security_counter=0))
    second = image("image-2")
    add("key-revoked", "signed by a key that the root revoked", "image-key-revoked", second, fitting(second), revoked=[o.b64(kid("image-2"))])


def poll_doc(**change):
    f = facts()
    doc = {
        "device": "dev-0001",
        "product": "thermostat",
        "hardware": "nucleo-f429zi",
        "running": f["running"],
        "epoch": 1,
        "sequence": 7,
        "root": 1,
        "nonce": o.b64(NONCE),
        "fresh": 1,
        "caps": {"ram": 8192, "covers": 64},
        "last": {"attempt": 111, "step": 4, "state": "failed", "reason": "image-digest", "detail": "byte 4096", "bytes": 4096},
    }
    doc.update(change)
    return doc


def report_doc(**change):
    doc = {"device": "dev-0001", "attempt": 111, "step": 2, "state": "downloading", "bytes": 131072, "running": facts()["running"]}
    doc.update(change)
    return doc


def body_cases():
    def add(check, name, about, expect, doc):
        case(check, name, about, check, expect, body=text(doc))

    for check, doc in (("poll", poll_doc()), ("report", report_doc())):
        add(check, "valid", "with every member", "ok", doc)
        add(check, "valid-unknown-member", "a newer device's member", "ok", dict(doc, colour="blue"))
        add(check, "truncated", "the last byte is missing", "bad-json", compact(doc)[:-1])
        add(check, "duplicate", "the device twice", "duplicate-member", repeated(doc, "device"))
        add(check, "no-device", "no device", "missing-member", without(doc, "device"))
        add(check, "device-slash", "a device id with a slash", "bad-value", dict(doc, device="../x"))
        add(check, "running-string", "running is a string", "bad-value", dict(doc, running="1.0.0"))
        add(check, "running-no-slot", "running without slot", "missing-member", dict(doc, running=without(doc["running"], "slot")))
        add(check, "running-confirmed-number", "confirmed is a number", "bad-value", dict(doc, running=dict(doc["running"], confirmed=1)))
        add(check, "too-large", "over its bound", "too-large", compact(doc) + " " * 2048)
    poll, report = poll_doc(), report_doc()
    add("poll", "valid-least", "without optional members", "ok", without(without(poll, "fresh"), "last"))
    add("poll", "nonce-short", "a nonce of 15 bytes", "bad-value", dict(poll, nonce=o.b64(bytes(15))))
    add("poll", "fresh-2", "fresh is 2", "bad-value", dict(poll, fresh=2))
    add("poll", "fresh-true", "fresh is a boolean", "bad-value", dict(poll, fresh=True))
    add("poll", "caps-no-covers", "caps without covers", "missing-member", dict(poll, caps={"ram": 1}))
    add("poll", "last-step-zero", "the last report's step is 0", "bad-value", dict(poll, last=dict(poll["last"], step=0)))
    add("poll", "valid-refused", "an offer was refused", "ok", dict(poll, refused="unknown-key"))
    add("poll", "valid-refused-unknown", "a newer device's refusal", "ok", dict(poll, refused="moon-phase"))
    add("poll", "refused-space", "no name of a refusal", "bad-value", dict(poll, refused="unknown key"))
    add("poll", "refused-number", "a refusal by number", "bad-value", dict(poll, refused=7))
    add("poll", "valid-last-reason-unknown", "a newer device's reason", "ok", dict(poll, last=dict(poll["last"], reason="moon-phase")))
    add("report", "valid-reason-unknown", "a newer device's reason", "ok", dict(report, state="failed", reason="moon-phase"))
    add("report", "reason-long", "a reason of 65 characters", "bad-value", dict(report, state="failed", reason="m" * 65))
    add("report", "reason-empty", "an empty reason", "bad-value", dict(report, state="failed", reason=""))
    add("report", "state-unknown", "no such state", "bad-value", dict(report, state="sleeping"))
    add("report", "attempt-zero", "attempt 0", "bad-value", dict(report, attempt=0))
    add("report", "bytes-negative", "a negative count", "bad-value", dict(report, bytes=-1))


# ---- judging ---------------------------------------------------------------------------------------------------------


def judge(c):
    """The wire name that the specification asks for. What the case trusts must decode: that raises."""
    trusted = {
        "root": o.decode_root(c["root"].encode()) if "root" in c else None,
        "offer": o.decode_offer(c["offer"].encode()) if "offer" in c else None,
        "manifest": o.decode_manifest(c["manifest"].encode()) if "manifest" in c else None,
    }
    try:
        run(c, trusted["root"], trusted["offer"], trusted["manifest"])
        return "ok"
    except o.Refusal as refusal:
        return str(refusal)


def image_keys(c):
    keys = None if c["keys"] is None else [o.unb64(k) for k in c["keys"]]
    return keys, [o.unb64(r) for r in c["revoked"]]


def run(c, root, offer, manifest):
    check = c["check"]
    if check == "root-first":
        return o.check_root_first(c["envelope"])
    if check == "root-next":
        return o.check_root_next(root, c["envelope"])
    if check == "offer":
        return o.check_offer(root, c["facts"], o.unb64(c["nonce"]), c["envelope"])
    if check == "manifest":
        return o.check_manifest(root, c["facts"], offer, c["envelope"])
    if check == "release":
        return o.check_release(root, c["now"], c["envelope"])
    if check == "image":
        return o.check_image(o.unb64(c["image"]), *image_keys(c))
    if check == "manifest-image":
        return o.check_manifest_image(manifest, c["index"], o.unb64(c["image"]), *image_keys(c))
    return {"poll": o.check_poll, "report": o.check_report}[check](c["body"])


def write_examples():
    """One readable document of each kind, for people and for check-schemas.py."""
    manifest = o.jws(compact(manifest_doc()), K["release-1"])
    EXAMPLES.mkdir(parents=True, exist_ok=True)
    for name, doc in (
        ("root", root_doc(revoked=[kid("image-2")])),
        ("manifest", manifest_doc(notes_sha256="34" * 32)),
        ("offer", offer_doc(manifest, blobs="https://cdn.example.org/fw")),
        ("offer-empty", empty_offer()),
        ("envelope", json.loads(manifest)),
        ("poll", poll_doc()),
        ("report", report_doc()),
    ):
        (EXAMPLES / (name + ".json")).write_text(json.dumps(doc, indent=2) + "\n")


def make(keep):
    """Makes all cases; with keep, writes only those that have no file yet."""
    K.update(load_keys(True))
    for group in (root_cases, root_next_cases, offer_cases, manifest_cases, image_cases, body_cases):
        group()
    wrong = [(p, c["expect"], judge(c)) for p, c in CASES.items() if judge(c) != c["expect"]]
    for path, expect, got in wrong:
        print("%s: made for %s, but is %s" % (path, expect, got), file=sys.stderr)
    if wrong:
        return 1
    for old in VECTORS.glob("*/*.json"):
        if not keep or "%s/%s" % (old.parent.name, old.stem) not in CASES:
            old.unlink()
    for path, c in CASES.items():
        target = VECTORS / (path + ".json")
        if target.exists():
            continue
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(c, indent=1) + "\n")
    if not keep:
        write_examples()
    print("%d vectors" % len(CASES))
    return 0


def check():
    files = sorted(VECTORS.glob("*/*.json"))
    failed = 0
    for path in files:
        c = json.loads(path.read_text())
        got = judge(c)
        if got != c["expect"]:
            failed += 1
            print("%s: expects %s, the specification says %s" % (path.relative_to(VECTORS), c["expect"], got))
    print("%d vectors, %d wrong" % (len(files), failed))
    return 1 if failed or not files else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="judge the committed vectors, write nothing")
    parser.add_argument("--write", action="store_true", help="make all vectors anew")
    parser.add_argument("--add", action="store_true", help="make the cases that have no file yet")
    args = parser.parse_args()
    if args.check + args.write + args.add != 1:
        parser.error("give one of --check, --add and --write")
    return check() if args.check else make(args.add)


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())
