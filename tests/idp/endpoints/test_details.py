"""Asking a citizen to allow something in full (RFC 9396), by every way a request may come, with the pages."""

import json
import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from federation.authorization.details import marks
from federation.relying_parties.client_secrets import hash_client_secret
from federation.relying_parties.model import RelyingParty
from tests.idp.endpoints.test_jar import sign
from tests.support.pair import on_files
from tests.support.payments import PAYMENT, RECORD, TYPES
from tests.support.site import ASKED, REDIRECT_URI, Browser, Site, hidden_fields, told
from tests.support.token_office import VERIFIER

SECRET = secrets.token_urlsafe(32)
KEY = ECKey.generate_key("P-256", {"kid": "ours", "use": "sig", "alg": "ES256"})
PAYER = RelyingParty(
    client_id="payer",
    client_name="Harbour fees",
    agency="County",
    redirect_uris=(REDIRECT_URI,),
    grant_types=("authorization_code", "refresh_token"),
    scope=("openid", "email", "offline_access"),
    token_endpoint_auth_method="client_secret_post",
    client_secret_hash=hash_client_secret(SECRET),
    jwks={"keys": [KEY.as_dict(private=False)]},
    sector="rp.example",
    authorization_details_types=("payment_initiation",),
)
OTHER_SUM = PAYMENT | {"instructedAmount": {"currency": "EUR", "amount": "1123.50"}}


@pytest.fixture(scope="module")
def paying(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("paying")
    file = folder / "types.json"
    file.write_text(json.dumps(TYPES))
    site = on_files(folder / "site", authorization_details_types=str(file))
    site.register(PAYER)
    return site


@pytest.fixture
def visitor(paying: Site) -> Browser:
    browser = paying.browser()
    browser.sign_in(paying.add_citizen(f"ada-{secrets.token_hex(8)}@example.org"))
    return browser


def plainly(browser: Browser, details: Any, **changes: str) -> TestResponse:
    asked = {"client_id": "payer", "authorization_details": json.dumps(details)}
    return browser.authorize(asked | changes)


def pushed(browser: Browser, details: Any) -> TestResponse:
    asked = {**ASKED, "client_id": "payer", "authorization_details": json.dumps(details), "client_secret": SECRET}
    answer = browser.site.app.test_client().post("/par", data=asked, base_url=browser.base_url)
    if answer.status_code != 201:
        return answer
    return browser.get("/authorize", {"client_id": "payer", "request_uri": answer.get_json()["request_uri"]})


def signed(browser: Browser, details: Any) -> TestResponse:
    now = int(browser.site.clock.now().timestamp())
    by = {"client_id": "payer", "iss": "payer", "aud": browser.base_url, "nbf": now, "exp": now + 60}
    request = sign({**ASKED, **by, "authorization_details": details}, KEY)
    return browser.get("/authorize", {"client_id": "payer", "request": request, "redirect_uri": REDIRECT_URI})


def allow(browser: Browser, answer: TestResponse) -> str:
    assert answer.location.startswith("/consent/"), answer.location
    browser.press(answer.location, "allow")
    return told(browser.get(answer.location.replace("/consent/", "/authorize/")))["code"]


def redeem(site: Site, code: str, **more: str) -> Any:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    by = {"client_id": "payer", "client_secret": SECRET}
    return site.app.test_client().post("/token", data=form | by | more, base_url=site.use.settings.issuer).get_json()


@pytest.mark.parametrize("way", [plainly, pushed, signed])
def test_a_citizen_reads_what_they_allow_and_the_agency_gets_exactly_that(visitor: Browser, way: Any) -> None:
    answer = way(visitor, [PAYMENT | {"requestedExecutionDate": "2026-12-24"}])

    page = visitor.get(answer.location).text
    tokens = redeem(visitor.site, allow(visitor, answer))

    for words in ("Make a payment", "€123.50", "Merchant A", "begin the payment", "24 December 2026"):
        assert words in page
    for raw in ("payment_initiation", "instructedAmount", "{", "initiate"):
        assert raw not in page.split("<main")[1].split("</main")[0].replace("begin the payment", "")
    assert tokens["authorization_details"] == [PAYMENT | {"requestedExecutionDate": "2026-12-24"}]


def test_a_citizen_reads_it_in_welsh(visitor: Browser) -> None:
    answer = plainly(visitor, [PAYMENT], ui_locales="cy")

    page = visitor.get(answer.location).text

    for words in ("Gwneud taliad", "Swm", "€123.50", "Taliad i", "dechrau&#39;r taliad"):
        assert words in page


def test_what_a_stranger_wrote_is_text_and_nothing_else(visitor: Browser) -> None:
    answer = plainly(visitor, [PAYMENT | {"creditorName": "<script>alert(1)</script> & {{ 7*7 }}"}])

    page = visitor.get(answer.location).text

    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; {{ 7*7 }}" in page
    assert "<script>alert(1)" not in page


@pytest.mark.parametrize("second", [PAYMENT, OTHER_SUM], ids=["the same", "another sum"])
def test_a_citizen_is_asked_each_time_even_for_the_same(visitor: Browser, second: Any) -> None:
    allow(visitor, plainly(visitor, [PAYMENT]))

    assert plainly(visitor, [second]).location.startswith("/consent/")
    assert told(plainly(visitor, [second], prompt="none"))["error"] == "consent_required"


def test_a_no_is_told_and_nothing_is_granted(visitor: Browser) -> None:
    answer = plainly(visitor, [PAYMENT])

    refused = visitor.press(answer.location, "deny")

    assert told(refused)["error"] == "access_denied"


@pytest.mark.parametrize("way", [plainly, pushed, signed])
@pytest.mark.parametrize("details", [[RECORD], [PAYMENT | {"more": 1}], [{"type": "x"}], [], [7], {"a": 1}, "text"])
def test_what_is_unfit_or_not_this_clients_is_refused(visitor: Browser, way: Any, details: Any) -> None:
    answer = way(visitor, details)

    error = answer.get_json()["error"] if answer.is_json else told(answer)["error"]
    assert error == "invalid_authorization_details"


def _without_field(types: Any) -> Any:
    payment, record = types
    return [payment | {"fields": [each for each in payment["fields"] if each["name"] != "creditorName"]}, record]


def _without_choice(types: Any) -> Any:
    changed = json.loads(json.dumps(types))
    del changed[0]["fields"][2]["choices"]["initiate"]
    return changed


@pytest.mark.parametrize("change", [_without_field, _without_choice, lambda types: types[1:]])
def test_what_is_not_as_it_was_asked_any_more_is_neither_shown_nor_allowed(tmp_path: Path, change: Any) -> None:
    file = tmp_path / "types.json"
    file.write_text(json.dumps(TYPES))
    before = on_files(tmp_path / "site", authorization_details_types=str(file))
    before.register(PAYER)
    browser = before.browser()
    browser.sign_in(before.add_citizen("ada@example.org"))
    place = plainly(browser, [PAYMENT]).location
    form = hidden_fields(browser.get(place).text)
    file.write_text(json.dumps(change(TYPES)))
    browser.site = before.restarted()
    browser.client.application = browser.site.app

    shown, allowed = browser.get(place), browser.post(place, form | {"decision": "allow"})

    for answer in (shown, allowed):
        assert told(answer)["error"] == "invalid_authorization_details"


def test_words_that_were_others_when_they_were_read_are_not_agreed_to(tmp_path: Path) -> None:
    file = tmp_path / "types.json"
    file.write_text(json.dumps(TYPES))
    before = on_files(tmp_path / "site", authorization_details_types=str(file))
    before.register(PAYER)
    browser = before.browser()
    browser.sign_in(before.add_citizen("ada@example.org"))
    place = plainly(browser, [PAYMENT]).location
    form = hidden_fields(browser.get(place).text)
    file.write_text(json.dumps(TYPES).replace("begin the payment", "make any payment"))
    browser.site = before.restarted()
    browser.client.application = browser.site.app

    again = browser.post(place, form | {"decision": "allow"})

    waiting = browser.get(again.location)
    assert waiting.location == place, "nothing was agreed to"
    assert "make any payment" in browser.get(place).text
    assert told(browser.get(browser.press(place, "allow").location))["code"]


def test_a_right_taken_back_while_consent_waits_is_not_given(tmp_path: Path) -> None:
    file = tmp_path / "types.json"
    file.write_text(json.dumps(TYPES))
    site = on_files(tmp_path / "site", authorization_details_types=str(file))
    site.register(PAYER)
    browser = site.browser()
    browser.sign_in(site.add_citizen("ada@example.org"))
    place = plainly(browser, [PAYMENT]).location
    form = hidden_fields(browser.get(place).text)
    with site.use.database.work() as stores:
        current = stores.relying_parties.find("payer")
        assert current is not None
        assert stores.relying_parties.change(replace(current, authorization_details_types=()))
    browser.site = site.restarted()
    browser.client.application = browser.site.app

    assert told(browser.post(place, form | {"decision": "allow"}))["error"] == "invalid_authorization_details"


def test_a_citizen_finds_it_on_their_own_page_and_taking_it_back_ends_it(visitor: Browser) -> None:
    answer = plainly(visitor, [PAYMENT], scope="openid offline_access", prompt="consent")
    refresh = redeem(visitor.site, allow(visitor, answer))["refresh_token"]

    page = visitor.get("/account/services").text
    assert "Make a payment: you are asked each time" in page
    form = page.split('value="details:payment_initiation"')[0].rsplit("<form", 1)[1]
    token = form.split('name="csrf_token" value="')[1].split('"')[0]
    item = {"csrf_token": token, "service": "payer", "item": "details:payment_initiation"}
    visitor.post("/account/services/withdraw", item)

    again = visitor.site.app.test_client().post(
        "/token",
        data={"grant_type": "refresh_token", "refresh_token": refresh, "client_id": "payer", "client_secret": SECRET},
        base_url=visitor.base_url,
    )
    assert again.get_json()["error"] == "invalid_grant"


def test_the_audit_log_can_prove_what_was_agreed_to_and_not_tell_it(visitor: Browser) -> None:
    allow(visitor, plainly(visitor, [OTHER_SUM]))

    with visitor.site.use.database.work() as stores:
        bodies = [entry.body for entry in stores.audit.latest(20) if entry.name == "consent.given"]

    assert any(marks([OTHER_SUM])[0] in body for body in bodies)
    assert not any("Merchant" in body for body in bodies)


def test_discovery_names_the_types_where_there_are_any(paying: Site, site: Site) -> None:
    def names(at: Site) -> Any:
        where = "/.well-known/openid-configuration"
        told = at.app.test_client().get(where, base_url=at.use.settings.issuer).get_json()
        return told.get("authorization_details_types_supported")

    assert names(paying) == ["payment_initiation", "https://land.example/record"]
    assert names(site) is None


def test_where_there_are_no_types_nothing_can_be_asked(site: Site) -> None:
    answer = site.browser().authorize({"authorization_details": json.dumps([PAYMENT])})

    assert told(answer)["error"] == "invalid_authorization_details"
