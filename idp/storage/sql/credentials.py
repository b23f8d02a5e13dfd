"""Passwords, code generators and backup codes in SQL."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    BindParameter,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    Table,
    Text,
    bindparam,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from idp.authentication.credentials import StoredTotp
from idp.authentication.factors import Factors
from idp.authentication.passwords import StoredPassword
from idp.authentication.sealing import Sealer
from idp.authentication.totp import row as totp_row
from idp.storage.sql.citizens import citizens
from idp.storage.sql.passkeys import passkeys
from idp.storage.sql.tables import Instant, Serial, metadata
from idp.storage.sql.work import Work


def _citizen_id() -> Column[str]:
    return Column("citizen_id", Text, ForeignKey("citizens.citizen_id"), primary_key=True)


passwords = Table(
    "passwords",
    metadata,
    _citizen_id(),
    Column("encoded", Text, nullable=False),
    Column("pepper", Integer, nullable=False),
    Column("stands_alone", Boolean, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

totps = Table(
    "totps",
    metadata,
    _citizen_id(),
    Column("envelope", Text, nullable=False),
    Column("last_step", Serial, nullable=False),
    Column("added_at", Instant, nullable=False),
)

backup_codes = Table(
    "backup_codes",
    metadata,
    _citizen_id(),
    Column("digest", Text, primary_key=True),
    Column("made_at", Instant, nullable=False),
    Column("used_at", Instant),
)

_WHOSE: BindParameter[str] = bindparam("whose", type_=Text)
_HOLD = update(citizens).where(citizens.c.citizen_id == _WHOSE).values(locale=citizens.c.locale)
"""Changes nothing; takes the row's lock, which SQLite's one writer holds in any case."""
_PASSWORD = [passwords.c.encoded, passwords.c.pepper, passwords.c.stands_alone, passwords.c.changed_at]
_FIND_PASSWORD = select(*_PASSWORD).where(passwords.c.citizen_id == _WHOSE)
_put_password = insert(passwords)
_SET_PASSWORD = _put_password.on_conflict_do_update(
    index_elements=[passwords.c.citizen_id],
    set_={column.name: _put_password.excluded[column.name] for column in _PASSWORD},
)
_REHASH = (
    update(passwords)
    .where(passwords.c.citizen_id == _WHOSE, passwords.c.encoded == bindparam("old"))
    .values(encoded=bindparam("new"), pepper=bindparam("new_pepper"))
)

_TOTP = [totps.c.envelope, totps.c.last_step, totps.c.added_at]
_FIND_TOTP = select(*_TOTP).where(totps.c.citizen_id == _WHOSE)
_put_totp = insert(totps)
_SET_TOTP = _put_totp.on_conflict_do_update(
    index_elements=[totps.c.citizen_id],
    set_={column.name: _put_totp.excluded[column.name] for column in _TOTP},
)
_SPEND_STEP = (
    update(totps)
    .where(totps.c.citizen_id == _WHOSE, totps.c.last_step < bindparam("step"))
    .values(last_step=bindparam("step"))
)
_TOTPS_AFTER = (
    select(totps.c.citizen_id, totps.c.envelope)
    .where(totps.c.citizen_id > bindparam("after", type_=Text))
    .order_by(totps.c.citizen_id)
    .limit(bindparam("most", type_=Integer))
)
_REWRAP_TOTP = (
    update(totps)
    .where(totps.c.citizen_id == _WHOSE, totps.c.envelope == bindparam("old"))
    .values(envelope=bindparam("new"))
)
_REMOVE_TOTP = delete(totps).where(totps.c.citizen_id == _WHOSE)

_ADD_CODES = insert(backup_codes)
_FORGET_CODES = delete(backup_codes).where(backup_codes.c.citizen_id == _WHOSE)
_SPEND_CODE = (
    update(backup_codes)
    .where(
        backup_codes.c.citizen_id == _WHOSE,
        backup_codes.c.digest.in_(bindparam("digests", expanding=True)),
        backup_codes.c.used_at.is_(None),
    )
    .values(used_at=bindparam("at", type_=Instant))
)
_FACTORS = select(
    select(passwords.c.stands_alone).where(passwords.c.citizen_id == _WHOSE).scalar_subquery().label("stands_alone"),
    select(func.count()).where(totps.c.citizen_id == _WHOSE).scalar_subquery().label("totps"),
    select(func.count())
    .where(backup_codes.c.citizen_id == _WHOSE, backup_codes.c.used_at.is_(None))
    .scalar_subquery()
    .label("backup_codes"),
    select(func.count()).where(passkeys.c.citizen_id == _WHOSE).scalar_subquery().label("passkeys"),
)


class SqlCredentials:
    """A `CredentialStore` on one unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def hold(self, citizen_id: str) -> None:
        """Let every other change of this citizen's credentials wait until this transaction is over."""
        self._work.write(_HOLD, {"whose": citizen_id})

    def find_password(self, citizen_id: str) -> StoredPassword | None:
        """Return what is kept of the citizen's password, or None."""
        row = self._work.read(_FIND_PASSWORD, {"whose": citizen_id}).first()
        return None if row is None else StoredPassword(**row._asdict())

    def set_password(self, citizen_id: str, password: StoredPassword) -> None:
        """Keep a password in the place of any other."""
        row = {column.name: getattr(password, column.name) for column in _PASSWORD}
        self._work.write(_SET_PASSWORD, {"citizen_id": citizen_id, **row})

    def rehash_password(self, citizen_id: str, old: StoredPassword, new: StoredPassword) -> bool:
        """Put a newer hash of the same password, unless the password was changed meanwhile."""
        change = {"whose": citizen_id, "old": old.encoded, "new": new.encoded, "new_pepper": new.pepper}
        return self._work.write(_REHASH, change).rowcount == 1

    def find_totp(self, citizen_id: str) -> StoredTotp | None:
        """Return the citizen's code generator, or None."""
        row = self._work.read(_FIND_TOTP, {"whose": citizen_id}).first()
        return None if row is None else StoredTotp(**row._asdict())

    def set_totp(self, citizen_id: str, totp: StoredTotp) -> None:
        """Keep a code generator in the place of any other."""
        row = {column.name: getattr(totp, column.name) for column in _TOTP}
        self._work.write(_SET_TOTP, {"citizen_id": citizen_id, **row})

    def spend_totp_step(self, citizen_id: str, step: int) -> bool:
        """Use up a time step and all before it; say whether it was still unused."""
        return self._work.write(_SPEND_STEP, {"whose": citizen_id, "step": step}).rowcount == 1

    def rewrap_totps(self, sealer: Sealer, *, after: str, most: int) -> str | None:
        """Seal again, under the newest key-encryption key, the seeds of up to `most` citizens whose ids follow `after`.

        Returns the last of these ids, or None when there was none.
        """
        rows = self._work.read(_TOTPS_AFTER, {"after": after, "most": most}).all()
        for row in rows:
            fresh = sealer.rewrap(row.envelope, row=totp_row(row.citizen_id))
            if fresh != row.envelope:
                self._work.write(_REWRAP_TOTP, {"whose": row.citizen_id, "old": row.envelope, "new": fresh})
        return rows[-1].citizen_id if rows else None

    def remove_totp(self, citizen_id: str) -> bool:
        """Forget the code generator; say whether there was one."""
        return self._work.write(_REMOVE_TOTP, {"whose": citizen_id}).rowcount == 1

    def set_backup_codes(self, citizen_id: str, digests: Collection[str], at: datetime) -> None:
        """Keep a fresh set of codes and forget every earlier one."""
        self._work.write(_FORGET_CODES, {"whose": citizen_id})
        rows = [{"citizen_id": citizen_id, "digest": digest, "made_at": at} for digest in digests]
        if rows:
            self._work.write_many(_ADD_CODES, rows)

    def spend_backup_code(self, citizen_id: str, digests: Collection[str], at: datetime) -> bool:
        """Use up the code that has one of these digests; say whether it was there and unused."""
        change = {"whose": citizen_id, "digests": list(digests), "at": at}
        return self._work.write(_SPEND_CODE, change).rowcount == 1

    def factors(self, citizen_id: str) -> Factors:
        """Return what the citizen has, in numbers."""
        row = self._work.read(_FACTORS, {"whose": citizen_id}).all()[0]
        return Factors(
            password=row.stands_alone is not None,
            password_stands_alone=bool(row.stands_alone),
            totp=row.totps > 0,
            backup_codes=row.backup_codes,
            passkeys=row.passkeys,
        )
