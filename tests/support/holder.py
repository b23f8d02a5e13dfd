"""An agency that holds a DPoP key."""

from typing import Any

import pytest

from tests.support.agency import BACK, Agency
from tests.support.dpop import DpopKey
from tests.support.token_office import VERIFIER

ISSUER = "https://id.example"
TOKEN = f"{ISSUER}/token"
USERINFO = f"{ISSUER}/userinfo"


class Holder:
    """An agency that has a DPoP key, and the last nonce it was given."""

    def __init__(self, agency: Agency, key: DpopKey | None = None) -> None:
        self.agency, self.key = agency, key or DpopKey()
        self.nonce = agency.site.use.nonces.issue(agency.site.clock.now())

    def proof(self, method: str, address: str, **changes: Any) -> str:
        claims = {"iat": int(self.agency.site.clock.now().timestamp())}
        return self.key.proof(method, address, **({"nonce": self.nonce} | claims | changes))

    def redeem(self, code: str, proof: str | None = None, **form: str) -> Any:
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        return self.agency.post("/token", sent | form, DPoP=proof or self.proof("POST", TOKEN))

    def refresh(self, token: str, proof: str | None = None) -> Any:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return self.agency.post("/token", form, DPoP=proof or self.proof("POST", TOKEN))

    def tokens(self, scope: str = "openid email") -> Any:
        answer = self.redeem(self.agency.code(scope))
        assert answer.status_code == 200, answer.text
        return answer.json

    def userinfo(self, token: str, proof: str | None = None, scheme: str = "DPoP") -> Any:
        shown = proof or self.proof("GET", USERINFO, access_token=token)
        return self.agency.userinfo(token, Authorization=f"{scheme} {token}", DPoP=shown)


@pytest.fixture
def holder(agency: Any) -> Any:
    def make(key: DpopKey | None = None, **changes: Any) -> Holder:
        return Holder(agency(**changes), key)

    return make
