"""Nonces are read by every worker, remembered by none, and forged by nobody (RFC 9449 section 8)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.binding.nonces import LIFETIME, SKEW, Nonces

NOW = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
NONCES = Nonces(b"k" * 32)


def test_a_nonce_tells_another_worker_when_it_was_issued():
    assert Nonces(b"k" * 32).issued_at(NONCES.issue(NOW), NOW + timedelta(seconds=3)) == NOW


@pytest.mark.parametrize(
    ("later", "good"),
    [
        (LIFETIME, True),
        (LIFETIME + timedelta(microseconds=1), False),
        (-SKEW, True),
        (-SKEW - timedelta(microseconds=1), False),
        (timedelta(days=36500), False),
    ],
)
def test_a_nonce_is_good_for_a_while(later: timedelta, good: bool):
    assert (NONCES.issued_at(NONCES.issue(NOW), NOW + later) is not None) is good


def test_another_installations_nonce_is_not_ours():
    assert NONCES.issued_at(Nonces(b"j" * 32).issue(NOW), NOW) is None


@given(st.integers(0, 31), st.sampled_from("ABab01-_"))
def test_a_changed_nonce_is_not_ours(place: int, sign: str):
    nonce = NONCES.issue(NOW)
    changed = nonce[:place] + sign + nonce[place + 1 :]

    assert changed == nonce or NONCES.issued_at(changed, NOW) is None


@given(st.none() | st.integers() | st.text() | st.lists(st.text()) | st.text("Aa0_-", min_size=32, max_size=32))
def test_what_is_no_nonce_is_not_ours(given_in_its_place: object):
    assert NONCES.issued_at(given_in_its_place, NOW) is None
