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
LONGEST_LIFE = timedelta(minutes=10)
_NOT_PARAMETERS = frozenset({"iss", "aud", "exp", "nbf", "iat", "jti"})
_LISTS = frozenset({"authorization_details", "vtr"})
"""Parameters whose text is a JSON list (RFC 9396 section 2, RFC 8485)."""
_ELSEWHERE = frozenset({"request", "request_uri", "client_secret", "client_assertion"})


def read(text: str, relying_party: RelyingParty, keys: RelyingPartyKeys, *, issuer: str, now: datetime) -> Parameters:
    """Return the parameters inside a request object; raise InvalidRequestObject.

    In the profile `fapi2` its type and the time it begins must be told (FAPI 2.0 Message Signing section 5.3).
    """
    strict = relying_party.profile == "fapi2"
    try:
        found = signed_jwt.read(text)
        types = {TYPE} if strict else {TYPE, "jwt"}
        algorithms = algorithms_for(relying_party, relying_party.request_object_signing_alg)
        algorithm = signed_jwt.check_header(found.header, algorithms=algorithms, types=types)
        _check_names(found.claims, relying_party, issuer=issuer)
        _check_times(found, now, begins="nbf" in found.claims or strict)
        signed_jwt.check_signature(found, relying_party, keys, algorithm)
        return Parameters.of(_pairs(found.claims))
    except Unfit as error:
        raise InvalidRequestObject(f"the request object: {error}") from None


def _check_names(claims: Mapping[str, Any], relying_party: RelyingParty, *, issuer: str) -> None:
    """A `sub` that is the client would be that of an assertion (RFC 9101 section 10.8)."""
    if claims.get("iss") != relying_party.client_id or claims.get("client_id") != relying_party.client_id:
        raise Unfit("iss and client_id are not both the client_id")
    if claims.get("aud") not in (issuer, [issuer]):
        raise Unfit("aud is not the issuer alone")
    if "sub" in claims or not _ELSEWHERE.isdisjoint(claims):
        raise Unfit("it has what belongs elsewhere")


def _check_times(found: SignedJwt, now: datetime, *, begins: bool) -> None:
    expires = found.instant("exp")
    if expires <= now:
        raise Unfit("it has expired")
    if expires > now + LONGEST_LIFE + SKEW:
        raise Unfit("it lives longer than ten minutes")
    if begins and found.instant("nbf") > now + SKEW:
        raise Unfit("it is not good yet")


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
