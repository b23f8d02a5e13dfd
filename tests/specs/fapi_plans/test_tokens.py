"""What codes and refresh tokens buy for whom, as the plans of FAPI 2.0 try it."""

from typing import Any

import pytest

from tests.specs.fapi_plans.conftest import NewFapiClient
from tests.specs.fapi_plans.test_requests import refused
from tests.support.dpop import GONE, DpopKey
from tests.support.fapi import FapiClient
from tests.support.token_office import claims_in

NO_GRANT = (400, "invalid_grant")


def test_a_code_is_for_its_client_alone(new_fapi_client: NewFapiClient, variant: dict[str, Any]) -> None:
    client, other = (new_fapi_client(**variant) for _ in range(2))

    assert refused(other.redeem(client.code())) == NO_GRANT


def test_a_code_used_twice_ends_what_it_bought(new_fapi_client: NewFapiClient, variant: dict[str, Any]) -> None:
    client = new_fapi_client(**variant)
    code = client.code()
    token = client.redeem(code).json()["access_token"]
    assert client.resource(token).status_code == 200

    assert refused(client.redeem(code)) == NO_GRANT
    assert client.resource(token).status_code == 401


@pytest.mark.parametrize("verifier", [GONE, "x" * 43])
def test_a_code_needs_its_verifier(new_fapi_client: NewFapiClient, verifier: Any) -> None:
    client = new_fapi_client()

    assert refused(client.redeem(client.code(), code_verifier=verifier)) == NO_GRANT


def refreshing(client: FapiClient, token: str, **more: str) -> dict[str, Any]:
    return {"grant_type": "refresh_token", "refresh_token": token, **more} | client.proving()


def test_a_refresh_token_stays_and_is_its_clients_alone(
    new_fapi_client: NewFapiClient, variant: dict[str, Any]
) -> None:
    client, other = (new_fapi_client(**variant) for _ in range(2))
    scope = "openid email offline_access"
    first = client.tokens(scope=scope, prompt="consent")
    kept = first["refresh_token"]

    client.dpop = DpopKey()
    renewed = client.token(refreshing(client, kept, scope=scope))

    assert renewed.status_code == 200, renewed.text
    assert renewed.json().get("refresh_token", kept) == kept
    assert renewed.headers["Cache-Control"] == "no-store"
    before, after = (claims_in(told["id_token"]) for told in (first, renewed.json()))
    same = ("iss", "sub", "aud", "auth_time")
    assert {name: before[name] for name in same} == {name: after[name] for name in same}
    assert client.resource(renewed.json()["access_token"]).status_code == 200
    assert refused(other.token(refreshing(other, kept))) == NO_GRANT


def test_a_refresh_token_alone_is_of_no_use(new_fapi_client: NewFapiClient, variant: dict[str, Any]) -> None:
    client = new_fapi_client(**variant)
    kept = client.tokens(scope="openid offline_access", prompt="consent")["refresh_token"]

    without = client.token(
        refreshing(client, kept), proof=False, certificate=None if client.sender == "dpop" else False
    )

    by_certificate = variant == {"auth": "mtls", "sender": "mtls"}
    assert refused(without) == ((401, "invalid_client") if by_certificate else (400, "invalid_request"))
