"""Envelopes open for the right row and key alone."""

import os

import pytest

from keys.errors import EnvelopeError
from keys.wrapping import Wrapping

OLD, NEW = os.urandom(32), os.urandom(32)


def test_what_is_sealed_opens_again_and_does_not_show():
    wrapping = Wrapping([NEW])

    envelope = wrapping.seal(b"a seed", row="totp:1")

    assert wrapping.open(envelope, row="totp:1") == b"a seed"
    assert b"a seed" not in envelope.encode()


def test_the_same_secret_never_gives_the_same_envelope():
    wrapping = Wrapping([NEW])

    assert wrapping.seal(b"x", row="r") != wrapping.seal(b"x", row="r")


def test_an_envelope_copied_to_another_row_does_not_open():
    envelope = Wrapping([NEW]).seal(b"a seed", row="totp:1")

    with pytest.raises(EnvelopeError, match="another row"):
        Wrapping([NEW]).open(envelope, row="totp:2")


@pytest.mark.parametrize("part", [0, 1, 2])
def test_an_altered_envelope_does_not_open(part):
    parts = Wrapping([NEW]).seal(b"a seed", row="r").split(".")
    parts[part] = ("A" if parts[part][0] != "A" else "B") + parts[part][1:]

    with pytest.raises(EnvelopeError):
        Wrapping([NEW]).open(".".join(parts), row="r")


@pytest.mark.parametrize("rubbish", ["", ".", "v1..", "v1", "v1.x.y.z", "v1.\u00e9.y", "v1.x.%%%"])
def test_rubbish_is_no_envelope(rubbish):
    with pytest.raises(EnvelopeError):
        Wrapping([NEW]).open(rubbish, row="r")


def test_a_short_body_is_no_envelope():
    kek = Wrapping([NEW]).seal(b"", row="r").split(".")[1]

    with pytest.raises(EnvelopeError):
        Wrapping([NEW]).open(f"v1.{kek}.AAAA", row="r")


def test_a_new_key_encryption_key_seals_and_the_old_one_still_opens():
    old = Wrapping([OLD]).seal(b"a seed", row="r")
    both = Wrapping([NEW, OLD])

    fresh = both.rewrap(old, row="r")

    assert both.open(old, row="r") == b"a seed"
    assert Wrapping([NEW]).open(fresh, row="r") == b"a seed"
    assert both.rewrap(fresh, row="r") == fresh


def test_a_missing_key_encryption_key_is_said():
    envelope = Wrapping([OLD]).seal(b"a seed", row="r")

    with pytest.raises(EnvelopeError, match="not configured"):
        Wrapping([NEW]).open(envelope, row="r")


@pytest.mark.parametrize("keys", [[], [b"short"], [NEW, b"short"]])
def test_a_weak_key_encryption_key_is_refused(keys):
    with pytest.raises(ValueError, match="32 bytes"):
        Wrapping(keys)


def test_the_repr_holds_no_key():
    assert NEW.hex() not in repr(Wrapping([NEW])).lower()
