"""Text of strangers that people read is one line, all of which they see."""

import pytest

from federation.plain_text import can_be_shown, is_plain

BLANK = ["\u034f", "\u115f", "\u17b5", "\u2800", "\u3164", "\uffa0", "\ufffc"]


@pytest.mark.parametrize("sign", ["\n", "\0", "\u2028", "\u2029", "\u202e", "\u200b", "\ud800", "\ue000", *BLANK])
def test_what_breaks_the_line_hides_or_turns_it_cannot_be_shown(sign: str) -> None:
    assert not can_be_shown(f"Pay{sign}Mallory")


@pytest.mark.parametrize(
    "text", ["", " ", "\u00a0", "\u200d", "\u200c\u200c", "\ufe0f", "\U000e0100", "\u0301", "\u20dd"]
)
def test_a_payee_that_nobody_sees_is_no_text(text: str) -> None:
    assert not is_plain(text, 100)


def test_marks_piled_up_cover_no_other_line() -> None:
    assert can_be_shown("o\u0302\u0323\u0308\u0301 o\u0302\u0323")
    assert not can_be_shown("Merchant o" + "\u0302" * 5)
    assert not can_be_shown("Merchant o" + "\u0302\u200d" * 3)


@pytest.mark.parametrize(
    "text", ["Sir y Fflint", "\u0643\u062a\u0628\u200c\u0647\u0627", "a\u00a0b", "\U0001f3db", "\u2764\ufe0f"]
)
def test_the_writing_of_every_language_can(text: str) -> None:
    assert is_plain(text, 100)
