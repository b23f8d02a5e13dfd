"""A client nobody here wrote: idpyoidc, certified as a relying party, from the metadata to signing out."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from idpyoidc.client.rp_handler import RPHandler

from tests.clients.registering import new_citizen, register, silently
from tests.support.service import Service
from tests.support.visitor import Citizen

BACK = "http://localhost:7/back"
SIGNED_OUT = "http://localhost:7/bye"
METHOD = "client_secret_basic"
SCOPE = ["openid", "profile", "email", "offline_access"]
OURS = "ours"
"""What the client calls its only provider."""


def relying_party(service: Service, made: dict[str, Any]) -> RPHandler:
    """Return a client that was told its registration, and finds the rest out."""
    services = {
        "discovery": {"class": "idpyoidc.client.oidc.provider_info_discovery.ProviderInfoDiscovery"},
        "authorization": {"class": "idpyoidc.client.oidc.authorization.Authorization"},
        "accesstoken": {"class": "idpyoidc.client.oidc.access_token.AccessToken"},
        "refresh_token": {"class": "idpyoidc.client.oidc.refresh_access_token.RefreshAccessToken"},
        "userinfo": {"class": "idpyoidc.client.oidc.userinfo.UserInfo"},
        "end_session": {"class": "idpyoidc.client.oidc.end_session.EndSession"},
    }
    configuration = {
        "client_type": "oidc",
        "issuer": service.base_url,
        "client_id": made["client_id"],
        "client_secret": made.get("client_secret", ""),
        "redirect_uris": [BACK],
        "post_logout_redirect_uris": [SIGNED_OUT],
        "response_types": ["code"],
        "token_endpoint_auth_method": METHOD,
        "client_authn_methods": [METHOD, "bearer_header"],
        "id_token_signed_response_alg": made["id_token_signed_response_alg"],
        "services": services,
        "add_ons": {
            "pkce": {
                "function": "idpyoidc.client.oauth2.add_on.pkce.add_support",
                "kwargs": {"code_challenge_length": 64, "code_challenge_method": "S256"},
            }
        },
    }
    return RPHandler(base_url=BACK, client_configs={OURS: configuration})


@pytest.mark.parametrize("alg", ["ES256", "RS256"])
def test_idpyoidc_signs_a_citizen_in_reads_refreshes_and_signs_out(
    service: Service, alg: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # it writes keys of its own to where it is
    made = register(
        service,
        redirect_uris=[BACK],
        post_logout_redirect_uris=[SIGNED_OUT],
        token_endpoint_auth_method=METHOD,
        id_token_signed_response_alg=alg,
    )
    citizen, client = Citizen(email := new_citizen(service)), relying_party(service, made)

    address = client.begin(OURS, req_args={"prompt": "consent", "scope": SCOPE})
    back = dict(parse_qsl(urlsplit(citizen.come_back(address, to=BACK)).query))
    told = client.finalize(service.base_url, back)

    assert "error" not in told, told
    assert (told["userinfo"]["email"], told["userinfo"]["given_name"]) == (email, "Ada")
    assert told["id_token"]["sub"] == told["userinfo"]["sub"]
    renewed = client.refresh_access_token(told["state"])
    assert renewed["access_token"] != told["token"]
    left = client.logout(told["state"], post_logout_redirect_uri=SIGNED_OUT)
    assert citizen.come_back(left["url"], to=SIGNED_OUT).startswith(SIGNED_OUT)
    assert silently(citizen, service, made["client_id"], BACK)["error"] == "login_required"
