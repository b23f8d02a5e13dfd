"""The contract of EphemeralStore, on every store, with real races between threads and processes."""

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import sleep
from typing import Any

import pytest

from federation.ephemeral import EphemeralStore, Record
from idp.storage import ephemeral as short_lived
from idp.storage.ephemeral.records import written
from tests.support.redis_sets import RedisCluster

MINUTE = timedelta(minutes=1)
SHORT = timedelta(milliseconds=50)
ODD = {
    "text": "caf\u00e9 \u4f60\u597d \U0001f511 nul\x00 \ud800 \u2028",
    "deep": {"list": [1, -1.5, True, None, []]},
    "number": 2**53 + 1,
    "": "",
}
ODD_KEYS = ["", "\x00", "a\x00b", "\ud800", "\U0001f511", "k" * 100_000, "../../x", "a b\r\nSET x 1"]


@pytest.fixture(params=["in_sqlite", "in_redis", "in_cluster"])
def ephemeral_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return an ephemeral store of each kind that keeps nothing yet; a Cluster keeps its records on several servers."""
    if request.param == "in_sqlite":
        return f"sqlite:///{tmp_path / 'ephemeral.db'}"
    if request.param == "in_redis":
        return str(request.getfixturevalue("redis_url"))
    cluster: RedisCluster = request.getfixturevalue("redis_cluster")
    cluster.flush()
    return cluster.url


def now() -> datetime:
    return datetime.now(UTC)


def race_threads(act: Callable[[EphemeralStore, int], Any], url: str) -> list[Any]:
    store = short_lived.open(url)
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(partial(act, store), range(32)))


def _in_process(act: Callable[[EphemeralStore, int], Any], url: str, start: int) -> list[Any]:
    store = short_lived.open(url)
    return [act(store, start + each) for each in range(8)]


def race_processes(act: Callable[[EphemeralStore, int], Any], url: str) -> list[Any]:
    with ProcessPoolExecutor(4, multiprocessing.get_context("spawn")) as pool:
        done = [pool.submit(_in_process, act, url, start) for start in range(0, 32, 8)]
        return [result for each in done for result in each.result()]


def take(store: EphemeralStore, _: int) -> Record | None:
    return store.take("code", "abc")


def add(store: EphemeralStore, number: int) -> bool:
    return store.add("jti", "abc", {"number": number}, MINUTE, dated=now())


def replace(store: EphemeralStore, number: int) -> Record | None:
    return store.replace("code", "abc", {"spent": True, "number": number}, MINUTE)


def test_text_takes_no_more_room_than_its_bytes() -> None:
    assert len(written({"state": "\U0001f511" * 500}).encode()) < 2_100


races = pytest.mark.parametrize("race", [race_threads, race_processes])


def test_what_was_put_is_got_until_it_is_taken(ephemeral: EphemeralStore) -> None:
    ephemeral.put("code", "abc", {"subject": "s1"}, MINUTE)

    assert ephemeral.get("code", "abc") == {"subject": "s1"}
    assert ephemeral.take("code", "abc") == {"subject": "s1"}
    assert ephemeral.take("code", "abc") is None
    assert ephemeral.get("code", "abc") is None


def test_kinds_do_not_mix(ephemeral: EphemeralStore) -> None:
    ephemeral.put("code", "abc", {}, MINUTE)

    assert ephemeral.take("interaction", "abc") is None


def test_a_record_is_overwritten_with_its_lifetime(ephemeral: EphemeralStore) -> None:
    ephemeral.put("code", "abc", {"first": True}, SHORT)
    ephemeral.put("code", "abc", {"first": False}, MINUTE)
    sleep(0.1)

    assert ephemeral.get("code", "abc") == {"first": False}


def test_nothing_expired_is_ever_returned(ephemeral: EphemeralStore) -> None:
    for key in ("get", "take", "replace"):
        ephemeral.put("code", key, {}, SHORT)
    sleep(0.1)

    assert ephemeral.get("code", "get") is None
    assert ephemeral.take("code", "take") is None
    assert ephemeral.replace("code", "replace", {}, MINUTE) is None
    assert ephemeral.get("code", "replace") is None


def test_an_expired_record_makes_room_for_another(ephemeral: EphemeralStore) -> None:
    assert ephemeral.add("jti", "abc", {}, SHORT)
    sleep(0.1)

    assert ephemeral.add("jti", "abc", {"second": True}, MINUTE)
    assert ephemeral.get("jti", "abc") == {"second": True}


def test_an_added_record_is_not_added_again(ephemeral: EphemeralStore) -> None:
    assert ephemeral.add("jti", "abc", {"first": True}, MINUTE)

    assert not ephemeral.add("jti", "abc", {"first": False}, MINUTE)
    assert ephemeral.get("jti", "abc") == {"first": True}


def test_replacing_returns_what_was_there_and_leaves_the_new(ephemeral: EphemeralStore) -> None:
    ephemeral.put("code", "abc", {"subject": "s1"}, SHORT)

    assert ephemeral.replace("code", "abc", {"spent": True}, MINUTE) == {"subject": "s1"}
    sleep(0.1)
    assert ephemeral.get("code", "abc") == {"spent": True}


def test_replacing_nothing_leaves_nothing(ephemeral: EphemeralStore) -> None:
    assert ephemeral.replace("code", "abc", {"spent": True}, MINUTE) is None
    assert ephemeral.get("code", "abc") is None


@pytest.mark.parametrize("key", ODD_KEYS, ids=range(len(ODD_KEYS)))
def test_odd_keys_and_values_come_back_unchanged(ephemeral: EphemeralStore, key: str) -> None:
    ephemeral.put("code", key, ODD, MINUTE)
    assert ephemeral.add("jti", key, ODD, MINUTE, dated=now())

    assert not ephemeral.add("jti", key, ODD, MINUTE, dated=now())
    assert ephemeral.replace("code", key, ODD, MINUTE) == ODD
    assert ephemeral.take("code", key) == ODD


def test_a_big_record_comes_back_unchanged(ephemeral: EphemeralStore) -> None:
    ephemeral.put("interaction", "abc", {"form": "\U0001f511" * 250_000}, MINUTE)

    assert ephemeral.take("interaction", "abc") == {"form": "\U0001f511" * 250_000}


def test_a_record_that_is_no_json_is_refused(ephemeral: EphemeralStore) -> None:
    with pytest.raises(ValueError, match="JSON"):
        ephemeral.put("code", "abc", {"number": float("nan")}, MINUTE)


@races
def test_racing_takers_get_one_winner(ephemeral: EphemeralStore, ephemeral_url: str, race: Any) -> None:
    ephemeral.put("code", "abc", {"subject": "s1"}, MINUTE)

    taken = race(take, ephemeral_url)

    assert [record for record in taken if record is not None] == [{"subject": "s1"}]


@races
def test_racing_adders_get_one_winner(ephemeral: EphemeralStore, ephemeral_url: str, race: Any) -> None:
    added = race(add, ephemeral_url)

    assert sum(added) == 1
    kept = ephemeral.get("jti", "abc")
    assert kept is not None
    assert added[kept["number"]]


@races
def test_racing_spenders_get_one_winner_and_see_each_others_tombstones(
    ephemeral: EphemeralStore, ephemeral_url: str, race: Any
) -> None:
    ephemeral.put("code", "abc", {"subject": "s1"}, MINUTE)

    found = race(replace, ephemeral_url)

    assert found.count({"subject": "s1"}) == 1
    assert sum(record.get("spent", False) for record in found) == len(found) - 1
