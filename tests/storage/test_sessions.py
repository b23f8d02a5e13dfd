"""Sessions, on every database."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from idp.citizens.model import Citizen
from idp.sessions.model import ABSOLUTE, IDLE, Session
from idp.storage.sql.database import SqlDatabase

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def citizen(citizen_id: str = "c1", **more: Any) -> Citizen:
    email = f"{citizen_id}@example.org"
    return Citizen(citizen_id=citizen_id, email=email, email_verified_at=NOW, created_at=NOW, updated_at=NOW, **more)


def session(session_id: str = "s1", citizen_id: str = "c1") -> Session:
    return Session(
        session_id=session_id,
        citizen_id=citizen_id,
        created_at=NOW,
        authenticated_at=NOW,
        acr="aal1",
        amr=("pwd",),
        last_seen_at=NOW,
        device="Firefox, Linux",
    )


@pytest.fixture
def begun(durable: SqlDatabase) -> SqlDatabase:
    """Return a database with two citizens, one of whom has a session with the key `k1`."""
    with durable.work() as stores:
        stores.citizens.add(citizen("c1"))
        stores.citizens.add(citizen("c2"))
        stores.sessions.add(session(), "k1")
    return durable


def find(database: SqlDatabase, key_hash: str) -> Session | None:
    with database.work() as stores:
        return stores.sessions.find(key_hash)


def test_a_session_is_found_as_it_was_kept_and_by_its_key_alone(begun: SqlDatabase) -> None:
    assert find(begun, "k1") == session()
    assert find(begun, "s1") is None
    assert find(begun, "") is None


def test_a_disabled_citizen_has_no_session(begun: SqlDatabase) -> None:
    with begun.work() as stores:
        stores.citizens.add(citizen("c3", active=False))
        stores.sessions.add(session("s3", "c3"), "k3")
        stores.sessions.add(session("s4", "nobody"), "k4")

    assert find(begun, "k3") is None
    assert find(begun, "k4") is None


def test_renewing_changes_the_key_and_what_was_proved(begun: SqlDatabase) -> None:
    later = NOW + 5 * MINUTE
    proved = replace(session(), authenticated_at=later, last_seen_at=later, acr="aal2", amr=("pwd", "otp", "mfa"))

    with begun.work() as stores:
        assert stores.sessions.renew(proved, key_hash="k1", new_key_hash="k2")

    assert find(begun, "k1") is None
    assert find(begun, "k2") == proved


def test_an_ended_session_is_never_renewed_nor_touched(begun: SqlDatabase) -> None:
    with begun.work() as stores:
        assert stores.sessions.end("s1", NOW + MINUTE)
        assert not stores.sessions.end("s1", NOW + 2 * MINUTE)

    with begun.work() as stores:
        assert not stores.sessions.renew(session(), key_hash="k1", new_key_hash="k2")
        stores.sessions.touch(session(), NOW + 30 * MINUTE)

    assert find(begun, "k1") == replace(session(), ended_at=NOW + MINUTE)


def test_of_those_who_race_with_one_key_one_renews(begun: SqlDatabase) -> None:
    def renew(number: int) -> bool:
        with begun.work() as stores:
            return stores.sessions.renew(session(), key_hash="k1", new_key_hash=f"new{number}")

    with ThreadPoolExecutor(4) as pool:
        renewed = list(pool.map(renew, range(8)))

    assert sum(renewed) == 1


def test_of_those_who_race_to_end_a_session_one_is_told_so(begun: SqlDatabase) -> None:
    def end(_: int) -> bool:
        with begun.work() as stores:
            return stores.sessions.end("s1", NOW + MINUTE)

    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(end, range(8)))

    assert sum(ended) == 1


def test_being_seen_is_noted_every_five_minutes(begun: SqlDatabase) -> None:
    with begun.work() as stores:
        stores.sessions.touch(session(), NOW + 4 * MINUTE)
    assert find(begun, "k1") == session()

    with begun.work() as stores:
        stores.sessions.touch(session(), NOW + 6 * MINUTE)
    assert find(begun, "k1") == replace(session(), last_seen_at=NOW + 6 * MINUTE)


def test_every_session_of_a_citizen_ends_but_the_one_kept(begun: SqlDatabase) -> None:
    with begun.work() as stores:
        stores.sessions.add(session("s2"), "k2")
        stores.sessions.add(session("s3", "c2"), "k3")
        ended = stores.sessions.end_for_citizen("c1", NOW + MINUTE, keep="s2")

    assert list(ended) == ["s1"]
    with begun.work() as stores:
        assert [each.session_id for each in stores.sessions.list_for_citizen("c1", NOW + MINUTE)] == ["s2"]
        assert list(stores.sessions.end_for_citizen("c1", NOW + MINUTE)) == ["s2"]
        assert [each.session_id for each in stores.sessions.list_for_citizen("c2", NOW + MINUTE)] == ["s3"]
        assert not stores.sessions.list_for_citizen("c2", NOW + IDLE)


def test_a_session_ends_by_itself_when_idle_or_old() -> None:
    busy = replace(session(), last_seen_at=NOW + ABSOLUTE - MINUTE)

    assert session().live(NOW + IDLE - MINUTE)
    assert not session().live(NOW + IDLE)
    assert busy.live(NOW + ABSOLUTE - MINUTE)
    assert not busy.live(NOW + ABSOLUTE)


def test_purging_takes_the_dead_alone_and_no_more_than_asked(begun: SqlDatabase) -> None:
    with begun.work() as stores:
        stores.sessions.add(session("s2"), "k2")
        stores.sessions.add(session("s3"), "k3")
        stores.sessions.touch(session("s3"), NOW + 50 * MINUTE)

    with begun.work() as stores:
        assert stores.sessions.purge(NOW + IDLE, 10) == 0
        assert stores.sessions.purge(NOW + IDLE + MINUTE, 1) == 1
        assert stores.sessions.purge(NOW + IDLE + MINUTE, 10) == 1
    assert find(begun, "k3") is not None
