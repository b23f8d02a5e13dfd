"""Everything durable that one request may use, on one connection, in one transaction.

The interfaces belong to the rooms that need them; `idp.storage.sql` implements them all.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from federation.dynamic_registration.invitations import InvitationStore
from federation.ephemeral import StoreUnavailable
from federation.relying_parties.registry import RelyingPartyRegistry
from federation.tokens.grants.store import GrantStore
from idp.audit.log import AuditLog
from idp.authentication.credentials import CredentialStore
from idp.authentication.kept_passkeys import PasskeyStore
from idp.authentication.throttle import FailureCounters
from idp.citizens.store import CitizenStore
from idp.consent.ledger import ConsentLedger
from idp.notices.outbox import Outbox
from idp.sessions.store import SessionStore
from keys.store import KeyStore

__all__ = ["Database", "StoreUnavailable", "Stores", "UnitOfWork"]


@dataclass(slots=True)
class Stores:
    """One attribute a room."""

    audit: AuditLog
    citizens: CitizenStore
    consents: ConsentLedger
    credentials: CredentialStore
    failures: FailureCounters
    grants: GrantStore
    invitations: InvitationStore
    keys: KeyStore
    outbox: Outbox
    passkeys: PasskeyStore
    relying_parties: RelyingPartyRegistry
    sessions: SessionStore


class UnitOfWork(Protocol):
    """The stores of one request, and their one commit."""

    @property
    def stores(self) -> Stores:
        """Return the stores; reads run at once, the first write begins the transaction."""

    def commit(self) -> None:
        """Make the changes last."""

    def close(self) -> None:
        """Undo what was not committed."""


class Database(Protocol):
    """Opens units of work."""

    def watched(self, during: Callable[[], AbstractContextManager[Any]]) -> "Database":
        """Return the same, each of whose statements is surrounded by what watches."""

    def open(self) -> UnitOfWork:
        """Return a unit for one request; whoever opens it closes it."""

    def work(self) -> AbstractContextManager[Stores]:
        """Run a block as one transaction: committed at its end, undone if it raises."""

    def is_migrated(self) -> bool:
        """Say whether the tables are those this release needs."""

    def date(self) -> datetime | None:
        """Return the date by the clock of the database's machine; None where that is ours."""

    def may_lose(self) -> tuple[bool, bool]:
        """Say whether what is acknowledged may be lost with a crash, and with a failover."""
