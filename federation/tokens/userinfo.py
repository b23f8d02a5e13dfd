"""What an access token lets its agency know of the citizen (OIDC Core section 5.3)."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from federation import claims
from federation.client_authentication.encrypted import encrypt
from federation.client_authentication.keys import RelyingPartyKeys
from federation.errors import InsufficientScope, ProtocolError, challenge, scheme_of
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.registration import LEVELS
from federation.tokens.access_token import AccessToken
from federation.tokens.standing import Standing
from keys.signer import Signer
from keys.states import Purpose


class InsufficientUserAuthentication(ProtocolError):
    """RFC 9470 section 3: the access token is good, but its citizen has proved too little."""

    code = "insufficient_user_authentication"
    status = 401
    description = "A stronger authentication is needed."

    def __init__(self, reason: str = "", *, acr_values: tuple[str, ...]) -> None:
        super().__init__(reason)
        self.acr_values = acr_values

    def headers(self, authorization: str) -> dict[str, str]:
        """Say what to ask for when the citizen is sent again."""
        return challenge(scheme_of(authorization), self, f'acr_values="{" ".join(self.acr_values)}"')


def check_level(token: AccessToken, relying_party: RelyingParty) -> None:
    """Raise InsufficientUserAuthentication if the record asks more by now than the citizen had proved (RFC 9470).

    Any of the levels in the record is enough, and whatever is above the weakest of them.
    """
    wanted = [level for level in LEVELS if level in relying_party.default_acr_values]
    if wanted and token.acr not in LEVELS[LEVELS.index(wanted[0]) :]:
        raise InsufficientUserAuthentication("the record asks a higher level by now", acr_values=tuple(wanted))


def tell(by: Standing, claims_of: Callable[[str], Mapping[str, Any]]) -> dict[str, Any]:
    """Return `sub` and those of the citizen's claims that token, grant and record allow; raise InsufficientScope.

    `claims_of` returns everything known of a citizen, by id; it is asked only when something is to be told.
    """
    grant, scope = by.grant, by.token.scope
    if grant is None or "openid" not in scope:
        raise InsufficientScope("the access token was not issued for openid, or that is not registered any more")
    asked = claims.within(grant.claims, by.relying_party.scope)
    if not claims.names(scope, asked, where="userinfo"):
        return {"sub": grant.subject}
    told = claims.select(claims_of(grant.citizen_id), scope, asked, where="userinfo")
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
