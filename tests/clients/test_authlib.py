"""A client nobody here wrote: Authlib signs citizens in and out, reads userinfo, refreshes and revokes."""

import secrets
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.clients.registering import new_citizen, register, silently
from tests.support.service import Service
from tests.support.visitor import Citizen

BACK = "http://localhost:7/back"
SIGNED_OUT = "http://localhost:7/bye"
METHODS = ("client_secret_basic", "client_secret_post", "none")


@dataclass(frozen=True, slots=True)
class Registered:
    """What an agency keeps after it registered, and what it discovered."""

    client_id: str
    client_secret: str | None
    method: str
    provider: dict[str, Any]

    def session(self, **more: Any) -> OAuth2Session:
        return OAuth2Session(
            self.client_id,
            self.client_secret,
            token_endpoint_auth_method=self.method,
            scope="openid profile email offline_access",
            redirect_uri=BACK,
            code_challenge_method="S256",
            token_endpoint=self.provider["token_endpoint"],
            revocation_endpoint_auth_method=self.method,
            **more,
        )


@pytest.fixture(params=METHODS)
def agency(request: pytest.FixtureRequest, service: Service) -> Registered:
    made = register(
        service,
        redirect_uris=[BACK],
        post_logout_redirect_uris=[SIGNED_OUT],
        token_endpoint_auth_method=request.param,
    )
    found = requests.get(f"{service.base_url}/.well-known/openid-configuration", timeout=10).json()
    return Registered(made["client_id"], made.get("client_secret"), request.param, found)


def test_authlib_completes_the_code_flow_userinfo_refresh_sign_out_and_revocation(
    service: Service, agency: Registered
) -> None:
    citizen = Citizen(email := new_citizen(service))
    verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    client = agency.session()
    address, state = client.create_authorization_url(
        agency.provider["authorization_endpoint"], code_verifier=verifier, nonce=nonce, prompt="consent"
    )

    back = citizen.come_back(address, to=BACK)
    tokens = client.fetch_token(authorization_response=back, state=state, code_verifier=verifier)

    keys = KeySet.import_key_set(requests.get(agency.provider["jwks_uri"], timeout=10).json())
    read = jwt.decode(tokens["id_token"], keys, algorithms=["ES256", "RS256", "EdDSA"])
    told = CodeIDToken(
        read.claims,
        read.header,
        {"iss": {"value": service.base_url}, "aud": {"value": agency.client_id}},
        {"nonce": nonce, "client_id": agency.client_id, "access_token": tokens["access_token"]},
    )
    told.validate(now=int(time.time()))

    who = client.get(agency.provider["userinfo_endpoint"]).json()
    assert (who["sub"], who["email"], who["given_name"]) == (told["sub"], email, "Ada")

    refreshed = client.refresh_token(agency.provider["token_endpoint"])
    assert refreshed["access_token"] != tokens["access_token"]
    assert client.get(agency.provider["userinfo_endpoint"]).json()["sub"] == told["sub"]

    leaving = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": SIGNED_OUT, "state": "left"}
    ended = citizen.come_back(f"{agency.provider['end_session_endpoint']}?{urlencode(leaving)}", to=SIGNED_OUT)
    assert ended == f"{SIGNED_OUT}?state=left"
    assert silently(citizen, service, agency.client_id, BACK)["error"] == "login_required"

    gone = client.revoke_token(agency.provider["revocation_endpoint"], refreshed["access_token"])
    assert gone.status_code == 200
    assert client.get(agency.provider["userinfo_endpoint"]).status_code == 401


def test_authlib_gets_a_token_for_the_agency_itself(service: Service) -> None:
    metadata = {
        "client_name": "Register",
        "grant_types": ["client_credentials"],
        "scope": "records:read",
        "token_endpoint_auth_method": "client_secret_basic",
    }
    made = service.cli_json("agencies", "add", stdin=metadata)
    client = OAuth2Session(made["client_id"], made["client_secret"], scope="records:read")

    token = client.fetch_token(f"{service.base_url}/token", grant_type="client_credentials")

    assert token["scope"] == "records:read"
    assert not {"id_token", "refresh_token"} & set(token)
