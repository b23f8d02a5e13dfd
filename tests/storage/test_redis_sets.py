"""Several Redis servers that stand in for each other: whatever a new master has of the old, nothing counts twice."""

import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest
from redis import Redis

from federation.ephemeral import StoreUnavailable
from idp.storage import ephemeral as short_lived
from idp.storage.ephemeral.in_redis import InRedis
from idp.storage.ephemeral.records import EPOCH
from tests.support import server
from tests.support.redis import RedisServer
from tests.support.redis_sets import NAME, RedisCluster, WatchedRedis

MINUTE = timedelta(minutes=1)
KEYS = [str(number) for number in range(200)]


@pytest.fixture
def watched() -> Iterator[WatchedRedis]:
    redis = WatchedRedis()
    yield redis
    redis.end()


@pytest.fixture
def cluster() -> Iterator[RedisCluster]:
    redis = RedisCluster()
    yield redis
    redis.end()


def opened(url: str) -> InRedis:
    store = short_lived.open(url)
    assert isinstance(store, InRedis)
    store.begin(EPOCH)
    return store


def now() -> datetime:
    return datetime.now(UTC)


def heals(store: InRedis) -> None:
    """Wait until every shard takes records again, without anything being started anew."""

    def takes() -> bool:
        try:
            for key in KEYS:
                store.put("test", key, {}, MINUTE)
        except StoreUnavailable:
            return False
        return True

    server.wait_until(takes, seconds=30, what="records are kept again")


def held_by(one: RedisServer) -> set[bytes]:
    with Redis.from_url(one.url) as connection:
        return set(connection.scan_iter())


def test_what_was_spent_just_before_a_failover_stays_spent_though_the_new_master_has_it(watched: WatchedRedis) -> None:
    with closing(opened(watched.url)) as store, closing(opened(watched.url)) as other:
        store.put("code", "abc", {"subject": "s1"}, MINUTE)
        dated = now()
        old = watched.master
        replicas = [each for each in watched.servers if each is not old]
        server.wait_until(lambda: held_by(old) == held_by(replicas[0]) == held_by(replicas[1]), seconds=5, what="level")
        for each in replicas:
            each.signal(signal.SIGSTOP)
        assert store.take("code", "abc") == {"subject": "s1"}
        assert store.add("jti", "abc", {}, MINUTE, dated=dated)
        old.kill()
        for each in replicas:
            each.signal(signal.SIGCONT)
        watched.wait_for_another(old)
        assert held_by(watched.master) & held_by(replicas[0]), "the new master still has the code"

        for node in (store, other):
            heals(node)
            assert node.take("code", "abc") is None
            assert node.replace("code", "abc", {}, MINUTE) is None
            assert not node.add("jti", "abc", {}, MINUTE, dated=dated)
        assert store.add("jti", "new", {}, MINUTE, dated=now())
        assert not other.add("jti", "new", {}, MINUTE, dated=now())


def test_a_master_that_comes_back_to_office_brings_nothing_back(redis_server: RedisServer) -> None:
    other = RedisServer()
    with closing(opened(redis_server.url)) as first, closing(short_lived.open(other.url)) as second:
        first.put("code", "abc", {}, MINUTE)

        hand_over(redis_server, other)
        assert second.take("code", "abc") is None
        hand_over(other, redis_server)

        assert len(held_by(redis_server)) > 1, "it still has the code"
        assert first.take("code", "abc") is None
        assert InRedis(redis_server.url).take("code", "abc") is None
    other.end()


def hand_over(old: RedisServer, new: RedisServer) -> None:
    """Let a server take all that the master has, and be the master in its place."""
    with Redis.from_url(old.url) as one, Redis.from_url(new.url) as another:
        another.replicaof("127.0.0.1", str(old.port))
        server.wait_until(lambda: another.info("replication")["master_link_status"] == "up", seconds=20, what="level")
        another.replicaof("NO", "ONE")
        one.replicaof("127.0.0.1", str(new.port))
        one.client_kill_filter(_type="normal", skipme=True)


def test_a_master_cut_off_and_its_successor_never_both_spend_a_code(watched: WatchedRedis) -> None:
    old = watched.master
    with closing(opened(watched.url)) as store, closing(opened(old.url)) as cut_off:
        for key in KEYS:
            store.put("code", key, {}, MINUTE)
        old.signal(signal.SIGSTOP)
        watched.wait_for_another(old)
        old.signal(signal.SIGCONT)

        spent = [key for key in KEYS for each in (store, cut_off) if _took(each, key)]

        assert len(spent) == len(set(spent))


def _took(store: InRedis, key: str) -> bool:
    try:
        return store.take("code", key) is not None
    except StoreUnavailable:
        return False


@pytest.mark.parametrize("end", [RedisServer.kill, lambda one: one.signal(signal.SIGSTOP)], ids=["killed", "frozen"])
def test_a_master_that_does_not_answer_is_said_so_within_a_second(
    watched: WatchedRedis, end: Callable[[RedisServer], None]
) -> None:
    with closing(opened(watched.url)) as store:
        store.put("code", "abc", {}, MINUTE)
        end(watched.master)

        for _ in range(3):
            begun = monotonic()
            try:
                store.put("code", "abc", {}, MINUTE)
            except StoreUnavailable:
                assert monotonic() - begun < 1.5
        heals(store)


def test_sentinels_that_are_away_are_passed_over(watched: WatchedRedis) -> None:
    url = watched.url.replace("://", f"://127.0.0.1:{server.free_port()},127.0.0.1:{server.free_port()},")

    with closing(opened(url)) as store:
        store.put("code", "abc", {"kept": True}, MINUTE)
        assert store.take("code", "abc") == {"kept": True}


def test_a_name_that_sentinels_do_not_know_is_a_store_that_is_away(watched: WatchedRedis) -> None:
    with pytest.raises(StoreUnavailable):
        short_lived.open(watched.url.replace(f"/{NAME}/", "/another/")).check_available()


def test_the_master_of_a_cluster_dies_and_nothing_old_counts_there(cluster: RedisCluster) -> None:
    with closing(opened(cluster.url)) as store, closing(opened(cluster.url)) as other:
        for key in KEYS:
            store.put("code", key, {"key": key}, MINUTE)
        assert all(held_by(master) for master in cluster.masters), "every master has a part"
        dated = now()
        dies = cluster.masters[-1]
        names = held_by(dies)
        successors = [each for each in cluster.servers if each not in cluster.masters]
        server.wait_until(lambda: any(held_by(each) == names for each in successors), seconds=5, what="level")

        dies.kill()
        heals(store)
        heals(other)

        assert any(held_by(each) >= names for each in cluster.masters), "its successor still has what it held"
        lost = {key for key in KEYS if store.get("code", key) is None}
        assert len(names) - 30 < len(lost) < len(names)
        assert not any(other.take("code", key) for key in lost)
        assert not any(other.add("code", key, {}, MINUTE, dated=dated) for key in lost)
        assert all(store.take("code", key) == {"key": key} for key in KEYS if key not in lost)


def test_slots_that_move_to_another_node_are_followed(cluster: RedisCluster) -> None:
    with closing(opened(cluster.url)) as store:
        for key in KEYS:
            store.put("code", key, {}, MINUTE)

        cluster.move_slots()
        heals(store)

        assert all(store.add("after", key, {}, MINUTE) for key in KEYS)
        assert not any(store.add("after", key, {}, MINUTE) for key in KEYS)


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://127.0.0.1:1",
        "redis+sentinel://127.0.0.1:1/name/x",
        "redis+sentinel://127.0.0.1:1/name/0/1",
        "redis+sentinel://,/name",
        "redis+sentinel://127.0.0.1:1/name?db=3",
        "redis+cluster://",
        "redis+cluster://127.0.0.1:1/0",
        "redis+other://127.0.0.1:1",
        "mysql://localhost",
    ],
)
def test_a_url_that_names_no_store_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"store|Sentinels|Cluster|host|int"):
        short_lived.open(url)
