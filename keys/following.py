"""Keep a process's keys in step with the store, and say when they no longer can be vouched for.

A daemon thread asks for the epoch every two seconds and reads the keys when it has moved. It is started by the
first use in each process, so it survives forks. While the store is away the last keys are still served, but
after `FENCE` nothing is signed: another node may have revoked a key since.
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

from keys.errors import CannotSign
from keys.keyset import KeySet
from keys.store import KeyStore

EVERY = timedelta(seconds=2)
FENCE = timedelta(seconds=60)


class KeyFollower:
    """The keys of the moment, for one process. `reading` opens the store for a moment, for reading only."""

    def __init__(self, reading: Callable[[], AbstractContextManager[KeyStore]], *, every: timedelta = EVERY) -> None:
        self._reading = reading
        self._every = every.total_seconds()
        self._fence = FENCE.total_seconds()
        self._keys: KeySet | None = None
        self._seen = 0.0
        self._process = 0
        self._loading = threading.Lock()

    def __call__(self, *, fresh: bool = False) -> KeySet:
        """Return the keys; with `fresh`, raise `CannotSign` if the store was not seen within `FENCE`."""
        keys = self._keys
        if keys is None or self._process != os.getpid():
            keys = self._begin()
        if fresh and time.monotonic() - self._seen > self._fence:
            raise CannotSign("this node has not seen the key store for too long")
        return keys

    def look(self) -> KeySet:
        """Look at the store now, and return what it holds."""
        began = time.monotonic()
        with self._reading() as store:
            if self._keys is None or store.epoch() != self._keys.epoch:
                self._keys = store.read()
        self._seen = began
        return self._keys

    def _begin(self) -> KeySet:
        with self._loading:
            keys = self.look() if self._keys is None else self._keys
            if self._process != os.getpid():
                self._process = os.getpid()
                threading.Thread(target=self._follow, name="keys", daemon=True).start()
            return keys

    def _follow(self) -> None:
        while True:
            time.sleep(self._every)
            try:
                self.look()
            except Exception:  # noqa: BLE001, S112 - whatever the store does, the next look may succeed; the fence tells
                continue
