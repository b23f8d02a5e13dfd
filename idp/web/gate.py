"""How many requests one worker works on at once, and who is next: the cheapest and the furthest on first.

A request that finds no place free waits in line. The line is short; when it is full, whoever ranks highest stays, and
the last of those who rank lowest is refused, with nothing done. Who waits for something else meanwhile gives the place
back (`aside`).
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum


class Rank(IntEnum):
    """Who goes first."""

    RESUMING = 0
    """Was inside already, and gave the place back for a while."""
    TOKENS = 1
    """Services that redeem, refresh and look at tokens: a sign-in is nothing without."""
    UNDER_WAY = 2
    """Citizens on their way, or signed in."""
    WAITED = 3
    """Citizens who were sent away, and come back when they were told to."""
    NEW = 4
    """Citizens who have just been sent here."""
    LAST = 5
    """New accounts and new services, which can come another hour."""


MOST_WAITING = 128
"""Requests in line. Each has a thread, which sleeps; a few hundred milliseconds of work."""
PATIENCE_SECONDS = 4.0
"""Less than whoever asked waits for an answer."""
RECEPTION = 4
"""Threads that take requests in and refuse them when the line is full. More would want the interpreter all at once,
and those who have a place would wait for it at every step."""


class _Turn:
    """One who waits: released with a place, or without."""

    __slots__ = ("admitted", "came")

    def __init__(self) -> None:
        self.came = threading.Lock()
        self.came.acquire()
        self.admitted = False


class Gate:
    """So many places, and a line before them for each rank."""

    def __init__(self, places: int, *, patience: float = PATIENCE_SECONDS) -> None:
        """Take how many are served at once, and how many seconds anybody waits."""
        self._patience = patience
        self._free = places
        self._lines: tuple[deque[_Turn], ...] = tuple(deque() for _ in Rank)
        self._lock = threading.Lock()
        self._here = threading.local()

    def enter(self, rank: Rank) -> bool:
        """Take a place, which `leave` gives back; False if there is none and no use in waiting."""
        admitted = self._here.inside = self._enter(rank)
        return admitted

    def leave(self) -> None:
        """Give the place back."""
        self._here.inside = False
        self._leave()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let another request have the place of this thread's, if it has one, until the block is done.

        Whoever calls this holds nothing that others wait for: they would keep the place that is waited for at the end.
        """
        if not getattr(self._here, "inside", False):
            yield
            return
        self.leave()
        try:
            yield
        finally:
            self.enter(Rank.RESUMING)

    def _enter(self, rank: Rank) -> bool:
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            if rank is not Rank.RESUMING and not self._has_room(rank):
                return False
            turn = _Turn()
            self._lines[rank].append(turn)
        if not turn.came.acquire(timeout=-1 if rank is Rank.RESUMING else self._patience):
            with self._lock:
                if turn in self._lines[rank]:
                    self._lines[rank].remove(turn)
        return turn.admitted

    def _has_room(self, rank: Rank) -> bool:
        """Say whether this rank may wait, and send the last of a lower one away if that makes room."""
        if sum(map(len, self._lines[Rank.TOKENS :])) < MOST_WAITING:
            return True
        for lower in reversed(self._lines[rank + 1 :]):
            if lower:
                lower.pop().came.release()
                return True
        return False

    def _leave(self) -> None:
        """Give the place to whoever is next."""
        with self._lock:
            for line in self._lines:
                if line:
                    turn = line.popleft()
                    turn.admitted = True
                    turn.came.release()
                    return
            self._free += 1
