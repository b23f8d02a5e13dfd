"""What makes keys and signs with them: software here, a security module elsewhere."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from keys.keyset import Key
from keys.states import Purpose

Sign = Callable[[bytes], bytes]
"""From a JWS signing input to the signature's octets (RFC 7515 section 5.1). Callable from many threads."""


class KeyProvider(Protocol):
    """Holds private halves, or opens them."""

    name: str

    def generate(self, purpose: Purpose, alg: str, now: datetime) -> Key:
        """Make a key, GENERATED."""

    def signing(self, key: Key) -> Sign:
        """Return what signs with `key`; raise `EnvelopeError` if its private half cannot be had."""

    def rewrap(self, key: Key) -> str | None:
        """Return the private half under the newest key-encryption key, or None if it is already, or is not here."""
