"""What binds a code to who asked for it: PKCE (RFC 7636 section 4.3, RFC 9700 section 2.1.1), or a DPoP key."""

import re

from federation.authorization.errors import InvalidAuthorizationRequest
from federation.authorization.parameters import Parameters
from federation.authorization.return_address import ReturnAddress
from federation.relying_parties.model import RelyingParty

METHOD = "S256"
OPTIONAL_FOR_CONFIDENTIAL = "optional-for-confidential"

_SHA256 = re.compile(r"[A-Za-z0-9_-]{43}")


def check_challenge(params: Parameters, relying_party: RelyingParty, to: ReturnAddress, *, policy: str) -> str | None:
    """Return the S256 challenge. None only where `policy` lifts it for those that can keep a secret, FAPI 2.0 aside.

    `plain` is refused, and with it a challenge whose method is left out, since that means `plain`.
    """
    challenge = params.get("code_challenge")
    method = params.get("code_challenge_method")
    if challenge is None:
        lifted = policy == OPTIONAL_FOR_CONFIDENTIAL and relying_party.profile != "fapi2"
        if method is None and lifted and relying_party.confidential:
            return None
        raise InvalidAuthorizationRequest(to, "code_challenge is missing")
    if method != METHOD:
        raise InvalidAuthorizationRequest(to, "code_challenge_method is not S256")
    if not _SHA256.fullmatch(challenge):
        raise InvalidAuthorizationRequest(to, "code_challenge is not the base64url of a SHA-256")
    return challenge


def check_dpop_key(params: Parameters, to: ReturnAddress) -> str | None:
    """Return the thumbprint of the DPoP key that will redeem the code, or None (RFC 9449 section 10)."""
    thumbprint = params.get("dpop_jkt")
    if thumbprint is not None and not _SHA256.fullmatch(thumbprint):
        raise InvalidAuthorizationRequest(to, "dpop_jkt is no SHA-256 thumbprint")
    return thumbprint
