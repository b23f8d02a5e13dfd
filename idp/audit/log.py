"""The audit log: append-only, one row an event, sealed into a hash chain by the worker."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol


class Event(Protocol):
    """A frozen dataclass of the closed list in this package; its fields have no room for a secret."""

    name: ClassVar[str]
    """Past tense, dotted: `key.activated`."""

    @property
    def at(self) -> datetime:
        """When it happened."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last link: its number, and its hash in hex."""

    sequence: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the log; `sequence` and `hash` are None until it is sealed."""

    entry_id: int
    name: str
    at: datetime
    body: str
    """Canonical JSON of the event's other fields."""
    sequence: int | None = None
    hash: str | None = None


class AuditLog(Protocol):
    """Takes events; the same transaction as the act decides whether they last."""

    def record(self, event: Event) -> None:
        """Append one event."""

    def seal(self, limit: int) -> int:
        """Link up to `limit` unsealed entries to the hash chain (`idp.audit.chain`); return how many."""

    def head(self) -> Head:
        """Return the end of the chain."""

    def sealed(self) -> Iterable[Entry]:
        """Yield all sealed entries in order."""

    def unsealed(self, limit: int) -> Sequence[Entry]:
        """Return up to `limit` entries that wait to be sealed, oldest first."""

    def count_unsealed(self, most: int) -> int:
        """Return how many entries wait to be sealed, counting no further than `most`."""

    def latest(self, limit: int) -> Sequence[Entry]:
        """Return up to `limit` entries, newest first."""

    def of_citizen(self, citizen_id: str, names: Collection[str], limit: int) -> Sequence[Entry]:
        """Return up to `limit` entries of these names about one citizen, newest first."""
