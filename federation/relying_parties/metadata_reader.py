"""Reads registration metadata field by field and keeps every fault, so that all are told together.

A field that is absent or null reads as None (RFC 7591 section 2). A reading that finds a fault
returns None as well: the caller asks `faults` before it believes anything.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from federation.plain_text import can_be_shown
from federation.relying_parties.faults import Fault
from federation.relying_parties.uris import UriRules, problem_with

LONGEST_TEXT = 200
MOST_ITEMS = 50
ONE_YEAR = 31_536_000
"""Seconds."""
_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,100}")


class MetadataReader:
    """One registration being read."""

    def __init__(self, metadata: Mapping[str, Any]) -> None:
        self._metadata = metadata
        self.faults: list[Fault] = []

    def refuse(self, field: str, problem: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(field, problem))

    def given(self, field: str) -> Any:
        """Return the value as sent, or None."""
        return self._metadata.get(field)

    def text(self, field: str) -> str | None:
        """Read words that people see: 1 to 200 characters, no controls, nothing that turns the line around."""
        value = self.given(field)
        return None if value is None else self._text(field, value)

    def texts(self, field: str) -> tuple[str, ...] | None:
        """Read a list of such words."""
        items = self._items(field)
        return None if items is None else self._kept(self._text(f"{field}[{n}]", item) for n, item in enumerate(items))

    def choice(self, field: str, allowed: Collection[str]) -> str | None:
        """Read one of a closed set."""
        value = self.given(field)
        if value is None or (isinstance(value, str) and value in allowed):
            return value
        self.refuse(field, f"must be one of: {', '.join(allowed)}.")
        return None

    def choices(self, field: str, allowed: Collection[str]) -> tuple[str, ...] | None:
        """Read a list of members of a closed set; each is kept once."""
        items = self._items(field)
        if items is None:
            return None
        for number, item in enumerate(items):
            if not isinstance(item, str) or item not in allowed:
                self.refuse(f"{field}[{number}]", f"must be one of: {', '.join(allowed)}.")
        return tuple(dict.fromkeys(item for item in items if isinstance(item, str)))

    def flag(self, field: str) -> bool | None:
        """Read a boolean."""
        value = self.given(field)
        if value is None or isinstance(value, bool):
            return value
        self.refuse(field, "must be true or false, without quotation marks.")
        return None

    def seconds(self, field: str) -> int | None:
        """Read a number of seconds, 0 to one year."""
        value = self.given(field)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= ONE_YEAR:
            self.refuse(field, f"must be a whole number of seconds, 0 to {ONE_YEAR}.")
            return None
        return value

    def scope(self) -> tuple[str, ...] | None:
        """Read the scope: names with single spaces between (RFC 6749 section 3.3); each is kept once."""
        value = self.given("scope")
        if value is None:
            return None
        names = value.split(" ") if isinstance(value, str) else []
        if not 0 < len(names) <= MOST_ITEMS or not all(_SCOPE_TOKEN.fullmatch(name) for name in names):
            self.refuse("scope", f"must be a string of up to {MOST_ITEMS} scope names with one space between them.")
            return None
        return tuple(dict.fromkeys(names))

    def uri(self, field: str, rules: UriRules) -> str | None:
        """Read one address."""
        value = self.given(field)
        return None if value is None else self._uri(field, value, rules)

    def uris(self, field: str, rules: UriRules) -> tuple[str, ...] | None:
        """Read a list of addresses; each is kept once."""
        items = self._items(field)
        if items is None:
            return None
        return self._kept(self._uri(f"{field}[{number}]", item, rules) for number, item in enumerate(items))

    def _items(self, field: str) -> list[Any] | None:
        value = self.given(field)
        if value is None:
            return None
        if not isinstance(value, list | tuple) or len(value) > MOST_ITEMS:
            self.refuse(field, f"must be a list of at most {MOST_ITEMS} strings.")
            return None
        return list(value)

    def _text(self, field: str, value: object) -> str | None:
        if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT:
            self.refuse(field, f"must be a string of 1 to {LONGEST_TEXT} characters.")
            return None
        if not can_be_shown(value):
            self.refuse(field, "has a control character or another that cannot be shown; remove it.")
            return None
        return value.strip()

    def _uri(self, field: str, value: object, rules: UriRules) -> str | None:
        problem = problem_with(value, rules)
        if problem is not None:
            self.refuse(field, problem)
        return value if problem is None and isinstance(value, str) else None

    @staticmethod
    def _kept(values: Any) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for value in values if value is not None))
