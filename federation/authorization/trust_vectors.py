"""Vectors of trust: what an agency wants to be sure of, part by part (RFC 8485).

`vtr` is a list of vectors, any of which will do; the parts of one, such as `P2.Cl.Cm`, must all be met. It comes as a
parameter, or as `{"id_token": {"vtr": [...]}}` in the claims parameter.
"""

import re
from collections.abc import Mapping
from typing import Any

from federation.strict_json import NotStrictJson, parse_list

MOST = 10
_VECTOR = re.compile(r"[A-Z][a-z0-9](?:\.[A-Z][a-z0-9]){0,9}")


class MalformedVectors(ValueError):
    """Not a list of vectors; the argument says why."""


def asked(text: str | None, claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the vectors of a request, none where it names none; raise MalformedVectors."""
    by_claim = (claims.get("id_token") or {}).get("vtr")
    if text is None:
        return () if not by_claim else check(by_claim.get("values", [by_claim.get("value")]))
    if by_claim is not None:
        raise MalformedVectors("vtr stands as a parameter and among the claims")
    try:
        return check(parse_list(text.encode("utf-8", "surrogatepass")))
    except NotStrictJson as error:
        raise MalformedVectors(str(error)) from error


def check(vectors: Any) -> tuple[str, ...]:
    """Return them, each once; raise MalformedVectors."""
    if not isinstance(vectors, list) or not 0 < len(vectors) <= MOST:
        raise MalformedVectors("not a short list")
    if not all(isinstance(each, str) and _VECTOR.fullmatch(each) for each in vectors):
        raise MalformedVectors("a vector is not of parts such as P2 or Cl with points between")
    return tuple(dict.fromkeys(vectors))
