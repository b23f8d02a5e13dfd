"""The moves an operator or the timer may ask for. Each is decided on one epoch and stored as one change, or refused.

Whatever is asked, afterwards each purpose and algorithm has one ACTIVE key and one standby.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from keys.errors import MoveRefused, TooEarly
from keys.keyset import Change, Hold, Key, KeySet, Move
from keys.providers.provider import KeyProvider
from keys.states import ERASED, PAIRS, Purpose, State
from keys.store import KeyStore

FOLLOW = timedelta(seconds=10)
"""Within this every running process serves a key that was just published."""
ACTIVE_FOR = timedelta(days=90)
RETIRING_FOR = timedelta(days=14)
"""Longer than the longest token, what agencies cache for a day, and clock skew together."""
RETIRED_FOR = timedelta(days=30)

Pair = tuple[Purpose, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an installation may set, and the pairs it keeps keys for."""

    prepublish: timedelta
    """How long a standby is published before it may sign. At least the JWKS's max-age and `FOLLOW`."""
    pairs: tuple[Pair, ...] = PAIRS


def advance(store: KeyStore, provider: KeyProvider, rules: Rules, now: datetime) -> Change:
    """Take every step that is due: the timer's work, and an installation's first keys. Return what happened.

    Of two that do this at once one gets `KeysChanged`, and has nothing left to do.
    """
    plan = _Plan(store.read(), provider, now)
    if not plan.keys.keys:
        for purpose, alg in rules.pairs:
            plan.activate(plan.publish(purpose, alg))
    for key in (key for key in plan.keys.keys if key.held_because is None):
        if key.state is State.RETIRING and key.retiring_at is not None and key.retiring_at + RETIRING_FOR <= now:
            plan.move(key, State.RETIRED)
        if key.state is State.RETIRED and key.retired_at is not None and key.retired_at + RETIRED_FOR <= now:
            plan.move(key, State.DESTROYED)
    for purpose, alg in rules.pairs:
        standby = plan.keys.standby(purpose, alg)
        if standby is not None and earliest(standby, rules) <= now and _is_due(plan.keys.active(purpose, alg), now):
            plan.succeed(standby)
    plan.fill(rules.pairs)
    return plan.store(store)


def publish(store: KeyStore, provider: KeyProvider, pairs: Iterable[Pair], now: datetime) -> Change:
    """Publish a standby for each pair that has none."""
    plan = _Plan(store.read(), provider, now)
    plan.fill(pairs)
    return plan.store(store)


def activate(store: KeyStore, provider: KeyProvider, kid: str, rules: Rules, now: datetime) -> Change:
    """Let a standby sign, in the place of the key that signs now; raise `TooEarly` before agencies have had it."""
    plan = _Plan(store.read(), provider, now)
    standby = _get(plan.keys, kid)
    if standby.state is not State.PUBLISHED:
        raise MoveRefused(f"Only a published key can be activated; {kid} is {standby.state}.")
    _check_seen([standby], rules, now)
    plan.succeed(standby)
    plan.fill([standby.pair])
    return plan.store(store)


def rotate(store: KeyStore, provider: KeyProvider, pairs: Iterable[Pair], rules: Rules, now: datetime) -> Change:
    """Activate the standby of every pair, all in one change; raise `TooEarly` if any was published too recently."""
    plan = _Plan(store.read(), provider, now)
    pairs = tuple(pairs)
    standbys = [_get_standby(plan.keys, pair) for pair in pairs]
    _check_seen(standbys, rules, now)
    for standby in standbys:
        plan.succeed(standby)
    plan.fill(pairs)
    return plan.store(store)


def retire(
    store: KeyStore, provider: KeyProvider, kid: str, now: datetime, *, early_because: str | None = None
) -> Change:
    """Take a RETIRING key out of the JWKS; with a reason even before its last token has ended."""
    plan = _Plan(store.read(), provider, now)
    key = _get(plan.keys, kid)
    if key.state is not State.RETIRING or key.retiring_at is None:
        raise MoveRefused(f"Only a retiring key can be retired; {kid} is {key.state}.")
    over = key.retiring_at + RETIRING_FOR
    if now < over and not early_because:
        raise TooEarly("Tokens it signed may still be in use.", over)
    plan.move(key, State.RETIRED, early_because)
    return plan.store(store)


def revoke(store: KeyStore, provider: KeyProvider, kid: str, reason: str, now: datetime) -> Change:
    """Stop believing a key, whatever it is doing. If it signed, its standby signs as soon as every node serves it."""
    plan = _Plan(store.read(), provider, now)
    key = _get(plan.keys, kid)
    plan.move(key, State.REVOKED, reason)
    if key.state is State.ACTIVE:
        standby = plan.keys.standby(*key.pair) or plan.publish(*key.pair)
        plan.activate(standby)
    if key.state in (State.ACTIVE, State.PUBLISHED):
        plan.fill([key.pair])
    return plan.store(store)


def hold(store: KeyStore, kid: str, reason: str, now: datetime) -> Change:
    """Keep a key from being retired and destroyed until it is released; it can be revoked all the same."""
    return _held(store, kid, reason, now)


def release(store: KeyStore, kid: str, now: datetime) -> Change:
    """Let a held key go the way of all others."""
    return _held(store, kid, None, now)


def earliest(standby: Key, rules: Rules) -> datetime:
    """Return when a PUBLISHED key may begin to sign."""
    if standby.published_at is None:
        raise MoveRefused(f"{standby.kid} was never published.")
    return standby.published_at + rules.prepublish


class _Plan:
    """A change being put together; `keys` is always what there would be after it."""

    def __init__(self, keys: KeySet, provider: KeyProvider, now: datetime) -> None:
        self.keys = keys
        self._epoch = keys.epoch
        self._provider = provider
        self._now = now
        self._added: list[Key] = []
        self._moves: list[Move] = []

    def publish(self, purpose: Purpose, alg: str) -> Key:
        key = self._provider.generate(purpose, alg, self._now)
        self._added.append(key)
        self.keys = self.keys.after(Change(added=(key,)))
        return self.move(key, State.PUBLISHED)

    def fill(self, pairs: Iterable[Pair]) -> None:
        for purpose, alg in pairs:
            if self.keys.standby(purpose, alg) is None:
                self.publish(purpose, alg)

    def succeed(self, standby: Key) -> None:
        signing = self.keys.active(*standby.pair)
        if signing is not None:
            self.move(signing, State.RETIRING)
        self.move(standby, State.ACTIVE)

    def activate(self, standby: Key) -> None:
        """Activate without the wait: for first keys, which nobody has cached, and in an emergency."""
        published = standby.published_at or self._now
        first = self._epoch == 0
        self.move(standby, State.ACTIVE, at=self._now if first else max(self._now, published + FOLLOW))

    def move(self, key: Key, after: State, reason: str | None = None, *, at: datetime | None = None) -> Key:
        move = Move(
            kid=key.kid,
            purpose=key.purpose,
            alg=key.alg,
            before=key.state,
            after=after,
            at=at or self._now,
            reason=reason,
        )
        self._moves.append(move)
        self.keys = self.keys.after(Change(moves=(move,)))
        return self.keys.by_kid[key.kid]

    def store(self, store: KeyStore) -> Change:
        change = Change(added=tuple(self._added), moves=tuple(self._moves))
        if change:
            store.change(self._epoch, change)
        return change


def _held(store: KeyStore, kid: str, reason: str | None, now: datetime) -> Change:
    keys = store.read()
    key = _get(keys, kid)
    if reason is None and key.held_because is None:
        raise MoveRefused(f"Nobody holds {kid}.")
    if reason is not None and key.state in ERASED:
        raise MoveRefused(f"There is nothing left to hold: {kid} is {key.state}.")
    change = Change(holds=(Hold(kid=kid, purpose=key.purpose, alg=key.alg, at=now, reason=reason),))
    store.change(keys.epoch, change)
    return change


def _is_due(active: Key | None, now: datetime) -> bool:
    return active is None or active.activated_at is None or active.activated_at + ACTIVE_FOR <= now


def _check_seen(standbys: Iterable[Key], rules: Rules, now: datetime) -> None:
    when = max(earliest(standby, rules) for standby in standbys)
    if now < when:
        raise TooEarly("The standby was published too recently: not every agency has it yet.", when)


def _get(keys: KeySet, kid: str) -> Key:
    key = keys.find(kid)
    if key is None:
        raise MoveRefused(f"There is no key {kid}. `countersign keys list` shows them.")
    return key


def _get_standby(keys: KeySet, pair: Pair) -> Key:
    standby = keys.standby(*pair)
    if standby is None:
        raise MoveRefused(f"There is no standby for {pair[0]} {pair[1]}. `countersign keys publish` makes one.")
    return standby
