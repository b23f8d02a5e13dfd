"""How citizens wait who were sent away: as long as it will take, and each in their place.

The more are sent away for each who is served, the longer they are asked to wait, so that those who come back are not
a crowd of their own. A ticket says when a browser was told to come back; whoever shows one then goes before those
who just came.
"""

import hmac
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import uniform
from secrets import token_hex
from time import monotonic, time

SHORTEST_SECONDS, LONGEST_SECONDS = 6.0, 120.0
"""On average; each wait is drawn from half of it to half more, so that who was sent away together comes back apart."""
LOOK_SECONDS = 2.0
"""How long it is counted before the wait is judged again."""
FINE_SECONDS, COARSE_SECONDS = 15, 5
"""Up to the first, waits are told to the second; then in steps of the other, since each is a page to render once."""
TICKET_LASTS = timedelta(minutes=15)
"""From when its browser may come back."""
LONGEST_TOLD_SECONDS = 1.5 * LONGEST_SECONDS + COARSE_SECONDS
EARLY_SECONDS = 2
"""Clocks of nodes differ by as much."""
USES = 4
"""How often one ticket lets in at one worker: the tabs of a browser wait by the same one."""
MOST_REMEMBERED = 32_768
"""Tickets of which a worker knows that they were used, some 4 MB; the oldest are forgotten first."""


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


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a browser that was sent away showed, and we had given to it."""

    due: int
    """When it was told to come back, in seconds since 1970."""
    number: str


class Tickets:
    """What a browser that was sent away keeps: when it may come back, and our mark that this is true.

    Copies share the few uses of one ticket at a worker, and coming early gains nothing: so a crowd that would go before
    those who just came has to be sent away, and to wait, as often as an honest one.
    """

    def __init__(self, secret: str, *, secure: bool, clock: Callable[[], float] = time) -> None:
        self._secret = secret.encode()
        self._name = "__Host-waited" if secure else "waited"
        self._attributes = "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")
        self._clock = clock
        self._held = re.compile(rf"(?:^|; ?){self._name}=([0-9]{{1,12}})\.([0-9a-f]{{16}})\.([0-9a-f]{{64}})(?:;|$)")
        self._used: dict[str, int] = {}
        """How often each number let somebody in, the latest last."""
        self._lock = threading.Lock()

    def cookie(self, seconds: int) -> str:
        """Return the Set-Cookie header of a browser that is told to come back after so many seconds."""
        due, number = int(self._clock()) + seconds, token_hex(8)
        lasts = seconds + TICKET_LASTS.seconds
        return f"{self._name}={due}.{number}.{self._mark(due, number)}; Max-Age={lasts}{self._attributes}"

    def held(self, cookies: str) -> Ticket | None:
        """Return the ticket of ours in a Cookie header, if it has not run out and is not used up."""
        found = self._held.search(cookies)
        if found is None or not -LONGEST_TOLD_SECONDS <= self._clock() - int(found[1]) <= TICKET_LASTS.seconds:
            return None
        ticket = Ticket(int(found[1]), found[2])
        if not hmac.compare_digest(found[3], self._mark(ticket.due, ticket.number)):
            return None
        return ticket if self._used.get(ticket.number, 0) < USES else None

    def redeem(self, ticket: Ticket) -> bool:
        """Use a ticket, once; False if it is not yet time, or others who showed it were faster."""
        if self._clock() < ticket.due - EARLY_SECONDS:
            return False
        with self._lock:
            used = self._used.pop(ticket.number, 0)
            self._used[ticket.number] = min(used + 1, USES)
            if len(self._used) > MOST_REMEMBERED:
                del self._used[next(iter(self._used))]
        return used < USES

    def give_back(self, ticket: Ticket) -> None:
        """Undo the use of a ticket by somebody who was not let in."""
        with self._lock:
            if ticket.number in self._used:
                self._used[ticket.number] -= 1

    def _mark(self, due: int, number: str) -> str:
        return hmac.digest(self._secret, f"waits until\0{due}\0{number}".encode(), "sha256").hex()
