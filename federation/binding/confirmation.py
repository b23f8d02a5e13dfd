"""The confirmation of a token: which key or certificate its bearer must prove to hold (RFC 7800 section 3.1)."""

from collections.abc import Mapping
from types import MappingProxyType

from federation.errors import InvalidRequest, InvalidToken
from federation.relying_parties.model import RelyingParty

Confirmation = Mapping[str, str]
"""The members of `cnf`; empty for a plain bearer token."""
DPOP_KEY = "jkt"
"""Thumbprint of a DPoP key (RFC 9449 section 6.1)."""
CERTIFICATE = "x5t#S256"
"""SHA-256 of a client certificate (RFC 8705 section 3.1)."""
UNBOUND: Confirmation = MappingProxyType({})


def token_type(confirmation: Confirmation) -> str:
    """Return how a token of this confirmation is brought (RFC 9449 section 5, RFC 8705 section 3)."""
    return "DPoP" if DPOP_KEY in confirmation else "Bearer"


def of_request(relying_party: RelyingParty, *, dpop_key: str | None, certificate: str | None) -> Confirmation:
    """Return what the tokens of this request are bound to, by thumbprints.

    Raises InvalidRequest if the record wants more than was proved: what did not come is missing, not invalid.
    """
    bound = {}
    if dpop_key is not None:
        bound[DPOP_KEY] = dpop_key
    elif relying_party.dpop_bound_access_tokens:
        raise InvalidRequest("the relying party's tokens are bound by DPoP, and no proof came")
    if relying_party.tls_client_certificate_bound_access_tokens:
        if certificate is None:
            raise InvalidRequest("the relying party's tokens are bound to its certificate, and none came")
        bound[CERTIFICATE] = certificate
    return bound


def check_holder(demanded: Confirmation, *, scheme: str, dpop_key: str | None, certificate: str | None) -> None:
    """Check who brings an access token against what it demands; raise InvalidToken.

    A bound token is never taken as a bearer token, nor a bearer token as a bound one (RFC 9449 section 7.2).
    """
    if (scheme == "dpop") != (DPOP_KEY in demanded):
        raise InvalidToken("the scheme is not that of the token")
    if demanded.get(DPOP_KEY) != dpop_key:
        raise InvalidToken("the token is bound to another key")
    if CERTIFICATE in demanded and demanded[CERTIFICATE] != certificate:
        raise InvalidToken("the token is bound to another certificate")
