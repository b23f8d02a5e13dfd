"""An agency as the endpoints for tokens meet it: it sends citizens, redeems, and asks."""

import secrets
from base64 import b64encode
from typing import Any

import pytest
from werkzeug.test import TestResponse

from federation.relying_parties.client_secrets import hash_client_secret
from federation.relying_parties.model import RelyingParty
from idp.citizens.model import Citizen
from tests.support.site import ASKED, Browser, Site, told
from tests.support.token_office import VERIFIER

BACK = "https://permits.example/cb"
SECRET = secrets.token_urlsafe(32)
COMMON: dict[str, Any] = {
    "client_name": "Permits",
    "agency": "City",
    "redirect_uris": (BACK,),
    "grant_types": ("authorization_code", "refresh_token", "client_credentials"),
    "scope": ("openid", "profile", "email", "offline_access", "permits:read"),
    "sector": "permits.example",
    "token_endpoint_auth_method": "client_secret_basic",
    "client_secret_hash": hash_client_secret(SECRET),
}
OPAQUE = {"access_token_format": "opaque"}
PUBLIC = {
    "token_endpoint_auth_method": "none",
    "client_secret_hash": None,
    "grant_types": ("authorization_code", "refresh_token"),
}


class Agency:
    """One relying party: it sends citizens, redeems, and asks."""

    def __init__(self, site: Site, browser: Browser, citizen: Citizen, relying_party: RelyingParty) -> None:
        self.site, self.browser, self.citizen, self.rp = site, browser, citizen, site.register(relying_party)
        self.client = site.app.test_client(use_cookies=False)

    def asked(self, scope: str = "openid email") -> dict[str, str]:
        return {**ASKED, "client_id": self.rp.client_id, "redirect_uri": BACK, "scope": scope}

    def code(self, scope: str = "openid email", **more: str) -> str:
        asked = self.asked(scope) | more
        if "offline_access" in scope:
            asked["prompt"] = "consent"
        answer = self.browser.authorize(asked)
        if answer.location.startswith("/"):
            interaction_id = answer.location.rsplit("/", 1)[1]
            self.browser.sign_in(self.citizen, acr="aal2")
            self.browser.press(f"/consent/{interaction_id}", "allow")
            answer = self.browser.get(f"/authorize/{interaction_id}")
        assert answer.location.startswith(BACK), answer.location
        return told_to(answer)["code"]

    def redeem(self, code: str, **form: str) -> TestResponse:
        sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        return self.post("/token", sent | form)

    def tokens(self, scope: str = "openid email") -> Any:
        return self.redeem(self.code(scope)).json

    def post(self, path: str, form: dict[str, str], **headers: str) -> TestResponse:
        if self.rp.confidential:
            basic = b64encode(f"{self.rp.client_id}:{SECRET}".encode()).decode()
            headers["Authorization"] = f"Basic {basic}"
        else:
            form = {**form, "client_id": self.rp.client_id}
        return self.client.post(path, data=form, headers=headers, base_url=self.site.use.settings.issuer)

    def userinfo(self, token: str, **headers: str) -> TestResponse:
        sent = {"Authorization": f"Bearer {token}", **headers}
        return self.client.get("/userinfo", headers=sent, base_url=self.site.use.settings.issuer)


def told_to(answer: TestResponse) -> dict[str, str]:
    answer.location = answer.location.replace(BACK, "https://rp.example/cb")
    return told(answer)


@pytest.fixture
def agency(site: Site, browser: Browser, citizen: Citizen) -> Any:
    def make(**changes: Any) -> Agency:
        return Agency(site, browser, citizen, RelyingParty(**COMMON | {"client_id": secrets.token_hex(8)} | changes))

    return make
