"""One unit of work: all or nothing, and plainly unavailable when the database is."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import Engine, Integer, column, func, select, table, update
from sqlalchemy.exc import OperationalError

from federation.ephemeral import StoreUnavailable
from idp.audit.citizens import CitizenDisabled
from idp.storage.sql.database import SqlDatabase
from idp.storage.sql.engine import connect
from idp.storage.sql.tables import Instant
from idp.storage.sql.work import Work
from tests.support.postgresql import PostgreSQL

COUNT = select(column("number", Integer)).select_from(table("counter"))
ADD_ONE = update(table("counter", column("number", Integer))).values(number=column("number", Integer) + 1)


@pytest.fixture
def counter(engine: Engine) -> Engine:
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE counter (number INTEGER)")
        connection.exec_driver_sql("INSERT INTO counter VALUES (0)")
    return engine


def number(engine: Engine) -> int:
    work = Work(engine)
    try:
        return int(work.read(COUNT).scalar())
    finally:
        work.close()


def test_what_is_committed_lasts(counter: Engine) -> None:
    work = Work(counter)
    work.write(ADD_ONE)
    work.commit()

    assert number(counter) == 1


def test_what_is_closed_without_a_commit_is_undone(counter: Engine) -> None:
    work = Work(counter)
    work.write(ADD_ONE)
    work.close()

    assert number(counter) == 0


def test_a_change_is_seen_by_its_own_work_alone_until_it_is_committed(counter: Engine) -> None:
    work = Work(counter)
    work.write(ADD_ONE)

    assert work.read(COUNT).scalar() == 1
    assert number(counter) == 0
    work.commit()
    assert number(counter) == 1


def test_a_read_before_the_first_write_does_not_fix_what_is_seen(counter: Engine) -> None:
    early, other = Work(counter), Work(counter)
    assert early.read(COUNT).scalar() == 0

    other.write(ADD_ONE)
    other.commit()
    early.write(ADD_ONE)
    early.commit()

    assert number(counter) == 2


def test_racing_changes_all_count(counter: Engine) -> None:
    def add_one(_: int) -> None:
        work = Work(counter)
        work.read(COUNT).scalar()
        work.write(ADD_ONE)
        work.commit()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add_one, range(40)))

    assert number(counter) == 40


def test_a_block_that_raises_is_undone(durable: SqlDatabase) -> None:
    def act() -> None:
        with durable.work() as stores:
            stores.audit.record(CitizenDisabled(at=datetime.now(UTC), citizen_id="c1"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        act()

    with durable.work() as stores:
        assert stores.audit.latest(10) == []


def test_an_instant_without_a_zone_is_refused(counter: Engine) -> None:
    with pytest.raises(TypeError):
        Instant().process_bind_param(datetime(2026, 3, 1), counter.dialect)  # noqa: DTZ001 - that is the point


def test_an_instant_comes_back_to_the_microsecond(counter: Engine) -> None:
    at = datetime(2026, 3, 1, 12, 0, 0, 123457, tzinfo=UTC)
    kept = Instant().process_bind_param(at, counter.dialect)

    assert Instant().process_result_value(kept, counter.dialect) == at


def test_postgresql_that_is_down_is_said_so_within_a_second_and_heals(
    postgresql: PostgreSQL, postgresql_url: str
) -> None:
    engine = connect(postgresql_url)
    begun, idle = Work(engine), Work(engine)
    begun.write(select(1))
    idle.read(select(1))
    postgresql.stop()
    try:
        for work in (begun, idle, Work(engine)):
            since = monotonic()
            with pytest.raises(StoreUnavailable):
                work.write(select(1))
            work.close()
            assert monotonic() - since < 1.5
    finally:
        postgresql.start()

    for _ in range(3):
        work = Work(engine)
        work.write(select(1))
        work.commit()
    engine.dispose()


def test_a_commit_that_cannot_be_made_is_said_to_be_unavailable(postgresql: PostgreSQL, postgresql_url: str) -> None:
    engine = connect(postgresql_url)
    work = Work(engine)
    work.write(select(1))
    postgresql.stop()
    try:
        with pytest.raises(StoreUnavailable):
            work.commit()
    finally:
        work.close()
        postgresql.start()
        engine.dispose()


def test_a_restart_of_postgresql_between_two_requests_is_not_noticed(
    postgresql: PostgreSQL, postgresql_url: str
) -> None:
    engine = connect(postgresql_url)
    for first in ("read", "write"):
        work = Work(engine)
        work.read(select(1))
        work.close()
        postgresql.stop()
        postgresql.start()

        work = Work(engine)
        assert getattr(work, first)(select(1)).scalar() == 1
        work.commit()
    engine.dispose()


def test_a_postgresql_that_stands_still_is_not_waited_for_without_end(postgresql_url: str) -> None:
    engine = connect(postgresql_url, pool_size=1)
    work = Work(engine)
    backend = int(work.read(select(func.pg_backend_pid())).scalar())
    os.kill(backend, signal.SIGSTOP)
    try:
        with pytest.raises(StoreUnavailable):
            work.read(select(1))
        work.close()
        assert work.read(select(1)).scalar() == 1
        assert work.read(select(func.pg_backend_pid())).scalar() != backend
        work.close()
    finally:
        os.kill(backend, signal.SIGCONT)
        engine.dispose()


def test_a_locked_sqlite_is_unavailable_but_a_mistaken_statement_is_an_error(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'durable.db'}")
    holder, waiting = Work(engine), Work(engine)
    holder.write(select(1))

    with pytest.raises(StoreUnavailable):
        waiting.write(select(1))
    with pytest.raises(OperationalError):
        waiting.read(select(table("nowhere")))
    waiting.close()
    holder.close()
    engine.dispose()


def test_a_change_nobody_waits_for_goes_along_with_the_commit(counter: Engine) -> None:
    alone, with_others = Work(counter), Work(counter)
    alone.read(COUNT)
    alone.write_last(ADD_ONE, {})
    before = number(counter)
    alone.commit()
    with_others.write_last(ADD_ONE, {})
    with_others.write_last(ADD_ONE, {})
    with_others.write(ADD_ONE)
    with_others.commit()

    assert (before, number(counter)) == (0, 4)


def test_a_change_nobody_waits_for_is_undone_with_the_rest(counter: Engine) -> None:
    work = Work(counter)
    work.write_last(ADD_ONE, {})
    work.write(ADD_ONE)
    work.close()
    work.commit()

    assert number(counter) == 0
