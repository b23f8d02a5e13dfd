"""One relying party, and a request of it that passes."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from federation.authorization.checking import check
from federation.authorization.parameters import Parameters
from federation.authorization.request import AuthorizationRequest
from federation.relying_parties.model import RelyingParty

ISSUER = "https://id.example"
REDIRECT_URI = "https://rp.example/cb"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""RFC 7636 appendix B."""
GOOD = {
    "client_id": "rp",
    "redirect_uri": REDIRECT_URI,
    "response_type": "code",
    "scope": "openid email",
    "state": "s1",
    "nonce": "n1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}

Check = Callable[..., AuthorizationRequest]


@pytest.fixture
def relying_party() -> RelyingParty:
    return RelyingParty(
        client_id="rp",
        client_name="Parking",
        agency="City",
        redirect_uris=(REDIRECT_URI, "https://rp.example/other?a=b"),
        scope=("openid", "profile", "email", "offline_access"),
        grant_types=("authorization_code", "refresh_token"),
        sector="rp.example",
    )


def signed_by_us(token: str) -> Mapping[str, Any] | None:
    """Stand for the signer: this token alone is ours."""
    return {"iss": ISSUER, "aud": ["rp"], "sub": "subject-1"} if token == "ours" else None


@pytest.fixture
def check_with(relying_party: RelyingParty) -> Check:
    """Return `check` for the good request with some parameters changed, or left out by None."""

    def run(changes: Mapping[str, str | None] | None = None, **more: Any) -> AuthorizationRequest:
        pairs = [(name, value) for name, value in {**GOOD, **(changes or {})}.items() if value is not None]
        pairs += more.pop("again", [])
        by = more.pop("by", relying_party)
        types = more.pop("detail_types", {})
        pkce = more.pop("pkce", "required")
        return check(Parameters.of(pairs), by, signed_by_us, issuer=ISSUER, pkce=pkce, detail_types=types)

    return run
