"""The outbox: a message is due while `due_at` is set; claiming it moves that forward by a lease."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Integer, Table, Text, bindparam, delete, func, insert, null, select, update

from idp.notices.outbox import LEASE, Backlog, Message
from idp.storage.sql.statements import Row
from idp.storage.sql.tables import Instant, metadata
from idp.storage.sql.work import Work

outbox_messages = Table(
    "outbox_messages",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("sealed", Text),
    Column("created_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant),
    Column("delivered_at", Instant),
    Column("done_at", Instant),
    Index("ix_outbox_messages_due_at", "kind", "due_at"),
    Index("ix_outbox_messages_created_at", "kind", "created_at"),
    Index("ix_outbox_messages_done_at", "done_at"),
)

_row = outbox_messages.c
_MESSAGE = (
    _row.message_id,
    _row.kind,
    _row.sealed,
    _row.created_at,
    _row.ends_at,
    _row.attempts,
    _row.delivered_at,
)
_DUE = (_row.kind == bindparam("of_kind")) & (_row.due_at <= bindparam("now"))
_ADD = insert(outbox_messages)
_ANY_DUE = select(_row.message_id).where(_DUE).limit(1)
_CLAIM = (
    update(outbox_messages)
    .where(
        _row.message_id.in_(
            select(_row.message_id)
            .where(_DUE)
            .order_by(_row.due_at)
            .limit(bindparam("most"))
            .with_for_update(skip_locked=True)
        )
    )
    .values(due_at=bindparam("leased_until"), attempts=_row.attempts + 1)
    .returning(*_MESSAGE)
)
_CLAIMED = (
    (_row.message_id == bindparam("of_message")) & (_row.attempts == bindparam("claimed_as")) & _row.due_at.is_not(None)
)
_DONE = update(outbox_messages).where(_CLAIMED).values(due_at=null(), done_at=bindparam("at"))
_GIVE_UP = _DONE.values(sealed=null())
_KEEP = _DONE.values(delivered_at=bindparam("at"))
_DELIVERED = _KEEP.values(sealed=null())
_POSTPONE = update(outbox_messages).where(_CLAIMED).values(due_at=bindparam("later"))
_LATEST = (
    select(*_MESSAGE).where(_row.kind == bindparam("of_kind")).order_by(_row.created_at.desc()).limit(bindparam("most"))
)
_BACKLOGS = (
    select(_row.kind, func.count().label("waiting"), func.min(_row.created_at).label("since"))
    .where(_row.done_at.is_(None))
    .group_by(_row.kind)
)
_PURGE = delete(outbox_messages).where(
    _row.message_id.in_(
        select(_row.message_id)
        .where(_row.done_at < bindparam("before"))
        .order_by(_row.done_at)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
    )
)


class SqlOutbox:
    """The outbox on one unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def add(self, message: Message) -> None:
        """Keep a message, due at once."""
        row = {column.name: getattr(message, column.name) for column in _MESSAGE}
        self._work.write(_ADD, row | {"due_at": message.created_at})

    def claim(self, kind: str, now: datetime, limit: int) -> Sequence[Message]:
        """Return up to `limit` due messages, and keep every other worker off them for `LEASE`."""
        due = {"of_kind": kind, "now": now}
        if self._work.read(_ANY_DUE, due).first() is None:
            return []
        claimed = self._work.write(_CLAIM, due | {"most": limit, "leased_until": now + LEASE})
        return [_message(row) for row in claimed]

    def delivered(self, message: Message, now: datetime, *, keep: bool = False) -> None:
        """Note that it has arrived; erase the payload unless it is kept to be shown."""
        self._work.write(_KEEP if keep else _DELIVERED, _claim(message) | {"at": now})

    def postpone(self, message: Message, due_at: datetime) -> None:
        """Try again later, if the claim still stands."""
        self._work.write(_POSTPONE, _claim(message) | {"later": due_at})

    def give_up(self, message: Message, now: datetime) -> None:
        """Try no more, and erase the payload."""
        self._work.write(_GIVE_UP, _claim(message) | {"at": now})

    def latest(self, kind: str, limit: int) -> Sequence[Message]:
        """Return up to `limit` messages, newest first."""
        return [_message(row) for row in self._work.read(_LATEST, {"of_kind": kind, "most": limit})]

    def backlogs(self) -> Sequence[Backlog]:
        """Return what waits, by kind; a kind of which nothing does is not there."""
        return [Backlog(**row._asdict()) for row in self._work.read(_BACKLOGS)]

    def purge(self, before: datetime, limit: int) -> int:
        """Remove up to `limit` messages done with before then; return how many."""
        return self._work.write(_PURGE, {"before": before, "most": limit}).rowcount


def _claim(message: Message) -> dict[str, Any]:
    return {"of_message": message.message_id, "claimed_as": message.attempts}


def _message(row: Row) -> Message:
    return Message(**row._asdict())
