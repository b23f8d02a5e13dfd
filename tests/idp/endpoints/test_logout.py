"""/logout over the whole application: who is signed out, who is asked first, who is told, and where nobody is sent."""

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import g
from werkzeug.test import TestResponse

from idp.citizens.model import Citizen
from idp.sessions.model import IDLE
from idp.web.browser import begin_session
from keys.states import Purpose
from tests.support.signing_out import queued, service, sign_in, signed_in
from tests.support.site import Browser, Site, hidden_fields
from tests.support.token_office import claims_in

OUT = "https://parking.example/out"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("site")
    made = Site.at(folder)
    for name in ("parking", "library"):
        made.register(service(name))
    made.register(service("museum", backchannel_logout_uri=None))
    return made


@pytest.fixture
def tokens(browser: Browser, citizen: Citizen) -> Any:
    """Return what the parking service got for the citizen signed in in this browser."""
    return sign_in(browser, citizen, "parking")


def logout(browser: Browser, tokens: Any = None, **asked: str) -> TestResponse:
    hint = {} if tokens is None else {"id_token_hint": tokens["id_token"]}
    return browser.get("/logout", {**hint, **asked})


def confirm(browser: Browser, question: TestResponse) -> TestResponse:
    """Press the button of the page to which `question` leads, and return the page at the end."""
    page = browser.get(question.location)
    assert 'id="sign-out"' in page.text
    answer = browser.post(question.location, hidden_fields(page.text))
    assert answer.location.startswith("/signed-out/"), answer.location
    return browser.get(answer.location)


def userinfo(site: Site, tokens: Any) -> int:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return site.app.test_client().get("/userinfo", headers=headers, base_url="https://id.example").status_code


def test_a_hint_of_this_very_session_signs_out_at_once_and_goes_back_with_state(browser: Browser, tokens: Any) -> None:
    answer = logout(browser, tokens, post_logout_redirect_uri=OUT, state="odd &=#ŵ\\ \"'<")

    assert answer.status_code == 303
    assert answer.location.startswith(OUT + "?")
    assert parse_qs(urlsplit(answer.location).query) == {"state": ["odd &=#ŵ\\ \"'<"]}
    assert not signed_in(browser)


def test_signing_out_ends_the_session_its_tokens_and_tells_each_service_once(
    site: Site, browser: Browser, citizen: Citizen, tokens: Any
) -> None:
    again, elsewhere = sign_in(browser, citizen, "parking"), sign_in(browser, citizen, "library")
    unheard = sign_in(browser, citizen, "museum")

    logout(browser, tokens, post_logout_redirect_uri=OUT)

    told = queued(site, [tokens, elsewhere, unheard])
    ids = [claims_in(each["id_token"]) for each in (elsewhere, tokens)]
    assert [(over.client_id, over.subject, over.sid) for over in told] == [
        ("library", ids[0]["sub"], ids[0]["sid"]),
        ("parking", ids[1]["sub"], ids[1]["sid"]),
    ]
    assert [userinfo(site, each) for each in (tokens, again, elsewhere, unheard)] == [401] * 4
    assert "__Host-session" not in browser.cookies()


def test_what_was_agreed_to_outlive_the_session_does(site: Site, browser: Browser, citizen: Citizen) -> None:
    offline = sign_in(browser, citizen, "parking", scope="openid email offline_access")

    logout(browser, offline)

    assert userinfo(site, offline) == 200
    assert [over.client_id for over in queued(site, [offline])] == ["parking"]


def test_an_expired_hint_is_as_good(site: Site, browser: Browser, tokens: Any) -> None:
    claims = claims_in(tokens["id_token"]) | {"exp": 1, "iat": 0}
    old = {"id_token": site.use.signer.sign(Purpose.ID_TOKEN, "ES256", claims, typ="JWT")}

    assert logout(browser, old, post_logout_redirect_uri=OUT).location == OUT
    assert not signed_in(browser)


def test_after_an_hour_of_nothing_signing_out_still_tells_everybody(site: Site, citizen: Citizen) -> None:
    browser = site.browser()
    tokens, elsewhere = sign_in(browser, citizen, "parking"), sign_in(browser, citizen, "library")
    site.clock.pass_by(2 * IDLE)

    answer = logout(browser, tokens, post_logout_redirect_uri=OUT)

    assert answer.location == OUT
    assert [over.client_id for over in queued(site, [tokens, elsewhere])] == ["library", "parking"]


def test_whoever_comes_after_a_long_pause_learns_nothing_of_who_was_there(site: Site, citizen: Citizen) -> None:
    browser = site.browser()
    sign_in(browser, citizen, "library")
    site.clock.pass_by(2 * IDLE)

    question = logout(browser)

    assert citizen.email not in browser.get(question.location).text
    assert "Library" not in confirm(browser, question).text


def test_a_citizen_who_signed_in_again_after_a_pause_signs_out_of_all_they_used(site: Site, citizen: Citizen) -> None:
    browser = site.browser()
    before = sign_in(browser, citizen, "library")
    site.clock.pass_by(2 * IDLE)
    cookie = {"Cookie": f"__Host-session={browser.cookies()['__Host-session']}"}

    with site.app.test_request_context("/", base_url="https://id.example", headers=cookie):
        begin_session(citizen.citizen_id, amr=("pwd",), acr="aal1")
        g.work.commit()

    with site.use.database.work() as stores:
        [live] = stores.sessions.list_for_citizen(citizen.citizen_id, site.clock.now())
        grants = stores.grants.list_for_session(live.session_id)
    assert [grant.sid for grant in grants] == [claims_in(before["id_token"])["sid"]]


@pytest.mark.parametrize("asked", [{}, {"client_id": "parking"}, {"id_token_hint": "forged"}, {"client_id": "nobody"}])
def test_without_a_hint_the_citizen_is_asked_first(browser: Browser, tokens: Any, asked: dict[str, str]) -> None:
    question = logout(browser, **asked)

    assert question.location.startswith("/sign-out/")
    assert browser.get(question.location).status_code == 200
    assert signed_in(browser)
    assert "You are signed out" in confirm(browser, question).text
    assert not signed_in(browser)


def test_the_last_page_names_who_is_told_who_is_not_and_leads_back(browser: Browser, citizen: Citizen) -> None:
    for name in ("parking", "library", "museum"):
        sign_in(browser, citizen, name)

    page = confirm(browser, logout(browser, client_id="parking", post_logout_redirect_uri=OUT, state="s")).text

    told, untold = page.partition('id="told"')[2].partition('id="untold"')[::2]
    assert "Library" in told
    assert "Parking" in told
    assert "Museum" in untold
    assert f'href="{OUT}?state=s"' in page


def test_a_hint_of_another_session_of_the_citizen_asks(site: Site, browser: Browser, citizen: Citizen) -> None:
    elsewhere = sign_in(site.browser(), citizen, "parking")
    sign_in(browser, citizen, "parking")

    assert logout(browser, elsewhere, post_logout_redirect_uri=OUT).location.startswith("/sign-out/")
    assert signed_in(browser)


def test_a_hint_of_another_citizen_signs_nobody_out(site: Site, browser: Browser, tokens: Any) -> None:
    attacker = sign_in(site.browser(), site.add_citizen(f"eve-{secrets.token_hex(4)}@example.org"), "parking")

    question = logout(browser, attacker, post_logout_redirect_uri=OUT)

    assert question.location.startswith("/sign-out/")
    assert signed_in(browser)


def test_a_hint_of_another_service_moves_nothing(browser: Browser, tokens: Any) -> None:
    question = logout(browser, tokens, client_id="library", post_logout_redirect_uri="https://library.example/out")

    assert question.location.startswith("/sign-out/")
    page = browser.get(question.location).text
    assert "library.example" not in page
    assert signed_in(browser)


@pytest.mark.parametrize(
    "uri", ["https://evil.example/", "https://parking.example/out/", "https://library.example/out"]
)
@pytest.mark.parametrize("hinted", [True, False])
def test_an_unregistered_address_is_never_gone_to(browser: Browser, tokens: Any, uri: str, hinted: bool) -> None:
    asked = {"post_logout_redirect_uri": uri, "client_id": "parking", "state": "s"}

    answer = logout(browser, tokens if hinted else None, **asked)

    end = browser.get(answer.location) if hinted else confirm(browser, answer)
    assert answer.location.startswith("/signed-out/" if hinted else "/sign-out/")
    assert f'"{uri}' not in end.text
    assert "an address it has not registered" in end.text
    assert 'href="https://parking.example/"' in end.text


def test_an_address_without_hint_or_client_is_never_gone_to(browser: Browser, tokens: Any) -> None:
    question = logout(browser, post_logout_redirect_uri=OUT)

    assert OUT not in confirm(browser, question).text


def test_an_address_taken_back_while_the_citizen_thought_is_not_gone_to(site: Site, citizen: Citizen) -> None:
    browser, name = site.browser(), f"shortlived{secrets.token_hex(4)}"
    site.register(service(name))
    sign_in(browser, citizen, name)
    out = f"https://{name}.example/out"
    question = logout(browser, client_id=name, post_logout_redirect_uri=out)

    with site.use.database.work() as stores:
        stores.relying_parties.disable(name, site.clock.now())

    assert out not in confirm(browser, question).text


def test_a_post_from_another_site_finds_the_session_when_it_comes_back(browser: Browser, tokens: Any) -> None:
    form = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": OUT, "state": "s"}

    kept = browser.post("/logout", form, site="cross-site")

    assert kept.status_code == 303
    assert kept.location.startswith("/sign-out/")
    assert tokens["id_token"] not in kept.location
    assert browser.get(kept.location).location == OUT + "?state=s"
    assert not signed_in(browser)


def test_another_site_cannot_press_the_button(browser: Browser, tokens: Any) -> None:
    question = logout(browser)
    fields = hidden_fields(browser.get(question.location).text)

    refused = browser.client.post(
        question.location, data=fields, base_url=browser.base_url, headers={"Sec-Fetch-Site": "cross-site"}
    )
    tokenless = browser.post(question.location, {"citizen": fields["citizen"]})

    assert (refused.status_code, tokenless.status_code) == (400, 400)
    assert signed_in(browser)


def test_a_question_put_to_one_citizen_is_not_answered_for_another(
    site: Site, browser: Browser, citizen: Citizen, tokens: Any
) -> None:
    question = logout(browser)
    fields = hidden_fields(browser.get(question.location).text)
    browser.sign_in(site.add_citizen(f"bob-{secrets.token_hex(4)}@example.org"))

    answer = browser.post(question.location, fields)

    assert answer.location == question.location
    assert signed_in(browser)


def test_twice_in_two_tabs_is_once(site: Site, browser: Browser, tokens: Any) -> None:
    first, second = logout(browser), logout(browser)
    fields = [hidden_fields(browser.get(tab.location).text) for tab in (first, second)]

    answers = [browser.post(tab.location, form) for tab, form in zip((first, second), fields, strict=True)]
    again = browser.post(first.location, fields[0])

    assert all(answer.location.startswith("/signed-out/") for answer in (*answers, again))
    assert len(queued(site, [tokens])) == 1
    assert "Parking" in browser.get(answers[0].location).text
    assert "Parking" not in browser.get(answers[1].location).text


def test_who_is_signed_out_already_is_not_asked(browser: Browser, tokens: Any) -> None:
    logout(browser, tokens)

    assert logout(browser, tokens, post_logout_redirect_uri=OUT).location == OUT
    assert "You are signed out" in browser.get(logout(browser).location).text
    assert browser.get("/sign-out/whatever").location.startswith("/signed-out/")


def test_whoever_sent_the_citizen_here_does_not_learn_what_they_used(site: Site, browser: Browser, tokens: Any) -> None:
    attacker = site.browser()
    kept = attacker.post("/logout", {"ui_locales": "en"})

    page = confirm(browser, kept)

    assert "Parking" in page.text
    assert "Parking" not in attacker.get(attacker.get(kept.location).location).text


def test_one_who_is_signed_in_is_not_told_otherwise(browser: Browser, tokens: Any) -> None:
    assert browser.get("/signed-out/" + "a" * 43).location == "/logout"


def test_the_question_outlives_its_request(site: Site, browser: Browser, tokens: Any) -> None:
    question = logout(browser, client_id="parking")
    site.flush()

    assert "You are signed out" in confirm(browser, question).text
    assert not signed_in(browser)


def test_pages_speak_the_language_that_was_asked_for(browser: Browser, tokens: Any) -> None:
    question = logout(browser, ui_locales="cy")

    assert "Ydych chi am allgofnodi?" in browser.get(question.location).text
    assert "Rydych wedi allgofnodi" in confirm(browser, question).text


@pytest.mark.parametrize("form", [{"id_token_hint": "x" * 9_000}, {"state": "x" * 9_000}, {"client_id": "\0"}])
def test_bad_input_is_no_fault_of_ours(browser: Browser, form: dict[str, str]) -> None:
    assert browser.get("/logout", form).status_code in (303, 400)
    assert browser.post("/logout", form).status_code in (303, 400)


def test_discovery_promises_it(site: Site) -> None:
    told: Any = site.app.test_client().get("/.well-known/openid-configuration", base_url="https://id.example").json

    assert told["end_session_endpoint"] == "https://id.example/logout"
    assert told["backchannel_logout_supported"] is True
    assert told["backchannel_logout_session_supported"] is True
    assert told["frontchannel_logout_supported"] is True
    assert told["frontchannel_logout_session_supported"] is True
