"""Where relying parties are kept, and how long a worker may remember one."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from federation.relying_parties.model import RelyingParty

MEMORY_SECONDS = 5.0
"""How long a disabled relying party may still look as it did, in other workers."""
MEMORY_SIZE = 1_000


class RelyingPartyRegistry(Protocol):
    """The registered services. A `client_id` is never given twice, not even after its service is disabled."""

    def find(self, client_id: str) -> RelyingParty | None:
        """Return the active relying party, or None."""

    def find_registered(self, client_id: str) -> RelyingParty | None:
        """Return the relying party whether it is active or not, or None."""

    def list(self, *, agency: str | None = None) -> Sequence[RelyingParty]:
        """Return every relying party, disabled ones too, oldest first; of one agency if it is named."""

    def owner_of(self, resource: str) -> RelyingParty | None:
        """Return the active one whose API has this address, or None. Who does not remember looks at all of them."""

    def find_by_token(self, client_id: str, token_hash: str) -> RelyingParty | None:
        """Return the active relying party that is looked after with this token, as stored now, or None."""

    def sector_owner(self, sector: str) -> str | None:
        """Return the agency that had a service in this sector first, whatever became of it, or None."""

    def add(self, relying_party: RelyingParty, *, token_hash: str | None = None) -> bool:
        """Keep a new one; say False, and change nothing, if its `client_id` was ever taken.

        `token_hash` is that of the registration access token with which it is looked after (RFC 7592), if any.
        """

    def change(self, relying_party: RelyingParty, *, token_hash: str | None = None) -> bool:
        """Write an active one anew; say False, and change nothing, unless it has the revision still that was read.

        A new `token_hash` takes the place of the old; of any number of callers with one revision, one is told True.
        """

    def disable(self, client_id: str, at: datetime) -> bool:
        """Stop an active one, its registration access token for good; of any number of callers, one is told True."""

    def enable(self, client_id: str, at: datetime) -> bool:
        """Let a disabled one work again from then on; of any number of callers, one is told True."""


@dataclass(frozen=True, slots=True)
class _Memory:
    relying_party: RelyingParty
    until: float


class RecentRelyingParties:
    """What one process remembers of the registry: active ones only, a few seconds, a bounded number.

    A newly added service is found at once, because a miss is never remembered. A change made in
    this process is forgotten at once; one made elsewhere (the CLI, another worker) shows after
    at most `seconds`.
    """

    def __init__(
        self,
        *,
        seconds: float = MEMORY_SECONDS,
        size: int = MEMORY_SIZE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._size = size
        self._monotonic = monotonic
        self._memories: dict[str, _Memory] = {}
        self._owners: dict[str, str] = {}
        self._lock = threading.Lock()

    def find(self, client_id: str) -> RelyingParty | None:
        """Return what is remembered and still young enough, or None."""
        memory = self._memories.get(client_id)
        if memory is None or memory.until <= self._monotonic():
            return None
        return memory.relying_party

    def remember(self, relying_party: RelyingParty, *, read_at: float) -> None:
        """Keep one for as long as allowed since the read began at `read_at` (of `now`)."""
        with self._lock:
            self._memories.pop(relying_party.client_id, None)
            if len(self._memories) >= self._size:
                del self._memories[next(iter(self._memories))]
            self._memories[relying_party.client_id] = _Memory(relying_party, read_at + self._seconds)

    def forget(self, client_id: str) -> None:
        """Read this one anew next time."""
        with self._lock:
            self._memories.pop(client_id, None)

    def owner(self, resource: str) -> str | None:
        """Return the `client_id` of the one that had this API when it was last looked for, or None."""
        return self._owners.get(resource)

    def remember_owner(self, resource: str, client_id: str) -> None:
        """Keep whose API it is; whoever asks sees for themselves whether it still is."""
        with self._lock:
            if len(self._owners) >= self._size:
                del self._owners[next(iter(self._owners))]
            self._owners[resource] = client_id

    def now(self) -> float:
        """Return the clock that ages are measured by, in seconds."""
        return self._monotonic()


class RememberingRegistry:
    """A registry that saves the durable read of `find` where the process has made it seconds ago.

    It lives as long as one unit of work. After its first change it reads through, so that
    nothing uncommitted is ever remembered.
    """

    def __init__(self, registry: RelyingPartyRegistry, recent: RecentRelyingParties) -> None:
        self._registry = registry
        self._recent = recent
        self._changed = False

    def find(self, client_id: str) -> RelyingParty | None:
        """Return the active relying party, or None; up to a few seconds old."""
        if self._changed:
            return self._registry.find(client_id)
        remembered = self._recent.find(client_id)
        if remembered is not None:
            return remembered
        read_at = self._recent.now()
        found = self._registry.find(client_id)
        if found is not None:
            self._recent.remember(found, read_at=read_at)
        return found

    def find_registered(self, client_id: str) -> RelyingParty | None:
        """Return the relying party whether it is active or not, as stored now, or None."""
        return self._registry.find_registered(client_id)

    def list(self, *, agency: str | None = None) -> Sequence[RelyingParty]:
        """Return every relying party as stored now, oldest first."""
        return self._registry.list(agency=agency)

    def owner_of(self, resource: str) -> RelyingParty | None:
        """Return the active one whose API has this address, or None; up to a few seconds old."""
        remembered = self._recent.owner(resource)
        found = None if remembered is None else self.find(remembered)
        if found is None or resource not in found.resource_uris:
            found = self._registry.owner_of(resource)
        if found is not None and found.client_id != remembered:
            self._recent.remember_owner(resource, found.client_id)
        return found

    def find_by_token(self, client_id: str, token_hash: str) -> RelyingParty | None:
        """Return the active relying party that is looked after with this token, as stored now, or None."""
        return self._registry.find_by_token(client_id, token_hash)

    def sector_owner(self, sector: str) -> str | None:
        """Return the agency that had a service in this sector first, or None."""
        return self._registry.sector_owner(sector)

    def add(self, relying_party: RelyingParty, *, token_hash: str | None = None) -> bool:
        """Keep a new one; say whether its `client_id` was free."""
        self._changed = True
        return self._registry.add(relying_party, token_hash=token_hash)

    def change(self, relying_party: RelyingParty, *, token_hash: str | None = None) -> bool:
        """Write an active one anew; say whether this call did it."""
        self._forget(relying_party.client_id)
        return self._registry.change(relying_party, token_hash=token_hash)

    def disable(self, client_id: str, at: datetime) -> bool:
        """Stop an active one; say whether this call did it."""
        self._forget(client_id)
        return self._registry.disable(client_id, at)

    def enable(self, client_id: str, at: datetime) -> bool:
        """Let a disabled one work again; say whether this call did it."""
        self._forget(client_id)
        return self._registry.enable(client_id, at)

    def _forget(self, client_id: str) -> None:
        self._changed = True
        self._recent.forget(client_id)
