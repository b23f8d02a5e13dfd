"""JSON objects and lists from strangers: no member twice, no number that JSON does not have, bounded depth.

No text has NUL, which one database refuses and the other keeps, or half of a surrogate pair, which is no character and
cannot be written down again (RFC 7493 section 2.1).
"""

import json
import re
from collections.abc import Iterator
from typing import Any

DEEPEST = 8
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


class NotStrictJson(ValueError):
    """The text is not one JSON object, or list, that every reader understands alike."""


def parse_object(text: bytes) -> dict[str, Any]:
    """Return the object; raise NotStrictJson for anything else."""
    value = _parse(text)
    if not isinstance(value, dict):
        raise NotStrictJson("not an object")
    return value


def parse_list(text: bytes) -> list[Any]:
    """Return the list; raise NotStrictJson for anything else."""
    value = _parse(text)
    if not isinstance(value, list):
        raise NotStrictJson("not a list")
    return value


def _parse(text: bytes) -> Any:
    if max(_depths(text), default=0) > DEEPEST:
        raise NotStrictJson("too deep")
    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=_members, parse_constant=_refuse_constant)
    except NotStrictJson:
        raise
    except (ValueError, RecursionError) as error:
        raise NotStrictJson("not JSON") from error
    if b"\\u" in text and any(map(_NO_TEXT.search, _texts(value))):
        raise NotStrictJson("a text has what is no character")
    return value


def _texts(value: Any) -> Iterator[str]:
    """Yield every text within a value, names of members too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _depths(text: bytes) -> list[int]:
    """Return the depth at every bracket; one inside a string counts too, which only makes us stricter."""
    depth, depths = 0, []
    for sign in text:
        if sign in b"[{":
            depth += 1
            depths.append(depth)
        elif sign in b"]}":
            depth -= 1
    return depths


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotStrictJson("a member stands twice")
    return members


def _refuse_constant(name: str) -> Any:
    raise NotStrictJson(f"{name} is no JSON number")
