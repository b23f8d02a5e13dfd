"""What happened to signing keys."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from idp.audit.log import Event
from keys.keyset import Change, Hold, Move
from keys.states import State


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMoved:
    """What every event of a key's life tells: which key, and who did it."""

    name: ClassVar[str]
    at: datetime
    operator: str
    """The account that ran the command, or `timer`."""
    kid: str
    purpose: str
    alg: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPublished(KeyMoved):
    """A new key was put into the JWKS; it signs nothing yet."""

    name: ClassVar[str] = "key.published"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyActivated(KeyMoved):
    """A key was made the one that signs."""

    name: ClassVar[str] = "key.activated"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRetiring(KeyMoved):
    """A key signs no more; what it signed still verifies."""

    name: ClassVar[str] = "key.retiring"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRetired(KeyMoved):
    """A key was taken out of the JWKS."""

    name: ClassVar[str] = "key.retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked(KeyMoved):
    """A key was stopped, and its private half erased, unless somebody holds it."""

    name: ClassVar[str] = "key.revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDestroyed(KeyMoved):
    """The private half of a retired key was erased."""

    name: ClassVar[str] = "key.destroyed"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHeld(KeyMoved):
    """A key was kept from removal."""

    name: ClassVar[str] = "key.held"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReleased(KeyMoved):
    """A key was given free again."""

    name: ClassVar[str] = "key.released"


_EVENTS: dict[State, type[KeyMoved]] = {
    State.PUBLISHED: KeyPublished,
    State.ACTIVE: KeyActivated,
    State.RETIRING: KeyRetiring,
    State.RETIRED: KeyRetired,
    State.REVOKED: KeyRevoked,
    State.DESTROYED: KeyDestroyed,
}


def events(change: Change, operator: str) -> list[Event]:
    """Return one event for each move and hold of a change, in order."""
    moved = [_event(_EVENTS[move.after], move, operator) for move in change.moves]
    return [*moved, *(_event(KeyReleased if hold.reason is None else KeyHeld, hold, operator) for hold in change.holds)]


def _event(kind: type[KeyMoved], what: Move | Hold, operator: str) -> Event:
    return kind(at=what.at, operator=operator, kid=what.kid, purpose=what.purpose, alg=what.alg, reason=what.reason)
