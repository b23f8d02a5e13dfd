"""The kinds of authorization details an operator lets agencies ask for, with the words citizens read (RFC 9396).

A type is a name and its fields; each field is of one of a few kinds, and every one is shown to the citizen. That is
why there is no JSON Schema: what a schema admits cannot always be put in words.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from federation.plain_text import is_plain

LANGUAGES = ("en", "cy")
"""Those in which every word must be there."""
MOST_TYPES = 50
MOST_FIELDS = 20
MOST_CHOICES = 50
LONGEST_WORDS = 200
LONGEST_TEXT = 140
LARGEST_NUMBER = 2**53
"""What every JSON reader understands alike (RFC 8259 section 6)."""

Words = Mapping[str, str]
"""By language."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._:/-]{0,99}")
_AMOUNT = re.compile(r"(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,4})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


T = TypeVar("T", "DetailType", "Field")


class MalformedTypes(ValueError):
    """What an operator wrote cannot be used; the argument says where and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing a type may or must tell."""

    name: str
    kind: str
    """One of `KINDS`."""
    words: Words
    required: bool
    choices: Mapping[str, Words]
    """Of `choice` and `choices`."""
    currencies: tuple[str, ...]
    """Of `amount`, by ISO 4217."""

    def admits(self, value: Any) -> bool:
        """Whether a JSON value is one that this field can have."""
        return KINDS[self.kind](value, self)


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailType:
    """What agencies may ask a citizen to allow."""

    name: str
    words: Words
    fields: Mapping[str, Field]
    """By name, in the order in which they are shown."""


def read(document: Any) -> dict[str, DetailType]:
    """Return the types of an operator's document by name; raise MalformedTypes.

    `[{"type": ..., "words": {"en": ..., "cy": ...}, "fields": [{"name": ..., "kind": ..., "words": ...,
    "required": ..., "choices": {<value>: <words>}, "currencies": [...]}]}]`
    """
    found = [_type(each) for each in _list(document, "the document", MOST_TYPES)]
    return _by_name(found, "the document")


def _type(written: Any) -> DetailType:
    members = _members(written, "a type", {"type", "words", "fields"})
    name = _name(members.get("type"), "type")
    fields = [_field(each, name) for each in _list(members.get("fields"), f"fields of {name}", MOST_FIELDS)]
    return DetailType(name=name, words=_words(members.get("words"), name), fields=_by_name(fields, name))


def _field(written: Any, of: str) -> Field:
    known = {"name", "kind", "words", "required", "choices", "currencies"}
    members = _members(written, f"a field of {of}", known)
    name, kind = _name(members.get("name"), f"name of a field of {of}"), members.get("kind")
    where = f"{of}.{name}"
    if name == "type" or not isinstance(kind, str) or kind not in KINDS:
        raise MalformedTypes(f"{where}: kind must be one of {', '.join(KINDS)}, and no field is named type")
    if not isinstance(members.get("required", True), bool):
        raise MalformedTypes(f"{where}: required must be true or false")
    return Field(
        name=name,
        kind=kind,
        words=_words(members.get("words"), where),
        required=members.get("required", True),
        choices=_choices(members.get("choices", {}), kind, where),
        currencies=_currencies(members.get("currencies", []), kind, where),
    )


def _choices(value: Any, kind: str, where: str) -> Mapping[str, Words]:
    if not isinstance(value, dict) or len(value) > MOST_CHOICES or bool(value) != (kind in ("choice", "choices")):
        raise MalformedTypes(f"{where}: choices are the values of a choice, each with its words")
    return {choice: _words(words, f"{where}.{choice}") for choice, words in value.items()}


def _currencies(value: Any, kind: str, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or bool(value) != (kind == "amount"):
        raise MalformedTypes(f"{where}: currencies are a list that belongs to an amount")
    if not all(isinstance(each, str) and _CURRENCY.fullmatch(each) for each in value):
        raise MalformedTypes(f"{where}: a currency is three capital letters")
    return tuple(value)


def _list(value: Any, where: str, most: int) -> list[Any]:
    if not isinstance(value, list) or not 0 < len(value) <= most:
        raise MalformedTypes(f"{where} must be a list of 1 to {most}")
    return value


def _members(value: Any, where: str, known: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or not known.issuperset(value):
        raise MalformedTypes(f"{where} must be an object of {', '.join(sorted(known))}")
    return value


def _name(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise MalformedTypes(f"{where} must be a short ASCII name that begins with a letter")
    return value


def _words(value: Any, where: str) -> Words:
    if not isinstance(value, dict) or set(value) != set(LANGUAGES):
        raise MalformedTypes(f"{where}: words must be given in {' and '.join(LANGUAGES)}")
    if not all(is_plain(words, LONGEST_WORDS) for words in value.values()):
        raise MalformedTypes(f"{where}: words must be 1 to {LONGEST_WORDS} characters that can be shown")
    return value


def _by_name(found: list[T], where: str) -> dict[str, T]:
    named = {each.name: each for each in found}
    if len(named) != len(found):
        raise MalformedTypes(f"{where}: a name stands twice")
    return named


def _is_list_of_choices(value: Any, field: Field) -> bool:
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        return False
    return len(set(value)) == len(value) and set(value).issubset(field.choices)


def _is_amount(value: Any, field: Field) -> bool:
    if not isinstance(value, dict) or set(value) != {"currency", "amount"} or value["currency"] not in field.currencies:
        return False
    return isinstance(value["amount"], str) and _AMOUNT.fullmatch(value["amount"]) is not None


def _is_date(value: Any) -> bool:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


KINDS: Mapping[str, Callable[[Any, Field], bool]] = {
    "text": lambda value, _: is_plain(value, LONGEST_TEXT),
    "choice": lambda value, field: isinstance(value, str) and value in field.choices,
    "choices": _is_list_of_choices,
    "amount": _is_amount,
    "date": lambda value, _: _is_date(value),
    "flag": lambda value, _: isinstance(value, bool),
    "number": lambda value, _: isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER,
}
"""By name; whether a value is of that kind."""
