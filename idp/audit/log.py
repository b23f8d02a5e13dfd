"""The audit log: append-only, one row an event, sealed into a hash chain by the worker."""

from datetime import datetime
from typing import ClassVar, Protocol


class Event(Protocol):
    """A frozen dataclass of the closed list in this package; its fields have no room for a secret."""

    name: ClassVar[str]
    """Past tense, dotted: `key.activated`."""

    @property
    def at(self) -> datetime:
        """When it happened."""


class AuditLog(Protocol):
    """Takes events; the same transaction as the act decides whether they last."""

    def record(self, event: Event) -> None:
        """Append one event."""
