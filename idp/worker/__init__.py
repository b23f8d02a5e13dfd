"""The background worker: delivers the outbox, seals the audit log, takes the keys' scheduled steps, purges.

Any number may run at once: each job claims its work by a conditional change. Order of calls: `run` asks each
job that is due, in turn; deliveries go on in threads of their own, outside of any transaction.
"""

from threading import Event
from time import monotonic

import structlog

from federation.ephemeral import StoreUnavailable
from idp.web.services import Services
from idp.worker import sight
from idp.worker.deliveries import Deliveries
from idp.worker.jobs import JOBS, Job
from idp.worker.letters import letter_handler
from idp.worker.logouts import logout_handler

TICK_SECONDS = 0.25
PAUSE_SECONDS = 5.0
"""Before a job that failed is tried again."""

_log = structlog.get_logger("worker")


def run(use: Services, stopping: Event) -> None:
    """Work until `stopping` is set, then finish what is in hand."""
    handlers = (letter_handler(use), logout_handler(use))
    deliveries = [Deliveries(use, kind, handler) for kind, handler in handlers if handler is not None]
    due = dict.fromkeys((*(each.job for each in deliveries), *JOBS), 0.0)
    while not stopping.wait(TICK_SECONDS):
        for job, at in due.items():
            if monotonic() >= at and not stopping.is_set():
                due[job] = monotonic() + (job.every if _done(use, job) else max(job.every, PAUSE_SECONDS))
    for each in deliveries:
        each.close()


def _done(use: Services, job: Job) -> bool:
    """Do one job; nothing that goes wrong in it ends the worker."""
    try:
        job.act(use, use.clock.now())
        sight.done(job.name, use.clock.now())
    except StoreUnavailable as error:
        _log.warning("store unavailable", job=job.name, error=str(error))
        return False
    except Exception:  # noqa: BLE001 - the other jobs must go on, and this one must be seen
        _log.exception("job failed", job=job.name)
        return False
    return True
