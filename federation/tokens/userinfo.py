"""What an access token lets its agency know of the citizen (OIDC Core section 5.3)."""

from collections.abc import Callable, Mapping
from typing import Any

from federation import claims
from federation.errors import InsufficientScope
from federation.relying_parties.model import RelyingParty
from federation.tokens.access_token import AccessToken
from federation.tokens.grants.model import Grant
from keys.signer import Signer
from keys.states import Purpose


def tell(token: AccessToken, grant: Grant | None, claims_of: Callable[[str], Mapping[str, Any]]) -> dict[str, Any]:
    """Return `sub` and those of the citizen's claims that token and grant allow; raise InsufficientScope.

    `claims_of` returns everything known of a citizen, by id; it is asked only when something is to be told.
    """
    if grant is None or "openid" not in token.scope:
        raise InsufficientScope("the access token was not issued for openid")
    if not claims.names(token.scope, grant.claims, where="userinfo"):
        return {"sub": grant.subject}
    told = claims.select(claims_of(grant.citizen_id), token.scope, grant.claims, where="userinfo")
    return {"sub": grant.subject, **told}


def sign(signer: Signer, told: Mapping[str, Any], relying_party: RelyingParty, *, alg: str, issuer: str) -> str:
    """Return the answer as a JWT, for a relying party registered so (OIDC Core section 5.3.2)."""
    return signer.sign(Purpose.ID_TOKEN, alg, {**told, "iss": issuer, "aud": relying_party.client_id}, typ="JWT")
