"""Envelopes: secrets at rest, sealed with AES-256-GCM under a key that is not in the database.

The row an envelope belongs to is authenticated with it, so one copied to another row does not open.
Form: `v1.<id of the key-encryption key>.<base64url of nonce and ciphertext>`.
"""

import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode

from keys.errors import EnvelopeError

KEY_BYTES = 32
_NONCE_BYTES = 12
_VERSION = "v1"


class Wrapping:
    """Seals under the newest key-encryption key, opens under any of them. It is the `Sealer` of the installation."""

    def __init__(self, key_encryption_keys: Sequence[bytes]) -> None:
        if not key_encryption_keys or any(len(key) != KEY_BYTES for key in key_encryption_keys):
            raise ValueError(f"key-encryption keys are {KEY_BYTES} bytes each, at least one")
        self._ciphers = {_identify(key): AESGCM(key) for key in reversed(key_encryption_keys)}
        self._newest = _identify(key_encryption_keys[0])

    def __repr__(self) -> str:
        """Show the ids of the keys, which tell nothing of them."""
        return f"Wrapping({', '.join(self._ciphers)})"

    def seal(self, clear: bytes, *, row: str) -> str:
        """Return an envelope of `clear` bound to `row`, for example `totp:<citizen id>`."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self._newest].encrypt(nonce, clear, _bound(row))
        return f"{_VERSION}.{self._newest}.{urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, envelope: str, *, row: str) -> bytes:
        """Return what was sealed; raise `EnvelopeError` for a wrong key, row or envelope."""
        parts = envelope.split(".")
        if len(parts) != 3 or parts[0] != _VERSION:  # noqa: PLR2004 - the three parts of the form above
            raise EnvelopeError("not an envelope")
        cipher = self._ciphers.get(parts[1])
        if cipher is None:
            raise EnvelopeError(f"sealed under key-encryption key {parts[1]}, which is not configured")
        try:
            sealed = urlsafe_b64decode(parts[2].encode())
            return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(row))
        except (InvalidTag, ValueError):
            raise EnvelopeError(f"the envelope of {row} was altered, or belongs to another row") from None

    def is_newest(self, envelope: str) -> bool:
        """Whether it is sealed under the newest key-encryption key."""
        return envelope.split(".")[1:2] == [self._newest]

    def rewrap(self, envelope: str, *, row: str) -> str:
        """Return the same secret, sealed under the newest key-encryption key."""
        return envelope if self.is_newest(envelope) else self.seal(self.open(envelope, row=row), row=row)


def _identify(key: bytes) -> str:
    return urlsafe_b64encode(hashlib.sha256(b"countersign key-encryption key" + key).digest()[:6]).decode()


def _bound(row: str) -> bytes:
    return b"countersign\x00" + row.encode()
