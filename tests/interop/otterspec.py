"""Otter's signed documents and images, a second time: from docs/protocol.md and RFC 7515, RFC 5480 and MCUboot's
image format alone, with python3-cryptography. Nothing here is translated from lib/core, so that an error in one of the
two shows up as a disagreement about a vector.

Every check returns the wire name of the first refusal, or "ok"."""

import base64
import hashlib
import re
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

ENVELOPE_MAX, PAYLOAD_MAX, SIGNATURES_MAX, TOKENS_MAX, DEPTH_MAX = 4608, 2048, 8, 128, 8
INT_MAX = 2**53 - 1
NAME = re.compile(r"[A-Za-z0-9._+-]{1,64}")
DEVICE = re.compile(r"[A-Za-z0-9._:-]{1,64}")
VERSION = re.compile(r"(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,4})(?:\+(0|[1-9]\d{0,9}))?", re.ASCII)
SPKI_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")


class Refusal(Exception):
    """A named refusal; str() is its wire name."""


def refuse_unless(ok, name):
    if not ok:
        raise Refusal(name)


# ---- encodings -------------------------------------------------------------------------------------------------------


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    """Strict and unpadded; None if it is anything else."""
    if not isinstance(text, str) or not re.fullmatch(r"[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
        return None
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return data if b64(data) == text else None


def unhex32(text):
    return bytes.fromhex(text) if isinstance(text, str) and re.fullmatch(r"[0-9a-f]{64}", text) else None


# ---- JSON (RFC 8259), raw: strings keep their escapes, objects keep duplicate members ---------------------------------


class Raw(str):
    """A number's text."""


class Json:
    """A recursive descent parser that counts tokens: a key and each value is one."""

    NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
    STRING = re.compile(r'"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"')
    SPACE = re.compile(r"[ \t\r\n]*")

    def __init__(self, text):
        self.text, self.at, self.tokens = text, 0, 0

    def parse(self):
        value = self.value(1)
        self.space()
        refuse_unless(self.at == len(self.text) and self.tokens <= TOKENS_MAX, "bad-json")
        return value

    def space(self):
        self.at = self.SPACE.match(self.text, self.at).end()

    def take(self, pattern):
        m = pattern.match(self.text, self.at)
        refuse_unless(m, "bad-json")
        self.at = m.end()
        return m

    def literal(self, char):
        self.space()
        if self.text.startswith(char, self.at):
            self.at += len(char)
            return True
        return False

    def string(self):
        self.space()
        self.tokens += 1
        return self.take(self.STRING).group(1)

    def value(self, depth):
        self.space()
        c = self.text[self.at : self.at + 1]
        if c == '"':
            return self.string()
        self.tokens += 1
        if c in ("{", "["):
            refuse_unless(depth <= DEPTH_MAX, "bad-json")
            self.at += 1
            return self.members(depth) if c == "{" else self.elements(depth)
        for word, value in (("true", True), ("false", False), ("null", None)):
            if self.literal(word):
                return value
        return Raw(self.take(self.NUMBER).group(0))

    def members(self, depth):
        out = []
        if self.literal("}"):
            return dict_of(out)
        while True:
            key = self.string()
            refuse_unless(self.literal(":"), "bad-json")
            out.append((key, self.value(depth + 1)))
            if self.literal("}"):
                return dict_of(out)
            refuse_unless(self.literal(","), "bad-json")

    def elements(self, depth):
        out = []
        if self.literal("]"):
            return out
        while True:
            out.append(self.value(depth + 1))
            if self.literal("]"):
                return out
            refuse_unless(self.literal(","), "bad-json")


class Members(list):
    """Pairs of an object, in order."""


def dict_of(pairs):
    return Members(pairs)


def parse_json(text):
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    return Json(text).parse()


def fields(obj, required, optional=(), ignore_unknown=False):
    """An object's members as a dict, exactly those allowed."""
    refuse_unless(isinstance(obj, Members), "bad-value")
    names = [k for k, _ in obj]
    for k in names:
        refuse_unless(ignore_unknown or k in required or k in optional, "unknown-member")
        refuse_unless(names.count(k) == 1 or (k not in required and k not in optional), "duplicate-member")
    for k in required:
        refuse_unless(k in names, "missing-member")
    return dict(obj)


def is_string(v):
    return isinstance(v, str) and not isinstance(v, Raw)


def integer(v, low=0, high=INT_MAX):
    refuse_unless(isinstance(v, Raw) and re.fullmatch(r"0|[1-9]\d*", v, re.ASCII), "bad-value")
    refuse_unless(low <= int(v) <= high, "bad-value")
    return int(v)


def matching(v, pattern):
    refuse_unless(is_string(v) and pattern.fullmatch(v), "bad-value")
    return str(v)


def version(v):
    m = VERSION.fullmatch(v) if is_string(v) else None
    refuse_unless(m, "bad-value")
    parts = tuple(int(g or 0) for g in m.groups())
    refuse_unless(all(p <= top for p, top in zip(parts, (255, 255, 65535, 2**32 - 1))), "bad-value")
    return parts


def bounded_list(v, low, high):
    refuse_unless(isinstance(v, list) and not isinstance(v, Members) and low <= len(v) <= high, "bad-value")
    return v


def digest_member(v):
    d = unhex32(v) if is_string(v) else None
    refuse_unless(d is not None, "bad-value")
    return d


def slot(v):
    refuse_unless(is_string(v) and v in ("A", "B", "any"), "bad-value")
    return str(v)


# ---- keys ------------------------------------------------------------------------------------------------------------


def spki(public):
    return public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def kid(public):
    return hashlib.sha256(spki(public)).digest()


def public_of(der):
    """None unless it is the 91-byte form of a key on P-256."""
    if len(der) != 91 or der[:26] != SPKI_PREFIX or der[26] != 4:
        return None
    try:
        return serialization.load_der_public_key(der)
    except ValueError:
        return None


def sign_der(private, data):
    return private.sign(data, ec.ECDSA(hashes.SHA256()))


def sign_raw(private, data):
    r, s = utils.decode_dss_signature(sign_der(private, data))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def verify_raw(public, data, raw):
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    try:
        public.verify(utils.encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
        return True
    except InvalidSignature:
        return False


# ---- JWS (RFC 7515, 7.2.1) -------------------------------------------------------------------------------------------


def header(key_id):
    return b64(('{"alg":"ES256","kid":"%s"}' % b64(key_id)).encode())


def envelope_of(payload, signatures):
    """signatures: (protected in base64url, raw signature)"""
    entries = ",".join('{"protected":"%s","signature":"%s"}' % (p, b64(s)) for p, s in signatures)
    return '{"payload":"%s","signatures":[%s]}' % (b64(payload), entries)


def jws_signature(private, payload):
    protected = header(kid(private.public_key()))
    return protected, sign_raw(private, ("%s.%s" % (protected, b64(payload))).encode())


def jws(payload, *privates):
    payload = payload.encode() if isinstance(payload, str) else payload
    return envelope_of(payload, [jws_signature(k, payload) for k in privates])


def open_envelope(text):
    """(payload bytes, {kid: (signing input, raw signature)})"""
    data = text.encode("latin-1") if isinstance(text, str) else text
    refuse_unless(len(data) <= ENVELOPE_MAX, "too-large")
    doc = parse_json(data)
    try:
        doc = fields(doc, ("payload", "signatures"))
        refuse_unless(is_string(doc["payload"]), "bad-envelope")
        refuse_unless(type(doc["signatures"]) is list and doc["signatures"], "bad-envelope")
    except Refusal:
        raise Refusal("bad-envelope") from None
    refuse_unless(len(doc["signatures"]) <= SIGNATURES_MAX, "too-many-signatures")
    refuse_unless(len(doc["payload"]) <= (PAYLOAD_MAX * 4 + 2) // 3, "too-large")
    payload = unb64(doc["payload"])
    refuse_unless(payload is not None, "bad-encoding")
    signatures = {}
    for entry in doc["signatures"]:
        key_id, protected, raw = open_signature(entry)
        refuse_unless(key_id not in signatures, "duplicate-signature")
        refuse_unless(raw is not None and len(raw) == 64, "bad-encoding")
        signatures[key_id] = (("%s.%s" % (protected, doc["payload"])).encode(), raw)
    return payload, signatures


def open_signature(entry):
    try:
        entry = fields(entry, ("protected", "signature"))
    except Refusal:
        raise Refusal("bad-envelope") from None
    refuse_unless(is_string(entry["protected"]) and is_string(entry["signature"]), "bad-envelope")
    refuse_unless(len(entry["protected"]) == len(header(bytes(32))), "bad-header")
    text = unb64(entry["protected"])
    refuse_unless(text is not None, "bad-encoding")
    m = re.fullmatch(rb'\{"alg":"ES256","kid":"([A-Za-z0-9_-]{43})"\}', text)
    key_id = unb64(m.group(1).decode()) if m else None
    refuse_unless(key_id is not None, "bad-header")
    return key_id, entry["protected"], unb64(entry["signature"])


def document(payload, kind):
    """The payload's object, its type looked at before anything else."""
    refuse_unless(len(payload) <= PAYLOAD_MAX, "too-large")
    obj = parse_json(payload)
    only_type = fields(obj, ("type",), ignore_unknown=True)
    refuse_unless(is_string(only_type["type"]), "bad-value")
    refuse_unless(only_type["type"] == kind, "wrong-type")
    return obj


# ---- root ------------------------------------------------------------------------------------------------------------


def decode_root(payload):
    f = fields(
        document(payload, "otter-root"),
        ("type", "version", "created", "expires", "sequence_epoch", "keys", "roles", "revoked_images"),
    )
    root = {k: integer(f[k], 1 if k == "version" else 0) for k in ("version", "created", "expires", "sequence_epoch")}
    root["keys"] = decode_keys(f["keys"])
    root["roles"] = decode_roles(f["roles"], root["keys"])
    root["revoked"] = [unb64(v) if is_string(v) else None for v in bounded_list(f["revoked_images"], 0, 3)]
    refuse_unless(all(v is not None and len(v) == 32 for v in root["revoked"]), "bad-value")
    return root


def decode_keys(obj):
    refuse_unless(isinstance(obj, Members) and 1 <= len(obj) <= 7, "bad-value")
    keys = {}
    for name, value in obj:
        key_id, der = unb64(name), unb64(value) if is_string(value) else None
        refuse_unless(key_id is not None and der is not None, "root-keys")
        refuse_unless(len(der) == 91 and der[:26] == SPKI_PREFIX and der[26] == 4, "root-keys")
        refuse_unless(hashlib.sha256(der).digest() == key_id, "root-keys")
        refuse_unless(key_id not in keys, "duplicate-member")
        keys[key_id] = der
    return keys


def decode_roles(obj, keys):
    roles = fields(obj, ("root", "release", "offer"))
    out = {}
    for name in ("root", "release", "offer"):
        f = fields(roles[name], ("keyids", "threshold"))
        ids = [unb64(v) if is_string(v) else None for v in bounded_list(f["keyids"], 0, 999)]
        refuse_unless(all(i in keys for i in ids) and len(set(ids)) == len(ids), "root-roles")
        threshold = integer(f["threshold"])
        refuse_unless(1 <= threshold <= len(ids), "root-roles")
        out[name] = (threshold, ids)
    refuse_unless(sum(len(ids) for _, ids in out.values()) <= 9, "root-roles")
    refuse_unless(out["offer"][0] == 1, "root-roles")
    refuse_unless(not set(out["offer"][1]) & set(out["root"][1] + out["release"][1]), "root-roles")
    return out


def check_role(root, role, signatures):
    threshold, ids = root["roles"][role]
    valid = 0
    for key_id, (data, raw) in signatures.items():
        if key_id not in ids:
            continue
        public = public_of(root["keys"][key_id])
        refuse_unless(public is not None and verify_raw(public, data, raw), "bad-signature")
        valid += 1
    refuse_unless(valid, "unknown-key")
    refuse_unless(valid >= threshold, "threshold-not-met")


def check_root_first(envelope):
    payload, signatures = open_envelope(envelope)
    root = decode_root(payload)
    check_role(root, "root", signatures)
    return root


def check_root_next(current, envelope):
    payload, signatures = open_envelope(envelope)
    root = decode_root(payload)
    refuse_unless(root["version"] == current["version"] + 1, "root-version")
    refuse_unless(root["sequence_epoch"] >= current["sequence_epoch"], "root-epoch")
    check_role(current, "root", signatures)
    check_role(root, "root", signatures)
    return root


# ---- offer -----------------------------------------------------------------------------------------------------------


def blob_ref(obj, extra, max_size):
    f = fields(obj, ("sha256", "size") + extra)
    return f, {"sha256": digest_member(f["sha256"]), "size": integer(f["size"], 1, max_size)}


def decode_offer(payload):
    update = ("deadline", "attempt", "manifest", "image")
    f = fields(document(payload, "otter-offer"), ("type", "device", "nonce", "issued"), update + ("delta", "blobs"))
    offer = {"device": matching(f["device"], DEVICE), "issued": integer(f["issued"]), "empty": len(f) == 4}
    offer["nonce"] = unb64(f["nonce"]) if is_string(f["nonce"]) else None
    refuse_unless(offer["nonce"] is not None and len(offer["nonce"]) == 16, "bad-value")
    if offer["empty"]:
        return offer
    for name in update:
        refuse_unless(name in f, "missing-member")
    offer["deadline"], offer["attempt"] = integer(f["deadline"]), integer(f["attempt"], 1)
    _, offer["manifest"] = blob_ref(f["manifest"], (), ENVELOPE_MAX)
    raw, offer["image"] = blob_ref(f["image"], ("slot",), INT_MAX)
    offer["image"]["slot"] = slot(raw["slot"])
    if "delta" in f:
        raw, offer["delta"] = blob_ref(f["delta"], ("base_sha256",), INT_MAX)
        offer["delta"]["base"] = digest_member(raw["base_sha256"])
    if "blobs" in f:
        refuse_unless(is_string(f["blobs"]) and re.fullmatch(r"[!#-\[\]-~]{1,128}", f["blobs"]), "bad-value")
    return offer


def check_offer(root, facts, nonce, envelope):
    payload, signatures = open_envelope(envelope)
    check_role(root, "offer", signatures)
    offer = decode_offer(payload)
    refuse_unless(offer["device"] == facts["device"], "offer-device")
    refuse_unless(offer["nonce"] == nonce, "offer-nonce")
    refuse_unless(offer["issued"] >= facts["time_floor"], "offer-time")
    refuse_unless(offer["issued"] < root["expires"], "root-expired")
    refuse_unless(offer["empty"] or offer["deadline"] > offer["issued"], "offer-deadline")
    return offer


# ---- manifest --------------------------------------------------------------------------------------------------------


def decode_manifest(payload):
    f = fields(
        document(payload, "otter-manifest"),
        ("type", "product", "hardware", "version", "epoch", "sequence", "security_counter", "created", "expires",
         "requires", "images"),
        ("sbom_sha256", "notes_sha256"),
    )  # fmt: skip
    m = {k: integer(f[k]) for k in ("epoch", "sequence", "created", "expires")}
    m["security_counter"] = integer(f["security_counter"], 0, 2**32 - 1)
    m["product"], m["version"] = matching(f["product"], NAME), version(f["version"])
    m["hardware"] = [matching(h, NAME) for h in bounded_list(f["hardware"], 1, 8)]
    refuse_unless(len(set(m["hardware"])) == len(m["hardware"]), "bad-value")
    for name in ("sbom_sha256", "notes_sha256"):
        if name in f:
            digest_member(f[name])
    bounds = fields(f["requires"], ("from", "below"))
    for name in ("from", "below"):
        m[name] = None if is_string(bounds[name]) and bounds[name] == "" else version(bounds[name])
    m["images"] = [decode_manifest_image(i) for i in bounded_list(f["images"], 1, 4)]
    refuse_unless(len({i["slot"] for i in m["images"]}) == len(m["images"]), "bad-value")
    return m


def decode_manifest_image(obj):
    raw, image = blob_ref(obj, ("slot", "link"), INT_MAX)
    image["slot"], image["link"] = slot(raw["slot"]), integer(raw["link"])
    return image


def open_manifest(root, envelope):
    payload, signatures = open_envelope(envelope)
    check_role(root, "release", signatures)
    return decode_manifest(payload)


def check_expiry_and_epoch(root, now, m):
    refuse_unless(now < m["expires"], "manifest-expired")
    refuse_unless(m["epoch"] == root["sequence_epoch"], "wrong-epoch")


def check_release(root, now, envelope):
    m = open_manifest(root, envelope)
    check_expiry_and_epoch(root, now, m)
    return m


def check_manifest(root, facts, offer, envelope):
    data = envelope.encode("latin-1")
    refuse_unless(len(data) == offer["manifest"]["size"], "manifest-size")
    refuse_unless(hashlib.sha256(data).digest() == offer["manifest"]["sha256"], "manifest-digest")
    m = open_manifest(root, envelope)
    refuse_unless(m["product"] == facts["product"], "wrong-product")
    refuse_unless(facts["hardware"] in m["hardware"], "wrong-hardware")
    check_expiry_and_epoch(root, offer["issued"], m)
    refuse_unless((m["epoch"], m["sequence"]) > (facts["epoch"], facts["sequence"]), "sequence-not-above")
    refuse_unless(m["security_counter"] >= facts["counter_floor"], "counter-below")
    running = version(facts["running"]["version"])
    refuse_unless(m["from"] is None or running >= m["from"], "requires-from")
    refuse_unless(m["below"] is None or running < m["below"], "requires-below")
    index = find_image(m, offer)
    check_slot(facts, m["images"][index])
    check_delta(facts, offer)
    return m, index


def find_image(m, offer):
    for i, image in enumerate(m["images"]):
        if all(image[k] == offer["image"][k] for k in ("slot", "size", "sha256")):
            return i
    raise Refusal("image-mismatch")


def check_slot(facts, image):
    here = facts["slots"].get(image["slot"])
    refuse_unless(here is not None and here["size"] > 0, "slot-unsupported")
    refuse_unless(image["slot"] != facts["running"]["slot"], "slot-running")
    refuse_unless(image["link"] == here["base"], "wrong-link")
    refuse_unless(image["size"] <= here["size"] - here["trailer"], "image-too-large")


def check_delta(facts, offer):
    if "delta" not in offer:
        return
    refuse_unless(facts["takes_delta"], "delta-unsupported")
    refuse_unless(offer["delta"]["base"].hex() == facts["running"]["sha256"], "delta-base")
    refuse_unless(offer["delta"]["size"] < offer["image"]["size"], "delta-size")


# ---- MCUboot image ---------------------------------------------------------------------------------------------------

IMAGE_MAGIC, PROTECTED_INFO, OPEN_INFO = 0x96F3B83D, 0x6908, 0x6907
KEYHASH, SHA256, ECDSA_SIG, SEC_CNT, SELFTEST = 0x01, 0x10, 0x22, 0x50, 0x4FA0
ROM_FIXED, PIC = 0x100, 0x1


def tlv(kind, data):
    return struct.pack("<HH", kind, len(data)) + data


def area(magic, entries):
    body = b"".join(entries)
    return struct.pack("<HH", magic, 4 + len(body)) + body


def image_header(payload_len, protected_len, version_parts, load_addr, header_size=0x200, flags=ROM_FIXED):
    major, minor, revision, build = version_parts
    head = struct.pack(
        "<IIHHIIBBHII", IMAGE_MAGIC, load_addr, header_size, protected_len, payload_len, flags, major, minor, revision,
        build, 0,
    )  # fmt: skip
    return head.ljust(header_size, b"\xff") if header_size > 32 else head


def der_is_strict(der):
    """ECDSA-Sig-Value, DER, of numbers that fit 32 bytes, nothing behind it."""
    try:
        r, s = utils.decode_dss_signature(der)
    except ValueError:
        return False
    return 0 <= r < 2**256 and 0 <= s < 2**256 and utils.encode_dss_signature(r, s) == der


def parse_area(data, at, magic, size=None):
    refuse_unless(at + 4 <= len(data), "image-too-large")
    found, total = struct.unpack_from("<HH", data, at)
    refuse_unless(found == magic and 4 <= total <= 4096 and size in (None, total), "image-tlv")
    refuse_unless(at + total <= len(data), "image-too-large")
    entries, end = [], at + total
    at += 4
    while at < end:
        refuse_unless(at + 4 <= end, "image-tlv")
        kind, length = struct.unpack_from("<HH", data, at)
        refuse_unless(at + 4 + length <= end, "image-tlv")
        entries.append((kind, data[at + 4 : at + 4 + length]))
        at += 4 + length
    return entries, end


def take_entries(info, entries, protected):
    ours = {KEYHASH: (32, False), SHA256: (32, False), ECDSA_SIG: (None, False), SEC_CNT: (4, True), SELFTEST: (2, True)}
    for kind, value in entries:
        if kind not in ours:
            continue
        length, where = ours[kind]
        refuse_unless(where == protected and kind not in info["tlv"], "image-tlv")
        refuse_unless(length in (None, len(value)), "image-tlv")
        if kind == ECDSA_SIG:
            refuse_unless(der_is_strict(value), "image-signature")
        if kind == SELFTEST:
            refuse_unless(value[0] in (1, 2) and 1 <= value[1] <= 100, "image-tlv")
        info["tlv"][kind] = value


def inspect_image(data):
    refuse_unless(len(data) >= 32, "image-too-large")
    magic, load, hdr, prot, size, flags, *ver = struct.unpack_from("<IIHHIIBBHI", data)
    refuse_unless(magic == IMAGE_MAGIC, "image-magic")
    refuse_unless(hdr >= 32 and hdr % 4 == 0 and size > 0, "image-header")
    refuse_unless(prot <= 4096 and prot not in (1, 2, 3) and hdr + size + prot < 2**32, "image-header")
    refuse_unless(flags & ~(ROM_FIXED | PIC) == 0, "image-flags")
    info = {"load_addr": load, "header_size": hdr, "protected_size": prot, "image_size": size, "flags": flags,
            "version": tuple(ver), "tlv": {}}  # fmt: skip
    protected, end = parse_area(data, hdr + size, PROTECTED_INFO, prot) if prot else ([], hdr + size)
    entries, file_end = parse_area(data, end, OPEN_INFO)
    take_entries(info, protected, True)
    take_entries(info, entries, False)
    refuse_unless(SHA256 in info["tlv"], "image-tlv")
    info["hashed"], info["file_size"] = end, file_end
    info["order"] = {"protected": [k for k, _ in protected], "open": [k for k, _ in entries]}
    return info


def check_image_key(info, data, keys, revoked):
    refuse_unless(KEYHASH in info["tlv"] and ECDSA_SIG in info["tlv"], "image-tlv")
    by_id = {hashlib.sha256(k).digest(): k for k in keys}
    key = by_id.get(info["tlv"][KEYHASH])
    refuse_unless(key is not None, "image-key-unknown")
    refuse_unless(info["tlv"][KEYHASH] not in revoked, "image-key-revoked")
    public = public_of(key)
    try:
        public.verify(info["tlv"][ECDSA_SIG], data[: info["hashed"]], ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise Refusal("image-signature") from None


def check_hash(info, data):
    refuse_unless(hashlib.sha256(data[: info["hashed"]]).digest() == info["tlv"][SHA256], "image-hash")


def check_image(data, keys, revoked):
    info = inspect_image(data)
    check_hash(info, data)
    check_image_key(info, data, keys, revoked)
    return info


def check_manifest_image(m, index, data, keys, revoked):
    want = m["images"][index]
    refuse_unless(want["size"] <= len(data), "image-length")
    refuse_unless(hashlib.sha256(data[: want["size"]]).digest() == want["sha256"], "image-reread")
    info = inspect_image(data)
    refuse_unless(info["file_size"] == want["size"], "image-length")
    check_hash(info, data)
    refuse_unless(info["version"] == m["version"], "image-version")
    counter = info["tlv"].get(SEC_CNT)
    refuse_unless(counter is not None and struct.unpack("<I", counter)[0] == m["security_counter"], "image-counter")
    refuse_unless(
        want["slot"] == "any" or (info["flags"] & ROM_FIXED and info["load_addr"] == want["link"]), "image-link"
    )
    if keys is not None:
        check_image_key(info, data, keys, revoked)
    return info


# ---- bodies of the device protocol: not signed, unknown members allowed ------------------------------------------------

STATES = ("offered", "downloading", "downloaded", "installed", "testing", "succeeded", "failed", "reverted", "timed-out",
          "cancelled")  # fmt: skip


def decode_running(obj):
    f = fields(obj, ("version", "sha256", "slot", "confirmed"), ignore_unknown=True)
    refuse_unless(isinstance(f["confirmed"], bool), "bad-value")
    version(f["version"]), digest_member(f["sha256"]), slot(f["slot"])


def decode_report(f):
    integer(f["attempt"], 1), integer(f["step"], 1, 2**32 - 1), integer(f.get("bytes", Raw("0")))
    refuse_unless(is_string(f["state"]) and f["state"] in STATES, "bad-value")
    if "reason" in f:  # a name that we do not know is a newer device's
        matching(f["reason"], NAME)


REPORT = ("attempt", "step", "state"), ("reason", "detail", "bytes")


def check_report(body):
    refuse_unless(len(body.encode("latin-1")) <= 1024, "too-large")
    f = fields(parse_json(body), ("device", "running") + REPORT[0], REPORT[1], ignore_unknown=True)
    matching(f["device"], DEVICE)
    decode_running(f["running"])
    decode_report(f)


def check_poll(body):
    refuse_unless(len(body.encode("latin-1")) <= 2048, "too-large")
    f = fields(
        parse_json(body),
        ("device", "product", "hardware", "running", "epoch", "sequence", "root", "nonce", "caps"),
        ("fresh", "stale", "refused", "last"),
        ignore_unknown=True,
    )
    matching(f["device"], DEVICE), matching(f["product"], NAME), matching(f["hardware"], NAME)
    nonce = unb64(f["nonce"]) if is_string(f["nonce"]) else None
    refuse_unless(nonce is not None and len(nonce) == 16, "bad-value")
    integer(f["epoch"]), integer(f["sequence"]), integer(f["root"])
    integer(f.get("fresh", Raw("0")), 0, 1), integer(f.get("stale", Raw("0")), 0, 1)
    if "refused" in f:
        matching(f["refused"], NAME)
    decode_running(f["running"])
    caps = fields(f["caps"], ("ram", "covers"), ignore_unknown=True)
    integer(caps["ram"], 0, 2**32 - 1), integer(caps["covers"], 0, 2**32 - 1)
    if "last" in f:
        decode_report(fields(f["last"], *REPORT, ignore_unknown=True))
