"""Request objects: an authorization request that its relying party signed (RFC 9101, OIDC Core section 6.1).

What is signed is the whole request: nothing beside it is read but the `client_id` that says whose keys to look at.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from federation.authorization.parameters import RESOURCE, Parameters
from federation.client_authentication import signed_jwt
from federation.client_authentication.keys import RelyingPartyKeys
from federation.client_authentication.signed_jwt import SKEW, SignedJwt, Unfit, algorithms_for
from federation.errors import InvalidRequestObject
from federation.relying_parties.model import RelyingParty

TYPE = "oauth-authz-req+jwt"
LONGEST_LIFE = timedelta(hours=1)
"""From `nbf` to `exp`, and how long ago `nbf` may be (FAPI 2.0 Message Signing section 5.3.1)."""
_TYPES = frozenset({TYPE, "jwt"})
"""Clients should tell the first (same section); a client assertion is known by its `sub`."""
_NOT_PARAMETERS = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti"})
_LISTS = frozenset({"authorization_details", "vtr"})
"""Parameters whose text is a JSON list (RFC 9396 section 2, RFC 8485)."""
_ELSEWHERE = frozenset({"request", "request_uri", "client_secret", "client_assertion"})


def read(text: str, relying_party: RelyingParty, keys: RelyingPartyKeys, *, issuer: str, now: datetime) -> Parameters:
    """Return the parameters inside a request object; raise InvalidRequestObject.

    In the profile `fapi2` it must tell when it begins (FAPI 2.0 Message Signing section 5.3.1).
    """
    try:
        found = signed_jwt.read(text)
        algorithms = algorithms_for(relying_party, relying_party.request_object_signing_alg)
        algorithm = signed_jwt.check_header(found.header, algorithms=algorithms, types=_TYPES)
        _check_names(found.claims, relying_party, issuer=issuer)
        _check_times(found, now, must_begin=relying_party.profile == "fapi2")
        signed_jwt.check_signature(found, relying_party, keys, algorithm)
        return Parameters.of(_pairs(found.claims))
    except Unfit as error:
        raise InvalidRequestObject(f"the request object: {error}") from None


def _check_names(claims: Mapping[str, Any], relying_party: RelyingParty, *, issuer: str) -> None:
    """A `sub` that is the client would be that of an assertion (RFC 9101 section 10.8)."""
    if claims.get("iss") != relying_party.client_id or claims.get("client_id") != relying_party.client_id:
        raise Unfit("iss and client_id are not both the client_id")
    audience = claims.get("aud")
    if issuer not in (audience if isinstance(audience, list) else [audience]):
        raise Unfit("aud does not name the issuer")
    if "sub" in claims or not _ELSEWHERE.isdisjoint(claims):
        raise Unfit("it has what belongs elsewhere")


def _check_times(found: SignedJwt, now: datetime, *, must_begin: bool) -> None:
    begins = found.instant("nbf") if must_begin or "nbf" in found.claims else now
    expires = found.instant("exp")
    if begins > now + SKEW:
        raise Unfit("it is not good yet")
    if begins < now - LONGEST_LIFE:
        raise Unfit("it began more than an hour ago")
    if expires <= now:
        raise Unfit("it has expired")
    if expires - begins > LONGEST_LIFE:
        raise Unfit("it lives longer than an hour")


def _pairs(claims: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the parameters; of a list of resources each is one (RFC 8707 section 2.1)."""
    for name, value in claims.items():
        if name == RESOURCE and isinstance(value, list):
            yield from ((name, _text(name, each)) for each in value)
        elif name not in _NOT_PARAMETERS:
            yield name, _text(name, value)


def _text(name: str, value: object) -> str:
    """Return a member as the parameter it stands for (RFC 9101 section 4): numbers as digits, objects as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, dict) or (isinstance(value, list) and name in _LISTS):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    raise Unfit(f"{name[:40]!r} is neither text, number nor object")
