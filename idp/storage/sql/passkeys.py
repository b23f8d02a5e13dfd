"""Passkeys in SQL."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, Table, Text, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from idp.authentication.kept_passkeys import Assertion, Passkey
from idp.storage.sql.statements import Row
from idp.storage.sql.tables import Instant, Json, metadata
from idp.storage.sql.work import Work

passkeys = Table(
    "passkeys",
    metadata,
    Column("credential_id", Text, primary_key=True),
    Column("citizen_id", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("transports", Json, nullable=False),
    Column("aaguid", Text, nullable=False),
    Column("backup_eligible", Boolean, nullable=False),
    Column("backed_up", Boolean, nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Index(None, "citizen_id", "created_at"),
)

_ADD = insert(passkeys).on_conflict_do_nothing().returning(passkeys.c.credential_id)


class SqlPasskeys:
    """The passkeys of all citizens, in one unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def find(self, credential_id: str) -> Passkey | None:
        """Return the passkey of this id, or None."""
        row = self._work.read(select(passkeys).where(passkeys.c.credential_id == credential_id)).first()
        return None if row is None else _passkey(row)

    def of_citizen(self, citizen_id: str) -> Sequence[Passkey]:
        """Return a citizen's passkeys, oldest first."""
        mine = select(passkeys).where(passkeys.c.citizen_id == citizen_id).order_by(passkeys.c.created_at)
        return [_passkey(row) for row in self._work.read(mine)]

    def add(self, passkey: Passkey) -> bool:
        """Keep a new passkey; False when the id is taken, by anyone."""
        return self._work.write(_ADD, asdict(passkey)).first() is not None

    def used(self, assertion: Assertion, at: datetime) -> bool:
        """Note a use; False when it was removed. The counter only ever rises, whatever order two uses are noted in."""
        of = passkeys.c.credential_id == assertion.passkey.credential_id
        noted = self._work.write(update(passkeys).where(of).values(backed_up=assertion.backed_up, last_used_at=at))
        if assertion.sign_count > assertion.passkey.sign_count:
            behind = passkeys.c.sign_count < assertion.sign_count
            self._work.write(update(passkeys).where(of, behind).values(sign_count=assertion.sign_count))
        return noted.rowcount == 1

    def rename(self, citizen_id: str, credential_id: str, name: str) -> bool:
        """Give a citizen's own passkey another name; False when there is none."""
        return (
            self._work.write(update(passkeys).where(*_own(citizen_id, credential_id)).values(name=name)).rowcount == 1
        )

    def remove(self, citizen_id: str, credential_id: str) -> bool:
        """Remove a citizen's own passkey; False when there is none."""
        return self._work.write(delete(passkeys).where(*_own(citizen_id, credential_id))).rowcount == 1


def _own(citizen_id: str, credential_id: str) -> tuple[Any, Any]:
    return passkeys.c.citizen_id == citizen_id, passkeys.c.credential_id == credential_id


def _passkey(row: Row) -> Passkey:
    values = row._asdict()
    return Passkey(**values | {"transports": tuple(values["transports"])})
