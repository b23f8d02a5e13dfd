"""The timed jobs, each in bounded batches and short transactions, so that no request waits long behind one."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic, sleep

import structlog

from federation.ephemeral import StoreUnavailable
from federation.tokens.grants.store import KEPT as ENDED_GRANTS_STAY
from idp.audit import noted_head
from idp.audit.keys import events as key_events
from idp.web.services import Services
from idp.web.stores import Stores
from idp.worker.sight import look
from keys.errors import KeysChanged
from keys.rotation import Rules, advance

SEAL_ROWS = 500
PURGE_ROWS = 100
MOST_BATCHES = 50
"""Of one kind before the others have their turn: 500 rows a second, more than the busiest day leaves behind."""
ENDED_SESSIONS_STAY = timedelta(days=30)
DONE_MESSAGES_STAY = timedelta(days=7)
IDLE_COUNTERS_STAY = timedelta(days=30)

_log = structlog.get_logger("worker")


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so many seconds."""

    name: str
    every: float
    act: Callable[[Services, datetime], None]


def seal(use: Services, _now: datetime) -> None:
    """Link new audit entries to the chain."""
    _in_batches(use, SEAL_ROWS, lambda stores: stores.audit.seal(SEAL_ROWS))


def tell_head(use: Services, _now: datetime) -> None:
    """Put the end of the audit chain into the logs, which leave this machine: a note nobody can take back.

    Another lies in the short-lived store, where `countersign doctor` finds it.
    """
    with use.database.work() as stores:
        head = stores.audit.head()
    _log.info("audit head", sequence=head.sequence, hash=head.hash)
    with suppress(StoreUnavailable):
        noted_head.note(use.ephemeral, head)


def purge(use: Services, now: datetime) -> None:
    """Remove what is over."""
    _in_batches(use, PURGE_ROWS, lambda stores: stores.grants.purge(now - ENDED_GRANTS_STAY, PURGE_ROWS))
    _in_batches(use, PURGE_ROWS, lambda stores: stores.failures.purge(now - IDLE_COUNTERS_STAY, PURGE_ROWS))
    _in_batches(use, PURGE_ROWS, lambda stores: stores.sessions.purge(now - ENDED_SESSIONS_STAY, PURGE_ROWS))
    _in_batches(use, PURGE_ROWS, lambda stores: stores.outbox.purge(now - DONE_MESSAGES_STAY, PURGE_ROWS))


def advance_keys(use: Services, now: datetime) -> None:
    """Take the keys' scheduled steps."""
    rules = Rules(prepublish=use.settings.key_prepublish)
    try:
        with use.database.work() as stores:
            for event in key_events(advance(stores.keys, use.key_provider, rules, now), "timer"):
                stores.audit.record(event)
    except KeysChanged:
        _log.info("keys advanced elsewhere")


def _in_batches(use: Services, full: int, act: Callable[[Stores], int]) -> None:
    """Rest after each as long as it took: whoever waits for SQLite's only writer has their turn."""
    for _ in range(MOST_BATCHES):
        began = monotonic()
        with use.database.work() as stores:
            done = act(stores)
        if done < full:
            return
        sleep(monotonic() - began)


JOBS = (
    Job("seal", 1.0, seal),
    Job("tell head", 300.0, tell_head),
    Job("purge", 10.0, purge),
    Job("advance keys", 60.0, advance_keys),
    Job("look", 15.0, look),
)
