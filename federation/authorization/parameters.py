"""The parameters of a request as they came: one value a name, none of them empty (RFC 6749 section 3.1).

`resource` alone may come several times (RFC 8707 section 2).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

RESOURCE = "resource"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def is_fit(value: str, longest: int, *, several_lines: bool = False) -> bool:
    """Say whether a value has at most `longest` bytes of UTF-8 and no control character.

    Bytes, since a character may take four to keep. With `several_lines` NUL alone is refused.
    """
    if len(value.encode("utf-8", "surrogatepass")) > longest:
        return False
    return "\0" not in value if several_lines else _CONTROL.search(value) is None


@dataclass(frozen=True, slots=True)
class Parameters:
    """A name that came twice has no value here; it is listed in `repeated`, but for `resource`."""

    values: Mapping[str, str]
    repeated: frozenset[str] = field(default_factory=frozenset)
    resources: tuple[str, ...] = ()
    """Every `resource`, each once, in order; none stands in `values`."""

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Parameters":
        """Read name and value pairs in the order they came. A parameter without a value counts as left out."""
        values: dict[str, str] = {}
        repeated: set[str] = set()
        seen: set[str] = set()
        resources: dict[str, None] = {}
        for name, value in pairs:
            if name == RESOURCE:
                resources |= {value: None} if value else {}
                continue
            if name in seen:
                repeated.add(name)
            seen.add(name)
            if value:
                values[name] = value
        for name in repeated:
            values.pop(name, None)
        return cls(values, frozenset(repeated), tuple(resources))

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Parameters":
        """Return what `to_record` was made of."""
        values = {name: str(value) for name, value in record.items() if name != RESOURCE}
        return cls(values, resources=tuple(record.get(RESOURCE, ())))

    def to_record(self) -> dict[str, Any]:
        """Return the JSON object that stands for parameters of which none is repeated."""
        return {**self.values, **({RESOURCE: list(self.resources)} if self.resources else {})}

    def get(self, name: str) -> str | None:
        """Return the one value, or None."""
        return self.values.get(name)

    def words(self, name: str) -> tuple[str, ...]:
        """Return a space-separated list, each word once, in order."""
        return tuple(dict.fromkeys((self.values.get(name) or "").split()))
