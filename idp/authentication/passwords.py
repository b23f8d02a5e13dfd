"""Passwords: how they are hashed, and how a flood of them is kept from everything else (SP 800-63B-4 section 3.1.1)."""

import os
import secrets
import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from threading import BoundedSemaphore

from idp.authentication.argon2id import Argon2id
from idp.authentication.peppers import Peppers

_PURPOSE = "password"
MOST_WAITING = 16
"""Passwords that wait for a place."""
PATIENCE_SECONDS = 4.0
LESS_URGENT = 10
"""By how much the niceness of the threads that hash is above ours: they have what is left of a core."""


class TooBusy(Exception):
    """All hashing places of this worker are taken, and too many wait for one. Answered with Retry-After."""

    retry_after = 2
    """Seconds."""


class UnpreparedPassword(ValueError):
    """The text can be nobody's password: empty, too long or with a control character."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPassword:
    """What is kept of a password."""

    encoded: str
    """Argon2's own text: variant, parameters, salt, hash."""
    pepper: int
    """The version its input was keyed with."""
    stands_alone: bool
    """Whether it is long enough to be the only factor."""
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one comparison."""

    matches: bool
    outdated: bool = False
    """It matches, but was made with older parameters or pepper: hash it again."""


LONGEST = 256
"""Characters accepted; more are refused, never cut."""


def prepare(password: str) -> str:
    """Return the one form in which it is hashed (RFC 8265 section 4.2, OpaqueString); raise `UnpreparedPassword`.

    Every space becomes U+0020 and composed letters one code point, so that keyboards agree; case stays.
    """
    if len(password) > 4 * LONGEST:
        raise UnpreparedPassword("too long")
    spaced = "".join(" " if unicodedata.category(character) == "Zs" else character for character in password)
    prepared = unicodedata.normalize("NFC", spaced)
    if not 0 < len(prepared) <= LONGEST:
        raise UnpreparedPassword("empty or too long")
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in prepared):
        raise UnpreparedPassword("a control character")
    return prepared


class PasswordHashing:
    """Hashes and compares, in one thread of a worker process that everything else goes before.

    Hold a place (`admitted`) around counting the attempt and comparing, so that who is refused for
    want of a place has not used up an attempt.
    """

    def __init__(
        self, peppers: Peppers, *, at_once: int, aside: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> None:
        """Take what lets others be served while a request waits here (`aside`)."""
        self.peppers = peppers
        self._aside = aside
        self._places = BoundedSemaphore(at_once)
        self._line = BoundedSemaphore(at_once + MOST_WAITING)
        self._argon2id = Argon2id()
        self._thread = ThreadPoolExecutor(1, "hashing", initializer=_give_way)
        self._nobody = self._argon2id.hash(self.peppers.mac(peppers.newest, _PURPOSE, secrets.token_urlsafe(24)))

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Hold one of the hashing places, waiting for it in a short line; raise `TooBusy` when there is none."""
        if not self._line.acquire(blocking=False):
            raise TooBusy
        try:
            with self._aside():
                found = self._places.acquire(timeout=PATIENCE_SECONDS)
            if not found:
                raise TooBusy
            try:
                yield
            finally:
                self._places.release()
        finally:
            self._line.release()

    def hash(self, password: str, *, stands_alone: bool, now: datetime) -> StoredPassword:
        """Return what to keep of a password that passed the rules."""
        return StoredPassword(
            encoded=self._encode(prepare(password)),
            pepper=self.peppers.newest,
            stands_alone=stands_alone,
            changed_at=now,
        )

    def compare(self, stored: StoredPassword | None, password: str) -> Verdict:
        """Say whether the password is the stored one; with none stored, take as long and say no."""
        try:
            prepared = prepare(password)
        except UnpreparedPassword:
            stored, prepared = None, ""
        if stored is None or not self.peppers.knows(stored.pepper):
            self._matches(self._nobody, self.peppers.newest, prepared)
            return Verdict(matches=False)
        if not self._matches(stored.encoded, stored.pepper, prepared):
            return Verdict(matches=False)
        outdated = stored.pepper != self.peppers.newest or self._argon2id.is_outdated(stored.encoded)
        return Verdict(matches=True, outdated=outdated)

    def _encode(self, prepared: str) -> str:
        keyed = self.peppers.mac(self.peppers.newest, _PURPOSE, prepared)
        with self._aside():
            return self._thread.submit(self._argon2id.hash, keyed).result()

    def _matches(self, encoded: str, pepper: int, prepared: str) -> bool:
        keyed = self.peppers.mac(pepper, _PURPOSE, prepared)
        with self._aside():
            return self._thread.submit(self._argon2id.verify, encoded, keyed).result()


def _give_way() -> None:
    """Let every other thread go before this one, where the system knows threads by themselves."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LESS_URGENT)
