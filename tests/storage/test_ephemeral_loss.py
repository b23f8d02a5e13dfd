"""A short-lived store that is flushed, restarted, deleted or down never makes anything old valid."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep, time

import pytest
from redis import Redis

from federation.ephemeral import EphemeralStore, StoreUnavailable
from idp.storage import ephemeral as short_lived
from idp.storage.ephemeral.in_redis import SETTLE_SECONDS, InRedis
from idp.storage.ephemeral.in_sqlite import PURGE_EVERY, InSqlite
from idp.storage.ephemeral.records import EPOCH
from tests.support.redis import RedisServer

MINUTE = timedelta(minutes=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ephemeral.db"


@pytest.fixture
def flush(request: pytest.FixtureRequest, ephemeral_url: str, path: Path) -> Callable[[], None]:
    """Return what makes the store forget everything."""
    if ephemeral_url.startswith("redis"):
        redis: RedisServer = request.getfixturevalue("redis_server")
        return redis.flush
    return path.unlink


def now() -> datetime:
    return datetime.now(UTC)


def test_after_a_flush_nothing_old_is_found(ephemeral: EphemeralStore, flush: Callable[[], None]) -> None:
    ephemeral.put("code", "abc", {}, MINUTE)

    flush()

    assert ephemeral.get("code", "abc") is None
    assert ephemeral.take("code", "abc") is None
    assert ephemeral.replace("code", "abc", {}, MINUTE) is None


def test_after_a_flush_a_replay_does_not_look_like_a_first_use(
    ephemeral: EphemeralStore, flush: Callable[[], None]
) -> None:
    dated = now()
    assert ephemeral.add("jti", "abc", {}, MINUTE, dated=dated)

    flush()

    assert not ephemeral.add("jti", "abc", {}, MINUTE, dated=dated)


def test_after_a_flush_new_proofs_are_accepted(ephemeral: EphemeralStore, flush: Callable[[], None]) -> None:
    flush()
    ephemeral.check_available()

    assert ephemeral.add("jti", "abc", {}, MINUTE, dated=now())


def test_putting_records_dates_a_flush(ephemeral: EphemeralStore, flush: Callable[[], None]) -> None:
    flush()
    sleep(SETTLE_SECONDS)
    ephemeral.put("code", "abc", {}, MINUTE)

    assert ephemeral.add("jti", "abc", {}, MINUTE, dated=now())


def test_a_store_opened_after_a_flush_by_another_refuses_the_replay_too(
    ephemeral: EphemeralStore, ephemeral_url: str, flush: Callable[[], None]
) -> None:
    dated = now()
    ephemeral.add("jti", "abc", {}, MINUTE, dated=dated)

    flush()
    other = short_lived.open(ephemeral_url)

    assert not other.add("jti", "abc", {}, MINUTE, dated=dated)
    assert not ephemeral.add("jti", "abc", {}, MINUTE, dated=dated)


def test_a_node_whose_clock_is_fast_takes_no_proof_again_after_another_noticed_a_flush(
    redis_server: RedisServer,
) -> None:
    fast = InRedis(redis_server.url, clock=lambda: time() + 300)
    dated = now() + timedelta(seconds=290)
    fast.begin(EPOCH)
    assert fast.add("jti", "abc", {}, MINUTE, dated=dated)

    redis_server.flush()
    InRedis(redis_server.url).check_available()

    assert not fast.add("jti", "abc", {}, MINUTE, dated=dated)


def test_a_store_that_was_never_begun_is_born_when_first_opened(ephemeral_url: str) -> None:
    dated = now()
    store = short_lived.open(ephemeral_url)

    assert not store.add("jti", "abc", {}, MINUTE, dated=dated)
    assert store.add("jti", "abc", {}, MINUTE, dated=now())


def test_a_redis_that_comes_back_from_its_file_makes_nothing_old_valid(redis_server: RedisServer) -> None:
    store = InRedis(redis_server.url)
    store.put("code", "spent after the file was written", {}, MINUTE)
    dated = now()
    with Redis.from_url(redis_server.url) as connection:
        kept = {name: connection.dump(name) for name in connection.scan_iter()}

    redis_server.stop()
    redis_server.start()
    with Redis.from_url(redis_server.url) as connection:
        for name, value in kept.items():
            connection.restore(name, 60_000, value)
    sleep(0.05)

    for again in (InRedis(redis_server.url), store):
        assert again.get("code", "spent after the file was written") is None
        assert again.take("code", "spent after the file was written") is None
        assert again.replace("code", "spent after the file was written", {}, MINUTE) is None
        assert not again.add("jti", "abc", {}, MINUTE, dated=dated)


def test_a_crashed_machine_may_have_lost_first_uses_so_the_file_is_born_again(path: Path) -> None:
    store = InSqlite(path)
    store.put("code", "spent just before", {}, MINUTE)
    dated = now()
    with store._connected() as connection:
        connection.execute("UPDATE store SET boot = 'another'")
    store.close()

    again = InSqlite(path)
    assert not again.add("jti", "abc", {}, MINUTE, dated=dated)
    assert again.take("code", "spent just before") is None


def test_what_an_earlier_run_of_the_machine_kept_is_forgotten(path: Path) -> None:
    store = InSqlite(path)
    store.put("code", "abc", {}, MINUTE)
    with store._connected() as connection:
        connection.execute("UPDATE store SET boot = 'another'")
    store.close()

    assert InSqlite(path).get("code", "abc") is None


@pytest.mark.parametrize("hours", [2, -2])
def test_a_date_that_is_set_and_mended_makes_no_first_use_forgotten_and_no_record_older(path: Path, hours: int) -> None:
    ahead = timedelta()

    def date() -> float:
        return (now() + ahead).timestamp()

    store = InSqlite(path, clock=date)
    dated = now() + MINUTE
    assert store.add("jti", "abc", {}, MINUTE, dated=dated)
    store.put("code", "abc", {"still": "there"}, MINUTE)

    ahead = timedelta(hours=hours)
    for number in range(PURGE_EVERY):
        store.put("interaction", str(number), {}, MINUTE)
    assert not store.add("jti", "abc", {}, MINUTE, dated=dated)
    ahead = timedelta()

    assert not store.add("jti", "abc", {}, MINUTE, dated=dated)
    assert store.take("code", "abc") == {"still": "there"}


def test_redis_that_is_down_is_said_so_within_a_second_and_heals(redis_server: RedisServer) -> None:
    store = InRedis(redis_server.url)
    store.put("code", "abc", {}, MINUTE)
    redis_server.stop()
    try:
        for act in (
            lambda: store.put("code", "abc", {}, MINUTE),
            lambda: store.get("code", "abc"),
            lambda: store.take("code", "abc"),
            lambda: store.replace("code", "abc", {}, MINUTE),
            lambda: store.add("code", "abc", {}, MINUTE),
            lambda: store.add("code", "abc", {}, MINUTE, dated=now()),
            store.check_available,
        ):
            begun = monotonic()
            with pytest.raises(StoreUnavailable):
                act()
            assert monotonic() - begun < 1.5
    finally:
        redis_server.start()

    store.put("code", "abc", {"healed": True}, MINUTE)
    assert store.take("code", "abc") == {"healed": True}


@pytest.mark.parametrize("leftovers", [(), ("-wal",), ("-wal", "-shm")])
def test_a_deleted_file_is_followed_whatever_is_left_beside_it(path: Path, leftovers: tuple[str, ...]) -> None:
    first, second = InSqlite(path), InSqlite(path)
    first.put("code", "abc", {}, MINUTE)
    for end in ("", "-wal", "-shm"):
        if end not in leftovers:
            path.with_name(path.name + end).unlink()

    second.put("code", "new", {"from": "second"}, MINUTE)

    assert first.get("code", "abc") is None
    assert first.take("code", "new") == {"from": "second"}


def _put_and_take(url: str, start: int) -> int:
    taken = 0
    with closing(short_lived.open(url)) as store:
        for number in range(start, start + 100):
            store.put("code", str(number), {}, MINUTE)
            taken += store.take("code", str(number)) is not None
    return taken


@pytest.mark.parametrize("seconds", [0.002, 0.05])
def test_processes_survive_the_file_being_deleted_under_them(path: Path, seconds: float) -> None:
    url = f"sqlite:///{path}"
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as pool:
        done = [pool.submit(_put_and_take, url, start) for start in (0, 1000, 2000)]
        while not all(each.done() for each in done):
            path.unlink(missing_ok=True)
            sleep(seconds)

    assert all(each.result() <= 100 for each in done)


def test_a_file_that_is_no_store_is_said_to_be_unavailable(path: Path) -> None:
    path.write_bytes(b"not a database" * 1000)

    with pytest.raises(StoreUnavailable):
        InSqlite(path).put("code", "abc", {}, MINUTE)


def test_the_file_is_its_owners_alone(path: Path) -> None:
    InSqlite(path).put("code", "abc", {}, MINUTE)

    assert {each.stat().st_mode & 0o077 for each in path.parent.glob("ephemeral.db*")} == {0}


def test_expired_records_leave_the_file(path: Path) -> None:
    store = InSqlite(path)
    for number in range(PURGE_EVERY):
        store.put("code", str(number), {}, timedelta(milliseconds=1))
    sleep(0.05)
    for number in range(PURGE_EVERY):
        store.put("interaction", str(number), {}, MINUTE)

    with store._connected() as connection:
        assert connection.execute("SELECT count(*) FROM record").fetchone()[0] <= PURGE_EVERY
