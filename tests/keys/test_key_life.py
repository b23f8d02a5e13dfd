"""Whatever is asked in whatever order, the promises of key life hold after every step."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from keys import rotation
from keys.errors import MoveRefused
from keys.keyset import Key
from keys.states import MOVES, State
from tests.keys.support import NOW, RULES, InMemory, provider

MAKER = provider()
_PLACE = {state: number for number, state in enumerate(State)}


class KeyLife(RuleBasedStateMachine):
    """Operators, the timer and time itself, in any order."""

    @initialize()
    def begin(self) -> None:
        self.now = NOW
        self.store = InMemory()
        rotation.advance(self.store, MAKER, RULES, self.now)
        self.before = {key.kid: key.state for key in self.store.keys.keys}

    @rule(hours=st.integers(0, 24 * 40))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def the_timer_ticks(self) -> None:
        rotation.advance(self.store, MAKER, RULES, self.now)

    @rule(count=st.integers(1, 3))
    def rotate(self, count: int) -> None:
        self._try(lambda: rotation.rotate(self.store, MAKER, RULES.pairs[:count], RULES, self.now))

    @rule()
    def publish(self) -> None:
        rotation.publish(self.store, MAKER, RULES.pairs, self.now)

    @rule(data=st.data())
    def activate(self, data: st.DataObject) -> None:
        kid = self._any(data).kid
        self._try(lambda: rotation.activate(self.store, MAKER, kid, RULES, self.now))

    @rule(data=st.data(), early=st.sampled_from([None, "why not"]))
    def retire(self, data: st.DataObject, early: str | None) -> None:
        kid = self._any(data).kid
        self._try(lambda: rotation.retire(self.store, MAKER, kid, self.now, early_because=early))

    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        kid = self._any(data).kid
        self._try(lambda: rotation.revoke(self.store, MAKER, kid, "drawn", self.now))

    @invariant()
    def each_pair_has_one_active_key_and_one_standby(self) -> None:
        for pair in RULES.pairs:
            assert len(self.store.keys.of_pair(*pair, State.ACTIVE)) == 1
            assert len(self.store.keys.of_pair(*pair, State.PUBLISHED)) == 1

    @invariant()
    def no_key_signs_before_every_node_serves_it(self) -> None:
        for key in self.store.keys.keys:
            if key.activated_at and key.published_at and key.created_at != NOW:
                assert key.activated_at >= key.published_at + rotation.FOLLOW

    @invariant()
    def whoever_signs_is_served(self) -> None:
        served = {key.kid for key in self.store.keys.served()}
        assert {key.kid for key in self.store.keys.keys if key.may_sign(self.now)} <= served

    @invariant()
    def there_is_no_way_back(self) -> None:
        for kid, state in self.before.items():
            assert _PLACE[self.store.keys.by_kid[kid].state] >= _PLACE[state]
        self.before = {key.kid: key.state for key in self.store.keys.keys}

    @invariant()
    def what_is_over_has_no_private_half(self) -> None:
        for key in self.store.keys.keys:
            assert (key.private is None) == (key.state in (State.REVOKED, State.DESTROYED))

    def _any(self, data: st.DataObject) -> Key:
        return data.draw(st.sampled_from(self.store.keys.keys))

    def _try(self, act: Callable[[], object]) -> None:
        epoch = self.store.epoch()
        try:
            act()
        except MoveRefused:
            assert self.store.epoch() == epoch


KeyLife.TestCase.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
TestKeyLife = KeyLife.TestCase


def test_every_state_leads_on_or_is_the_end():
    assert all(_PLACE[after] > _PLACE[before] for before, afters in MOVES.items() for after in afters)
    assert [state for state, afters in MOVES.items() if not afters] == [State.REVOKED, State.DESTROYED]
