#!/usr/bin/python3
"""The audit log read a second time: from docs/protocol.md alone, with hashlib, and openssl for signatures.

audit-check.py [FILE...]   the golden logs of manifests/audit, each with what must be found in it and where; with OTTER_BIN
                           set, what `otter audit verify` finds; then the files, which must be good
audit-check.py --write     makes the golden logs, by the test-only keys of manifests/vectors/keys
"""

import base64
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ROOT / "manifests/audit"
KEYS = ROOT / "manifests/vectors/keys"
ENTRY = re.compile(rb'\{"num":([1-9]\d*),"at":(\d+),"who":".*?","act":"([a-z-]+)","subject":".*","detail":(\{.*\}),'
                   rb'"prev":"([0-9a-f]{64})","hash":"([0-9a-f]{64})"\}', re.DOTALL)
HASH = re.compile(rb',"hash":"[0-9a-f]{64}"\}$')
ZERO = "0" * 64


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def openssl(*words, data):
    return subprocess.run(["openssl", *words], input=data, capture_output=True, check=False)


def der_of(raw):
    """R || S as openssl takes it."""
    def integer(b):
        b = b.lstrip(b"\0") or b"\0"
        b = b"\0" + b if b[0] & 0x80 else b
        return bytes([2, len(b)]) + b
    body = integer(raw[:32]) + integer(raw[32:])
    return bytes([0x30, len(body)]) + body


def raw_of(der):
    r = der[4:4 + der[3]]
    s = der[4 + der[3] + 2:]
    return b"".join(part.lstrip(b"\0").rjust(32, b"\0") for part in (r, s))


def kid_of(spki):
    return b64(hashlib.sha256(spki).digest())


def signed_by(envelope, spki):
    """Does openssl say so?"""
    one = envelope["signatures"][0]
    with tempfile.TemporaryDirectory() as folder:
        key, sig = pathlib.Path(folder) / "k.der", pathlib.Path(folder) / "s"
        key.write_bytes(spki)
        sig.write_bytes(der_of(unb64(one["signature"])))
        return openssl("dgst", "-sha256", "-verify", key, "-keyform", "DER", "-signature", sig,
                       data=f"{one['protected']}.{envelope['payload']}".encode()).returncode == 0


class Fault(Exception):
    pass


def head_of(line):
    try:
        envelope = json.loads(line)
        payload = json.loads(unb64(envelope["payload"]))
        if payload["type"] == "otter-audit-head" and len(envelope["signatures"]) == 1:
            return envelope, payload
    except (ValueError, KeyError, TypeError):
        pass
    raise Fault("no-entry")


def check_head(line, keys):
    envelope, payload = head_of(line)
    kid = json.loads(unb64(envelope["signatures"][0]["protected"]))["kid"]
    if kid not in keys:
        raise Fault("strange-key")
    if not signed_by(envelope, keys[kid]):
        raise Fault("unsigned")
    return payload


def check(lines, heads=()):
    """(fault, line); line 0: at the end."""
    num, last, keys, headed, hashes, number = 0, ZERO, {}, False, {}, 0
    try:
        for number, line in enumerate(lines, 1):
            found = ENTRY.fullmatch(line)
            if headed or (not found and num == 0):
                raise Fault("no-entry")
            if not found:
                head = check_head(line, keys)
                headed = True
                if head["num"] > num:
                    raise Fault("cut")
                if (head["num"], head["hash"]) != (num, last):
                    raise Fault("other-head")
                continue
            if hashlib.sha256(HASH.sub(b"}", line)).hexdigest() != found[6].decode():
                raise Fault("changed")
            this = int(found[1])
            if this <= num:
                raise Fault("misplaced")
            if this > num + 1:
                raise Fault("missing" if num else "begins-late")
            if found[5].decode() != last:
                raise Fault("unchained")
            num, last = this, found[6].decode()
            hashes[num] = last
            entry = json.loads(line)
            if entry["act"] == "audit-key" and entry["who"] == "":
                spki = unb64(entry["detail"]["spki"])
                keys[kid_of(spki)] = spki
        number = 0
        for head in heads:
            said = check_head(head, keys)
            if said["num"] > num:
                raise Fault("cut")
            if hashes[said["num"]] != said["hash"]:
                raise Fault("other-head")
        if not headed and not heads:
            raise Fault("no-head")
    except Fault as fault:
        return str(fault), number
    return "good", 0


# --- the golden logs

class Writer:
    def __init__(self, key):
        self.key, self.lines, self.last = KEYS / key, [], ZERO
        self.spki = openssl("pkey", "-in", self.key, "-pubout", "-outform", "DER", data=b"").stdout
        self.entry("", "audit-key", "log", {"kid": kid_of(self.spki), "spki": b64(self.spki)})

    def entry(self, who, act, subject, detail):
        body = {"num": len(self.lines) + 1, "at": 1800000000, "who": who, "act": act, "subject": subject, "detail": detail,
                "prev": self.last}
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
        self.last = hashlib.sha256(text.encode()).hexdigest()
        self.lines.append(f'{text[:-1]},"hash":"{self.last}"}}')

    def head(self):
        payload = json.dumps({"type": "otter-audit-head", "num": len(self.lines), "hash": self.last, "at": 1800000001},
                             separators=(",", ":"))
        protected = b64(json.dumps({"alg": "ES256", "kid": kid_of(self.spki)}, separators=(",", ":")).encode())
        text = f"{protected}.{b64(payload.encode())}".encode()
        signature = b64(raw_of(openssl("dgst", "-sha256", "-sign", self.key, data=text).stdout))
        return json.dumps({"payload": b64(payload.encode()), "signatures": [{"protected": protected, "signature": signature}]},
                          separators=(",", ":"))


def golden():
    log = Writer("test-only-root-1.pem")
    log.entry("eve", "rollout-start", "rollout 3", {"phase": 1})
    log.entry("adam", "device-hold", 'devices where tag == "l\u00e4b"', {"reason": "one \"quoted\" \\ and\ttabbed", "changed": 2})
    early = log.head()
    log.entry("", "rollout-halted", "rollout 3", {"lost_percent": 37.5})
    lines, head = log.lines, log.head()
    other = Writer("test-only-root-2.pem").head()
    forged = Writer("test-only-root-1.pem")
    forged.key = KEYS / "test-only-root-2.pem"
    forged.lines, forged.last = lines, log.last
    yield "good", [*lines, head], [], "good", 0
    yield "good-with-an-earlier-head", [*lines, head], [early], "good", 0
    yield "good-by-a-kept-head-alone", lines, [early], "good", 0
    yield "changed", [lines[0], lines[1].replace("eve", "eva"), *lines[2:], head], [], "changed", 2
    yield "dropped", [*lines[:2], lines[3], head], [], "missing", 3
    yield "swapped", [lines[0], lines[2], lines[1], lines[3], head], [], "missing", 2
    yield "twice", [*lines[:2], *lines[1:], head], [], "misplaced", 3
    yield "newest-dropped", [*lines[:3], head], [], "cut", 4
    yield "no-head", lines, [], "no-head", 0
    yield "behind-the-head", [*lines, head, lines[3]], [], "no-entry", 6
    yield "otherwise-spelled", [lines[0], lines[1].replace('{"num"', '{ "num"'), *lines[2:], head], [], "no-entry", 2
    yield "early-head-at-the-end", [*lines, early], [], "other-head", 5
    yield "head-by-another-key", [*lines, other], [], "strange-key", 5
    yield "signature-by-another-key", [*lines, forged.head()], [], "unsigned", 5
    yield "rewritten-since-a-kept-head", [*rewritten(lines), head_after(lines)], [head], "other-head", None


def rewritten(lines):
    log = Writer("test-only-root-1.pem")
    for line in lines[1:]:
        e = json.loads(line)
        log.entry("mallory", e["act"], e["subject"], e["detail"])
    return log.lines


def head_after(lines):
    log = Writer("test-only-root-1.pem")
    for line in lines[1:]:
        e = json.loads(line)
        log.entry("mallory", e["act"], e["subject"], e["detail"])
    return log.head()


def write():
    CASES.mkdir(exist_ok=True)
    for name, lines, heads, fault, line in golden():
        case = {"expect": fault, "line": line, "lines": lines, "heads": heads}
        (CASES / f"{name}.json").write_text(json.dumps(case, indent=1, ensure_ascii=False) + "\n")


def otter_finds(case):
    """(fault, line) by `otter audit verify`."""
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "log.jsonl"
        log.write_text("\n".join(case["lines"]) + "\n")
        words = []
        for i, head in enumerate(case["heads"]):
            (pathlib.Path(folder) / f"{i}.json").write_text(head)
            words += ["--head", pathlib.Path(folder) / f"{i}.json"]
        done = subprocess.run([os.environ["OTTER_BIN"], "audit", "verify", log, *words], capture_output=True, text=True,
                              check=False)
    if done.returncode == 0:
        return "good", 0
    at, fault = re.search(r"log\.jsonl(?:, line (\d+))?: ([a-z-]+): ", done.stderr).groups()
    return fault, int(at or 0)


def main():
    if sys.argv[1:] == ["--write"]:
        write()
        return 0
    wrong = 0
    names = sorted(CASES.glob("*.json"))
    for path in names:
        case = json.loads(path.read_text())
        judges = [("here", check([line.encode() for line in case["lines"]], case["heads"]))]
        if "OTTER_BIN" in os.environ:
            judges.append(("otter", otter_finds(case)))
        for judge, (fault, line) in judges:
            if fault != case["expect"] or (case["line"] is not None and line != case["line"]):
                print(f"{path.name}, {judge}: {fault} at line {line}, not {case['expect']} at line {case['line']}")
                wrong += 1
    for path in sys.argv[1:]:
        found = check(pathlib.Path(path).read_bytes().splitlines())
        if found != ("good", 0):
            print(f"{path}: {found[0]} at line {found[1]}")
            wrong += 1
    print(f"{len(names)} logs, {wrong} wrong")
    return 1 if wrong or not names else 0


if __name__ == "__main__":
    sys.exit(main())
