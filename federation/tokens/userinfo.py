"""What an access token lets its agency know of the citizen (OIDC Core section 5.3)."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from federation import claims
from federation.client_authentication.encrypted import encrypt
from federation.client_authentication.keys import RelyingPartyKeys
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


def secure(
    told: Mapping[str, Any], relying_party: RelyingParty, *, signer: Signer, keys: RelyingPartyKeys, issuer: str
) -> str | None:
    """Return the answer signed, encrypted or both, as registered; None for plain JSON (OIDC Core section 5.3.2)."""
    alg, encrypted = relying_party.userinfo_signed_response_alg, relying_party.userinfo_encrypted_response_alg
    if alg is None and encrypted is None:
        return None
    if alg is None:
        text = json.dumps(told)
    else:
        text = signer.sign(Purpose.ID_TOKEN, alg, {**told, "iss": issuer, "aud": relying_party.client_id}, typ="JWT")
    enc = relying_party.userinfo_encrypted_response_enc
    return encrypt(text, relying_party, keys, alg=encrypted, enc=enc, jwt=alg is not None)
