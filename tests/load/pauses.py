"""How long the worker's batches take in a large country, and how long a citizen's write waits beside them."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Thread
from time import perf_counter, sleep

from federation.ephemeral import StoreUnavailable
from idp.storage.sql import migrate
from idp.storage.sql.engine import connect
from idp.web.services import Services
from idp.web.stores import Stores
from idp.worker.jobs import ENDED_SESSIONS_STAY, PURGE_ROWS, SEAL_ROWS

UPGRADE = "db upgrade"
EARLIER = "0002"
_TAKE_BACK = ("DROP INDEX ix_grants_client_id", f"UPDATE alembic_version SET version_num = '{EARLIER}'")
MOST_BATCHES = 200
"""Of each kind."""
ALONE_SECONDS = 2.0
BETWEEN_WRITES = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """What one kind of batch did, in milliseconds; the writes are small ones, each a transaction of its own."""

    store: str
    kind: str
    batches: int
    rows: int
    median_ms: float
    longest_ms: float
    longest_write_ms: float
    write_p99_ms: float


def measure(store: str, use: Services) -> Iterator[Pause]:
    """Seal and purge all there is, a kind at a time, with a writer beside."""
    long_ago = use.clock.now() - ENDED_SESSIONS_STAY
    for kind, act in _batches(long_ago):
        with _writer(use) as waits:
            if kind == "nothing":
                Event().wait(ALONE_SECONDS)
            taken, rows = _run(use, act)
        waits.sort()
        taken.sort()
        yield Pause(
            store=store,
            kind=kind,
            batches=len(taken),
            rows=rows,
            median_ms=1000 * taken[len(taken) // 2],
            longest_ms=1000 * taken[-1],
            longest_write_ms=1000 * waits[-1],
            write_p99_ms=1000 * waits[len(waits) * 99 // 100],
        )


def upgrade(store: str, use: Services, database_url: str) -> Pause:
    """Take back what came after EARLIER, and apply it again with somebody who writes to the table it changes."""
    engine = connect(database_url)
    with engine.begin() as connection:
        for statement in _TAKE_BACK:
            connection.exec_driver_sql(statement)
    with _writer(use, _end_a_grant) as waits:
        Event().wait(ALONE_SECONDS)
        began = perf_counter()
        migrate.upgrade(engine)
        taken = 1000 * (perf_counter() - began)
    engine.dispose()
    waits.sort()
    return Pause(
        store=store,
        kind=UPGRADE,
        batches=1,
        rows=0,
        median_ms=taken,
        longest_ms=taken,
        longest_write_ms=1000 * waits[-1],
        write_p99_ms=1000 * waits[len(waits) * 99 // 100],
    )


def _batches(before: datetime) -> list[tuple[str, Callable[[Stores], int]]]:
    return [
        ("nothing", lambda _: 0),
        ("grants", lambda stores: stores.grants.purge(before, PURGE_ROWS)),
        ("failures", lambda stores: stores.failures.purge(before, PURGE_ROWS)),
        ("sessions", lambda stores: stores.sessions.purge(before, PURGE_ROWS)),
        ("outbox", lambda stores: stores.outbox.purge(before, PURGE_ROWS)),
        ("seal", lambda stores: stores.audit.seal(SEAL_ROWS)),
    ]


def _run(use: Services, act: Callable[[Stores], int]) -> tuple[list[float], int]:
    taken, rows = [], 0
    for _ in range(MOST_BATCHES):
        began = perf_counter()
        with use.database.work() as stores:
            done = act(stores)
        taken.append(perf_counter() - began)
        rows += done
        if not done:
            break
        sleep(taken[-1])  # as the worker does
    return taken, rows


def _count_a_failure(stores: Stores, now: datetime) -> None:
    stores.failures.count(f"totp:{random.random()}", now)


def _end_a_grant(stores: Stores, now: datetime) -> None:
    stores.grants.end(f"nobody's {random.random()}", now)


@contextmanager
def _writer(use: Services, act: Callable[[Stores, datetime], None] = _count_a_failure) -> Iterator[list[float]]:
    """Write a little, one after the other, until the block ends; give what each took, however often it was refused."""
    waits: list[float] = []
    ended = Event()

    def write() -> None:
        while not ended.wait(BETWEEN_WRITES):
            began = perf_counter()
            while not _written(use, act):
                pass
            waits.append(perf_counter() - began)

    thread = Thread(target=write)
    thread.start()
    try:
        yield waits
    finally:
        ended.set()
        thread.join()


def _written(use: Services, act: Callable[[Stores, datetime], None]) -> bool:
    try:
        with use.database.work() as stores:
            act(stores, use.clock.now())
    except StoreUnavailable:
        return False
    return True
