"""Text of strangers that people read: one line, nothing invisible, nothing that turns or covers the line around."""

import unicodedata
from itertools import groupby
from typing import Any

MOST_MARKS = 4
"""Marks on one letter: no writing needs more, and a tower of them covers the lines above (UTS #39 section 5.4)."""
_ON_LETTERS = ("Mn", "Me", "Cf")
_BREAKS = ("Zl", "Zp")
_JOINERS = "\u200c\u200d"
_BLANKS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufffc"
"""Letters, marks and symbols by name that leave the place empty."""


def is_plain(value: Any, longest: int) -> bool:
    """Whether a value is text of 1 to `longest` characters, all of which can be shown, and some of which are seen."""
    return isinstance(value, str) and len(value) <= longest and can_be_shown(value)


def can_be_shown(text: str) -> bool:
    """Whether there is something to see, and nothing that hides, breaks the line, or covers another.

    Of control and format characters only the two that join letters may stand in it.
    """
    kinds = [unicodedata.category(sign) for sign in text]
    if any(_cannot_be_shown(sign, kind) for sign, kind in zip(text, kinds, strict=True)):
        return False
    towers = (len(list(run)) for marks, run in groupby(kind in _ON_LETTERS for kind in kinds) if marks)
    return max(towers, default=0) <= MOST_MARKS and any(kind[0] in "LNPS" for kind in kinds)


def _cannot_be_shown(sign: str, kind: str) -> bool:
    return kind in _BREAKS or sign in _BLANKS or (kind[0] == "C" and sign not in _JOINERS)
