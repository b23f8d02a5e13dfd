"""How clients of the storm ask: every answer that matters goes into the history, an odd one always."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from tests.storm.history import History, Operation, Outcome

PATIENCE_SECONDS = 12.0
"""Longer than the service may take to give up a store."""
UNHEARD = (502, 504)
AGAIN = (429, 503)
_ID = re.compile(r"[A-Za-z0-9_-]{20,}")

Send = Callable[[], requests.Response]
Read = Callable[[requests.Response], str]
Judge = Callable[[requests.Response], bool]


class Interrupted(Exception):
    """Something did not go on: no answer, a refusal, or a way that led elsewhere."""


@dataclass(slots=True)
class Recorder:
    """The history, and the fault that is on."""

    history: History = field(default_factory=History)
    during: str = ""

    def tell(
        self, act: str, key: str, send: Send, *, read: Read = lambda _: "", done: Judge = lambda _: True
    ) -> requests.Response:
        """Send, note what came of it, and return the answer; raise Interrupted if there was none but a wait.

        `read` says what was told, `done` whether a 2xx or 3xx says that the act was done. Without `act` only what may
        never be is noted.
        """
        invoked, during = time.monotonic(), self.during
        answer = self._sent(send)
        outcome = Outcome.UNKNOWN if answer is None else outcome_of(answer)
        if answer is not None and outcome is Outcome.OK and not done(answer):
            outcome = Outcome.REFUSED
        value = "" if answer is None else read(answer) if outcome is Outcome.OK else str(answer.status_code)
        if act or outcome is Outcome.FAILED:
            self.note(act or "page", key, outcome, value, invoked=invoked, during=during)
        if answer is None or outcome in (Outcome.UNKNOWN, Outcome.FAILED):
            raise Interrupted(act)
        return answer

    def note(self, act: str, key: str, outcome: Outcome, value: str = "", *, invoked: float, during: str = "") -> None:
        """Add an operation that ends now."""
        self.history.append(
            Operation(
                act=act,
                key=key,
                outcome=outcome,
                value=value,
                invoked=invoked,
                answered=time.monotonic(),
                during=during or self.during,
            )
        )

    @staticmethod
    def _sent(send: Send) -> requests.Response | None:
        try:
            return send()
        except requests.RequestException:
            return None


def outcome_of(answer: requests.Response) -> Outcome:
    """Return what an answer says of its request.

    After 503 nobody knows, a commit may have been made unheard; nor after a proxy's word that its node ended meanwhile.
    """
    if answer.status_code in UNHEARD:
        return Outcome.UNKNOWN
    if answer.status_code in AGAIN:
        return Outcome.UNKNOWN if int(answer.headers.get("Retry-After", "0")) > 0 else Outcome.FAILED
    if answer.status_code >= 500:
        return Outcome.FAILED
    return Outcome.REFUSED if answer.status_code >= 400 else Outcome.OK


def place(path: str) -> str:
    """Return a path without what is drawn."""
    return _ID.sub("<id>", path.partition("?")[0])
