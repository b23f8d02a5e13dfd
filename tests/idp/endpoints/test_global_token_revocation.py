"""/global-token-revocation over the whole application: who may ask, about whom, and that nothing is left after it."""

import json
import secrets
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from federation.relying_parties.model import RelyingParty
from idp.citizens.model import Citizen
from tests.support.pair import CONFIDENTIAL, SECRET, both
from tests.support.signing_out import queued, service, sign_in, signed_in
from tests.support.site import Browser, Site
from tests.support.token_office import VERIFIER, claims_in

__all__ = ["both"]

SCOPE = "global_token_revocation"
GUARD = replace(CONFIDENTIAL, client_id="guard", scope=(*CONFIDENTIAL.scope, SCOPE), introspection=False)
STRANGER = replace(GUARD, client_id="stranger", sector="stranger.example")
PLAIN = replace(GUARD, client_id="plain", scope=CONFIDENTIAL.scope)


@pytest.fixture(params=[0, 1], ids=["sqlite+file", "postgresql+redis"])
def site(request: pytest.FixtureRequest, both: list[Site]) -> Site:
    chosen: Site = both[request.param]
    for each in (GUARD, STRANGER, PLAIN, service("parking")):
        chosen.register(each)
    return chosen


def token(site: Site, by: RelyingParty = GUARD, scope: str = SCOPE) -> str:
    form = {"grant_type": "client_credentials", "scope": scope, "client_id": by.client_id, "client_secret": SECRET}
    body: Any = post(site, "/token", form).json
    return str(body["access_token"])


def post(site: Site, path: str, form: dict[str, str]) -> TestResponse:
    return site.app.test_client(use_cookies=False).post(path, data=form, base_url="https://id.example")


def code_for(browser: Browser, citizen: Citizen, by: RelyingParty = GUARD) -> str:
    """Sign in, agree, and return the code the service is brought."""
    browser.sign_in(citizen)
    here = browser.begin({"client_id": by.client_id, "redirect_uri": by.redirect_uris[0], "scope": "openid email"})
    browser.press(f"/consent/{here}", "allow")
    location = browser.get(f"/authorize/{here}").location
    return location.partition("code=")[2].partition("&")[0]


def redeem(site: Site, code: str, by: RelyingParty = GUARD) -> TestResponse:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": by.redirect_uris[0]}
    proof = {"client_id": by.client_id, "client_secret": SECRET, "code_verifier": VERIFIER}
    return post(site, "/token", form | proof)


def subject_of(site: Site, citizen: Citizen, by: RelyingParty = GUARD) -> str:
    body: Any = redeem(site, code_for(site.browser(), citizen, by), by).json
    return str(claims_in(body["id_token"])["sub"])


def revoke(site: Site, sub: Any, by: str | None, *, iss: Any = "https://id.example") -> TestResponse:
    return send(site, json.dumps({"sub_id": {"format": "iss_sub", "iss": iss, "sub": sub}}), by)


def send(site: Site, body: str | bytes, by: str | None, mimetype: str = "application/json") -> TestResponse:
    headers = {} if by is None else {"Authorization": f"Bearer {by}"}
    client = site.app.test_client(use_cookies=False)
    there = "/global-token-revocation"
    return client.post(there, data=body, content_type=mimetype, headers=headers, base_url="https://id.example")


def userinfo(site: Site, tokens: Any) -> int:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return site.app.test_client().get("/userinfo", headers=headers, base_url="https://id.example").status_code


def test_everything_of_the_citizen_ends_everywhere_and_services_are_told(
    site: Site, browser: Browser, citizen: Citizen
) -> None:
    known = subject_of(site, citizen)
    online = sign_in(browser, citizen, "parking")
    offline = sign_in(site.browser(), citizen, "parking", scope="openid email offline_access")

    answer = revoke(site, known, token(site))

    assert (answer.status_code, answer.data) == (204, b"")
    assert [userinfo(site, each) for each in (online, offline)] == [401, 401]
    assert not signed_in(browser)
    again = {"grant_type": "refresh_token", "refresh_token": offline["refresh_token"], "client_id": "parking"}
    assert post(site, "/token", again).status_code == 400
    assert len(queued(site, [online, offline])) == 2
    with site.use.database.work() as stores:
        events = [entry for entry in stores.audit.latest(50) if citizen.citizen_id in entry.body]
    assert [e.name for e in events].count("access.revoked") == 1
    assert '"guard"' in next(e.body for e in events if e.name == "access.revoked")


def test_a_code_in_flight_buys_nothing(site: Site, browser: Browser, citizen: Citizen) -> None:
    known = subject_of(site, citizen)
    code = code_for(browser, citizen, STRANGER)

    revoke(site, known, token(site))

    assert redeem(site, code, STRANGER).status_code == 400


def test_the_citizen_may_sign_in_again_at_once_and_sees_who_did_it(
    site: Site, browser: Browser, citizen: Citizen
) -> None:
    revoke(site, subject_of(site, citizen), token(site))

    tokens = sign_in(browser, citizen, "parking")

    assert userinfo(site, tokens) == 200
    history = browser.get("/account/history").text
    assert "A service ended every sign-in, on all devices" in history
    assert GUARD.client_name in history


def test_asking_twice_is_no_error(site: Site, citizen: Citizen) -> None:
    known = subject_of(site, citizen)

    assert [revoke(site, known, token(site)).status_code for _ in range(2)] == [204, 204]


def test_nobody_else_is_signed_out(site: Site, browser: Browser, citizen: Citizen) -> None:
    other = site.add_citizen(f"bob-{secrets.token_hex(8)}@example.org")
    sign_in(browser, other, "parking")

    revoke(site, subject_of(site, citizen), token(site))

    assert signed_in(browser)


def test_a_service_reaches_only_those_it_knows_by_the_name_it_knows(
    site: Site, browser: Browser, citizen: Citizen
) -> None:
    """Pairwise: the name another sector has for a citizen is nobody's here."""
    elsewhere = subject_of(site, citizen, STRANGER)
    sign_in(browser, citizen, "parking")

    answers = [revoke(site, name, token(site)) for name in (elsewhere, citizen.citizen_id, secrets.token_urlsafe(32))]

    assert {(answer.status_code, answer.data) for answer in answers} == {(404, answers[0].data)}
    assert signed_in(browser)


def test_the_name_of_another_issuer_is_nobodys(site: Site, citizen: Citizen) -> None:
    assert revoke(site, subject_of(site, citizen), token(site), iss="https://evil.example").status_code == 404


def test_a_service_without_the_right_is_refused(site: Site, browser: Browser, citizen: Citizen) -> None:
    known = subject_of(site, citizen)
    sign_in(browser, citizen, "parking")

    narrow = revoke(site, known, token(site, scope="permits:read"))
    plain = revoke(site, subject_of(site, citizen, PLAIN), token(site, PLAIN, "permits:read"))
    nobody = [revoke(site, known, by) for by in (None, "forged")]

    assert [narrow.status_code, plain.status_code] == [403, 403]
    assert f'scope="{SCOPE}"' in narrow.headers["WWW-Authenticate"]
    assert [answer.status_code for answer in nobody] == [401, 401]
    assert signed_in(browser)


def test_a_token_of_a_citizen_never_has_the_right(site: Site, browser: Browser, citizen: Citizen) -> None:
    browser.sign_in(citizen)
    asked = {"client_id": "guard", "redirect_uri": GUARD.redirect_uris[0], "scope": f"openid {SCOPE}"}
    here = browser.begin(asked)
    browser.press(f"/consent/{here}", "allow")
    code = browser.get(f"/authorize/{here}").location.partition("code=")[2].partition("&")[0]
    tokens: Any = redeem(site, code).json

    assert tokens["scope"] == "openid"
    assert revoke(site, claims_in(tokens["id_token"])["sub"], tokens["access_token"]).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        "",
        "x",
        "[]",
        "{}",
        '{"sub_id": "x"}',
        '{"sub_id": {"format": "email", "email": "ada@example.org"}}',
        '{"sub_id": {"format": "opaque", "id": "x"}}',
        '{"sub_id": {"format": "iss_sub", "iss": "https://id.example"}}',
        '{"sub_id": {"format": "iss_sub", "sub": "x"}}',
        '{"sub_id": {"format": "iss_sub", "iss": 5, "sub": "x"}}',
        '{"sub_id": {"format": "iss_sub", "iss": "https://id.example", "sub": ["x"]}}',
        '{"sub_id": {"format": "iss_sub", "iss": "https://id.example", "sub": "\\u0000"}}',
        '{"sub_id": {"format": "iss_sub", "iss": "https://id.example", "sub": "\\ud800"}}',
        '{"sub_id": {"format": "iss_sub", "iss": "https://id.example", "sub": "' + "x" * 300 + '"}}',
        '{"sub_id": {}, "sub_id": {}}',
        b"\xff",
        "[" * 10_000,
    ],
)
def test_what_names_nobody_is_a_bad_request(site: Site, body: str | bytes) -> None:
    answer = send(site, body, token(site))

    assert (answer.status_code, (answer.json or {})["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("mimetype", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"])
def test_no_other_form_of_body_is_read(site: Site, mimetype: str) -> None:
    assert send(site, "{}", token(site), mimetype).status_code == 415


def test_discovery_names_it(site: Site) -> None:
    metadata: Any = site.app.test_client().get("/.well-known/openid-configuration", base_url="https://id.example").json

    assert metadata["global_token_revocation_endpoint"] == "https://id.example/global-token-revocation"
    assert metadata["global_token_revocation_endpoint_auth_methods_supported"] == ["Bearer"]
