"""Deliver one kind of message from the outbox, several at once, each claimed before and noted after.

A message may arrive twice, when we cannot tell whether it arrived; it is never dropped silently.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

import structlog

from federation.ephemeral import StoreUnavailable
from idp.notices.outbox import Message, Payload, next_try, read
from idp.notices.senders import DeliveryFailed
from idp.web.services import Services
from idp.worker.jobs import Job

SLOTS = 4
"""Deliveries of one kind at once: a slow agency delays no letter."""
POLL_SECONDS = 0.25

Handler = Callable[[Message, Payload], bool]
"""Delivers within `LEASE`; returns whether the payload is kept to be shown. Raises DeliveryFailed."""

_log = structlog.get_logger("worker.deliveries")


class Deliveries:
    """The threads that deliver one kind."""

    def __init__(self, use: Services, kind: str, handler: Handler) -> None:
        self._use = use
        self._kind = kind
        self._handler = handler
        self._running: set[Future[None]] = set()
        self._pool = ThreadPoolExecutor(SLOTS, thread_name_prefix=f"deliver-{kind}")
        self.job = Job(f"deliver {kind}", POLL_SECONDS, self._claim)

    def close(self) -> None:
        """Finish what has begun; what has not is claimed again when its lease is over."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _claim(self, use: Services, now: datetime) -> None:
        self._running = {future for future in self._running if not future.done()}
        free = SLOTS - len(self._running)
        if free == 0:
            return
        with use.database.work() as stores:
            claimed = stores.outbox.claim(self._kind, now, free)
        self._running |= {self._pool.submit(self._deliver, message) for message in claimed}

    def _deliver(self, message: Message) -> None:
        try:
            self._note(message, *self._outcome(message))
        except StoreUnavailable as error:
            _log.warning("delivery not noted", kind=self._kind, message_id=message.message_id, error=str(error))

    def _outcome(self, message: Message) -> tuple[bool, bool]:
        """Return whether it arrived, and whether that is final or, having arrived, kept."""
        payload = read(message, self._use.sealer)
        if payload is None or message.ends_at <= self._use.clock.now():
            return False, True
        try:
            return True, self._handler(message, payload)
        except DeliveryFailed as error:
            _log.warning("delivery failed", kind=self._kind, message_id=message.message_id, reason=str(error))
            return False, error.final
        except Exception as error:  # noqa: BLE001 - one bad message must not stop the others
            _log.error("delivery failed", kind=self._kind, message_id=message.message_id, reason=type(error).__name__)
            return False, False

    def _note(self, message: Message, arrived: bool, final_or_kept: bool) -> None:
        now = self._use.clock.now()
        again = None if final_or_kept else next_try(message, now)
        with self._use.database.work() as stores:
            if arrived:
                stores.outbox.delivered(message, now, keep=final_or_kept)
            elif again is not None:
                stores.outbox.postpone(message, again)
            else:
                stores.outbox.give_up(message, now)
                _log.warning("delivery given up", kind=self._kind, message_id=message.message_id)
