"""The outbox: what must reach someone outside is stored in the transaction of the act, and delivered after it.

A payload is sealed from the moment it is written and erased when it is done with: a dump of the database
shows no code, no address and no subject.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

LEASE = timedelta(minutes=1)
"""How long a claimed message is its claimer's; longer than any delivery may take."""
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)

Payload = Mapping[str, Any]
"""A JSON object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something to deliver; `kind` says who does it."""

    message_id: str
    kind: str
    sealed: str | None
    """The payload in its envelope; None once it is erased."""
    created_at: datetime
    ends_at: datetime
    """When it is no longer worth delivering."""
    attempts: int = 0
    """How often it was claimed."""
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What of one kind is neither delivered nor given up."""

    kind: str
    waiting: int
    since: datetime
    """When the oldest of them was kept."""


class Outbox(Protocol):
    """Messages in the order in which they are due. `claim` is atomic over all workers."""

    def add(self, message: Message) -> None:
        """Keep a message, due at once; it lasts if the act does."""

    def claim(self, kind: str, now: datetime, limit: int) -> Sequence[Message]:
        """Return up to `limit` due messages, and keep every other worker off them for `LEASE`."""

    def delivered(self, message: Message, now: datetime, *, keep: bool = False) -> None:
        """Note that it has arrived; erase the payload unless it is to be shown on screen."""

    def postpone(self, message: Message, due_at: datetime) -> None:
        """Try again later, if the claim still stands."""

    def give_up(self, message: Message, now: datetime) -> None:
        """Try no more, and erase the payload."""

    def latest(self, kind: str, limit: int) -> Sequence[Message]:
        """Return up to `limit` messages, newest first."""

    def backlogs(self) -> Sequence[Backlog]:
        """Return what waits, by kind; a kind of which nothing does is not there."""

    def purge(self, before: datetime, limit: int) -> int:
        """Remove up to `limit` messages done with before then; return how many."""


class Envelopes(Protocol):
    """What wraps a payload for one message."""

    def seal(self, clear: bytes, *, row: str) -> str:
        """Return an envelope bound to `row`."""

    def open(self, envelope: str, *, row: str) -> bytes:
        """Return what was sealed."""


def post(
    outbox: Outbox, envelopes: Envelopes, kind: str, payload: Payload, *, now: datetime, lifetime: timedelta
) -> None:
    """Put a payload into the outbox, in the caller's transaction."""
    message_id = secrets.token_urlsafe(16)
    sealed = envelopes.seal(json.dumps(dict(payload)).encode(), row=_row(message_id))
    outbox.add(Message(message_id=message_id, kind=kind, sealed=sealed, created_at=now, ends_at=now + lifetime))


def waiting(outbox: Outbox) -> int:
    """Return how many messages are neither delivered nor given up."""
    return sum(backlog.waiting for backlog in outbox.backlogs())


def read(message: Message, envelopes: Envelopes) -> Payload | None:
    """Return the payload, or None once it is erased."""
    if message.sealed is None:
        return None
    payload: Payload = json.loads(envelopes.open(message.sealed, row=_row(message.message_id)))
    return payload


def next_try(message: Message, now: datetime) -> datetime | None:
    """Return when to try a message again that has just failed: 5 s, then twice as long each time; None when it ends."""
    pause = min(FIRST_PAUSE * 2 ** min(message.attempts - 1, 16), LONGEST_PAUSE)
    return now + pause if now + pause < message.ends_at else None


def _row(message_id: str) -> str:
    return f"outbox:{message_id}"
