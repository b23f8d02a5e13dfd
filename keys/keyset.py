"""Every key of the installation at one epoch: who signs, who verifies, what agencies see. Frozen and pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from keys.errors import MoveRefused
from keys.states import ERASED, REMOVED, SERVED, Purpose, State, check_move

LONGEST_ACTIVE = timedelta(days=365)
"""An ACTIVE key older than this signs no more."""

_INSTANT_OF = {
    State.PUBLISHED: "published_at",
    State.ACTIVE: "activated_at",
    State.RETIRING: "retiring_at",
    State.RETIRED: "retired_at",
    State.REVOKED: "ended_at",
    State.DESTROYED: "ended_at",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One signing key. The private half is an envelope only the key's provider can open."""

    kid: str
    """RFC 7638 thumbprint of the public half, SHA-256, base64url."""
    purpose: Purpose
    alg: str
    state: State
    provider: str
    public_jwk: Mapping[str, Any]
    private: str | None = field(repr=False)
    """None once erased."""
    created_at: datetime
    published_at: datetime | None = None
    activated_at: datetime | None = None
    """From when it signs; at an emergency up to 10 s ahead, so that every node serves it first."""
    retiring_at: datetime | None = None
    retired_at: datetime | None = None
    ended_at: datetime | None = None
    """When it was revoked or destroyed."""
    reason: str | None = None
    held_because: str | None = None
    """Why it is not to be removed, until somebody releases it; None for a key that nobody holds."""

    @property
    def pair(self) -> tuple[Purpose, str]:
        """Purpose and algorithm."""
        return self.purpose, self.alg

    def may_sign(self, now: datetime) -> bool:
        """Whether it signs at this moment."""
        if self.state is not State.ACTIVE or self.activated_at is None:
            return False
        return self.activated_at <= now < self.activated_at + LONGEST_ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One key going from one state to the next."""

    kid: str
    purpose: Purpose
    alg: str
    before: State
    after: State
    at: datetime
    reason: str | None = None

    def of(self, key: Key) -> Key:
        """Return `key` after this move; raise `MoveRefused` if the table has no such move."""
        if key.state is not self.before:
            raise MoveRefused(f"The key is {key.state}, not {self.before}.")
        return replace(key, **self.fields_for(key))

    def fields_for(self, key: Key) -> dict[str, Any]:
        """Return the fields of `key` that this move sets; raise `MoveRefused` if no rule allows it.

        A key that is held can be stopped like any other, but what is left of it is kept.
        """
        check_move(self.before, self.after)
        if key.held_because is not None and self.after in REMOVED:
            raise MoveRefused(f"{key.kid} is held: {key.held_because}. `countersign keys release {key.kid}` ends that.")
        fields: dict[str, Any] = {"state": self.after, _INSTANT_OF[self.after]: self.at}
        if self.reason is not None:
            fields["reason"] = self.reason
        if self.after in ERASED and key.held_because is None:
            fields["private"] = None
        return fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A key being kept from removal, or, without a reason, given free again."""

    kid: str
    purpose: Purpose
    alg: str
    at: datetime
    reason: str | None

    def of(self, key: Key) -> Key:
        """Return `key` after this; what a revoked one was kept for is erased once it is free."""
        private = None if self.reason is None and key.state in ERASED else key.private
        return replace(key, held_because=self.reason, private=private)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to keys in one transaction: new keys first, then moves, in this order, then holds."""

    added: tuple[Key, ...] = ()
    moves: tuple[Move, ...] = ()
    holds: tuple[Hold, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything happens."""
        return bool(self.added or self.moves or self.holds)

    @property
    def kids(self) -> tuple[str, ...]:
        """The keys that are moved or held, each once."""
        return tuple(dict.fromkeys([*(move.kid for move in self.moves), *(hold.kid for hold in self.holds)]))


@dataclass(frozen=True)
class KeySet:
    """All keys, and the epoch: how often any of them has changed."""

    epoch: int
    keys: tuple[Key, ...]

    @cached_property
    def by_kid(self) -> Mapping[str, Key]:
        """Every key by its id."""
        return {key.kid: key for key in self.keys}

    def find(self, kid: str) -> Key | None:
        """Return one key, whatever its state, or None."""
        return self.by_kid.get(kid)

    def of_pair(self, purpose: Purpose, alg: str, state: State) -> tuple[Key, ...]:
        """Return the keys of one purpose and algorithm that are in `state`."""
        return tuple(key for key in self.keys if key.pair == (purpose, alg) and key.state is state)

    def active(self, purpose: Purpose, alg: str) -> Key | None:
        """Return the one ACTIVE key, or None."""
        return next(iter(self.of_pair(purpose, alg, State.ACTIVE)), None)

    def standby(self, purpose: Purpose, alg: str) -> Key | None:
        """Return the one PUBLISHED key, the next to sign, or None."""
        return next(iter(self.of_pair(purpose, alg, State.PUBLISHED)), None)

    def served(self) -> tuple[Key, ...]:
        """Return what belongs in the JWKS, in an order that depends on nothing but the keys."""
        return tuple(sorted((key for key in self.keys if key.state in SERVED), key=lambda key: (*key.pair, key.kid)))

    def after(self, change: Change) -> "KeySet":
        """Return the set after `change`; raise `MoveRefused` if a rule forbids it."""
        keys = {key.kid: key for key in self.keys}
        keys.update({key.kid: key for key in change.added})
        for move in change.moves:
            keys[move.kid] = move.of(keys[move.kid])
        for hold in change.holds:
            keys[hold.kid] = hold.of(keys[hold.kid])
        changed = KeySet(self.epoch + 1, tuple(keys.values()))
        _check_one_each(changed.keys)
        return changed


def _check_one_each(keys: Iterable[Key]) -> None:
    seen = set()
    for key in keys:
        if key.state not in (State.ACTIVE, State.PUBLISHED):
            continue
        place = (*key.pair, key.state)
        if place in seen:
            raise MoveRefused(f"There would be two {key.state} keys for {key.purpose} {key.alg}.")
        seen.add(place)
