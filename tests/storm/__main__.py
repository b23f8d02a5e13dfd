"""`make storm`: faults of real processes under load, on each pair of stores and on two nodes, and which promises broke.

Order of calls: each world is started and its clients ask; its faults come one after the other; then all is counted
and told, on the screen and in tests/output/storm.json. It ends with 1 if a promise broke.
"""

import argparse
import json
import logging
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

import structlog

from tests.load.report import OUTPUT, ROOT, say
from tests.storm import around, clocks, nodes, processes, stores
from tests.storm.line import Line
from tests.storm.storm import Fault, Storm
from tests.storm.world import FILES, NODES, SERVERS, World, on_files, on_nodes, on_servers
from tests.support.postgresql import PostgreSQL
from tests.support.redis import RedisServer

DISK = "64m"
"""Of the disk that files are on: small enough to be filled in a moment."""


def on_every_world() -> list[Fault]:
    """Return what may happen wherever it runs; some 100 kills in each world."""
    return [
        processes.kill_web_workers(80),
        processes.kill_background_worker(5),
        around.killed_whole(8),
        around.ended_and_started(4),
        around.upgraded_twice(3),
        around.agencies_dead(12),
        around.mail_dead(8),
        clocks.clock_steps(3),
    ]


def on_database_and_redis() -> list[Fault]:
    """Return what may happen to servers."""

    def database(world: World) -> Line | None:
        return world.database_line

    def redis(world: World) -> Line | None:
        return world.redis_line

    return [
        stores.postgresql_away(8),
        stores.postgresql_crashes(4),
        stores.postgresql_locked(),
        stores.slow("PostgreSQL", database, 8),
        stores.silent("PostgreSQL", database, 8),
        stores.cut("PostgreSQL", database, 30),
        stores.redis_away(5),
        stores.redis_flushed(12),
        stores.slow("Redis", redis, 8),
        stores.silent("Redis", redis, 6),
        stores.cut("Redis", redis, 30),
    ]


def on_one_disk() -> list[Fault]:
    """Return what may happen to files."""
    return [stores.file_deleted(12), stores.file_locked(), stores.disk_full(8)]


def on_two_nodes() -> list[Fault]:
    """Return what may happen where there are two of everything."""
    return [
        nodes.killed(4),
        nodes.ended(4),
        nodes.database_fails_over(4),
        nodes.redis_fails_over(4),
        clocks.clocks_differ(5),
    ]


def main() -> None:
    """Let it storm, and say what held."""
    faults = {
        FILES: on_one_disk() + on_every_world(),
        SERVERS: on_database_and_redis() + on_every_world(),
        NODES: on_two_nodes(),
    }
    parser = argparse.ArgumentParser(prog="make storm", description=__doc__)
    parser.add_argument("--only", metavar="WORDS", default="", help="the faults whose names hold these words")
    parser.add_argument("--world", choices=faults, help="one pair of stores alone")
    parser.add_argument("--list", action="store_true", help="name the faults, and end")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    storms = []
    for name, every in faults.items():
        chosen = [fault for fault in every if given.only in fault.name]
        if given.list:
            say("\n".join(f"{name}: {fault.name}" for fault in chosen))
        elif chosen and given.world in (None, name):
            with _world(name) as world:
                storms.append(play(world, chosen))
    if storms:
        sys.exit(_tell(storms))


def play(world: World, faults: list[Fault]) -> Storm:
    """Let every fault come over a world, one after the other, and count."""
    storm, began = Storm(world), time.monotonic()
    storm.begin()
    for number, fault in enumerate(faults, 1):
        told = storm.suffer(fault)
        again = "NOT healed" if told.healed is None else f"healed {told.healed - told.lifted:.1f} s after"
        at = time.monotonic() - began
        say(f"{at:5.0f} s  {world.name} {number}/{len(faults)}  {fault.name}: {dict(told.outcomes)}, {again}")
    storm.end()
    return storm


@contextmanager
def _world(name: str) -> Iterator[World]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="countersign-storm-")))
        if name == FILES:
            stack.enter_context(_small_disk(folder))
            yield stack.enter_context(on_files(folder))
            return
        if name == NODES:
            yield stack.enter_context(on_nodes(folder))
            return
        database, redis = PostgreSQL(), RedisServer()
        stack.callback(database.end)
        stack.callback(redis.end)
        yield stack.enter_context(on_servers(folder, database, redis))


@contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    """Put a disk of DISK at the folder; that needs root."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "countersign-storm", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _tell(storms: list[Storm]) -> int:
    """Print what came of it, keep it, and return the exit code."""
    breaches = [breach for storm in storms for breach in storm.breaches]
    results = [result for storm in storms for result in storm.results]
    counts = Counter(f"{each.act or 'page'} {each.outcome}" for storm in storms for each in storm.recorder.history)
    OUTPUT.mkdir(exist_ok=True)
    report = {
        "results": [asdict(each) for each in results],
        "breaches": [asdict(each) for each in breaches],
        "operations": counts,
    }
    (OUTPUT / "storm.json").write_text(json.dumps(report, indent=1))
    say(
        f"{counts.total()} operations noted: "
        + ", ".join(f"{number} {what}" for what, number in sorted(counts.items()))
    )
    for (promise, during), number in Counter((each.promise, each.during) for each in breaches).items():
        say(f"BROKEN {number} times, during {during or 'calm'}: {promise}")
    say(f"{len(results)} faults, {len(breaches)} promises broken. All: {OUTPUT.relative_to(ROOT)}/storm.json")
    return 1 if breaches else 0


if __name__ == "__main__":
    main()
