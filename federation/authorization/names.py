"""By which names a relying party knows a citizen and a session: its own ones, told to no other sector."""

import hmac

from federation.hashing import base64url
from federation.relying_parties import pairwise
from federation.relying_parties.model import RelyingParty

_EVERYBODY = "public:"
"""In the place of a sector; no sector looks like it."""


def subject_for(relying_party: RelyingParty, citizen_id: str, salt: bytes) -> str:
    """Return the `sub` of a citizen: pairwise unless registered as public (OIDC Core section 8)."""
    sector = _EVERYBODY if relying_party.subject_type == "public" else relying_party.sector
    return pairwise.subject(citizen_id, sector, salt)


def sid_for(relying_party: RelyingParty, session_id: str, salt: bytes) -> str:
    """Return the `sid` of a session (OIDC Back-Channel Logout section 2.1): 43 characters, another for each service."""
    if not salt:
        raise ValueError("a sid needs a salt")
    named = relying_party.client_id.encode()
    message = b"sid" + len(named).to_bytes(4, "big") + named + session_id.encode()
    return base64url(hmac.digest(salt, message, "sha256"))
