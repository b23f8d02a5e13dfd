"""What each citizen agreed to tell each agency, item by item, until they withdraw it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What one citizen agrees to with one relying party now.

    An item is a scope (`scope:email`) or a single claim asked for by name (`claim:birthdate`).
    """

    citizen_id: str
    client_id: str
    items: frozenset[str]
    agreed_at: datetime
    """When the latest of the items was agreed to."""

    def covers(self, wanted: Collection[str]) -> bool:
        """Whether every wanted item was agreed to."""
        return self.items.issuperset(wanted)


class ConsentLedger(Protocol):
    """Consents by citizen and relying party. Withdrawn items are kept with their dates, and no longer count."""

    def find(self, citizen_id: str, client_id: str) -> Consent | None:
        """Return what is agreed to now, or None if nothing is. One round trip."""

    def agree(self, citizen_id: str, client_id: str, items: Collection[str], at: datetime) -> None:
        """Add items to what is agreed to; those withdrawn before count again, others are left alone."""

    def withdraw(self, citizen_id: str, client_id: str, at: datetime, *, items: Collection[str] | None = None) -> bool:
        """Withdraw some items, or all; say whether anything was withdrawn by this call."""

    def list_for_citizen(self, citizen_id: str) -> Sequence[Consent]:
        """Return what a citizen agrees to now, latest first."""
