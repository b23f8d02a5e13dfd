"""What only the stores know, for dashboards and alarms: how much waits, and in which states the keys are.

The worker looks every few seconds and the web workers beside it tell, so that being asked for numbers costs no query.
"""

from collections import Counter
from datetime import datetime

from prometheus_client import Gauge

from idp.notices import letters, logouts
from idp.numbers import REGISTRY
from idp.web.services import Services
from keys.states import ALGORITHMS, SERVED, Purpose

MOST_UNSEALED = 10_000


def _gauge(name: str, about: str, *labels: str) -> Gauge:
    return Gauge(f"countersign_{name}", about, labels, registry=REGISTRY, multiprocess_mode="mostrecent")


_waiting = _gauge("outbox_waiting", "Messages neither delivered nor given up.", "kind")
_since = _gauge("outbox_oldest_seconds", "How long the oldest of them waits.", "kind")
_unsealed = _gauge("audit_unsealed", f"Audit entries that wait to be sealed, counted up to {MOST_UNSEALED}.")
_keys = _gauge("signing_keys", "Signing keys that are served.", "purpose", "alg", "state")
_done = _gauge("job_done_timestamp_seconds", "When the worker last did a job to its end.", "job")


def look(use: Services, now: datetime) -> None:
    """Look into the stores."""
    with use.database.work() as stores:
        backlogs = {backlog.kind: backlog for backlog in stores.outbox.backlogs()}
        unsealed, keys = stores.audit.count_unsealed(MOST_UNSEALED), stores.keys.read().keys
    for kind in (letters.KIND, logouts.KIND):
        backlog = backlogs.get(kind)
        _waiting.labels(kind).set(backlog.waiting if backlog else 0)
        _since.labels(kind).set((now - backlog.since).total_seconds() if backlog else 0)
    _unsealed.set(unsealed)
    found = Counter((key.purpose, key.alg, key.state) for key in keys)
    for each in ((purpose, alg, state) for purpose in Purpose for alg in ALGORITHMS for state in SERVED):
        _keys.labels(*each).set(found[each])


def done(job: str, now: datetime) -> None:
    """Note that a job came to its end."""
    _done.labels(job).set(now.timestamp())
