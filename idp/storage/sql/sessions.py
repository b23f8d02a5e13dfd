"""Sessions: one row each, found by the hash of the key their browser holds."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    column,
    delete,
    insert,
    select,
    table,
    true,
    update,
)

from idp.sessions.model import IDLE, Session
from idp.sessions.store import SEEN_EVERY
from idp.storage.sql.statements import Row
from idp.storage.sql.tables import Instant, Json, metadata
from idp.storage.sql.work import Work

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("key_hash", Text, nullable=False, unique=True),
    Column("citizen_id", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("authenticated_at", Instant, nullable=False),
    Column("acr", Text, nullable=False),
    Column("amr", Json, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("expires_at", Instant, nullable=False),
    Column("device", Text, nullable=False),
    Index("ix_sessions_citizen_id", "citizen_id", "last_seen_at"),
    Index("ix_sessions_expires_at", "expires_at"),
)

citizens = table("citizens", column("citizen_id", Text), column("active", Boolean), column("access_epoch", Integer))
"""As much of the citizens' own table as is asked here."""

_FIELDS = (
    sessions.c.session_id,
    sessions.c.citizen_id,
    sessions.c.created_at,
    sessions.c.authenticated_at,
    sessions.c.acr,
    sessions.c.amr,
    sessions.c.last_seen_at,
    sessions.c.ended_at,
    sessions.c.device,
)
_BY_KEY = (
    select(*_FIELDS, citizens.c.access_epoch)
    .join(citizens, citizens.c.citizen_id == sessions.c.citizen_id)
    .where(sessions.c.key_hash == bindparam("wanted"), citizens.c.active == true())
)
_ADD = insert(sessions)
_RENEW = (
    update(sessions)
    .where(
        sessions.c.session_id == bindparam("of_session"),
        sessions.c.key_hash == bindparam("old_key_hash"),
        sessions.c.ended_at.is_(None),
    )
    .values(
        key_hash=bindparam("new_key_hash"),
        authenticated_at=bindparam("new_authenticated_at"),
        acr=bindparam("new_acr"),
        amr=bindparam("new_amr"),
        last_seen_at=bindparam("seen_at"),
        expires_at=bindparam("ends_at"),
    )
)
_TOUCH = (
    update(sessions)
    .where(
        sessions.c.session_id == bindparam("of_session"),
        sessions.c.ended_at.is_(None),
        sessions.c.last_seen_at <= bindparam("seen_before"),
    )
    .values(last_seen_at=bindparam("seen_at"), expires_at=bindparam("ends_at"))
)
_ENDED: dict[str, Any] = {"ended_at": bindparam("at"), "expires_at": bindparam("at")}
_END = (
    update(sessions)
    .where(sessions.c.session_id == bindparam("of_session"), sessions.c.ended_at.is_(None))
    .values(_ENDED)
)
_END_FOR_CITIZEN = (
    update(sessions)
    .where(
        sessions.c.citizen_id == bindparam("of_citizen"),
        sessions.c.ended_at.is_(None),
        sessions.c.session_id != bindparam("kept"),
    )
    .values(_ENDED)
    .returning(sessions.c.session_id)
)
_OF_CITIZEN = (
    select(*_FIELDS)
    .where(
        sessions.c.citizen_id == bindparam("wanted"),
        sessions.c.ended_at.is_(None),
        sessions.c.last_seen_at > bindparam("seen_after"),
    )
    .order_by(sessions.c.last_seen_at.desc())
)
_PURGE = delete(sessions).where(
    sessions.c.session_id.in_(
        select(sessions.c.session_id)
        .where(sessions.c.expires_at < bindparam("before"))
        .order_by(sessions.c.expires_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )
)


class SqlSessions:
    """The sessions on one unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, session: Session, key_hash: str) -> None:
        """Keep a new session."""
        row = {column.name: getattr(session, column.name) for column in _FIELDS}
        row |= {"amr": list(session.amr), "key_hash": key_hash, "expires_at": session.expires_at}
        self._work.write(_ADD, row)

    def find(self, key_hash: str) -> Session | None:
        """Return the session of this key, ended or not, if its citizen is active."""
        row = self._work.read(_BY_KEY, {"wanted": key_hash}).first()
        return None if row is None else _session(row)

    def renew(self, session: Session, *, key_hash: str, new_key_hash: str) -> bool:
        """Store what was proved anew and change the key, if the old key still opens a session that has not ended."""
        renewed = self._work.write(
            _RENEW,
            {
                "of_session": session.session_id,
                "old_key_hash": key_hash,
                "new_key_hash": new_key_hash,
                "new_authenticated_at": session.authenticated_at,
                "new_acr": session.acr,
                "new_amr": list(session.amr),
                "seen_at": session.last_seen_at,
                "ends_at": session.expires_at,
            },
        )
        return renewed.rowcount == 1

    def touch(self, session: Session, now: datetime) -> None:
        """Note that the citizen was seen, unless that was noted a moment ago."""
        seen_before = now - SEEN_EVERY
        if session.last_seen_at > seen_before:
            return
        ends_at = replace(session, last_seen_at=now).expires_at
        self._work.write(
            _TOUCH,
            {"of_session": session.session_id, "seen_before": seen_before, "seen_at": now, "ends_at": ends_at},
        )

    def end(self, session_id: str, at: datetime) -> bool:
        """End one session; say whether this call did it."""
        return self._work.write(_END, {"of_session": session_id, "at": at}).rowcount == 1

    def end_for_citizen(self, citizen_id: str, at: datetime, *, keep: str | None = None) -> Sequence[str]:
        """End every session of a citizen but `keep`; return the ids of those ended by this call."""
        ended = self._work.write(_END_FOR_CITIZEN, {"of_citizen": citizen_id, "kept": keep or "", "at": at})
        return tuple(row.session_id for row in ended)

    def list_for_citizen(self, citizen_id: str, now: datetime) -> Sequence[Session]:
        """Return the live sessions of a citizen, last seen first."""
        rows = self._work.read(_OF_CITIZEN, {"wanted": citizen_id, "seen_after": now - IDLE})
        return tuple(session for session in map(_session, rows) if session.live(now))

    def purge(self, ended_before: datetime, limit: int) -> int:
        """Remove up to `limit` sessions that could no longer be used before then; return how many."""
        return self._work.write(_PURGE, {"before": ended_before, "most": limit}).rowcount


def _session(row: Row) -> Session:
    values = row._asdict()
    return Session(**values | {"amr": tuple(values["amr"])})
