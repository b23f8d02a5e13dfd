"""How agencies are told that a session is over (OpenID Connect Back-Channel Logout 1.0 sections 2.5 to 2.8)."""

import threading
import time
from collections.abc import Callable

from federation.logout import logout_token
from federation.outbound import FetchFailed, FetchRefused
from federation.relying_parties.model import RelyingParty
from idp.audit.sessions import LogoutDelivered, LogoutRefused
from idp.notices.logouts import KIND, LogoutNotice, from_payload
from idp.notices.outbox import Message, Payload
from idp.notices.senders import DeliveryFailed
from idp.web.services import Services
from idp.worker.deliveries import Handler

DONE = (200, 204)
"""204 too, because some frameworks make it of an empty 200 (section 2.8)."""
REFUSED = 400
FINAL = (*DONE, REFUSED)
ANSWER_BYTES = 64 * 1024
"""Only the status counts, but an agency may send a page along."""
REST_SECONDS = 10.0
SLOW_SECONDS = 0.5
"""An agency that takes longer to say that it failed is left alone like one that says nothing."""


def logout_handler(use: Services) -> tuple[str, Handler]:
    """Return what tells agencies. 200 or 204 is done, 400 is final, everything else is tried again until it ends."""
    resting = Resting()

    def tell(_message: Message, payload: Payload) -> bool:
        over = from_payload(payload)
        service, address = _find_service(use, over)
        if resting.still(over.client_id):
            raise DeliveryFailed("it did not answer a moment ago")
        began = time.monotonic()
        try:
            status = use.fetcher.post(
                address, {"logout_token": _token(use, service, over)}, max_bytes=ANSWER_BYTES
            ).status
        except (FetchFailed, FetchRefused) as error:
            resting.begin(over.client_id)
            raise DeliveryFailed(str(error)) from error
        if status not in FINAL and time.monotonic() - began > SLOW_SECONDS:
            resting.begin(over.client_id)
        else:
            resting.end(over.client_id)
        _note(use, over, status)
        return False

    return KIND, tell


class Resting:
    """Which agencies did not answer in good time just now: one message in ten seconds finds out whether they do again.

    Otherwise one agency that hangs would take every slot, and the others would hear late.
    """

    def __init__(self, *, seconds: float = REST_SECONDS, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()

    def still(self, client_id: str) -> bool:
        """Say whether to leave it alone; of many callers after a rest, one is told False."""
        with self._lock:
            until = self._until.get(client_id)
            if until is None:
                return False
            if self._monotonic() < until:
                return True
            self._until[client_id] = self._monotonic() + self._seconds
            return False

    def begin(self, client_id: str) -> None:
        """It did not answer."""
        with self._lock:
            self._until[client_id] = self._monotonic() + self._seconds

    def end(self, client_id: str) -> None:
        """It answered."""
        with self._lock:
            self._until.pop(client_id, None)


def _find_service(use: Services, over: LogoutNotice) -> tuple[RelyingParty, str]:
    with use.database.work() as stores:
        service = stores.relying_parties.find(over.client_id)
    if service is None or service.backchannel_logout_uri is None:
        raise DeliveryFailed("the service is no longer to be told", final=True)
    return service, service.backchannel_logout_uri


def _token(use: Services, service: RelyingParty, over: LogoutNotice) -> str:
    return logout_token.issue(
        use.signer,
        service,
        subject=over.subject,
        sid=over.sid,
        issuer=use.settings.issuer,
        now=use.clock.now(),
    )


def _note(use: Services, over: LogoutNotice, status: int) -> None:
    """Record a final answer; raise DeliveryFailed for every answer but done."""
    if status not in FINAL:
        raise DeliveryFailed(f"it answered {status}")
    event = LogoutDelivered if status in DONE else LogoutRefused
    with use.database.work() as stores:
        stores.audit.record(event(at=use.clock.now(), client_id=over.client_id, session_id=over.session_id))
    if status == REFUSED:
        raise DeliveryFailed("it answered 400", final=True)
