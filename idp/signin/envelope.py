"""The return envelope: where an interaction's citizen goes back to, when all else about it is gone.

It travels in a cookie of its own for each interaction, signed, so it needs no store. What it says
is checked against the registry again before anybody is sent there: it is never an open redirect.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from itsdangerous import BadData, URLSafeTimedSerializer

from federation.authorization.return_address import ReturnAddress
from federation.relying_parties import redirect_uris
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.registry import RelyingPartyRegistry

LIFETIME = timedelta(hours=24)
MOST_OPEN = 6
"""Envelopes a browser keeps; the oldest leave first."""
MOST_CHARACTERS = 3_600
"""Of all of them together: servers refuse long headers."""
_PURPOSE = "countersign.return-envelope.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An opened envelope."""

    address: ReturnAddress
    sealed_at: datetime


def seal(secret: str, mark: str, address: ReturnAddress) -> str:
    """Return a text that a browser may keep, good for the interaction whose id begins with `mark` alone."""
    sealed: str = _serializer(secret, mark).dumps(asdict(address))
    return sealed


def open_sealed(secret: str, mark: str, sealed: str) -> Envelope | None:
    """Return what was sealed for the interaction whose id begins with `mark`; None if forged, another's or too old."""
    serializer = _serializer(secret, mark)
    try:
        content, sealed_at = serializer.loads(sealed, max_age=int(LIFETIME.total_seconds()), return_timestamp=True)
        return Envelope(address=ReturnAddress(**content), sealed_at=sealed_at)
    except (BadData, TypeError):
        return None


def surplus(secret: str, held: Mapping[str, str], *, coming: int) -> list[str]:
    """Return the marks of envelopes to let go, oldest first, so that one more of `coming` characters has room.

    What does not open is let go in any case.
    """
    opened = {mark: open_sealed(secret, mark, sealed) for mark, sealed in held.items()}
    newest_first = sorted(
        (mark for mark, found in opened.items() if found is not None),
        key=lambda mark: opened[mark].sealed_at,  # type: ignore[union-attr]  # None was left out just above
        reverse=True,
    )
    gone = [mark for mark, found in opened.items() if found is None]
    room = MOST_CHARACTERS - coming
    for count, mark in enumerate(newest_first, start=1):
        room -= len(held[mark])
        if room < 0 or count >= MOST_OPEN:
            gone.append(mark)
    return gone


def service_at(address: ReturnAddress, registry: RelyingPartyRegistry) -> RelyingParty | None:
    """Return the relying party if it still is one and citizens may still be returned to this address."""
    relying_party = registry.find(address.client_id)
    if relying_party is None or not redirect_uris.is_registered(relying_party, address.redirect_uri):
        return None
    return relying_party


def _serializer(secret: str, mark: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt=f"{_PURPOSE}.{mark}")
