"""What goes wrong with the stores: they are away, empty, slow, silent, locked, cut off or full."""

import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing

import psycopg

from tests.storm.line import Line
from tests.storm.storm import Fault
from tests.storm.world import World

LOCKED_SECONDS = 7.0
"""Longer than anybody waits for a lock."""
BIG_BYTES = 65_536
_random = random.Random(2)


def postgresql_away(seconds: float) -> Fault:
    """Stop the database as an operator does, and start it again."""

    def inflict(world: World) -> None:
        assert world.postgresql is not None
        world.postgresql.stop()
        since = time.monotonic()
        time.sleep(seconds)
        world.closed = since, time.monotonic()
        world.postgresql.start()

    return Fault("PostgreSQL stopped", inflict, closes=True)


def postgresql_crashes(rounds: int) -> Fault:
    """Have it crash in the middle of commits, and recover."""

    def inflict(world: World) -> None:
        assert world.postgresql is not None
        for _ in range(rounds):
            time.sleep(_random.uniform(0.3, 1.5))
            world.postgresql.crash()
            world.postgresql.start()

    return Fault(f"PostgreSQL crashes, {rounds} rounds", inflict)


def postgresql_locked() -> Fault:
    """Lock the tables that every sign-in writes to, as a careless operator does."""

    def inflict(world: World) -> None:
        with psycopg.connect(world.database_dsn) as other:
            other.execute("LOCK TABLE grants, audit_events, sessions IN ACCESS EXCLUSIVE MODE")
            time.sleep(LOCKED_SECONDS)
            other.rollback()

    return Fault("PostgreSQL tables locked", inflict)


def redis_away(seconds: float) -> Fault:
    """Stop Redis, which forgets everything, and start it again."""

    def inflict(world: World) -> None:
        assert world.redis is not None
        world.redis.stop()
        time.sleep(seconds)
        world.redis.start()

    return Fault("Redis stopped", inflict)


def redis_flushed(rounds: int) -> Fault:
    """Empty it while codes, proofs and assertions are under way."""

    def inflict(world: World) -> None:
        assert world.redis is not None
        for _ in range(rounds):
            time.sleep(_random.uniform(0.2, 1.0))
            world.redis.flush()

    return Fault(f"Redis flushed, {rounds} rounds", inflict)


def slow(name: str, line_of: Callable[[World], Line | None], seconds: float, *, delay: float = 0.05) -> Fault:
    """Let everything that passes a line take longer."""

    def inflict(world: World) -> None:
        line = line_of(world)
        assert line is not None
        line.delay = delay
        time.sleep(seconds)
        line.delay = 0.0

    return Fault(f"{name} slow by {2000 * delay:.0f} ms", inflict)


def silent(name: str, line_of: Callable[[World], Line | None], seconds: float) -> Fault:
    """Let nothing pass a line, and end nothing."""

    def inflict(world: World) -> None:
        line = line_of(world)
        assert line is not None
        line.hold()
        time.sleep(seconds)
        line.release()

    return Fault(f"{name} silent", inflict)


def cut(name: str, line_of: Callable[[World], Line | None], rounds: int) -> Fault:
    """End every connection to a store at any step: whether what was under way was done, nobody knows."""

    def inflict(world: World) -> None:
        line = line_of(world)
        assert line is not None
        for _ in range(rounds):
            time.sleep(_random.uniform(0.05, 0.6))
            line.cut()

    return Fault(f"{name} cut off, {rounds} rounds", inflict)


def file_deleted(rounds: int) -> Fault:
    """Delete the short-lived store under the workers."""

    def inflict(world: World) -> None:
        for _ in range(rounds):
            time.sleep(_random.uniform(0.2, 1.0))
            (world.folder / "ephemeral.db").unlink(missing_ok=True)

    return Fault(f"short-lived file deleted, {rounds} rounds", inflict)


def file_locked() -> Fault:
    """Keep the one writer's place of the durable file longer than anybody waits."""

    def inflict(world: World) -> None:
        with closing(sqlite3.connect(world.folder / "durable.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(LOCKED_SECONDS)
            other.execute("ROLLBACK")

    return Fault("SQLite file locked", inflict)


def disk_full(seconds: float) -> Fault:
    """Fill the disk under both files, and make room again."""

    def inflict(world: World) -> None:
        ballast = world.folder / "ballast"
        try:
            until = time.monotonic() + seconds
            with ballast.open("ab", buffering=0) as out:
                while time.monotonic() < until:
                    try:
                        out.write(bytes(BIG_BYTES))
                    except OSError:
                        time.sleep(0.05)
        finally:
            ballast.unlink()

    return Fault("disk full", inflict)
