"""DPoP nonces: our own date on a proof, so that a client's clock says nothing (RFC 9449 section 8).

A nonce is its instant and an HMAC over it. Every worker can read it and none has to remember it.
"""

import hmac
import re
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta

from federation.hashing import base64url

LIFETIME = timedelta(minutes=5)
SKEW = timedelta(seconds=10)
"""How far apart the clocks of our own nodes may be."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FORM = re.compile(r"[A-Za-z0-9_-]{32}")
_INSTANT = 8
_MAC = 16


class Nonces:
    """Issues and reads the nonces of one installation."""

    def __init__(self, key: bytes) -> None:
        """Take the HMAC key that all workers share."""
        self._key = key

    def issue(self, now: datetime) -> str:
        """Return a nonce that is good from now on for LIFETIME: 32 characters of base64url."""
        instant = ((now - _EPOCH) // _MICROSECOND).to_bytes(_INSTANT)
        return base64url(instant + self._mac(instant))

    def issued_at(self, nonce: object, now: datetime) -> datetime | None:
        """Return when a nonce of ours was issued; None for what is not ours, or too old."""
        if not isinstance(nonce, str) or not _FORM.fullmatch(nonce):
            return None
        octets = urlsafe_b64decode(nonce)
        instant, mac = octets[:_INSTANT], octets[_INSTANT:]
        if not hmac.compare_digest(mac, self._mac(instant)):
            return None
        issued = _EPOCH + int.from_bytes(instant) * _MICROSECOND
        return issued if -SKEW <= now - issued <= LIFETIME else None

    def _mac(self, instant: bytes) -> bytes:
        return hmac.digest(self._key, b"dpop nonce\0" + instant, "sha256")[:_MAC]
