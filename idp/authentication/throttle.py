"""Failures: counted before anything is evaluated, slowed from the fifth, ended at the hundredth.

SP 800-63B-4 section 3.2.2. One counter an authenticator, whatever the spelling of the name, the page
or the address the attempt comes from. A stranger can slow a citizen's password; a passkey has a counter
of its own. So have passwords typed in browsers the citizen has signed in in before: half of the hundred
are theirs, which no stranger can use up.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from idp.authentication.factors import Factor

FREE = 5
"""Attempts that may follow each other at will."""
MOST = 100
"""Attempts without a success after which an authenticator is disabled."""
HALF = MOST // 2
"""The same for a password typed in strange browsers, and for it typed in the citizen's own."""
IN_OWN_BROWSER = "password_in_own_browser"
"""The kind of the counter beside `password`."""
BACKUP_CODE = "backup_code"
COUNTED = (Factor.PASSWORD, IN_OWN_BROWSER, Factor.TOTP, BACKUP_CODE)
"""Every kind of counter a citizen has."""
_FIRST_DELAY = timedelta(seconds=15)
_LONGEST_DELAY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Whether an attempt may be evaluated. If so it is already counted."""

    admitted: bool
    failures: int
    retry_at: datetime
    """When the next one may be admitted."""
    most: int = MOST
    """After how many failures none is."""

    @property
    def disabled(self) -> bool:
        """Whether no further attempt will be admitted at all."""
        return not self.admitted and self.failures >= self.most


class Throttled(Exception):
    """Too many attempts: this one was not evaluated."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(f"{attempt.failures} attempts")
        self.attempt = attempt


class FailureCounters(Protocol):
    """Counts attempts by authenticator. `count` is atomic over all processes."""

    def count(self, authenticator: str, now: datetime, most: int = MOST) -> Attempt:
        """Count an attempt if it may be evaluated now; of racing callers never more than may are admitted."""

    def reset(self, authenticator: str) -> None:
        """Forget the failures after a success."""

    def failures(self, authenticator: str) -> int:
        """Return how many attempts have been counted since the last success."""

    def purge(self, before: datetime, limit: int) -> int:
        """Remove up to `limit` counters of names nobody has, unused since then; return how many.

        A citizen's own are kept until a success: what is disabled stays disabled.
        """


def delay_after(failures: int) -> timedelta:
    """Return how long to wait after so many attempts: nothing at first, in the end a quarter of an hour."""
    if failures < FREE:
        return timedelta()
    doublings = min(failures - FREE, 10)
    return min(_FIRST_DELAY * (1 << doublings), _LONGEST_DELAY)


def authenticator(kind: str, citizen_id: str | None, *, otherwise: str = "") -> str:
    """Name a counter: `password`, `totp`, `backup_code`, ... of one citizen.

    For a name nobody has, pass its canonical form as `otherwise`: it is counted and slowed like a real one.
    """
    if citizen_id is not None:
        return f"{kind}:{citizen_id}"
    return f"{kind}?{hashlib.sha256(otherwise.encode()).hexdigest()}"
