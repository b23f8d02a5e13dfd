"""How long the worker's batches take in a large country, and how long a citizen's write waits beside them."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Thread
from time import perf_counter, sleep

from idp.web.services import Services
from idp.web.stores import Stores
from idp.worker.jobs import ENDED_SESSIONS_STAY, PURGE_ROWS, SEAL_ROWS

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


@contextmanager
def _writer(use: Services) -> Iterator[list[float]]:
    """Count attempts of citizens drawn at random, one after the other, until the block ends; give what each took."""
    waits: list[float] = []
    ended = Event()

    def write() -> None:
        while not ended.wait(BETWEEN_WRITES):
            began = perf_counter()
            with use.database.work() as stores:
                stores.failures.count(f"totp:{random.random()}", use.clock.now())
            waits.append(perf_counter() - began)

    thread = Thread(target=write)
    thread.start()
    try:
        yield waits
    finally:
        ended.set()
        thread.join()
