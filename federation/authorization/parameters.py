"""The parameters of a request as they came: one value a name, none of them empty (RFC 6749 section 3.1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Parameters:
    """A name that came twice has no value here; it is listed in `repeated`."""

    values: Mapping[str, str]
    repeated: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Parameters":
        """Read name and value pairs in the order they came. A parameter without a value counts as left out."""
        values: dict[str, str] = {}
        repeated: set[str] = set()
        seen: set[str] = set()
        for name, value in pairs:
            if name in seen:
                repeated.add(name)
            seen.add(name)
            if value:
                values[name] = value
        for name in repeated:
            values.pop(name, None)
        return cls(values, frozenset(repeated))

    def get(self, name: str) -> str | None:
        """Return the one value, or None."""
        return self.values.get(name)

    def words(self, name: str) -> tuple[str, ...]:
        """Return a space-separated list, each word once, in order."""
        return tuple(dict.fromkeys((self.values.get(name) or "").split()))
