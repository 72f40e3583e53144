"""Signed documents made by the hundred: `otter` signs one a process. The form is that of docs/protocol.md."""

import base64
import hashlib
import json
import pathlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def payload_of(envelope):
    """What an envelope says, its signatures unchecked."""
    return json.loads(unb64(json.loads(envelope)["payload"]))


class Signer:
    def __init__(self, key_file):
        self.key = serialization.load_pem_private_key(pathlib.Path(key_file).read_bytes(), None)
        spki = self.key.public_key().public_bytes(serialization.Encoding.DER,
                                                  serialization.PublicFormat.SubjectPublicKeyInfo)
        self.spki, self.kid = b64(spki), b64(hashlib.sha256(spki).digest())

    def signature(self, body, kid=None):
        """Of a payload in base64url: one of the envelope's signatures. kid: in the place of its own."""
        head = b64(json.dumps({"alg": "ES256", "kid": kid or self.kid}, separators=(",", ":")).encode())
        r, s = utils.decode_dss_signature(self.key.sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256())))
        return {"protected": head, "signature": b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))}

    def envelope(self, payload):
        return envelope(payload, [self])


def envelope(payload, signers):
    body = b64(json.dumps(payload, separators=(",", ":")).encode())
    return sealed(body, [signer.signature(body) for signer in signers])


def sealed(body, signatures):
    return json.dumps({"payload": body, "signatures": signatures}, separators=(",", ":")).encode()


def signed(payload, *key_files):
    return envelope(payload, [Signer(path) for path in key_files])
