"""Attempts counted are never fewer than attempts evaluated: across bursts, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from idp.authentication.throttle import FREE, MOST, Attempt, delay_after
from idp.storage.sql.database import SqlDatabase

AT = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def count(durable: SqlDatabase, now: datetime, name: str = "password:ada") -> Attempt:
    with durable.work() as stores:
        return stores.failures.count(name, now)


def counted(durable: SqlDatabase, name: str = "password:ada") -> int:
    with durable.work() as stores:
        return stores.failures.failures(name)


def test_of_a_burst_no_more_are_admitted_than_are_counted(durable: SqlDatabase) -> None:
    with ThreadPoolExecutor(12) as pool:
        attempts = list(pool.map(lambda _: count(durable, AT), range(40)))

    assert sum(attempt.admitted for attempt in attempts) == FREE
    assert counted(durable) == FREE


def test_each_later_attempt_waits_longer(durable: SqlDatabase) -> None:
    now, waits = AT, []
    for _ in range(14):
        attempt = count(durable, now)
        assert attempt.admitted
        waits.append(attempt.retry_at - now)
        now = attempt.retry_at

    assert waits == [delay_after(failures) for failures in range(1, 15)]
    assert waits[FREE - 2] == timedelta()
    assert waits[FREE - 1] == timedelta(seconds=15)
    assert waits[-1] == timedelta(minutes=15)


def test_an_attempt_that_comes_too_early_is_refused_and_not_counted(durable: SqlDatabase) -> None:
    for _ in range(FREE):
        last = count(durable, AT)

    early = count(durable, last.retry_at - timedelta(microseconds=1))

    assert not early.admitted
    assert (early.failures, early.retry_at) == (FREE, last.retry_at)
    assert count(durable, last.retry_at).admitted


def test_after_the_hundredth_failure_nothing_is_admitted_however_late(durable: SqlDatabase) -> None:
    now = AT
    for _ in range(MOST):
        attempt = count(durable, now)
        assert attempt.admitted
        now = attempt.retry_at

    refused = count(durable, now + timedelta(days=365))

    assert refused.disabled
    assert counted(durable) == MOST


def test_a_success_makes_all_attempts_free_again(durable: SqlDatabase) -> None:
    for _ in range(FREE + 3):
        count(durable, AT)

    with durable.work() as stores:
        stores.failures.reset("password:ada")

    assert count(durable, AT).admitted
    assert counted(durable) == 1


def test_a_stranger_at_the_password_does_not_touch_another_authenticator(durable: SqlDatabase) -> None:
    for _ in range(FREE + 3):
        count(durable, AT)

    assert count(durable, AT, "passkey:ada").admitted
    assert count(durable, AT, "password:eve").admitted


def test_counters_of_names_nobody_has_can_be_purged_and_real_ones_never(durable: SqlDatabase) -> None:
    for name in ("password:ada", "password?0a1b", "password?new"):
        count(durable, AT if name != "password?new" else AT + timedelta(days=40), name)

    with durable.work() as stores:
        removed = stores.failures.purge(AT + timedelta(days=1), 100)

    assert removed == 1
    assert counted(durable) == 1
    assert counted(durable, "password?0a1b") == 0
    assert counted(durable, "password?new") == 1


@pytest.mark.parametrize("failures", [0, 1, FREE - 1])
def test_the_first_attempts_are_free(failures: int) -> None:
    assert delay_after(failures) == timedelta()


def test_a_counter_may_be_given_fewer_attempts_than_most(durable: SqlDatabase) -> None:
    now = AT
    for _ in range(FREE + 1):
        with durable.work() as stores:
            now = stores.failures.count("password:ada", now, FREE + 1).retry_at

    with durable.work() as stores:
        assert stores.failures.count("password:ada", now + timedelta(days=365), FREE + 1).disabled
