"""The two boxes of a citizen's name: read alike at sign-up and in the account."""

from dataclasses import dataclass

from flask import request
from flask_babel import gettext as _

LONGEST_NAME = 100
"""Characters of each part of a name."""
JOINERS = str.maketrans("", "", "\u200c\u200d")
"""Not printable, and yet part of names in several scripts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedName:
    """What was typed, and what is wrong with it by box; one part is enough, since not everybody has two."""

    given_name: str
    family_name: str
    errors: dict[str, str]


def read_name() -> TypedName:
    """Return the name in this request's form; runs of spaces count as one."""
    boxes = {box: " ".join(request.form.get(box, "").split()) for box in ("given_name", "family_name")}
    errors = {}
    if not any(boxes.values()):
        errors["given_name"] = _("Enter your name")
    for box, typed in boxes.items():
        if len(typed) > LONGEST_NAME or not typed.translate(JOINERS).isprintable():
            errors[box] = _("Enter a name of at most %(num)d letters", num=LONGEST_NAME)
    return TypedName(**boxes, errors=errors)
