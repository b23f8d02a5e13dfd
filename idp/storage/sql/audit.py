"""The audit log: appended to by requests, sealed by the worker, changed by nobody (triggers in revision 0002)."""

from collections.abc import Collection, Iterator

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text, bindparam, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_unless

from idp.audit import chain, counted
from idp.audit.chain import GENESIS
from idp.audit.log import Entry, Event, Head
from idp.storage.sql.statements import Row
from idp.storage.sql.tables import Instant, Serial, metadata
from idp.storage.sql.work import Work

PAGE = 1_000

audit_events = Table(
    "audit_events",
    metadata,
    Column("entry_id", Serial, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Column("sequence", Serial, unique=True),
    Column("hash", Text),
    Column("citizen_id", Text),
    Index("ix_audit_events_citizen_id", "citizen_id", "entry_id"),
)
"""`citizen_id` is copied out of the body so that citizens can be shown their own; the chain seals the body."""
audit_head = Table(
    "audit_head",
    metadata,
    Column("one", Integer, CheckConstraint("one = 1", name="one"), primary_key=True, autoincrement=False),
    Column("sequence", Serial, nullable=False),
    Column("hash", Text, nullable=False),
)

_ENTRY = [column for column in audit_events.c if column.name != "citizen_id"]
_RECORD = insert(audit_events).inline()
_FIRST_HEAD = {"one": 1, "sequence": GENESIS.sequence, "hash": GENESIS.hash}
_BEGIN_CHAIN = insert_unless(audit_head).values(_FIRST_HEAD).on_conflict_do_nothing()
_LOCK_HEAD = update(audit_head).values(one=1).returning(audit_head.c.sequence, audit_head.c.hash)
_HEAD = select(audit_head.c.sequence, audit_head.c.hash)
_MOVE_HEAD = update(audit_head).values(sequence=bindparam("sequence"), hash=bindparam("hash"))
_UNSEALED = (
    select(*_ENTRY).where(audit_events.c.sequence.is_(None)).order_by(audit_events.c.entry_id).limit(bindparam("most"))
)
_COUNT_UNSEALED = select(func.count()).select_from(
    select(audit_events.c.entry_id).where(audit_events.c.sequence.is_(None)).limit(bindparam("most")).subquery()
)
_SEAL = (
    update(audit_events)
    .where(audit_events.c.entry_id == bindparam("of_entry"))
    .values(sequence=bindparam("number"), hash=bindparam("link"))
)
_SEALED = (
    select(*_ENTRY).where(audit_events.c.sequence > bindparam("after")).order_by(audit_events.c.sequence).limit(PAGE)
)
_LATEST = select(*_ENTRY).order_by(audit_events.c.entry_id.desc()).limit(bindparam("most"))
_OF_CITIZEN = _LATEST.where(
    audit_events.c.citizen_id == bindparam("of_citizen"), audit_events.c.name.in_(bindparam("names", expanding=True))
)


class SqlAuditLog:
    """The audit log on one unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def record(self, event: Event) -> None:
        """Append one event: one INSERT, nothing read, last of all."""
        counted.count(event.name)
        whose = getattr(event, "citizen_id", None)
        row = {"name": event.name, "at": event.at, "body": chain.written(event), "citizen_id": whose}
        self._work.write_last(_RECORD, row)

    def seal(self, limit: int) -> int:
        """Link up to `limit` unsealed entries to the chain; return how many. One sealer at a time, the others wait."""
        if not self.unsealed(1):
            return 0
        self._work.write(_BEGIN_CHAIN)
        head = _head(self._work.write(_LOCK_HEAD).first())
        entries = [_entry(row) for row in self._work.read(_UNSEALED, {"most": limit})]
        links = list(chain.seal(head, entries))
        if links:
            self._work.write_many(
                _SEAL,
                [{"of_entry": entry.entry_id, "number": made.sequence, "link": made.hash} for entry, made in links],
            )
            last = links[-1][1]
            self._work.write(_MOVE_HEAD, {"sequence": last.sequence, "hash": last.hash})
        return len(links)

    def head(self) -> Head:
        """Return the end of the chain."""
        row = self._work.read(_HEAD).first()
        return GENESIS if row is None else _head(row)

    def sealed(self) -> Iterator[Entry]:
        """Yield the sealed entries in order, read page by page."""
        after = GENESIS.sequence
        while page := [_entry(row) for row in self._work.read(_SEALED, {"after": after})]:
            yield from page
            after = page[-1].sequence or after

    def unsealed(self, limit: int) -> list[Entry]:
        """Return up to `limit` entries that wait for the worker, oldest first."""
        return [_entry(row) for row in self._work.read(_UNSEALED, {"most": limit})]

    def count_unsealed(self, most: int) -> int:
        """Return how many entries wait to be sealed, counting no further than `most`."""
        return int(self._work.read(_COUNT_UNSEALED, {"most": most}).scalar())

    def latest(self, limit: int) -> list[Entry]:
        """Return up to `limit` entries, newest first."""
        return [_entry(row) for row in self._work.read(_LATEST, {"most": limit})]

    def of_citizen(self, citizen_id: str, names: Collection[str], limit: int) -> list[Entry]:
        """Return up to `limit` entries of these names about one citizen, newest first."""
        wanted = {"of_citizen": citizen_id, "names": sorted(names), "most": limit}
        return [_entry(row) for row in self._work.read(_OF_CITIZEN, wanted)]


def _head(row: Row) -> Head:
    return Head(**row._asdict())


def _entry(row: Row) -> Entry:
    return Entry(**row._asdict())
