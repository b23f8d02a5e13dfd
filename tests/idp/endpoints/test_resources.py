"""Asking for an agency's API by its address (RFC 8707), by every way a request may come, over the whole application."""

import secrets
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from federation.authorization.resources import MOST
from federation.relying_parties.client_secrets import hash_client_secret
from federation.relying_parties.model import RelyingParty
from idp.citizens.model import Citizen
from tests.idp.endpoints.test_jar import sign
from tests.support.site import ASKED, REDIRECT_URI, Browser, Site
from tests.support.token_office import VERIFIER, claims_in

SECRET = secrets.token_urlsafe(32)
TAX, LAND = "https://tax.example/api", "https://land.example/api"
KEY = ECKey.generate_key("P-256", {"kid": "ours", "use": "sig", "alg": "ES256"})
BY: dict[str, Any] = {
    "token_endpoint_auth_method": "client_secret_post",
    "client_secret_hash": hash_client_secret(SECRET),
}
REFUSED = {
    "unknown": ["https://elsewhere.example/api"],
    "relative": ["/api"],
    "with a fragment": [TAX + "#a"],
    "one of two unknown": [TAX, "https://elsewhere.example/api"],
    "the issuer": ["https://id.example"],
    "very long": ["https://tax.example/" + "a" * 5_000],
    "with a line break": [TAX + "\n"],
    "no address": ["\u202e"],
}


@pytest.fixture(scope="module")
def asker(site: Site) -> RelyingParty:
    known = site.use.database.open().stores.relying_parties.find("rp")
    assert known is not None
    for owner, uri, name in (("tax", TAX, "Tax <i>records"), ("land", LAND, "Land register")):
        site.register(replace(known, client_id=owner, client_name=name, agency="Treasury", resource_uris=(uri,), **BY))
    return site.register(
        replace(
            known,
            client_id="asker",
            allowed_resources=(TAX, LAND),
            jwks={"keys": [KEY.as_dict(private=False)]},
            **BY,
        )
    )


@pytest.fixture
def signed_in(browser: Browser, citizen: Citizen) -> Browser:
    browser.sign_in(citizen)
    return browser


def pairs(asker: RelyingParty, resources: list[str], **changes: str) -> list[tuple[str, str]]:
    asked = {**ASKED, "client_id": asker.client_id, **changes}
    return [*asked.items(), *(("resource", each) for each in resources)]


def plainly(browser: Browser, asker: RelyingParty, resources: list[str], **changes: str) -> TestResponse:
    return browser.get(f"/authorize?{urlencode(pairs(asker, resources, **changes))}")


def pushed(browser: Browser, asker: RelyingParty, resources: list[str], **changes: str) -> TestResponse:
    form = [*pairs(asker, resources, **changes), ("client_secret", SECRET)]
    answer = post(browser.site, "/par", form)
    if answer.status_code != 201:
        return answer
    return browser.get("/authorize", {"client_id": asker.client_id, "request_uri": answer.get_json()["request_uri"]})


def signed(browser: Browser, asker: RelyingParty, resources: Any, **changes: str) -> TestResponse:
    now = int(browser.site.clock.now().timestamp())
    by = {"iss": asker.client_id, "aud": "https://id.example", "nbf": now, "exp": now + 60}
    claims = {**ASKED, "client_id": asker.client_id, **by, **changes, "resource": resources}
    return browser.get(
        "/authorize", {"client_id": asker.client_id, "request": sign(claims, KEY), "redirect_uri": REDIRECT_URI}
    )


def post(site: Site, path: str, form: list[tuple[str, str]]) -> TestResponse:
    client = site.app.test_client(use_cookies=False)
    content = "application/x-www-form-urlencoded"
    return client.post(path, data=urlencode(form), content_type=content, base_url=site.use.settings.issuer)


def redeem(site: Site, asker: RelyingParty, code: str, *resources: str) -> TestResponse:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    own = {"client_id": asker.client_id, "client_secret": SECRET}
    return post(site, "/token", [*form.items(), *own.items(), *(("resource", each) for each in resources)])


def error_of(answer: TestResponse) -> str:
    if answer.is_json:
        return str(answer.get_json()["error"])
    return parse_qs(urlsplit(answer.location).query)["error"][0]


def agree(browser: Browser, answer: TestResponse) -> str:
    assert answer.location.startswith("/consent/"), answer.location
    browser.press(answer.location, "allow")
    back = browser.get(answer.location.replace("/consent/", "/authorize/"))
    return parse_qs(urlsplit(back.location).query)["code"][0]


@pytest.mark.parametrize("way", [plainly, pushed, signed])
def test_a_citizen_sees_whose_apis_are_asked_for_and_the_tokens_are_for_one(
    site: Site, signed_in: Browser, asker: RelyingParty, way: Any
) -> None:
    answer = way(signed_in, asker, [TAX, LAND])

    page = signed_in.get(answer.location).text
    code = agree(signed_in, answer)
    token = redeem(site, asker, code, LAND).get_json()["access_token"]

    assert "Tax &lt;i&gt;records, Treasury" in page
    assert "Land register, Treasury" in page
    assert claims_in(token)["aud"] == LAND
    assert (
        site.app.test_client()
        .get("/userinfo", base_url="https://id.example", headers={"Authorization": f"Bearer {token}"})
        .headers["WWW-Authenticate"]
        .startswith('Bearer error="invalid_token"')
    )


def test_one_address_may_stand_alone_in_a_signed_request(signed_in: Browser, asker: RelyingParty) -> None:
    assert signed(signed_in, asker, TAX).location.startswith("/consent/")


@pytest.mark.parametrize("resource", [7, {"a": 1}, [[TAX]], [None], [{}], True])
def test_a_signed_request_names_addresses_and_nothing_else(
    signed_in: Browser, asker: RelyingParty, resource: Any
) -> None:
    assert error_of(signed(signed_in, asker, resource)) in ("invalid_target", "invalid_request_object")


@pytest.mark.parametrize("way", [plainly, pushed, signed])
@pytest.mark.parametrize("resources", REFUSED.values(), ids=REFUSED)
def test_what_is_not_allowed_to_this_client_is_refused(
    signed_in: Browser, asker: RelyingParty, way: Any, resources: list[str]
) -> None:
    assert error_of(way(signed_in, asker, resources)) == "invalid_target"


def test_a_service_that_no_operator_allowed_does_not_reach_an_api(signed_in: Browser) -> None:
    assert error_of(signed_in.get(f"/authorize?{urlencode([*ASKED.items(), ('resource', TAX)])}")) == "invalid_target"


def test_one_more_api_is_asked_about_anew_and_fewer_are_not(signed_in: Browser, asker: RelyingParty) -> None:
    agree(signed_in, plainly(signed_in, asker, [TAX]))

    assert plainly(signed_in, asker, [TAX]).location.startswith(REDIRECT_URI)
    assert plainly(signed_in, asker, []).location.startswith(REDIRECT_URI)
    assert error_of(plainly(signed_in, asker, [TAX, LAND], prompt="none")) == "consent_required"


def test_a_citizen_finds_the_apis_on_their_own_page_and_takes_one_back(
    site: Site, signed_in: Browser, asker: RelyingParty
) -> None:
    agree(signed_in, plainly(signed_in, asker, [TAX]))
    form = signed_in.get("/account/services").text

    assert "Using Tax &lt;i&gt;records, Treasury in your name" in form
    assert f'value="resource:{TAX}"' in form


@pytest.mark.parametrize("path", ["/authorize", "/token", "/par"])
def test_the_number_of_addresses_has_a_bound(site: Site, asker: RelyingParty, path: str) -> None:
    many = pairs(asker, [f"{TAX}/{number}" for number in range(MOST + 1)])

    answer = site.browser().get(f"{path}?{urlencode(many)}") if path == "/authorize" else post(site, path, many)

    assert answer.status_code == 400
    assert answer.location is None


def test_no_other_parameter_may_be_repeated(site: Site, asker: RelyingParty) -> None:
    answer = site.browser().get(f"/authorize?{urlencode([*pairs(asker, [TAX]), ('scope', 'openid')])}")

    assert answer.status_code == 400
    assert answer.location is None
