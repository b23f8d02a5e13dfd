"""What proofs are worth together, and that the last way in is never taken away."""

import pytest

from idp.authentication.factors import Factor, Factors, LastFactor, check_removal
from idp.authentication.levels import at_least, combined, level_of


@pytest.mark.parametrize(
    ("amr", "level"),
    [
        ((), "aal1"),
        (("pwd",), "aal1"),
        (("otp",), "aal1"),
        (("otp", "otp"), "aal1"),
        (("pwd", "otp"), "aal2"),
        (("swk",), "aal1"),
        (("swk", "user"), "aal2"),
        (("swk", "user", "pwd", "otp"), "aal2"),
        (("hwk",), "aal1"),
        (("hwk", "pwd"), "aal2"),
        (("hwk", "user"), "aal2"),
        (("pwd", "user"), "aal1"),
        (("mfa",), "aal1"),
        (("kba", "pwd"), "aal1"),
    ],
)
def test_methods_are_worth_what_they_prove_and_no_more(amr: tuple[str, ...], level: str) -> None:
    assert level_of(amr) == level


def test_levels_are_ordered_and_what_we_do_not_know_satisfies_nothing() -> None:
    assert at_least("aal2", "aal1")
    assert at_least("aal2", "aal2")
    assert not at_least("aal1", "aal2")
    assert not at_least("gold", "aal1")
    assert not at_least("aal3", "gold")


def test_several_factors_are_named_so() -> None:
    assert combined("pwd") == ("pwd",)
    assert combined("pwd", "otp", "pwd") == ("pwd", "otp", "mfa")
    assert combined("pwd", "otp", "mfa", "otp") == ("pwd", "otp", "mfa")
    assert combined("pwd", "mfa") == ("pwd",)


@pytest.mark.parametrize(
    ("has", "factor"),
    [
        (Factors(password=True, password_stands_alone=True), Factor.PASSWORD),
        (Factors(password=True, totp=True), Factor.TOTP),
        (Factors(password=True, totp=True, backup_codes=10), Factor.TOTP),
        (Factors(password=True, totp=True, backup_codes=10), Factor.PASSWORD),
        (Factors(passkeys=1), Factor.PASSKEY),
        (Factors(passkeys=1, totp=True, backup_codes=10), Factor.PASSKEY),
        (Factors(passkeys=1, password=True), Factor.PASSKEY),
        (Factors(passkeys=1, password=True, totp=True), Factor.TOTP),
    ],
)
def test_the_last_way_in_is_never_taken_away(has: Factors, factor: Factor) -> None:
    with pytest.raises(LastFactor):
        check_removal(has, factor)


@pytest.mark.parametrize(
    ("has", "factor"),
    [
        (Factors(password=True, password_stands_alone=True, totp=True), Factor.TOTP),
        (Factors(password=True, passkeys=1), Factor.PASSWORD),
        (Factors(passkeys=2), Factor.PASSKEY),
        (Factors(password=True, totp=True, backup_codes=3), Factor.BACKUP_CODES),
        (Factors(password=True, totp=True, passkeys=1), Factor.PASSKEY),
    ],
)
def test_what_leaves_another_way_in_may_go(has: Factors, factor: Factor) -> None:
    check_removal(has, factor)
