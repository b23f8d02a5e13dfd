"""A client nobody here wrote: Debian's mod_auth_openidc in Apache, before an application that only reads headers."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest
from joserfc.jwk import RSAKey

from tests.clients.registering import new_citizen, register, silently
from tests.support.apache import PROTECTED, Apache
from tests.support.listener import Listener, answer, listening
from tests.support.server import free_port
from tests.support.service import Service
from tests.support.visitor import Citizen

ANSWER = PROTECTED + "/answer"


@dataclass(frozen=True)
class Site:
    """A service behind Apache, and how it is registered."""

    apache: Apache
    application: Listener
    client_id: str

    @property
    def base_url(self) -> str:
        return self.apache.base_url

    def command(self, **query: str) -> str:
        """Return one of the module's own addresses."""
        return f"{self.base_url}{ANSWER}?{urlencode(query)}"


@pytest.fixture(
    params=[("client_secret_basic", "RS256"), ("client_secret_post", "ES256"), ("private_key_jwt", "ES256")]
)
def site(request: pytest.FixtureRequest, service: Service) -> Iterator[Site]:
    method, alg = request.param
    port, key = free_port(), RSAKey.generate_key(2048, {"kid": "ours", "use": "sig"})
    address = f"http://localhost:{port}"
    made = register(
        service,
        redirect_uris=[address + ANSWER],
        post_logout_redirect_uris=[address + "/bye"],
        token_endpoint_auth_method=method,
        id_token_signed_response_alg=alg,
        **(
            {"jwks": {"keys": [key.as_dict(private=False)]}, "client_assertion_audience": "token_endpoint"}
            if method == "private_key_jwt"
            else {}
        ),
    )
    openid = {
        "OIDCPrivateKeyFiles": "ours#key.pem",
        "OIDCPublicKeyFiles": "ours#public.pem",
        "OIDCProviderMetadataURL": f"{service.base_url}/.well-known/openid-configuration",
        "OIDCClientID": made["client_id"],
        "OIDCProviderTokenEndpointAuth": method,
        "OIDCRedirectURI": address + ANSWER,
        "OIDCCryptoPassphrase": secrets.token_urlsafe(24),
        "OIDCScope": '"openid profile email offline_access"',
        "OIDCAuthRequestParams": "prompt=consent",
        "OIDCPKCEMethod": "S256",
        "OIDCInfoHook": "iat access_token id_token userinfo refresh_token session",
        "OIDCCacheType": "shm",
        "OIDCPassClaimsAs": "headers",
    }
    if "client_secret" in made:
        openid["OIDCClientSecret"] = made["client_secret"]
    with listening() as application:
        application.answers = {PROTECTED + "/mine": answer(b"Your permits"), "/bye": answer(b"Goodbye")}
        files = {"key.pem": key.as_pem(private=True), "public.pem": key.as_pem(private=False)}
        apache = Apache(port, openid, behind=f"http://{application.address}", files=files)
        yield Site(apache, application, made["client_id"])
        apache.end()


def test_mod_auth_openidc_signs_a_citizen_in_refreshes_and_signs_out(service: Service, site: Site) -> None:
    citizen = Citizen(email := new_citizen(service))

    page = citizen.visit(f"{site.base_url}{PROTECTED}/mine")

    assert page.text == "Your permits", page.text + site.apache.errors()
    assert citizen.pages == ["continue", "allow"]
    told = site.application.calls[-1][1]
    assert (told["oidc_claim_email"], told["oidc_claim_given_name"]) == (email, "Ada")
    assert told["oidc_claim_iss"] == service.base_url

    before = citizen.visit(site.command(info="json")).json()
    assert before["userinfo"]["sub"] == before["id_token"]["sub"] == told["oidc_claim_sub"]
    refreshed = citizen.visit(
        site.command(refresh=f"{site.base_url}{PROTECTED}/mine", access_token=before["access_token"])
    )
    after = citizen.visit(site.command(info="json")).json()
    assert refreshed.text == "Your permits"
    assert after["access_token"] != before["access_token"]
    assert "code" in silently(citizen, service, site.client_id, site.base_url + ANSWER)

    left = citizen.visit(site.command(logout=f"{site.base_url}/bye"))

    assert left.text == "Goodbye"
    assert citizen.pages == ["continue", "allow"]
    assert silently(citizen, service, site.client_id, site.base_url + ANSWER)["error"] == "login_required"
    assert citizen.browser.get(f"{site.base_url}{PROTECTED}/mine", allow_redirects=False, timeout=10).status_code == 302
