"""Text of strangers that people read is one line, all of which they see."""

import pytest

from federation.plain_text import can_be_shown, is_plain


@pytest.mark.parametrize("sign", ["\n", "\u0000", "\u2028", "\u2029", "\u202e", "\u200b", "\ud800", "\ue000"])
def test_what_breaks_the_line_hides_or_turns_it_cannot_be_shown(sign: str) -> None:
    assert not can_be_shown(f"Pay{sign}Mallory")


@pytest.mark.parametrize("text", ["Sir y Fflint", "\u0643\u062a\u0628\u200c\u0647\u0627", "a\u00a0b", "\U0001f3db"])
def test_the_writing_of_every_language_can(text: str) -> None:
    assert is_plain(text, 100)
