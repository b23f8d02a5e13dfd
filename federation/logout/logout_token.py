"""The logout token: word to one relying party that a session is over (OIDC Back-Channel Logout 1.0 section 2.4)."""

import secrets
from datetime import datetime, timedelta

from federation.relying_parties.model import RelyingParty
from keys.signer import Signer
from keys.states import Purpose

TYPE = "logout+jwt"
"""So that no other token passes for one, nor one for another (RFC 8725 section 3.11)."""
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME = timedelta(minutes=2)


def issue(signer: Signer, relying_party: RelyingParty, *, subject: str, sid: str, issuer: str, now: datetime) -> str:
    """Return a logout token, signed as this relying party's ID tokens are.

    It names the session and the citizen as the ID tokens did. It never has a nonce, without which it
    cannot be taken for one of those.
    """
    issued_at = int(now.timestamp())
    claims = {
        "iss": issuer,
        "aud": relying_party.client_id,
        "iat": issued_at,
        "exp": issued_at + int(LIFETIME.total_seconds()),
        "jti": secrets.token_urlsafe(16),
        "events": {EVENT: {}},
        "sub": subject,
        "sid": sid,
    }
    return signer.sign(Purpose.ID_TOKEN, relying_party.id_token_signed_response_alg, claims, typ=TYPE)
