"""A key room without a database: one process's own memory, the same promises."""

import os
from datetime import UTC, datetime, timedelta
from threading import Lock

from keys.errors import KeysChanged
from keys.keyset import Change, Key, KeySet
from keys.providers.embedded import EmbeddedProvider
from keys.rotation import Rules
from keys.states import Purpose
from keys.wrapping import Wrapping

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOURS_48 = timedelta(hours=48)
ID, ACCESS = Purpose.ID_TOKEN, Purpose.ACCESS_TOKEN
RULES = Rules(prepublish=HOURS_48, pairs=((ID, "ES256"), (ID, "EdDSA"), (ACCESS, "ES256")))


class InMemory:
    """The `KeyStore` of a process that keeps nothing, as a tool that only rehearses would use it."""

    def __init__(self) -> None:
        self.keys = KeySet(0, ())
        self._one_at_a_time = Lock()

    def read(self) -> KeySet:
        return self.keys

    def epoch(self) -> int:
        return self.keys.epoch

    def change(self, epoch: int, change: Change) -> None:
        with self._one_at_a_time:
            if self.keys.epoch != epoch:
                raise KeysChanged
            self.keys = self.keys.after(change)

    def rewrap(self, kid: str, old: str, new: str) -> bool:
        """No envelope lasts here, so none is sealed again."""
        return self.keys.find(kid) is not None and old == new


def found(key: Key | None) -> Key:
    assert key is not None
    return key


def provider() -> EmbeddedProvider:
    return EmbeddedProvider(Wrapping([os.urandom(32)]))
