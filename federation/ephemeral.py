"""Short-lived state: codes, interactions, pushed requests, challenges, seen `jti`s.

One small interface, implemented in `idp.storage.ephemeral`. Losing the whole store
costs citizens a second click; it never makes anything old valid again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

Record = Mapping[str, Any]
"""A JSON object."""


class StoreUnavailable(Exception):
    """What a request needs cannot be read now: down, unreachable, locked too long. Answered 503 with Retry-After."""


class EphemeralStore(Protocol):
    """Records by kind and key, each with an end. `take`, `replace` and `add` are atomic over all processes.

    Every method raises StoreUnavailable when the store cannot answer; a change may then have happened or not.
    """

    def put(self, kind: str, key: str, record: Record, lifetime: timedelta) -> None:
        """Keep `record`, over whatever was there."""

    def get(self, kind: str, key: str) -> Record | None:
        """Return the record while it lives, or None."""

    def take(self, kind: str, key: str) -> Record | None:
        """Return the record and remove it: of any number of callers, one gets it."""

    def replace(self, kind: str, key: str, record: Record, lifetime: timedelta) -> Record | None:
        """Put `record` in the place of a living one and return the old one; where there is none, do nothing.

        One round trip. This is how a code is spent and leaves a tombstone in one step.
        """

    def add(self, kind: str, key: str, record: Record, lifetime: timedelta, *, dated: datetime | None = None) -> bool:
        """Keep `record` if nothing living is there; say whether it was kept.

        With `dated` also refuse what is older than the store itself: after a flush, a
        replay must not look like a first use. `dated` is the earliest instant at which the
        proof in hand could have been used before: its `iat` less the clock skew allowed.
        """

    def check_available(self) -> None:
        """Raise StoreUnavailable if the store cannot answer now."""
