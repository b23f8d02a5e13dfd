"""Long, and not what anybody would try first (SP 800-63B-4 section 3.1.1.2)."""

from contextlib import suppress
from time import process_time

import pytest

from idp.authentication import password_rules
from idp.authentication.breached_passwords import BreachedPasswords
from idp.authentication.password_rules import Unfit, UnfitPassword

NONE_BREACHED = BreachedPasswords(None)
OWN = ["ada@example.org", "Ada", "Lovelace"]


def check(password: str, *, second_factor: bool, own: list[str], breached: BreachedPasswords = NONE_BREACHED) -> bool:
    return password_rules.check(password, second_factor=second_factor, own=own, breached=breached)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "\U0001f511\U0001f334\U0001f680 \u00f6ster\u00f6rn zug",
        "x7# kq!p zebra 11",
        "lower case only words",
    ],
)
def test_a_long_one_stands_alone_whatever_it_is_made_of(password: str) -> None:
    assert check(password, second_factor=False, own=OWN)


def test_a_short_one_needs_a_second_factor_and_does_not_stand_alone() -> None:
    with pytest.raises(UnfitPassword) as refused:
        check("blue-kettle-9", second_factor=False, own=OWN)
    assert refused.value.why == Unfit.SHORT_ALONE

    assert check("blue-kettle-9", second_factor=True, own=OWN) is False


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", Unfit.UNUSABLE),
        ("x" * 257, Unfit.UNUSABLE),
        ("sixteen letters\0", Unfit.UNUSABLE),
        ("seven77", Unfit.SHORT),
        ("password1", Unfit.COMMON),
        ("qwertyuiop123456789", Unfit.COMMON),
        ("aaaaaaaaaaaaaaaaaaaa", Unfit.COMMON),
        ("passwordpasswordpassword", Unfit.COMMON),
        ("P@ssw0rd12345678", Unfit.COMMON),
        ("ada@example.org", Unfit.OWN),
        ("AdaLovelace1815!", Unfit.OWN),
        ("countersign countersign", Unfit.OWN),
    ],
)
def test_the_first_that_anybody_would_try_are_refused(password: str, why: Unfit) -> None:
    with pytest.raises(UnfitPassword) as refused:
        check(password, second_factor=True, own=OWN)

    assert refused.value.why == why


def test_characters_are_counted_as_people_see_them_composed() -> None:
    with pytest.raises(UnfitPassword) as refused:
        check("e\u0301e\u0300e\u0302e\u0308", second_factor=True, own=OWN)

    assert refused.value.why == Unfit.SHORT


def test_256_characters_are_accepted() -> None:
    assert check("one of many words " * 14 + "Zq!9", second_factor=False, own=OWN)


def test_no_password_of_disguised_letters_keeps_a_worker_long() -> None:
    disguised = "4@8({[<369&#!1/|0$5+7%2" * 12
    began = process_time()
    with suppress(UnfitPassword):
        check(disguised[:256], second_factor=True, own=OWN)
    assert process_time() - began < 1


def test_a_password_is_as_guessable_as_its_beginning() -> None:
    with pytest.raises(UnfitPassword) as refused:
        check("password" * 8 + "x7# kq!p zebra 11", second_factor=True, own=OWN)

    assert refused.value.why == Unfit.COMMON
