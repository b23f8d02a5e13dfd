"""Signing keys: one row a key, one row for the epoch of them all."""

from typing import Any

from sqlalchemy import Column, Index, Integer, Table, Text, bindparam, select, text, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from idp.storage.sql.statements import Row
from idp.storage.sql.tables import Instant, Json, metadata
from idp.storage.sql.work import Work
from keys.errors import KeysChanged
from keys.keyset import Change, Key, KeySet
from keys.states import Purpose, State

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("alg", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("public_jwk", Json, nullable=False),
    Column("private", Text),
    Column("created_at", Instant, nullable=False),
    Column("published_at", Instant),
    Column("activated_at", Instant),
    Column("retiring_at", Instant),
    Column("retired_at", Instant),
    Column("ended_at", Instant),
    Column("reason", Text),
    Column("held_because", Text),
)
for _state in (State.ACTIVE, State.PUBLISHED):
    _where = text(f"state = '{_state}'")
    Index(
        f"uq_signing_keys_one_{_state}",
        signing_keys.c.purpose,
        signing_keys.c.alg,
        unique=True,
        sqlite_where=_where,
        postgresql_where=_where,
    )

key_epoch = Table(
    "key_epoch",
    metadata,
    Column("one", Integer, primary_key=True),
    Column("epoch", Integer, nullable=False),
)

_EPOCH = select(key_epoch.c.epoch)
_ALL = select(key_epoch.c.epoch, signing_keys).select_from(key_epoch).outerjoin(signing_keys, true())
_FIRST_EPOCH = insert(key_epoch).values(one=1, epoch=0).on_conflict_do_nothing()
_ADVANCE = update(key_epoch).where(key_epoch.c.epoch == bindparam("decided_at")).values(epoch=key_epoch.c.epoch + 1)
_ADD = insert(signing_keys)
_REPLACE = update(signing_keys).where(signing_keys.c.kid == bindparam("of_kid"))
_REWRAP = (
    update(signing_keys)
    .where(signing_keys.c.kid == bindparam("of_kid"), signing_keys.c.private == bindparam("old"))
    .values(private=bindparam("new"))
)


class SqlKeys:
    """The `KeyStore` in SQL. Every change begins by taking the epoch, which orders all changes."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def read(self) -> KeySet:
        """Return every key and the epoch, by one statement: as they were at one moment."""
        rows = self._work.read(_ALL).all()
        if not rows:
            return KeySet(0, ())
        return KeySet(rows[0].epoch, tuple(_key(row) for row in rows if row.kid is not None))

    def epoch(self) -> int:
        """Return the epoch alone; 0 before the first change."""
        return self._work.read(_EPOCH).scalar() or 0

    def change(self, epoch: int, change: Change) -> None:
        """Add and move keys if the epoch is still `epoch`; else raise `KeysChanged`."""
        if epoch == 0:
            self._work.write(_FIRST_EPOCH)
        if self._work.write(_ADVANCE, {"decided_at": epoch}).rowcount != 1:
            raise KeysChanged("Keys were changed by somebody else meanwhile; nothing was done.")
        try:
            for key in change.added:
                self._work.write(_ADD, _columns(key))
            before = self.read()
            after = before.after(change)
            for kid in change.kids:
                if fields := _differing(before.by_kid[kid], after.by_kid[kid]):
                    self._work.write(_REPLACE.values(fields), {"of_kid": kid})
        except IntegrityError as error:
            raise KeysChanged("The change would leave two keys in one place; nothing was done.") from error

    def rewrap(self, kid: str, old: str, new: str) -> bool:
        """Put one envelope in the place of another; say whether the old one was still there."""
        return self._work.write(_REWRAP, {"of_kid": kid, "old": old, "new": new}).rowcount == 1


def _columns(key: Key) -> dict[str, Any]:
    return {column.name: getattr(key, column.name) for column in signing_keys.columns}


def _differing(before: Key, after: Key) -> dict[str, Any]:
    """Return only what changes: an envelope that is sealed anew meanwhile is not put back."""
    was = _columns(before)
    return {name: value for name, value in _columns(after).items() if was[name] != value}


def _key(row: Row) -> Key:
    columns = {column.name: getattr(row, column.name) for column in signing_keys.columns}
    return Key(**{**columns, "purpose": Purpose(row.purpose), "state": State(row.state)})
