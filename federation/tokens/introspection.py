"""Say what a token means, to those whom it concerns: as JSON (RFC 7662) or in a signed JWT (RFC 9701)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from federation.authorization.details import still_fit
from federation.binding.confirmation import token_type
from federation.client_authentication.encrypted import encrypt
from federation.errors import InvalidClient, InvalidRequest, InvalidToken
from federation.hashing import fingerprint
from federation.relying_parties.model import RelyingParty
from federation.tokens import access_token, refresh_token
from federation.tokens.access_token import AccessToken
from federation.tokens.desk import Desk
from federation.tokens.grants.model import Grant
from federation.tokens.standing import Standing, check_standing
from keys.states import Purpose

INACTIVE: Mapping[str, Any] = {"active": False}
TYPE = "token-introspection+jwt"
"""Of the JWT; its media type is that of `application/`."""


def introspect(form: Mapping[str, str], relying_party: RelyingParty, desk: Desk, now: datetime) -> Mapping[str, Any]:
    """Return what the token means, or `{"active": false}` and not a word more.

    Only the relying party it was issued to, the one whose API it is for, and one registered for introspection are told
    (section 4). A refresh token is told to its own relying party alone. The subject is the one in the token,
    so nobody learns another sector's.
    """
    if not relying_party.confidential:
        raise InvalidClient("introspection needs a client that proves who it is")
    token = form.get("token")
    if not token:
        raise InvalidRequest("token is missing")
    grant_id = refresh_token.grant_of(desk.token_secret, token)
    if grant_id is not None:
        return _of_refresh(desk.grants.find(grant_id, now), token, relying_party, desk.issuer)
    try:
        found = access_token.read(desk.signer, desk.store, token, issuer=desk.issuer, now=now)
        if not _concerns(found, relying_party):
            return INACTIVE
        standing = check_standing(found, grants=desk.grants, registry=desk.registry, now=now)
    except InvalidToken:
        return INACTIVE
    return _of_access(standing, desk)


def secure(
    told: Mapping[str, Any], relying_party: RelyingParty, desk: Desk, *, asked: bool, now: datetime
) -> str | None:
    """Return what is told in a JWT signed, and encrypted where registered so, for this caller; None for plain JSON.

    Whoever registered how it is signed or encrypted always gets one (RFC 9701 section 6): an answer without is then
    none of ours. Others get one where they `asked` for it (section 4). It has no `sub` and no `exp` of its own, and
    a type that no other token has, so it passes for none (sections 5 and 8.1).
    """
    alg = relying_party.introspection_signed_response_alg
    encrypted = relying_party.introspection_encrypted_response_alg
    if alg is None and encrypted is None and not asked:
        return None
    claims = {
        "iss": desk.issuer,
        "aud": relying_party.client_id,
        "iat": int(now.timestamp()),
        "token_introspection": told,
    }
    signed = desk.signer.sign(Purpose.ID_TOKEN, alg or _usual_algorithm(relying_party), claims, typ=TYPE)
    enc = relying_party.introspection_encrypted_response_enc
    return encrypt(signed, relying_party, desk.keys, alg=encrypted, enc=enc)


def _usual_algorithm(relying_party: RelyingParty) -> str:
    """Return RS256, which stands in for silence (RFC 9701 section 6) but not in FAPI 2.0 (section 5.4.1)."""
    return relying_party.id_token_signed_response_alg if relying_party.profile == "fapi2" else "RS256"


def _concerns(token: AccessToken, relying_party: RelyingParty) -> bool:
    """Whether it is told: an API's address belongs to one relying party alone."""
    return (
        relying_party.client_id == token.client_id
        or token.audience in relying_party.resource_uris
        or relying_party.introspection
    )


def _of_access(standing: Standing, desk: Desk) -> Mapping[str, Any]:
    """Say what it means now: what the record of its relying party holds no more is left out."""
    token = standing.token
    told: dict[str, Any] = {
        "active": True,
        "iss": desk.issuer,
        "sub": token.subject,
        "aud": token.audience,
        "client_id": token.client_id,
        "scope": " ".join(token.scope),
        "token_type": token_type(token.confirmation),
        "iat": token.issued_at,
        "exp": token.expires_at,
        "jti": token.token_id,
    }
    details = still_fit(token.authorization_details, standing.relying_party, desk.detail_types)
    if details:
        told["authorization_details"] = details
    if token.grant_id is not None:
        told |= {"acr": token.acr, "auth_time": token.auth_time}
    if token.confirmation:
        told["cnf"] = token.confirmation
    if token.actors:
        told["act"] = access_token.nested(token.actors)
    return told


def _of_refresh(grant: Grant | None, token: str, relying_party: RelyingParty, issuer: str) -> Mapping[str, Any]:
    if grant is None or grant.client_id != relying_party.client_id or fingerprint(token) != grant.refresh_hash:
        return INACTIVE
    return {
        "active": True,
        "iss": issuer,
        "sub": grant.subject,
        "client_id": grant.client_id,
        "scope": " ".join(grant.scope),
        "iat": int(grant.created_at.timestamp()),
        "exp": int(grant.expires_at.timestamp()),
    }
