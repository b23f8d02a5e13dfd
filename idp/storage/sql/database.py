"""The durable stores of one database: how units of work are opened."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property

from sqlalchemy import Engine, func, select

from federation.relying_parties.registry import RecentRelyingParties, RememberingRegistry
from idp.storage.sql import revisions
from idp.storage.sql.audit import SqlAuditLog
from idp.storage.sql.citizens import SqlCitizens
from idp.storage.sql.consents import SqlConsents
from idp.storage.sql.credentials import SqlCredentials
from idp.storage.sql.failures import SqlFailureCounters
from idp.storage.sql.grants import SqlGrants
from idp.storage.sql.invitations import SqlInvitations
from idp.storage.sql.outbox import SqlOutbox
from idp.storage.sql.passkeys import SqlPasskeys
from idp.storage.sql.relying_parties import SqlRelyingParties
from idp.storage.sql.sessions import SqlSessions
from idp.storage.sql.signing_keys import SqlKeys
from idp.storage.sql.work import During, WatchedWork, Work, translated
from idp.web.stores import Stores

_DATE = select(func.clock_timestamp())
_CARELESS = """
SELECT 'off' IN (current_setting('synchronous_commit'), current_setting('fsync')),
       EXISTS (SELECT 1 FROM pg_stat_replication),
       current_setting('synchronous_standby_names') <> '' AND current_setting('synchronous_commit') <> 'local'
"""


class SqlUnitOfWork:
    """One `Work` and the stores that run on it."""

    def __init__(self, work: Work, recent: RecentRelyingParties) -> None:
        self._work = work
        self._recent = recent

    @cached_property
    def stores(self) -> Stores:
        """Return the stores; nothing touches the database until one is used."""
        work = self._work
        return Stores(
            audit=SqlAuditLog(work),
            citizens=SqlCitizens(work),
            consents=SqlConsents(work),
            credentials=SqlCredentials(work),
            failures=SqlFailureCounters(work),
            grants=SqlGrants(work),
            invitations=SqlInvitations(work),
            keys=SqlKeys(work),
            outbox=SqlOutbox(work),
            passkeys=SqlPasskeys(work),
            relying_parties=RememberingRegistry(SqlRelyingParties(work), self._recent),
            sessions=SqlSessions(work),
        )

    def commit(self) -> None:
        """Make the changes last."""
        self._work.commit()

    def close(self) -> None:
        """Undo what was not committed."""
        self._work.close()


class SqlDatabase:
    """Opens units of work on one engine."""

    def __init__(self, engine: Engine, recent: RecentRelyingParties, during: During | None = None) -> None:
        """Take what this process remembers of relying parties; it outlives any one unit of work."""
        self._engine = engine
        self._recent = recent
        self._during = during

    def watched(self, during: During) -> "SqlDatabase":
        """Return the same, each of whose statements is surrounded by what watches."""
        return SqlDatabase(self._engine, self._recent, during)

    def open(self) -> SqlUnitOfWork:
        """Return a unit of work; whoever opens it closes it."""
        work = Work(self._engine) if self._during is None else WatchedWork(self._engine, self._during)
        return SqlUnitOfWork(work, self._recent)

    @contextmanager
    def work(self) -> Iterator[Stores]:
        """Run a block as one transaction."""
        unit = self.open()
        try:
            yield unit.stores
            unit.commit()
        finally:
            unit.close()

    def is_migrated(self) -> bool:
        """Say whether every revision this release needs has been applied."""
        return revisions.is_current(self._engine)

    def date(self) -> datetime | None:
        """Return the date by the clock of the database's machine; None where that is ours."""
        if self._engine.dialect.name != "postgresql":
            return None
        with translated(), self._engine.connect() as connection:
            found: datetime = connection.execute(_DATE).scalar_one()
        return found

    def may_lose(self) -> tuple[bool, bool]:
        """Say whether what is acknowledged may be lost with a crash of the server, and with its failover to a standby.

        Both are choices of the operator of PostgreSQL; SQLite is opened so that neither is true.
        """
        if self._engine.dialect.name == "sqlite":
            return False, False
        with translated(), self._engine.connect() as connection:
            careless, standbys, waited_for = connection.exec_driver_sql(_CARELESS).one()
        return careless, standbys and not waited_for
