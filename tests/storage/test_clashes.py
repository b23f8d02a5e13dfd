"""Transactions that the database ends because another was faster: said again, unless what they rest on has changed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from time import sleep

import psycopg
import pytest
from sqlalchemy import Engine, Integer, bindparam, column, func, select, table, update

from federation.ephemeral import StoreUnavailable
from idp.authentication.throttle import FREE
from idp.storage.sql.engine import connect
from idp.storage.sql.failures import SqlFailureCounters
from idp.storage.sql.work import Work

DUTY = table("duty", column("who", Integer), column("hours", Integer))
HOURS = select(func.sum(DUTY.c.hours))
_who = DUTY.c.who == bindparam("b_who", type_=Integer)
TOUCH = update(DUTY).values(hours=DUTY.c.hours).where(_who)
ADD = update(DUTY).values(hours=DUTY.c.hours + bindparam("more", type_=Integer)).where(_who)


@pytest.fixture(params=["serializable", "read committed"])
def duty(request: pytest.FixtureRequest, postgresql_url: str) -> Iterator[Engine]:
    """Return a database with that isolation, where two people are on duty for an hour each."""
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = '{request.param}'")
        connection.execute("CREATE TABLE duty (who INTEGER PRIMARY KEY, hours INTEGER)")
        connection.execute("INSERT INTO duty VALUES (1, 1), (2, 1)")
    engine = connect(postgresql_url, pool_size=16)
    yield engine
    engine.dispose()


serializable = pytest.mark.parametrize("duty", ["serializable"], indirect=True)


def begun(engine: Engine, who: int) -> Work:
    """Return a work that has read, in its transaction, how many hours all are on duty."""
    work = Work(engine)
    work.write(TOUCH, {"b_who": who})
    assert work.read(HOURS).scalar() == 2
    return work


def hours(engine: Engine) -> int:
    work = Work(engine)
    try:
        return int(work.read(HOURS).scalar())
    finally:
        work.close()


def test_racing_changes_are_all_made(duty: Engine) -> None:
    def add(_: int) -> None:
        work = Work(duty)
        work.read(HOURS)
        work.write(ADD, {"b_who": 1, "more": 1})
        work.write(ADD, {"b_who": 2, "more": 1})
        sleep(0.001)
        work.commit()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(add, range(20)))

    assert hours(duty) == 2 + 40


@serializable
def test_of_two_decisions_that_rest_on_each_other_one_is_refused(duty: Engine) -> None:
    first, second = begun(duty, 1), begun(duty, 2)
    for work, who in ((first, 1), (second, 2)):
        work.write(ADD, {"b_who": who, "more": -1})
    first.commit()

    with pytest.raises(StoreUnavailable):
        second.commit()
    second.close()

    assert hours(duty) == 1


@serializable
def test_a_decision_whose_grounds_still_hold_is_made_after_all(duty: Engine) -> None:
    first, second = begun(duty, 1), begun(duty, 2)
    for work, who in ((first, 1), (second, 2)):
        work.write(ADD, {"b_who": who, "more": 0})
    second.write_last(ADD, {"b_who": 2, "more": 5})

    first.commit()
    second.commit()

    assert hours(duty) == 7


def test_of_two_that_wait_for_each_other_both_come_through(duty: Engine) -> None:
    both = Barrier(2)

    def cross(one: int, other: int) -> None:
        work = Work(duty)
        work.write(ADD, {"b_who": one, "more": 10})
        both.wait()
        work.write(ADD, {"b_who": other, "more": 10})
        work.commit()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(cross, 1, 2), pool.submit(cross, 2, 1)]:
            done.result()

    assert hours(duty) == 2 + 40


def test_attempts_counted_at_once_are_counted_each(duty: Engine) -> None:
    now = datetime.now(UTC)

    def count(_: int) -> bool:
        work = Work(duty)
        try:
            admitted = SqlFailureCounters(work).count("somebody", now).admitted
            work.commit()
        except StoreUnavailable:
            return False
        finally:
            work.close()
        return admitted

    with ThreadPoolExecutor(8) as pool:
        admitted = list(pool.map(count, range(24)))

    work = Work(duty)
    assert sum(admitted) == SqlFailureCounters(work).failures("somebody") <= FREE
    work.close()
