"""Invitations to register services: one row each, its uses counted in it."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Integer, Table, Text, bindparam, insert, select, update

from federation.dynamic_registration.invitations import Invitation
from idp.storage.sql.statements import Row
from idp.storage.sql.tables import Instant, metadata
from idp.storage.sql.work import Work

invitations = Table(
    "invitations",
    metadata,
    Column("invitation_id", Text, primary_key=True),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("agency", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("profile", Text, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("used", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
)

_VALUES = tuple(invitations.c[field.name] for field in fields(Invitation))
_ADD = insert(invitations)
_FIND = select(*_VALUES).where(invitations.c.token_hash == bindparam("wanted"))
_ALL = select(*_VALUES).order_by(invitations.c.created_at.desc(), invitations.c.invitation_id)
_WANTED = invitations.c.invitation_id == bindparam("wanted")
_USE = (
    update(invitations)
    .where(
        _WANTED,
        invitations.c.used < invitations.c.uses,
        invitations.c.withdrawn_at.is_(None),
        invitations.c.ends_at > bindparam("now", type_=Instant),
    )
    .values(used=invitations.c.used + 1)
)
_WITHDRAW = (
    update(invitations).where(_WANTED, invitations.c.withdrawn_at.is_(None)).values(withdrawn_at=bindparam("at"))
)


class SqlInvitations:
    """An `InvitationStore` on one unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, invitation: Invitation, token_hash: str) -> None:
        """Keep a new one."""
        row: dict[str, Any] = {column.name: getattr(invitation, column.name) for column in _VALUES}
        self._work.write(_ADD, row | {"scope": " ".join(invitation.scope), "token_hash": token_hash})

    def find(self, token_hash: str) -> Invitation | None:
        """Return the invitation, whatever its state, or None."""
        row = self._work.read(_FIND, {"wanted": token_hash}).first()
        return None if row is None else _value(row)

    def use(self, invitation_id: str, now: datetime) -> bool:
        """Take one of its uses, if one is left and it has not ended."""
        return self._work.write(_USE, {"wanted": invitation_id, "now": now}).rowcount == 1

    def list(self) -> Sequence[Invitation]:
        """Return every one, newest first."""
        return tuple(_value(row) for row in self._work.read(_ALL))

    def withdraw(self, invitation_id: str, at: datetime) -> bool:
        """End one; say whether this call did it."""
        return self._work.write(_WITHDRAW, {"wanted": invitation_id, "at": at}).rowcount == 1


def _value(row: Row) -> Invitation:
    values = row._asdict()
    return Invitation(**values | {"scope": tuple(values["scope"].split())})
