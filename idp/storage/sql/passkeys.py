"""Passkeys in SQL."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    LargeBinary,
    Table,
    Text,
    bindparam,
    case,
    delete,
    select,
    update,
)
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
_IS_IT = passkeys.c.credential_id == bindparam("which")
_IS_THEIRS = passkeys.c.citizen_id == bindparam("whose")
_FIND = select(passkeys).where(_IS_IT)
_OF_CITIZEN = select(passkeys).where(_IS_THEIRS).order_by(passkeys.c.created_at)
_USED = (
    update(passkeys)
    .where(_IS_IT)
    .values(
        backed_up=bindparam("backed_up"),
        last_used_at=bindparam("at"),
        sign_count=case(
            (passkeys.c.sign_count < bindparam("count"), bindparam("count")),
            else_=passkeys.c.sign_count,
        ),
    )
)
_RENAME = update(passkeys).where(_IS_IT, _IS_THEIRS).values(name=bindparam("new_name"))
_REMOVE = delete(passkeys).where(_IS_IT, _IS_THEIRS)


class SqlPasskeys:
    """The passkeys of all citizens, in one unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def find(self, credential_id: str) -> Passkey | None:
        """Return the passkey of this id, or None."""
        row = self._work.read(_FIND, {"which": credential_id}).first()
        return None if row is None else _passkey(row)

    def of_citizen(self, citizen_id: str) -> Sequence[Passkey]:
        """Return a citizen's passkeys, oldest first."""
        return [_passkey(row) for row in self._work.read(_OF_CITIZEN, {"whose": citizen_id})]

    def add(self, passkey: Passkey) -> bool:
        """Keep a new passkey; False when the id is taken, by anyone."""
        return self._work.write(_ADD, asdict(passkey)).first() is not None

    def used(self, assertion: Assertion, at: datetime) -> bool:
        """Note a use; False when it was removed. The counter only ever rises, whatever order two uses are noted in."""
        noted = {"backed_up": assertion.backed_up, "at": at, "count": assertion.sign_count}
        return self._work.write(_USED, {"which": assertion.passkey.credential_id, **noted}).rowcount == 1

    def rename(self, citizen_id: str, credential_id: str, name: str) -> bool:
        """Give a citizen's own passkey another name; False when there is none."""
        named = {"which": credential_id, "whose": citizen_id, "new_name": name}
        return self._work.write(_RENAME, named).rowcount == 1

    def remove(self, citizen_id: str, credential_id: str) -> bool:
        """Remove a citizen's own passkey; False when there is none."""
        return self._work.write(_REMOVE, {"which": credential_id, "whose": citizen_id}).rowcount == 1


def _passkey(row: Row) -> Passkey:
    values = row._asdict()
    return Passkey(**values | {"transports": tuple(values["transports"])})
