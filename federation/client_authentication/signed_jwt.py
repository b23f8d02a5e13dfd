"""A JWT that a relying party signed: taken apart as every reader would, and verified by the keys it registered."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from federation.algorithms import SIGNING_ALGORITHMS, STRONG_ALGORITHMS
from federation.client_authentication.keys import KeyHolder, RelyingPartyKeys
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.public_keys import PublicKey
from federation.strict_json import NotStrictJson, parse_object

LONGEST = 8_192
LONGEST_HEADER = 2_048
"""Bytes; room for a kid and for certificates, which are ignored."""
SKEW = timedelta(seconds=10)
"""How far ahead of ours a relying party's clock may be (FAPI 2.0)."""
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
_LAST_SECOND = 253_402_300_799


class Unfit(ValueError):
    """It is no JWT we believe; the argument says why."""


@dataclass(frozen=True, slots=True)
class SignedJwt:
    """A JWT that has been taken apart; nothing in it is proved yet."""

    text: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    def instant(self, name: str) -> datetime:
        """Return a claim that is a time (RFC 7519 section 2, NumericDate); raise Unfit."""
        seconds = self.claims.get(name)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise Unfit(f"no {name} in seconds")
        if not 0 <= seconds <= _LAST_SECOND:
            raise Unfit(f"{name} is no time")
        return datetime.fromtimestamp(seconds, UTC)


def read(text: str) -> SignedJwt:
    """Take a compact JWS apart; raise Unfit if it is none that every reader understands alike."""
    segments = text.split(".")
    if len(text) > LONGEST or len(segments) != 3 or not all(_SEGMENT.fullmatch(part) for part in segments):  # noqa: PLR2004 - header, payload, signature
        raise Unfit("not a signed JWT of bearable length")
    header, payload = (_decoded(part) for part in segments[:2])
    if len(header) > LONGEST_HEADER:
        raise Unfit("the header is too long")
    try:
        return SignedJwt(text, parse_object(header), parse_object(payload))
    except NotStrictJson as error:
        raise Unfit(f"its JSON: {error}") from None


def algorithms_for(relying_party: RelyingParty, bound: str | None) -> Collection[str]:
    """Return what it may sign with: the algorithm its record binds it to, or any we verify (FAPI 2.0 section 5.4.1)."""
    if bound is not None:
        return (bound,)
    return STRONG_ALGORITHMS if relying_party.profile == "fapi2" else SIGNING_ALGORITHMS


def check_header(header: Mapping[str, Any], *, algorithms: Collection[str], types: Collection[str]) -> str:
    """Return the algorithm, one of those allowed; raise Unfit.

    `types` are the `typ` there may be, in lower case; one that is left out is "jwt". Keys offered in the header
    are never looked at.
    """
    algorithm, typ = header.get("alg"), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise Unfit("alg is not one that may be used")
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") not in types:
        raise Unfit("typ is that of something else")
    if "crit" in header or "b64" in header:
        raise Unfit("it asks for an extension we do not know")
    return algorithm


def check_signature(jwt: SignedJwt, holder: KeyHolder, keys: RelyingPartyKeys, algorithm: str) -> None:
    """Raise Unfit unless a key of its holder verifies it; a key not seen before is looked for once."""
    kid = jwt.header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise Unfit("kid is not a string")
    if _signed_by_any(jwt, keys.find(holder, kid=kid, algorithm=algorithm), algorithm):
        return
    if keys.renew(holder) and _signed_by_any(jwt, keys.find(holder, kid=kid, algorithm=algorithm), algorithm):
        return
    raise Unfit("no key it should be signed with verifies it")


def _signed_by_any(jwt: SignedJwt, candidates: list[PublicKey], algorithm: str) -> bool:
    return any(is_signed_by(jwt, key, algorithm) for key in candidates)


def is_signed_by(jwt: SignedJwt, key: PublicKey, algorithm: str) -> bool:
    """Say whether the key verifies it."""
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = LONGEST_HEADER * 2
    try:
        jws.deserialize_compact(jwt.text, key, algorithms=[algorithm], registry=registry)
    except (JoseError, ValueError, TypeError):
        return False
    return True


def _decoded(segment: str) -> bytes:
    try:
        return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        raise Unfit("not base64url") from None
