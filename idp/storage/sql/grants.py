"""Grants: one row each, its refresh family in it. A row with nothing but an id and an end refuses a grant to come."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Table,
    Text,
    bindparam,
    delete,
    false,
    func,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from federation.tokens.grants.model import ABSOLUTE, Grant
from idp.storage.sql.citizens import citizens
from idp.storage.sql.sessions import sessions
from idp.storage.sql.statements import Row
from idp.storage.sql.tables import Instant, Json, metadata
from idp.storage.sql.work import Work

grants = Table(
    "grants",
    metadata,
    Column("grant_id", Text, primary_key=True),
    Column("client_id", Text),
    Column("citizen_id", Text),
    Column("subject", Text),
    Column("session_id", Text),
    Column("sid", Text),
    Column("scope", Text),
    Column("auth_time", Instant),
    Column("acr", Text),
    Column("amr", Text),
    Column("claims", Json),
    Column("vot", Text),
    Column("authorization_details", Json),
    Column("resources", Text),
    Column("confirmation", Json),
    Column("code_hash", Text),
    Column("created_at", Instant),
    Column("expires_at", Instant, nullable=False),
    Column("refresh_hash", Text),
    Column("previous_hash", Text),
    Column("rotated_at", Instant),
    Column("offline", Boolean, nullable=False),
    Column("ended_at", Instant),
    Index("ix_grants_session_id", "session_id"),
    Index("ix_grants_citizen_id", "citizen_id", "client_id"),
    Index("ix_grants_expires_at", "expires_at"),
    Index("ix_grants_client_id", "client_id"),
)

_VALUES = tuple(column for column in grants.c if column.name not in ("offline", "ended_at"))
_SESSION_LIVES = (sessions.c.session_id == bindparam("session_id")) & sessions.c.ended_at.is_(None)
_CITIZEN_LIVES = (citizens.c.citizen_id == bindparam("citizen_id")) & (citizens.c.active == true())
_NOT_TAKEN_BACK = citizens.c.access_epoch == bindparam("authorised_in")
_ADDED = (*_VALUES, grants.c.offline)
_ADD = (
    insert(grants)
    .from_select(
        [column.name for column in _ADDED],
        select(*(bindparam(column.name, type_=column.type) for column in _ADDED))
        .select_from(sessions.join(citizens, citizens.c.citizen_id == sessions.c.citizen_id))
        .where(_SESSION_LIVES, _CITIZEN_LIVES, _NOT_TAKEN_BACK)
        .with_for_update(read=True, of=[citizens, sessions]),
    )
    .on_conflict_do_nothing()
    .returning(grants.c.grant_id)
)
"""The locks make whoever ends the session or the citizen's access meanwhile wait, and then find this grant; or make
this wait, and then see the end, which stands in the locked rows. The citizen comes first, as everywhere. SQLite has
one writer anyway."""

_FIND = (
    select(*_VALUES)
    .select_from(
        grants.join(citizens, citizens.c.citizen_id == grants.c.citizen_id).outerjoin(
            sessions, (sessions.c.session_id == grants.c.session_id) & (grants.c.offline == false())
        )
    )
    .where(
        grants.c.grant_id == bindparam("wanted"),
        grants.c.ended_at.is_(None),
        grants.c.expires_at > bindparam("now", type_=Instant),
        citizens.c.active == true(),
        or_(
            grants.c.offline == true(),
            (sessions.c.session_id == grants.c.session_id) & sessions.c.ended_at.is_(None),
        ),
    )
)
_ROTATE = (
    update(grants)
    .where(
        grants.c.grant_id == bindparam("of_grant"),
        grants.c.refresh_hash == bindparam("head"),
        grants.c.ended_at.is_(None),
    )
    .values(previous_hash=bindparam("head"), refresh_hash=bindparam("successor"), rotated_at=bindparam("at"))
)
_TOMBSTONE = insert(grants)
_END = _TOMBSTONE.on_conflict_do_update(
    index_elements=[grants.c.grant_id],
    set_={"ended_at": func.coalesce(grants.c.ended_at, _TOMBSTONE.excluded.ended_at)},
)
_ENDED = select(grants.c.grant_id).where(grants.c.grant_id == bindparam("wanted"), grants.c.ended_at.is_not(None))
_END_MANY = update(grants).where(grants.c.ended_at.is_(None)).values(ended_at=bindparam("at"))
_END_FOR_SESSION = _END_MANY.where(grants.c.session_id == bindparam("of_session"), grants.c.offline == false())
_END_FOR_CITIZEN = _END_MANY.where(grants.c.citizen_id == bindparam("of_citizen"))
_END_FOR_CONSENT = _END_FOR_CITIZEN.where(grants.c.client_id == bindparam("of_client"))
_END_FOR_RELYING_PARTY = _END_MANY.where(grants.c.client_id == bindparam("of_client"))
_TAKE_BACK = (
    update(citizens)
    .where(citizens.c.citizen_id == bindparam("of_citizen"))
    .values(access_epoch=citizens.c.access_epoch + 1)
)
_OF_SESSION = select(*_VALUES).where(grants.c.session_id == bindparam("wanted")).order_by(grants.c.created_at)
_LAST_USED = (
    select(grants.c.client_id, func.max(grants.c.created_at).label("used_at"))
    .where(grants.c.citizen_id == bindparam("of_citizen"))
    .group_by(grants.c.client_id)
)
_PURGE = delete(grants).where(
    grants.c.grant_id.in_(
        select(grants.c.grant_id)
        .where(grants.c.expires_at < bindparam("before", type_=Instant))
        .order_by(grants.c.expires_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )
)


class SqlGrants:
    """A `GrantStore` on one unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, grant: Grant, *, access_epoch: int) -> bool:
        """Keep a new grant, if its session and citizen still stand and nobody took it back beforehand."""
        row: dict[str, Any] = {column.name: getattr(grant, column.name) for column in _ADDED}
        row["scope"] = " ".join(grant.scope)
        row["amr"] = " ".join(grant.amr)
        row["authorization_details"] = list(grant.authorization_details) or None
        row["resources"] = " ".join(grant.resources) or None
        row["confirmation"] = dict(grant.confirmation)
        return self._work.write(_ADD, row | {"authorised_in": access_epoch}).first() is not None

    def find(self, grant_id: str, now: datetime) -> Grant | None:
        """Return the grant while it, its citizen and, unless offline, its session stand."""
        row = self._work.read(_FIND, {"wanted": grant_id, "now": now}).first()
        return None if row is None else _grant(row)

    def rotate(self, grant: Grant, successor_hash: str, now: datetime) -> bool:
        """Replace the head of the family, if it still is the head."""
        change = {"of_grant": grant.grant_id, "head": grant.refresh_hash, "successor": successor_hash, "at": now}
        return self._work.write(_ROTATE, change).rowcount == 1

    def end(self, grant_id: str, at: datetime) -> None:
        """End a grant, or leave a row that refuses it when it comes."""
        tombstone = {"grant_id": grant_id, "offline": False, "ended_at": at, "expires_at": at + ABSOLUTE}
        self._work.write(_END, tombstone)

    def is_ended(self, grant_id: str) -> bool:
        """Whether `end` was called for this id."""
        return self._work.read(_ENDED, {"wanted": grant_id}).first() is not None

    def end_for_session(self, session_id: str, at: datetime) -> int:
        """End the grants of a session that have no `offline_access`; return how many."""
        return self._work.write(_END_FOR_SESSION, {"of_session": session_id, "at": at}).rowcount

    def end_for_citizen(self, citizen_id: str, at: datetime) -> int:
        """End every grant of a citizen; return how many."""
        ending = {"of_citizen": citizen_id, "at": at}
        self._work.write(_TAKE_BACK, {"of_citizen": citizen_id})
        return self._work.write(_END_FOR_CITIZEN, ending).rowcount

    def end_for_consent(self, citizen_id: str, client_id: str, at: datetime) -> int:
        """End every grant of a citizen with one relying party, and all their codes in flight; return how many."""
        ending = {"of_citizen": citizen_id, "of_client": client_id, "at": at}
        self._work.write(_TAKE_BACK, {"of_citizen": citizen_id})
        return self._work.write(_END_FOR_CONSENT, ending).rowcount

    def end_for_relying_party(self, client_id: str, at: datetime) -> int:
        """End every grant of one relying party; return how many."""
        return self._work.write(_END_FOR_RELYING_PARTY, {"of_client": client_id, "at": at}).rowcount

    def list_for_session(self, session_id: str) -> Sequence[Grant]:
        """Return the grants begun in a session, ended or not, oldest first."""
        return tuple(_grant(row) for row in self._work.read(_OF_SESSION, {"wanted": session_id}))

    def last_used(self, citizen_id: str) -> Mapping[str, datetime]:
        """Return when each relying party, by `client_id`, was last given a grant for this citizen."""
        return {row.client_id: row.used_at for row in self._work.read(_LAST_USED, {"of_citizen": citizen_id})}

    def purge(self, before: datetime, limit: int) -> int:
        """Remove up to `limit` grants whose `expires_at` came before then; return how many."""
        return self._work.write(_PURGE, {"before": before, "most": limit}).rowcount


def _grant(row: Row) -> Grant:
    values = row._asdict()
    values["scope"] = tuple(values["scope"].split())
    values["amr"] = tuple(values["amr"].split())
    values["authorization_details"] = tuple(values["authorization_details"] or ())
    values["resources"] = tuple((values["resources"] or "").split())
    return Grant(**values)
