"""A passkey without a browser: one ES256 credential, attestation none, that answers as navigator.credentials would."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url

_PRESENT_AND_VERIFIED, _ATTESTED = 0x05, 0x40
"""Flags of authenticator data (WebAuthn section 6.1)."""
_MODEL = bytes(16)
"""The AAGUID of one that does not say what it is."""


@dataclass(slots=True)
class Authenticator:
    """Makes its credential and proves with it, at one origin, always as if its citizen had been verified."""

    origin: str
    rp_id: str
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    uses: int = 0

    @property
    def public_key(self) -> bytes:
        """The COSE key (RFC 9052 section 7) of its credential."""
        point = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        return cbor2.dumps(public)

    def create(self, challenge: str) -> str:
        """Return RegistrationResponseJSON for a challenge (base64url)."""
        credential = _MODEL + len(self.credential_id).to_bytes(2, "big") + self.credential_id + self.public_key
        data = self._data(_PRESENT_AND_VERIFIED | _ATTESTED, 0) + credential
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        said = self._said("webauthn.create", challenge)
        return answer(bytes_to_base64url(self.credential_id), said, {"attestationObject": bytes_to_base64url(made)})

    def get(self, challenge: str) -> str:
        """Return AuthenticationResponseJSON for a challenge (base64url); its counter rises."""
        self.uses += 1
        data, said = self._data(_PRESENT_AND_VERIFIED, self.uses), self._said("webauthn.get", challenge)
        signature = self.key.sign(data + sha256(said).digest(), ec.ECDSA(SHA256()))
        parts = {"authenticatorData": bytes_to_base64url(data), "signature": bytes_to_base64url(signature)}
        return answer(bytes_to_base64url(self.credential_id), said, parts)

    def _data(self, flags: int, count: int) -> bytes:
        return sha256(self.rp_id.encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")

    def _said(self, kind: str, challenge: str) -> bytes:
        return client_data(kind, challenge, self.origin)


def client_data(kind: str, challenge: str, origin: str) -> bytes:
    """Return what a browser says it was asked (WebAuthn section 5.8.1)."""
    return json.dumps({"type": kind, "challenge": challenge, "origin": origin}).encode()


def answer(credential_id: object, said: bytes, response: Mapping[str, Any]) -> str:
    """Return a browser's answer, with whatever as the id."""
    return json.dumps(
        {
            "id": credential_id,
            "rawId": credential_id,
            "type": "public-key",
            "response": {"clientDataJSON": bytes_to_base64url(said), **response},
        }
    )
