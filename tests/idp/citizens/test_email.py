"""Two spellings of one address are one; what is no address is nobody's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.citizens.email import InvalidEmail, find_canonical, parse


@pytest.mark.parametrize(
    "spelling",
    [
        "ada@example.org",
        "ADA@EXAMPLE.ORG",
        "\t Ada@Example.org \n",
        "\uff21da@example.org",
        "ada@\uff45xample.org",
        "ada@example\u3002org",
    ],
)
def test_spellings_of_one_address_share_its_canonical_form(spelling: str) -> None:
    assert parse(spelling).canonical == "ada@example.org"


def test_letters_go_to_the_address_as_written() -> None:
    assert parse(" Ada.Lovelace@Example.org ").written == "Ada.Lovelace@example.org"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("stra\u00dfe@example.org", "STRASSE@example.org"),
        ("\u00e9mile@example.org", "e\u0301mile@example.org"),
        ("ada@b\u00fccher.example", "ada@xn--bcher-kva.example"),
        ("\u212aelvin@example.org", "kelvin@example.org"),
    ],
)
def test_foldings_that_letters_do_not_show_are_the_same_address(one: str, other: str) -> None:
    assert parse(one).canonical == parse(other).canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "ada",
        "@example.org",
        "ada@",
        "ada@localhost",
        "ada@example",
        "ada@example..org",
        "ada@@example.org",
        "ada lovelace@example.org",
        "ada@example.org\0",
        "a\0da@example.org",
        "ada\r\nBcc: eve@example.org",
        "ada\u202e@example.org",
        "ada\u200b@example.org",
        "ada\u00a0@example.org",
        "ada\ud800@example.org",
        "Ada <ada@example.org>",
        "ada@example.org,eve@example.org",
        "ada@[127.0.0.1]",
        "a" * 250 + "@example.org",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidEmail):
        parse(text)
    assert find_canonical(text) is None


@given(st.text(max_size=300))
def test_no_text_breaks_the_reading(text: str) -> None:
    find_canonical(text)
    find_canonical(f"{text}@example.org")


@given(st.emails())
def test_a_canonical_form_is_its_own(email: str) -> None:
    canonical = find_canonical(email)

    assert canonical is None or find_canonical(canonical) == canonical
