"""/grants over the whole application: what an agency may see and give back, and that nobody else's grant exists."""

import secrets
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from federation.relying_parties.model import RelyingParty
from idp.citizens.model import Citizen
from tests.support.pair import CONFIDENTIAL, PUBLIC, SECRET, both
from tests.support.site import Browser, Site, told
from tests.support.token_office import VERIFIER

__all__ = ["both"]

SCOPES = ("grant_management_query", "grant_management_revoke")
HOLDER = replace(CONFIDENTIAL, client_id="holder", scope=(*CONFIDENTIAL.scope, *SCOPES), introspection=False)
STRANGER = replace(HOLDER, client_id="stranger", client_name="Stranger")


@pytest.fixture(params=[0, 1], ids=["sqlite+file", "postgresql+redis"])
def site(request: pytest.FixtureRequest, both: list[Site]) -> Site:
    chosen: Site = both[request.param]
    for service in (HOLDER, STRANGER):
        chosen.register(service)
    return chosen


@pytest.fixture
def citizen(site: Site) -> Citizen:
    return site.add_citizen(f"ada-{secrets.token_hex(8)}@example.org")


def post(site: Site, by: RelyingParty, **form: str) -> TestResponse:
    proof = {"client_id": by.client_id} | ({"client_secret": SECRET} if by.confidential else {})
    return site.app.test_client(use_cookies=False).post("/token", data=form | proof, base_url="https://id.example")


def own_token(site: Site, by: RelyingParty = HOLDER, scope: str = " ".join(SCOPES)) -> str:
    answer = post(site, by, grant_type="client_credentials", scope=scope)
    assert answer.status_code == 200, answer.text
    body: Any = answer.json
    return str(body["access_token"])


def signed_in(
    site: Site, citizen: Citizen, by: RelyingParty = HOLDER, scope: str = "openid email offline_access"
) -> Any:
    browser = site.browser()
    browser.sign_in(citizen)
    asked = {"client_id": by.client_id, "redirect_uri": by.redirect_uris[0], "scope": scope, "prompt": "consent"}
    here = browser.begin(asked | {"grant_management_action": "create"})
    browser.press(f"/consent/{here}", "allow")
    answer = browser.get(f"/authorize/{here}")
    code = answer.location.partition("code=")[2].partition("&")[0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": by.redirect_uris[0]}
    return post(site, by, code_verifier=VERIFIER, **form).json


def call(site: Site, method: str, grant_id: str, token: str | None) -> TestResponse:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    client = site.app.test_client(use_cookies=False)
    return client.open(f"/grants/{grant_id}", method=method, headers=headers, base_url="https://id.example")


def userinfo(site: Site, tokens: Any) -> int:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return site.app.test_client().get("/userinfo", headers=headers, base_url="https://id.example").status_code


def test_an_agency_sees_what_was_granted_and_not_whose_it_is(site: Site, citizen: Citizen) -> None:
    tokens = signed_in(site, citizen)

    answer = call(site, "GET", tokens["grant_id"], own_token(site))

    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert answer.json is not None
    assert answer.json["scopes"] == [{"scope": "openid email offline_access"}]
    assert answer.json["claims"] == ["email", "email_verified"]
    assert answer.json["expires_at"] - answer.json["created_at"] == 30 * 24 * 3600
    assert set(answer.json) == {"scopes", "claims", "created_at", "expires_at"}


def test_giving_a_grant_back_ends_its_tokens_and_no_other(site: Site, citizen: Citizen) -> None:
    gone, kept, manager = signed_in(site, citizen), signed_in(site, citizen), own_token(site)

    answer = call(site, "DELETE", gone["grant_id"], manager)

    assert (answer.status_code, answer.data) == (204, b"")
    assert [userinfo(site, each) for each in (gone, kept)] == [401, 200]
    refused: Any = post(site, HOLDER, grant_type="refresh_token", refresh_token=gone["refresh_token"]).json
    again: Any = post(site, HOLDER, grant_type="refresh_token", refresh_token=kept["refresh_token"]).json
    assert refused["error"] == "invalid_grant"
    assert again["grant_id"] == kept["grant_id"]
    assert [call(site, each, gone["grant_id"], manager).status_code for each in ("GET", "DELETE")] == [404, 404]
    with site.use.database.work() as stores:
        recorded = [entry for entry in stores.audit.latest(50) if gone["grant_id"] in entry.body]
    assert "grant.given_back" in {entry.name for entry in recorded}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_grant_of_another_looks_like_none(site: Site, citizen: Citizen, method: str) -> None:
    tokens = signed_in(site, citizen)

    others = call(site, method, tokens["grant_id"], own_token(site, STRANGER))
    nobodys = call(site, method, secrets.token_urlsafe(16), own_token(site, STRANGER))

    assert (others.status_code, others.data) == (nobodys.status_code, nobodys.data)
    assert others.status_code == 404
    assert userinfo(site, tokens) == 200


@pytest.mark.parametrize(("method", "scope"), [("GET", SCOPES[1]), ("DELETE", SCOPES[0]), ("GET", "permits:read")])
def test_each_act_needs_its_own_scope(site: Site, citizen: Citizen, method: str, scope: str) -> None:
    tokens = signed_in(site, citizen)

    answer = call(site, method, tokens["grant_id"], own_token(site, scope=scope))

    assert answer.status_code == 403
    wanted = SCOPES[0] if method == "GET" else SCOPES[1]
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    assert f'scope="{wanted}"' in answer.headers["WWW-Authenticate"]
    assert userinfo(site, tokens) == 200


def test_a_token_that_stands_for_a_citizen_reaches_no_grant(site: Site, citizen: Citizen) -> None:
    """A browser may hold it; and no citizen is ever asked for these scopes."""
    tokens = signed_in(site, citizen, scope=" ".join(("openid", *SCOPES)))

    assert tokens["scope"] == "openid"
    assert call(site, "GET", tokens["grant_id"], tokens["access_token"]).status_code == 403


@pytest.mark.parametrize("token", [None, "forged", "a.b.c"])
def test_without_a_good_token_nothing_is_told(site: Site, citizen: Citizen, token: str | None) -> None:
    tokens = signed_in(site, citizen)

    answers = [call(site, method, tokens["grant_id"], token) for method in ("GET", "DELETE")]

    assert {answer.status_code for answer in answers} == {401}
    assert userinfo(site, tokens) == 200


def test_a_public_client_is_told_no_grant_id(site: Site, citizen: Citizen) -> None:
    assert "grant_id" not in signed_in(site, citizen, by=PUBLIC)


@pytest.mark.parametrize(
    "asked",
    [
        {"grant_management_action": "merge", "grant_id": "x"},
        {"grant_management_action": "replace", "grant_id": "x"},
        {"grant_management_action": "update"},
        {"grant_management_action": "create", "grant_id": "x"},
        {"grant_id": "x"},
    ],
)
def test_what_is_not_offered_is_refused_to_the_agency(site: Site, asked: dict[str, str]) -> None:
    assert told(site.browser().authorize(asked))["error"] == "invalid_request"


@pytest.mark.parametrize("grant_id", ["x" * 5_000, "%00", "%ff", "..", "ŵ", "a/b"])
def test_no_spelling_of_an_id_is_a_fault_of_ours(site: Site, grant_id: str) -> None:
    assert call(site, "GET", grant_id, own_token(site)).status_code in (400, 404)


def test_a_citizen_who_stops_using_a_service_ends_every_grant_it_holds(site: Site, citizen: Citizen) -> None:
    tokens, browser = signed_in(site, citizen), Browser(site)
    browser.sign_in(citizen)

    page = browser.get("/account/services").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    browser.post("/account/services/withdraw", {"csrf_token": token, "service": HOLDER.client_id})

    assert call(site, "GET", tokens["grant_id"], own_token(site)).status_code == 404
    assert userinfo(site, tokens) == 401


def test_discovery_says_what_can_be_done(site: Site) -> None:
    metadata: Any = site.app.test_client().get("/.well-known/openid-configuration", base_url="https://id.example").json

    assert metadata["grant_management_endpoint"] == "https://id.example/grants"
    assert metadata["grant_management_actions_supported"] == ["query", "revoke", "create"]
