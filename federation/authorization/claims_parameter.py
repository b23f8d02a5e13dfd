"""The claims parameter: single claims asked for by name, and what their values should be (OIDC Core section 5.5)."""

from collections.abc import Collection, Mapping
from typing import Any

from federation.claims import OF_SCOPE
from federation.strict_json import NotStrictJson, parse_object

Claims = Mapping[str, Mapping[str, Any]]
"""By place (`id_token`, `userinfo`) and name; a wish is null or an object."""
LONGEST = 4_096
"""Bytes of UTF-8."""
MOST_CLAIMS = 50
MOST_VALUES = 20
LARGEST_NUMBER = 2**53
"""What every JSON reader understands alike (RFC 8259 section 6)."""
PLACES = ("id_token", "userinfo")
VECTORS = "vtr"
PROTOCOL_CLAIMS = frozenset({"acr", "auth_time", "sub", VECTORS})
"""Claims about the sign-in itself: never subject to consent."""


class MalformedClaims(ValueError):
    """Not a claims parameter; the argument says why."""


def parse(text: str, *, scope: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return `{"id_token": {...}, "userinfo": {...}}`, each claim null or an object; raise MalformedClaims.

    `scope` is what the relying party is registered for: a claim outside of it is left out,
    as an unknown one is, so that the parameter is no way around registration.
    """
    encoded = text.encode("utf-8", "surrogatepass")
    if len(encoded) > LONGEST:
        raise MalformedClaims("longer than allowed")
    try:
        document = parse_object(encoded)
    except NotStrictJson as error:
        raise MalformedClaims(str(error)) from error
    allowed = PROTOCOL_CLAIMS.union(*(OF_SCOPE.get(each, ()) for each in scope))
    return {place: _place(document.get(place), allowed) for place in PLACES}


def asked_of_citizen(claims: Claims) -> frozenset[str]:
    """Return the names asked for that tell something about the citizen."""
    return frozenset(name for place in PLACES for name in claims.get(place) or ()) - PROTOCOL_CLAIMS


def values_of(wish: Mapping[str, Any] | None) -> list[Any]:
    """Return every value that is wished for one claim (section 5.5.1): none where any will do."""
    if wish is None:
        return []
    return [*wish.get("values", []), *([wish["value"]] if "value" in wish else [])]


def _place(asked: Any, allowed: Collection[str]) -> dict[str, Any]:
    if asked is None:
        return {}
    if not isinstance(asked, dict) or len(asked) > MOST_CLAIMS:
        raise MalformedClaims("claims are not listed in a small object")
    wishes = {name: _wish(wish, vectors=name == VECTORS) for name, wish in asked.items()}
    return {name: wish for name, wish in wishes.items() if name in allowed}


def _wish(wish: Any, *, vectors: bool = False) -> dict[str, Any] | None:
    """Check one claim's wishes: `essential`, `value`, `values`; others are left out, as the standard says.

    Vectors of trust may be a bare list of values (RFC 8485).
    """
    if wish is None:
        return None
    if vectors and isinstance(wish, list):
        wish = {"values": wish}
    if not isinstance(wish, dict):
        raise MalformedClaims("a claim is neither null nor an object")
    known = {name: wish[name] for name in ("essential", "value", "values") if name in wish}
    if not isinstance(known.get("essential", False), bool):
        raise MalformedClaims("essential is neither true nor false")
    values = known.get("values", [])
    if not isinstance(values, list) or len(values) > MOST_VALUES:
        raise MalformedClaims("values is not a short list")
    for value in [known.get("value"), *values]:
        _check_value(value)
    return known


def _check_value(value: Any) -> None:
    """Let through what every store can keep: a plain value; `1e999` is read as infinity."""
    if value is None or isinstance(value, (bool, str)):
        return
    if not isinstance(value, (int, float)) or abs(value) > LARGEST_NUMBER:
        raise MalformedClaims("a wished value is not plain")
