"""Failure counters in SQL: one conditional upsert an attempt."""

from datetime import datetime, timedelta

from sqlalchemy import Column, Index, Integer, Table, Text, bindparam, case, delete, literal_column, select
from sqlalchemy.dialects.postgresql import insert

from idp.authentication.throttle import FREE, MOST, Attempt, delay_after
from idp.storage.sql.tables import Instant, metadata
from idp.storage.sql.work import Work

failures = Table(
    "failures",
    metadata,
    Column("authenticator", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("retry_at", Instant, nullable=False),
)
_OF_NOBODY = failures.c.authenticator.like(literal_column("'%?%'"))
Index("ix_failures_retry_at", failures.c.retry_at, sqlite_where=_OF_NOBODY, postgresql_where=_OF_NOBODY)
"""Of those alone that are purged: citizens' own stay, and grow with them."""

_MICROSECOND = timedelta(microseconds=1)
_STEPS = range(FREE, FREE + 12)


def _delay_after_this() -> object:
    """Return, as SQL, the delay in microseconds that follows the attempt being counted."""
    steps = {count: delay_after(count) // _MICROSECOND for count in _STEPS}
    longest = delay_after(MOST) // _MICROSECOND
    counted = failures.c.failures + 1
    return case((counted < FREE, 0), *((counted == count, delay) for count, delay in steps.items()), else_=longest)


_now = bindparam("now", type_=Instant)
_first = insert(failures).values(authenticator=bindparam("authenticator"), failures=1, retry_at=_now)
_COUNT = _first.on_conflict_do_update(
    index_elements=[failures.c.authenticator],
    set_={"failures": failures.c.failures + 1, "retry_at": _first.excluded.retry_at + _delay_after_this()},
    where=(failures.c.failures < bindparam("most", type_=Integer)) & (failures.c.retry_at <= _first.excluded.retry_at),
).returning(failures.c.failures, failures.c.retry_at)
_FIND = select(failures.c.failures, failures.c.retry_at).where(failures.c.authenticator == bindparam("authenticator"))
_RESET = delete(failures).where(failures.c.authenticator == bindparam("authenticator"))


_OLD = (
    select(failures.c.authenticator)
    .where(failures.c.retry_at < bindparam("before", type_=Instant), _OF_NOBODY)
    .order_by(failures.c.retry_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_PURGE = delete(failures).where(failures.c.authenticator.in_(_OLD))


class SqlFailureCounters:
    """`FailureCounters` on one unit of work."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def count(self, authenticator: str, now: datetime, most: int = MOST) -> Attempt:
        """Count an attempt if it may be evaluated now."""
        this = {"authenticator": authenticator, "now": now, "most": most}
        counted = self._work.write(_COUNT, this).first()
        if counted is not None:
            return Attempt(admitted=True, failures=counted.failures, retry_at=counted.retry_at, most=most)
        standing = self._work.read(_FIND, {"authenticator": authenticator}).first()
        if standing is None:
            return Attempt(admitted=False, failures=0, retry_at=now, most=most)
        return Attempt(admitted=False, failures=standing.failures, retry_at=standing.retry_at, most=most)

    def reset(self, authenticator: str) -> None:
        """Forget the failures after a success."""
        self._work.write(_RESET, {"authenticator": authenticator})

    def failures(self, authenticator: str) -> int:
        """Return how many attempts have been counted since the last success."""
        standing = self._work.read(_FIND, {"authenticator": authenticator}).first()
        return 0 if standing is None else int(standing.failures)

    def purge(self, before: datetime, limit: int) -> int:
        """Remove up to `limit` counters of names nobody has, unused since then; return how many."""
        return self._work.write(_PURGE, {"before": before, "most": limit}).rowcount
