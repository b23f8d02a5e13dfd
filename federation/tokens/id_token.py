"""The ID token: who signed in, how and when, told to one relying party (OIDC Core section 2)."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from federation.client_authentication.encrypted import encrypt
from federation.client_authentication.keys import RelyingPartyKeys
from federation.hashing import base64url
from federation.relying_parties.model import RelyingParty
from federation.tokens.grants.model import Grant
from keys.signer import Signer
from keys.states import Purpose

LIFETIME = timedelta(minutes=5)
TRUSTMARK = "/help/trust"
"""Where people read what `vot` means (RFC 8485 section 3.2)."""

_HASH_OF_ALG = {"ES256": "sha256", "RS256": "sha256", "EdDSA": "sha512"}


def issue(
    signer: Signer,
    relying_party: RelyingParty,
    grant: Grant,
    *,
    keys: RelyingPartyKeys,
    issuer: str,
    access_token: str,
    nonce: str | None,
    told: Mapping[str, Any],
    now: datetime,
) -> str:
    """Return a signed ID token for `grant`, encrypted by one of `keys` if the relying party registered so.

    `told` holds the citizen's claims asked for in this place. A refreshed one has the same
    `auth_time`, `acr` and `amr` and no nonce (OIDC Core section 12.2).
    """
    alg = relying_party.id_token_signed_response_alg
    issued_at = int(now.timestamp())
    claims = {
        **told,
        "iss": issuer,
        "sub": grant.subject,
        "aud": relying_party.client_id,
        "exp": issued_at + int(LIFETIME.total_seconds()),
        "iat": issued_at,
        **_of_the_sign_in(grant, issuer),
        "at_hash": at_hash(access_token, alg),
    }
    if nonce is not None:
        claims["nonce"] = nonce
    return encrypt(
        signer.sign(Purpose.ID_TOKEN, alg, claims, typ="JWT"),
        relying_party,
        keys,
        alg=relying_party.id_token_encrypted_response_alg,
        enc=relying_party.id_token_encrypted_response_enc,
    )


def _of_the_sign_in(grant: Grant, issuer: str) -> dict[str, Any]:
    """Return how the citizen signed in, and how far they can be trusted where that was asked for (RFC 8485)."""
    trust = {} if grant.vot is None else {"vot": grant.vot, "vtm": issuer + TRUSTMARK}
    return {
        "auth_time": int(grant.auth_time.timestamp()),
        "acr": grant.acr,
        "amr": grant.amr,
        "sid": grant.sid,
        **trust,
    }


def at_hash(access_token: str, alg: str) -> str:
    """Return the left half of the access token's hash, base64url (OIDC Core section 3.1.3.6)."""
    digest = hashlib.new(_HASH_OF_ALG[alg], access_token.encode("ascii")).digest()
    return base64url(digest[: len(digest) // 2])
