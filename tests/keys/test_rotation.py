"""What an operator and the timer may do to keys, and what is refused."""

from datetime import timedelta

import pytest

from keys import rotation
from keys.errors import MoveRefused, TooEarly
from keys.states import State
from tests.keys.support import ACCESS, HOURS_48, ID, NOW, RULES, InMemory, provider

MAKER = provider()


@pytest.fixture
def store() -> InMemory:
    made = InMemory()
    rotation.advance(made, MAKER, RULES, NOW)
    return made


def test_an_installation_begins_with_a_signer_and_a_standby_for_each_pair(store):
    for pair in RULES.pairs:
        assert store.keys.active(*pair).may_sign(NOW)
        assert store.keys.standby(*pair).published_at == NOW


def test_beginning_twice_changes_nothing(store):
    change = rotation.advance(store, MAKER, RULES, NOW)

    assert not change
    assert store.keys.epoch == 1


def test_a_standby_does_not_sign_before_every_agency_can_have_it(store):
    with pytest.raises(TooEarly) as refused:
        rotation.rotate(store, MAKER, RULES.pairs, RULES, NOW + HOURS_48 - timedelta(seconds=1))

    assert refused.value.earliest == NOW + HOURS_48
    assert "2026-03-03 12:00:00" in str(refused.value)
    assert store.keys.epoch == 1


def test_rotation_moves_every_pair_in_one_change_and_leaves_a_fresh_standby(store):
    before = {pair: (store.keys.active(*pair), store.keys.standby(*pair)) for pair in RULES.pairs}
    later = NOW + HOURS_48

    rotation.rotate(store, MAKER, RULES.pairs, RULES, later)

    assert store.keys.epoch == 2
    for pair, (signed, standby) in before.items():
        assert store.keys.find(signed.kid).state is State.RETIRING
        assert store.keys.active(*pair).kid == standby.kid
        assert store.keys.standby(*pair).published_at == later


def test_one_fresh_standby_among_many_stops_the_whole_rotation(store):
    rotation.rotate(store, MAKER, [(ACCESS, "ES256")], RULES, NOW + HOURS_48)

    with pytest.raises(TooEarly):
        rotation.rotate(store, MAKER, RULES.pairs, RULES, NOW + HOURS_48)

    assert store.keys.epoch == 2


def test_a_revoked_signer_is_followed_at_once_by_its_standby(store):
    signed, standby = store.keys.active(ID, "ES256"), store.keys.standby(ID, "ES256")
    later = NOW + timedelta(minutes=1)

    rotation.revoke(store, MAKER, signed.kid, "laptop stolen", later)

    gone = store.keys.find(signed.kid)
    assert (gone.state, gone.private, gone.reason) == (State.REVOKED, None, "laptop stolen")
    assert store.keys.active(ID, "ES256").kid == standby.kid
    assert store.keys.active(ID, "ES256").may_sign(later)
    assert store.keys.standby(ID, "ES256") is not None


def test_a_key_published_this_second_waits_even_in_an_emergency_until_every_node_serves_it(store):
    rotation.revoke(store, MAKER, store.keys.active(ID, "ES256").kid, "leaked", NOW + timedelta(minutes=1))
    again = NOW + timedelta(minutes=1, seconds=2)

    rotation.revoke(store, MAKER, store.keys.active(ID, "ES256").kid, "leaked too", again)

    signer = store.keys.active(ID, "ES256")
    assert not signer.may_sign(again)
    assert signer.may_sign(signer.published_at + rotation.FOLLOW)


def test_a_revoked_standby_is_replaced_and_the_signer_stays(store):
    signer, standby = store.keys.active(ID, "EdDSA"), store.keys.standby(ID, "EdDSA")

    rotation.revoke(store, MAKER, standby.kid, "rehearsal", NOW)

    assert store.keys.active(ID, "EdDSA").kid == signer.kid
    assert store.keys.standby(ID, "EdDSA").kid != standby.kid


def test_the_timer_retires_and_then_destroys_a_key_whose_time_is_over(store):
    old = store.keys.active(ID, "ES256").kid
    rotation.rotate(store, MAKER, RULES.pairs, RULES, NOW + HOURS_48)
    retired_at = NOW + HOURS_48 + rotation.RETIRING_FOR

    rotation.advance(store, MAKER, RULES, retired_at - timedelta(seconds=1))
    assert store.keys.find(old).state is State.RETIRING
    rotation.advance(store, MAKER, RULES, retired_at)
    assert store.keys.find(old).state is State.RETIRED
    rotation.advance(store, MAKER, RULES, retired_at + rotation.RETIRED_FOR)

    assert (store.keys.find(old).state, store.keys.find(old).private) == (State.DESTROYED, None)


def test_a_held_key_is_removed_by_nobody_until_it_is_released(store):
    old = store.keys.active(ID, "ES256").kid
    rotation.rotate(store, MAKER, RULES.pairs, RULES, NOW + HOURS_48)
    long_after = NOW + HOURS_48 + rotation.RETIRING_FOR + rotation.RETIRED_FOR

    rotation.hold(store, old, "case 12", NOW)
    rotation.advance(store, MAKER, RULES, long_after)
    with pytest.raises(MoveRefused, match="case 12"):
        rotation.retire(store, MAKER, old, long_after)
    assert store.keys.find(old).state is State.RETIRING

    rotation.release(store, old, long_after)
    rotation.advance(store, MAKER, RULES, long_after)
    assert store.keys.find(old).state is State.RETIRED


def test_a_retired_key_that_is_held_keeps_its_private_half(store):
    old = store.keys.active(ID, "ES256").kid
    rotation.rotate(store, MAKER, RULES.pairs, RULES, NOW + HOURS_48)
    rotation.retire(store, MAKER, old, NOW + HOURS_48, early_because="rehearsal")

    rotation.hold(store, old, "case 12", NOW)
    rotation.advance(store, MAKER, RULES, NOW + timedelta(days=400))

    assert store.keys.find(old).state is State.RETIRED
    assert store.keys.find(old).private is not None


def test_a_held_key_is_stopped_like_any_other_and_erased_once_it_is_released(store):
    signer = store.keys.active(ID, "ES256").kid
    rotation.hold(store, signer, "case 12", NOW)

    rotation.revoke(store, MAKER, signer, "leaked", NOW)
    stopped = store.keys.find(signer)
    rotation.release(store, signer, NOW)
    freed = store.keys.find(signer)

    assert (stopped.state, stopped.private is None) == (State.REVOKED, False)
    assert signer not in {key.kid for key in store.keys.served()}
    assert (freed.state, freed.private, freed.held_because) == (State.REVOKED, None, None)


def test_what_nobody_holds_is_not_released_and_what_is_gone_is_not_held(store):
    signer = store.keys.active(ID, "ES256").kid
    with pytest.raises(MoveRefused, match="Nobody holds"):
        rotation.release(store, signer, NOW)

    rotation.revoke(store, MAKER, signer, "leaked", NOW)
    with pytest.raises(MoveRefused, match="nothing left to hold"):
        rotation.hold(store, signer, "case 12", NOW)


def test_the_timer_rotates_a_key_that_has_signed_for_ninety_days(store):
    standby = store.keys.standby(ID, "ES256").kid

    rotation.advance(store, MAKER, RULES, NOW + rotation.ACTIVE_FOR)

    assert store.keys.active(ID, "ES256").kid == standby


def test_a_new_algorithm_in_an_old_installation_is_published_before_it_signs(store):
    wider = rotation.Rules(prepublish=HOURS_48, pairs=(*RULES.pairs, (ACCESS, "EdDSA")))

    rotation.advance(store, MAKER, wider, NOW + timedelta(days=1))
    assert store.keys.active(ACCESS, "EdDSA") is None
    rotation.advance(store, MAKER, wider, NOW + timedelta(days=3))

    assert store.keys.active(ACCESS, "EdDSA") is not None
    assert store.keys.standby(ACCESS, "EdDSA") is not None


def test_a_key_whose_tokens_still_live_is_retired_only_with_a_reason(store):
    old = store.keys.active(ID, "ES256").kid
    rotation.rotate(store, MAKER, RULES.pairs, RULES, NOW + HOURS_48)

    with pytest.raises(TooEarly):
        rotation.retire(store, MAKER, old, NOW + HOURS_48)
    rotation.retire(store, MAKER, old, NOW + HOURS_48, early_because="weak generator")

    assert store.keys.find(old).state is State.RETIRED


@pytest.mark.parametrize("state", ["active", "standby"])
def test_a_key_that_signs_or_will_sign_cannot_be_retired(store, state):
    key = getattr(store.keys, state)(ID, "ES256")

    with pytest.raises(MoveRefused):
        rotation.retire(store, MAKER, key.kid, NOW + timedelta(days=400), early_because="no")


def test_a_revoked_key_never_comes_back(store):
    standby = store.keys.standby(ID, "ES256").kid
    rotation.revoke(store, MAKER, standby, "leaked", NOW)

    with pytest.raises(MoveRefused):
        rotation.activate(store, MAKER, standby, RULES, NOW + timedelta(days=30))
    with pytest.raises(MoveRefused):
        rotation.revoke(store, MAKER, standby, "again", NOW)


def test_an_unknown_key_is_named_in_the_refusal(store):
    with pytest.raises(MoveRefused, match="no-such-kid"):
        rotation.activate(store, MAKER, "no-such-kid", RULES, NOW)


def test_a_key_that_has_signed_for_a_year_signs_no_more(store):
    signer = store.keys.active(ID, "ES256")

    assert signer.may_sign(NOW + timedelta(days=364))
    assert not signer.may_sign(NOW + timedelta(days=365))
