"""A client nobody here wrote: Debian's mod_auth_openidc in Apache, before an application that only reads headers."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc.jwk import RSAKey

from tests.clients.registering import new_citizen, register, silently
from tests.support.apache import PROTECTED, Apache
from tests.support.listener import Listener, answer, listening
from tests.support.server import free_port, wait_until
from tests.support.service import Service, StartService
from tests.support.visitor import Citizen

ANSWER, MINE = PROTECTED + "/answer", PROTECTED + "/mine"


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


@contextmanager
def behind_apache(service: Service, port: int, *, method: str, alg: str, **metadata: Any) -> Iterator[Site]:
    """Register a service at `port` and run it."""
    key, address = RSAKey.generate_key(2048, {"kid": "ours", "use": "sig"}), f"http://localhost:{port}"
    if method == "private_key_jwt":
        metadata |= {"jwks": {"keys": [key.as_dict(private=False)]}, "client_assertion_audience": "token_endpoint"}
    made = register(
        service,
        redirect_uris=[address + ANSWER],
        post_logout_redirect_uris=[address + "/bye"],
        token_endpoint_auth_method=method,
        id_token_signed_response_alg=alg,
        **metadata,
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
        application.answers = {MINE: answer(b"Your permits"), "/bye": answer(b"Goodbye")}
        files = {"key.pem": key.as_pem(private=True), "public.pem": key.as_pem(private=False)}
        apache = Apache(port, openid, behind=f"http://{application.address}", files=files)
        try:
            yield Site(apache, application, made["client_id"])
        finally:
            apache.end()


@pytest.fixture(
    params=[("client_secret_basic", "RS256"), ("client_secret_post", "ES256"), ("private_key_jwt", "ES256")]
)
def site(request: pytest.FixtureRequest, service: Service) -> Iterator[Site]:
    method, alg = request.param
    with behind_apache(service, free_port(), method=method, alg=alg) as site:
        yield site


def test_mod_auth_openidc_signs_a_citizen_in_refreshes_and_signs_out(service: Service, site: Site) -> None:
    citizen = Citizen(email := new_citizen(service))

    page = citizen.visit(site.base_url + MINE)

    assert page.text == "Your permits", page.text + site.apache.errors()
    assert citizen.pages == ["continue", "allow"]
    told = site.application.calls[-1][1]
    assert (told["oidc_claim_email"], told["oidc_claim_given_name"]) == (email, "Ada")
    assert told["oidc_claim_iss"] == service.base_url

    before = citizen.visit(site.command(info="json")).json()
    assert before["userinfo"]["sub"] == before["id_token"]["sub"] == told["oidc_claim_sub"]
    refreshed = citizen.visit(site.command(refresh=site.base_url + MINE, access_token=before["access_token"]))
    after = citizen.visit(site.command(info="json")).json()
    assert refreshed.text == "Your permits"
    assert after["access_token"] != before["access_token"]
    assert "code" in silently(citizen, service, site.client_id, site.base_url + ANSWER)

    left = citizen.visit(site.command(logout=f"{site.base_url}/bye"))

    assert left.text == "Goodbye"
    assert citizen.pages == ["continue", "allow"]
    assert silently(citizen, service, site.client_id, site.base_url + ANSWER)["error"] == "login_required"
    assert citizen.browser.get(site.base_url + MINE, allow_redirects=False, timeout=10).status_code == 302


def test_mod_auth_openidc_forgets_a_citizen_who_signed_out_at_the_provider(start_service: StartService) -> None:
    port = free_port()
    service = start_service(FETCH_ALLOW=f"localhost:{port}")
    told_at = f"http://localhost:{port}{ANSWER}?logout=backchannel"
    registered = {"backchannel_logout_uri": told_at, "backchannel_logout_session_required": True}
    with behind_apache(service, port, method="client_secret_basic", alg="RS256", **registered) as site:
        citizen = Citizen(new_citizen(service))
        citizen.visit(site.base_url + MINE)
        assert citizen.browser.get(site.base_url + MINE, allow_redirects=False, timeout=10).text == "Your permits"

        citizen.visit(f"{service.base_url}/logout")

        assert citizen.pages == ["continue", "allow", "sign-out"]

        def forgotten() -> bool:
            answer = citizen.browser.get(site.base_url + MINE, allow_redirects=False, timeout=10)
            return answer.status_code == 302

        wait_until(forgotten, seconds=30, what="Apache has heard of it")
