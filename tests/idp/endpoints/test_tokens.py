"""/token, /userinfo, /revoke and /introspect over the whole application, and what they cost."""

from base64 import b64encode
from typing import Any

import pytest

from federation.errors import DPOP_ALGORITHMS
from idp.citizens.model import Citizen
from keys.states import Purpose
from tests.support.agency import OPAQUE, PUBLIC, SECRET, agency
from tests.support.site import Site
from tests.support.statements import statements_heard
from tests.support.token_office import claims_in

__all__ = ["agency"]


@pytest.mark.parametrize("kind", [{}, OPAQUE, PUBLIC], ids=["jwt", "opaque", "public"])
def test_a_code_buys_tokens_and_userinfo_tells_what_was_granted(agency: Any, citizen: Citizen, kind: Any) -> None:
    permits = agency(**kind)

    answer = permits.redeem(permits.code())

    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["scope"] == "openid email"
    who = permits.userinfo(answer.json["access_token"])
    assert who.json == {
        "sub": claims_in(answer.json["id_token"])["sub"],
        "email": citizen.email,
        "email_verified": True,
    }
    assert who.headers["Cache-Control"] == "no-store"


def test_a_code_buys_tokens_only_once_and_the_second_use_ends_them(agency: Any) -> None:
    permits = agency()
    code = permits.code()

    first, second = permits.redeem(code), permits.redeem(code)

    assert first.status_code == 200
    assert (second.status_code, second.json["error"]) == (400, "invalid_grant")
    refused = permits.userinfo(first.json["access_token"])
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]


def test_redeeming_costs_two_rows_in_one_transaction_and_userinfo_two_reads(agency: Any) -> None:
    permits = agency()
    permits.tokens()
    code = permits.code()

    with statements_heard() as at_token:
        tokens = permits.redeem(code).json
        spent = [statement.split("(")[0].strip() for statement in at_token.statements]
    with statements_heard() as at_userinfo:
        permits.userinfo(tokens["access_token"])
        read = list(at_userinfo.statements)

    assert spent == ["BEGIN IMMEDIATE", "INSERT INTO grants", "INSERT INTO audit_events", "COMMIT"]
    assert [statement.split()[0] for statement in read] == ["SELECT", "SELECT"]


def test_userinfo_takes_the_token_in_a_form_and_never_in_the_url(agency: Any, site: Site) -> None:
    permits = agency()
    token = permits.tokens()["access_token"]
    base = site.use.settings.issuer

    in_form = permits.client.post("/userinfo", data={"access_token": token}, base_url=base)
    in_url = permits.client.get("/userinfo", query_string={"access_token": token}, base_url=base)
    both = permits.client.post(
        "/userinfo?x=1", data={"access_token": token}, base_url=base, headers=[("Authorization", f"Bearer {token}")]
    )

    assert in_form.status_code == 200
    metadata = f'resource_metadata="{base}/.well-known/oauth-protected-resource/userinfo"'
    schemes = f"Bearer {metadata}, DPoP {DPOP_ALGORITHMS}"
    assert (in_url.status_code, in_url.headers["WWW-Authenticate"]) == (401, schemes)
    assert (both.status_code, both.json["error"]) == (400, "invalid_request")


def test_userinfo_is_signed_for_whoever_registered_so(agency: Any, site: Site) -> None:
    permits = agency(userinfo_signed_response_alg="ES256")
    tokens = permits.tokens()

    answer = permits.userinfo(tokens["access_token"])

    assert answer.content_type == "application/jwt"
    told = site.use.signer.verify(answer.text, Purpose.ID_TOKEN, typ="JWT")
    assert (told["iss"], told["aud"]) == (site.use.settings.issuer, permits.rp.client_id)
    assert told["sub"] == claims_in(tokens["id_token"])["sub"]


def test_userinfo_refuses_a_token_without_openid(agency: Any) -> None:
    permits = agency()
    token = permits.post("/token", {"grant_type": "client_credentials"}).json["access_token"]

    answer = permits.userinfo(token)

    assert (answer.status_code, answer.json["error"]) == (403, "insufficient_scope")
    assert 'scope="openid"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("kind", [{}, OPAQUE], ids=["jwt", "opaque"])
def test_a_revoked_token_is_dead_everywhere(agency: Any, kind: Any) -> None:
    permits = agency(**kind)
    tokens = permits.tokens("openid offline_access")
    assert permits.post("/introspect", {"token": tokens["access_token"]}).json["active"] is True

    revoked = permits.post("/revoke", {"token": tokens["refresh_token"], "token_type_hint": "nonsense"})

    assert (revoked.status_code, revoked.data) == (200, b"")
    assert permits.post("/introspect", {"token": tokens["access_token"]}).json == {"active": False}
    assert permits.userinfo(tokens["access_token"]).status_code == 401
    refreshed = permits.post("/token", {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]})
    assert refreshed.json["error"] == "invalid_grant"
    assert permits.post("/revoke", {"token": "no token of ours"}).status_code == 200


def test_reuse_of_a_rotated_refresh_token_outlives_the_refusal(agency: Any, site: Site) -> None:
    app = agency(**PUBLIC)
    first = app.tokens("openid offline_access")["refresh_token"]
    second = app.post("/token", {"grant_type": "refresh_token", "refresh_token": first}).json["refresh_token"]
    third = app.post("/token", {"grant_type": "refresh_token", "refresh_token": second}).json["refresh_token"]

    assert app.post("/token", {"grant_type": "refresh_token", "refresh_token": first}).status_code == 400

    assert app.post("/token", {"grant_type": "refresh_token", "refresh_token": third}).json["error"] == "invalid_grant"


def test_scripts_of_other_sites_may_call_but_never_with_cookies(agency: Any, site: Site) -> None:
    app = agency(**PUBLIC)
    origin = {"Origin": "https://spa.example"}
    base = site.use.settings.issuer

    for path in ("/token", "/userinfo", "/revoke"):
        asked = app.client.options(path, headers=origin, base_url=base)
        assert asked.status_code == 200
        assert asked.headers["Access-Control-Allow-Origin"] == "*"
        assert "Authorization" in asked.headers["Access-Control-Allow-Headers"]
    refused = app.client.get("/userinfo", headers=origin, base_url=base)
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in refused.headers
    assert "Access-Control-Allow-Origin" not in app.client.post("/introspect", headers=origin, base_url=base).headers


@pytest.mark.parametrize("path", ["/token", "/revoke", "/introspect"])
@pytest.mark.parametrize(
    "form",
    ["", "token=%00", "grant_type=a&grant_type=b", "token=%ff%fe", "code=x&grant_type=authorization_code", "=&&="],
)
def test_bad_input_is_refused_and_never_a_fault_of_ours(agency: Any, path: str, form: str) -> None:
    permits = agency()
    basic = b64encode(f"{permits.rp.client_id}:{SECRET}".encode()).decode()

    answer = permits.client.post(
        path,
        data=form,
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Basic {basic}"},
        base_url=permits.site.use.settings.issuer,
    )

    assert answer.status_code < 500
    if answer.status_code == 200:
        assert path != "/token"


@pytest.mark.parametrize("path", ["/token", "/revoke", "/introspect"])
def test_nobody_without_proof_gets_an_answer(agency: Any, site: Site, path: str) -> None:
    permits = agency()

    answer = permits.client.post(path, data={"client_id": permits.rp.client_id}, base_url=site.use.settings.issuer)

    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
