"""Consents: one row for each item a citizen agreed to with a relying party."""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Column, Table, Text, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from idp.consent.ledger import Consent
from idp.storage.sql.statements import Row
from idp.storage.sql.tables import Instant, metadata
from idp.storage.sql.work import Work

consents = Table(
    "consents",
    metadata,
    Column("citizen_id", Text, primary_key=True),
    Column("client_id", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("agreed_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
)

_READ = select(consents.c.citizen_id, consents.c.client_id, consents.c.item, consents.c.agreed_at).where(
    consents.c.citizen_id == bindparam("of_citizen"), consents.c.withdrawn_at.is_(None)
)
_ONE = _READ.where(consents.c.client_id == bindparam("of_client"))
_ALL = _READ.order_by(consents.c.client_id)
_ADD = insert(consents)
_AGREE = _ADD.on_conflict_do_update(
    index_elements=[consents.c.citizen_id, consents.c.client_id, consents.c.item],
    set_={"agreed_at": _ADD.excluded.agreed_at, "withdrawn_at": None},
)
"""Compiles to the same words on SQLite."""
_WITHDRAW = (
    update(consents)
    .where(
        consents.c.citizen_id == bindparam("of_citizen"),
        consents.c.client_id == bindparam("of_client"),
        consents.c.withdrawn_at.is_(None),
    )
    .values(withdrawn_at=bindparam("at"))
)
_WITHDRAW_SOME = _WITHDRAW.where(consents.c.item.in_(bindparam("some", expanding=True)))


class SqlConsents:
    """The ledger on one unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def find(self, citizen_id: str, client_id: str) -> Consent | None:
        """Return what is agreed to now, or None if nothing is."""
        rows = self._work.read(_ONE, {"of_citizen": citizen_id, "of_client": client_id}).all()
        return _consent(rows) if rows else None

    def agree(self, citizen_id: str, client_id: str, items: Collection[str], at: datetime) -> None:
        """Add items to what is agreed to; those withdrawn before count again."""
        rows = [
            {"citizen_id": citizen_id, "client_id": client_id, "item": item, "agreed_at": at} for item in sorted(items)
        ]
        if rows:
            self._work.write_many(_AGREE, rows)

    def withdraw(self, citizen_id: str, client_id: str, at: datetime, *, items: Collection[str] | None = None) -> bool:
        """Withdraw some items, or all; say whether anything was withdrawn by this call."""
        values: dict[str, Any] = {"of_citizen": citizen_id, "of_client": client_id, "at": at}
        if items is None:
            return self._work.write(_WITHDRAW, values).rowcount > 0
        return self._work.write(_WITHDRAW_SOME, values | {"some": sorted(items)}).rowcount > 0

    def list_for_citizen(self, citizen_id: str) -> Sequence[Consent]:
        """Return what a citizen agrees to now, latest first."""
        rows = self._work.read(_ALL, {"of_citizen": citizen_id})
        found = (_consent(list(of_client)) for _, of_client in groupby(rows, key=lambda row: row.client_id))
        return tuple(sorted(found, key=lambda consent: consent.agreed_at, reverse=True))


def _consent(rows: Sequence[Row]) -> Consent:
    return Consent(
        citizen_id=rows[0].citizen_id,
        client_id=rows[0].client_id,
        items=frozenset(row.item for row in rows),
        agreed_at=max(row.agreed_at for row in rows),
    )
