"""What a stranger sees of the service meanwhile: what needs no store, and what must say at once that it cannot."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import requests

DOCUMENTS = ("/jwks", "/.well-known/openid-configuration", "/healthz")
CLOSED = ("/token", "/authorize")
NOT_OPEN = (0, 303, 503)
"""What these may answer without a database: a citizen may still be sent on, by a service that was looked up lately."""
EVERY_SECONDS = 0.25
PATIENCE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer: 0 stands for none."""

    path: str
    status: int
    waits: bool
    """Whether it says when to come again."""
    at: float
    seconds: float
    during: str


class Watch(threading.Thread):
    """Asks every quarter of a second, one path after the other, each on a connection of its own."""

    def __init__(self, base: str, api: tuple[str, str], question: str, during: Any) -> None:
        super().__init__(name="watch", daemon=True)
        self.seen: list[Seen] = []
        self._base, self._api, self._question, self._during = base, api, question, during
        self._enough = threading.Event()

    def run(self) -> None:
        """Look until told to stop."""
        while not self._enough.wait(EVERY_SECONDS):
            for path in (*DOCUMENTS, *CLOSED):
                threading.Thread(target=self._look, args=[path], daemon=True).start()

    def end(self) -> None:
        """Stop looking."""
        self._enough.set()
        self.join()

    def _look(self, path: str) -> None:
        began, during = time.monotonic(), self._during()
        status, waits = 0, False
        try:
            answer = self._ask(path)
            status, waits = answer.status_code, int(answer.headers.get("Retry-After", "0")) > 0
        except requests.RequestException:
            pass
        self.seen.append(Seen(path, status, waits, began, time.monotonic() - began, during))

    def _ask(self, path: str) -> requests.Response:
        if path == "/token":
            form = {"grant_type": "client_credentials"}
            return requests.post(f"{self._base}{path}", form, auth=self._api, timeout=PATIENCE_SECONDS)
        address = self._question if path == "/authorize" else f"{self._base}{path}"
        return requests.get(address, allow_redirects=False, timeout=PATIENCE_SECONDS)


def unseen(seen: Iterable[Seen]) -> list[Seen]:
    """Return what was looked for in vain: documents that did not come."""
    return [each for each in seen if each.path in DOCUMENTS and each.status != 200]


def slowest(seen: Iterable[Seen], path: str, share: float = 0.95) -> float:
    """Return within how many seconds this share of the looks at a path was answered."""
    taken = sorted(each.seconds for each in seen if each.path == path)
    return taken[min(int(len(taken) * share), len(taken) - 1)] if taken else 0.0
