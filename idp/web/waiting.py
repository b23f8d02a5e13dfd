"""How citizens wait who were sent away: as long as it will take, and each in their place.

The more are sent away for each who is served, the longer they are asked to wait, so that those who come back are not
a crowd of their own. A ticket says since when a browser waits; whoever shows one goes before those who just came.
"""

import hmac
import re
from collections.abc import Callable
from datetime import timedelta
from random import uniform
from time import monotonic, time

SHORTEST_SECONDS, LONGEST_SECONDS = 6.0, 120.0
"""On average; each wait is drawn from half of it to half more, so that who was sent away together comes back apart."""
LOOK_SECONDS = 2.0
"""How long it is counted before the wait is judged again."""
FINE_SECONDS, COARSE_SECONDS = 15, 5
"""Up to the first, waits are told to the second; then in steps of the other, since each is a page to render once."""
TICKET_LASTS = timedelta(minutes=15)


class Outlook:
    """How long those who are sent away now are asked to wait."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._pause = SHORTEST_SECONDS
        self._until = clock()
        self._served = self._away = 0

    def serve(self) -> None:
        """Count one who was let in. Threads may lose a count to each other; a share is all that is looked at."""
        self._served += 1

    def send_away(self) -> int:
        """Count one who is sent away, and return after how many seconds they come back. One thread at a time."""
        now = self._clock()
        if now >= self._until:
            self._judge(calm=now - self._until)
            self._until = now + LOOK_SECONDS
        self._away += 1
        seconds = round(uniform(0.5, 1.5) * self._pause)  # noqa: S311 - no secret
        return seconds if seconds <= FINE_SECONDS else COARSE_SECONDS * round(seconds / COARSE_SECONDS)

    def _judge(self, *, calm: float) -> None:
        """Judge by the counts since the last time, and by the seconds in which nobody was sent away."""
        if calm > LOOK_SECONDS or 2 * self._away < self._served:
            self._pause = max(self._pause / 2 ** (1 + calm / LOOK_SECONDS), SHORTEST_SECONDS)
        elif self._away > 2 * self._served:
            self._pause = min(1.5 * self._pause, LONGEST_SECONDS)
        self._served = self._away = 0


class Tickets:
    """What a browser that was sent away keeps: since when it waits, and our mark that this is true."""

    def __init__(self, secret: str, *, secure: bool, clock: Callable[[], float] = time) -> None:
        self._secret = secret.encode()
        self._name = "__Host-waited" if secure else "waited"
        self._ends = f"; Max-Age={TICKET_LASTS.seconds}; Path=/; HttpOnly; SameSite=Lax" + (
            "; Secure" if secure else ""
        )
        self._clock = clock
        self._held = re.compile(rf"(?:^|; ?){self._name}=([0-9]{{1,12}})\.([0-9a-f]{{64}})(?:;|$)")

    def cookie(self) -> str:
        """Return the Set-Cookie header of a browser that begins to wait now."""
        since = int(self._clock())
        return f"{self._name}={since}.{self._mark(since)}{self._ends}"

    def shown(self, cookies: str) -> bool:
        """Say whether a Cookie header holds a ticket of ours that has not run out."""
        found = self._held.search(cookies)
        if found is None or not 0 <= self._clock() - int(found[1]) <= TICKET_LASTS.seconds:
            return False
        return hmac.compare_digest(found[2], self._mark(int(found[1])))

    def _mark(self, since: int) -> str:
        return hmac.digest(self._secret, f"waits since\0{since}".encode(), "sha256").hex()
