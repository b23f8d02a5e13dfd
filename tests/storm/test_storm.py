"""The storm in short: some of its faults over each pair of stores; `make storm` has them all."""

from pathlib import Path

from tests.storm import nodes, processes, stores
from tests.storm.storm import Fault, Storm
from tests.storm.world import World, on_files, on_nodes, on_servers
from tests.support.postgresql import PostgreSQL
from tests.support.redis import RedisServer


def weather(world: World, *faults: Fault) -> Storm:
    """Let faults come over a world."""
    storm = Storm(world, timed=False)
    storm.begin(clients=2)
    for fault in faults:
        storm.suffer(fault)
    storm.end()
    assert len(storm.recorder.history) > 20
    return storm


def test_on_files_nothing_happens_twice_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    with on_files(tmp_path) as world:
        storm = weather(
            world, processes.kill_web_workers(4), processes.kill_background_worker(1), stores.file_deleted(2)
        )

    assert storm.breaches == []


def test_on_servers_nothing_happens_twice_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    postgresql, redis = PostgreSQL(), RedisServer()
    try:
        with on_servers(tmp_path, postgresql, redis) as world:
            storm = weather(
                world,
                stores.postgresql_away(3),
                stores.cut("PostgreSQL", lambda of: of.database_line, 3),
                stores.redis_flushed(2),
            )
    finally:
        postgresql.end()
        redis.end()

    assert storm.breaches == []


def test_on_two_nodes_nothing_happens_twice_and_nothing_acknowledged_is_lost_while_all_fails_over(
    tmp_path: Path,
) -> None:
    with on_nodes(tmp_path) as world:
        storm = weather(world, nodes.killed(1), nodes.ended(1), nodes.database_fails_over(1), nodes.redis_fails_over(1))

    assert storm.breaches == []
    ended = next(each for each in storm.results if each.fault.startswith("SIGTERM"))
    assert set(ended.outcomes) <= {"ok", "refused"}
