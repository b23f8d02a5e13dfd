"""Where keys are kept. Implemented in `idp.storage.sql.signing_keys`."""

from typing import Protocol

from keys.keyset import Change, KeySet


class KeyStore(Protocol):
    """All keys under one epoch. A change is whole or not at all, and rests on the epoch it was decided at."""

    def read(self) -> KeySet:
        """Return every key and the epoch, as they were at one moment."""

    def epoch(self) -> int:
        """Return the epoch alone: one cheap read, for followers. 0 before the first change."""

    def change(self, epoch: int, change: Change) -> None:
        """Add and move keys, and advance the epoch by one: a compare-and-set on `epoch`.

        Of any number that decided at the same epoch one succeeds; the others get
        `KeysChanged` and nothing of theirs happens. `MoveRefused` if a key is not
        in the state its move starts from.
        """

    def rewrap(self, kid: str, old: str, new: str) -> bool:
        """Put the envelope `new` in the place of `old`; say whether it was still there. The epoch stays."""
