"""Text of strangers that people read: one line, nothing invisible, nothing that turns the line around."""

import unicodedata
from typing import Any

_BREAKS = ("Zl", "Zp")
_JOINERS = "\u200c\u200d"


def is_plain(value: Any, longest: int) -> bool:
    """Whether a value is text of 1 to `longest` characters, more than space, all of which can be shown."""
    return isinstance(value, str) and bool(value.strip()) and len(value) <= longest and can_be_shown(value)


def can_be_shown(text: str) -> bool:
    """Whether nothing in it breaks the line, and no control or format character but the two that join letters."""
    return not any(_cannot_be_shown(sign) for sign in text)


def _cannot_be_shown(sign: str) -> bool:
    category = unicodedata.category(sign)
    return category in _BREAKS or (category[0] == "C" and sign not in _JOINERS)
