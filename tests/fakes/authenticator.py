"""A passkey's authenticator in software, for what no browser would do: another site's name, no finger, an old answer. Real browsers: tests/web."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256


@dataclass
class Authenticator:
    """One passkey of one person. The fields may be changed between answers."""

    host: str = "keepline.local"
    origin: str = "https://keepline.local"
    id: bytes = b"one passkey's id"
    verified: bool = True  # a finger or a PIN was asked for
    count: int = 0
    secret: bytes = b"never leaves the authenticator"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: str) -> str:
        """As `navigator.credentials.create` answers."""
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        credential = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(0x40) + credential}
        return self._answer(
            {
                "attestationObject": _text(cbor2.dumps(attestation)),
                "clientDataJSON": _text(self._client("webauthn.create", options)),
            }
        )

    def answer(self, options: str) -> str:
        """As `navigator.credentials.get` answers."""
        self.count += 1
        data, client = self._data(0), self._client("webauthn.get", options)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {"authenticatorData": _text(data), "clientDataJSON": _text(client), "signature": _text(signature)}
        )

    def derived(self, options: str) -> str:
        """What the PRF extension gives for the salt in `options`."""
        salt = json.loads(options)["extensions"]["prf"]["eval"]["first"]
        return _text(hmac.digest(self.secret, salt.encode(), "sha256"))

    def _data(self, more: int) -> bytes:
        flags = 0x01 | (0x04 if self.verified else 0) | more
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, options: str) -> bytes:
        told = {"type": kind, "challenge": json.loads(options)["challenge"], "origin": self.origin}
        return json.dumps(told).encode()

    def _answer(self, response: dict[str, Any]) -> str:
        id = _text(self.id)
        return json.dumps({"id": id, "rawId": id, "type": "public-key", "response": response})


def _text(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")
