"""Word to a service that a session is over: an outbox message that becomes a logout token when it is delivered."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from idp.notices.outbox import Envelopes, Outbox, Payload, post

KIND = "logout"
LIFETIME = timedelta(hours=24)
"""How long a service that does not answer is tried; by then its own session is over too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutNotice:
    """What one service is to be told. No token yet: one made at delivery is fresh however long that took."""

    client_id: str
    subject: str
    """The `sub` this service knows the citizen by."""
    sid: str
    """What it knows the session by."""
    session_id: str
    """For our own record; never told."""


def send(outbox: Outbox, envelopes: Envelopes, over: LogoutNotice, now: datetime) -> None:
    """Put it into the outbox, in the transaction that ends the session."""
    post(outbox, envelopes, KIND, asdict(over), now=now, lifetime=LIFETIME)


def from_payload(payload: Payload) -> LogoutNotice:
    """Return what `send` wrote."""
    values: Mapping[str, Any] = payload
    return LogoutNotice(**values)
