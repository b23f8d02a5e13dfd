"""Tabs, Back, expiry, other browsers and other people: every interaction ends properly."""

import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from federation.relying_parties.model import RelyingParty
from idp.citizens.model import Citizen
from idp.signin import interactions
from idp.signin.interaction import LONGEST
from idp.signin.interactions import draw_id
from tests.support.site import ASKED, REDIRECT_URI, Browser, Site, hidden_fields, told

PAGES = ("/authorize/", "/consent/", "/select-account/", "/cancel/", "/sign-in/")


def test_an_answered_interaction_never_answers_again(browser: Browser, citizen: Citizen) -> None:
    browser.sign_in(citizen)
    interaction_id = browser.begin()
    browser.press(f"/consent/{interaction_id}", "allow")
    assert "code" in told(browser.get(f"/authorize/{interaction_id}"))

    for page in PAGES:
        again = browser.get(page + interaction_id)
        assert again.status_code == 409
        assert 'href="https://rp.example/"' in again.text


@pytest.mark.parametrize("way", ["allow", "deny", "cancel", "authorize"])
@pytest.mark.parametrize("change", [{"redirect_uris": ("https://rp.example/new",)}, {"active": False}])
def test_nobody_is_returned_to_an_address_that_was_given_up_meanwhile(
    site: Site, browser: Browser, citizen: Citizen, way: str, change: dict[str, Any]
) -> None:
    leaving = RelyingParty(
        client_id=draw_id(), client_name="Leaving", agency="City", redirect_uris=(REDIRECT_URI,), sector="rp.example"
    )
    site.register(leaving)
    browser.sign_in(citizen)
    interaction_id = browser.begin({"client_id": leaving.client_id, "scope": "openid"})
    form = hidden_fields(browser.get(f"/consent/{interaction_id}").text)
    if way == "authorize":
        browser.post(f"/consent/{interaction_id}", form | {"decision": "allow"})
    with site.use.database.work() as stores:
        if change == {"active": False}:
            stores.relying_parties.disable(leaving.client_id, site.clock.now())
        else:
            stores.relying_parties.change(replace(leaving, **change))

    if way in ("allow", "deny"):
        answer = browser.post(f"/consent/{interaction_id}", form | {"decision": way})
    else:
        answer = browser.get(f"/{way}/{interaction_id}")

    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize("way", ["allow", "deny", "cancel", "return"])
def test_who_wants_signed_answers_alone_by_now_is_answered_by_no_other(
    site: Site, browser: Browser, citizen: Citizen, way: str
) -> None:
    asking = site.register(
        RelyingParty(
            client_id=draw_id(), client_name="Asking", agency="City", redirect_uris=(REDIRECT_URI,), sector="rp.example"
        )
    )
    browser.sign_in(citizen)
    interaction_id = browser.begin({"client_id": asking.client_id, "scope": "openid"})
    with site.use.database.work() as stores:
        stores.relying_parties.change(replace(asking, response_modes=("jwt",)))

    if way == "return":
        site.flush()
    answer = browser.get(f"/{way}/{interaction_id}") if way in ("cancel", "return") else None
    answer = answer or browser.press(f"/consent/{interaction_id}", way)
    if way == "allow":
        answer = browser.get(answer.location)

    assert told(answer).keys() == {"response"}


def test_a_request_too_large_to_keep_is_refused_and_not_kept(browser: Browser) -> None:
    emails = [f"{number}{'a' * 180}@example.org" for number in range(19)]
    claims = json.dumps({"userinfo": {"email": {"values": emails}}})

    answer = browser.authorize({"state": '"' * 2_000, "nonce": '"' * 500, "claims": claims})

    assert told(answer)["error"] == "invalid_request"


def test_racing_tabs_get_one_code(site: Site, browser: Browser, citizen: Citizen) -> None:
    browser.sign_in(citizen)
    interaction_id = browser.begin()
    browser.press(f"/consent/{interaction_id}", "allow")
    cookies = browser.cookies()

    def race(_: int) -> int:
        tab = site.browser()
        for name, value in cookies.items():
            tab.client.set_cookie(name, value, domain="id.example", secure=True)
        return tab.get(f"/authorize/{interaction_id}").status_code

    with ThreadPoolExecutor(6) as pool:
        answered = sorted(pool.map(race, range(12)))

    assert answered == [303] + [409] * 11


def test_more_time_asked_for_in_a_race_reopens_nothing(site: Site, browser: Browser, citizen: Citizen) -> None:
    browser.sign_in(citizen)
    interaction_id = browser.begin()
    form = hidden_fields(browser.get(f"/consent/{interaction_id}").text)
    browser.press(f"/consent/{interaction_id}", "allow")
    as_read_before = interactions.find(site.use.ephemeral, interaction_id)
    assert "code" in told(browser.get(f"/authorize/{interaction_id}"))

    assert as_read_before is not None
    interactions.update(site.use.ephemeral, as_read_before, site.clock.now())

    for page in PAGES:
        assert browser.get(page + interaction_id).status_code == 409
    assert browser.post(f"/stay/{interaction_id}", form).status_code == 409
    assert interactions.FINISHED_FOR > LONGEST


def test_racing_browsers_cannot_both_take_up_what_was_posted(site: Site) -> None:
    for _ in range(4):
        posted = site.browser().post("/authorize", ASKED, site="cross-site")
        browsers = [site.browser() for _ in range(6)]

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda each, to=posted.location: each.get(to), browsers))

        assert sorted(answer.status_code for answer in answers) == [303] + [403] * 5
        [winner] = [each for each, answer in zip(browsers, answers, strict=True) if answer.status_code == 303]
        assert winner.get(posted.location).status_code == 303


def test_tabs_of_one_browser_do_not_meet(browser: Browser, citizen: Citizen) -> None:
    first, second = browser.begin({"state": "one"}), browser.begin({"state": "two"})
    browser.sign_in(citizen)

    browser.press(f"/consent/{second}", "allow")

    assert told(browser.get(f"/authorize/{second}"))["state"] == "two"
    assert told(browser.get(f"/authorize/{first}"))["state"] == "one"


@pytest.mark.parametrize("page", PAGES)
def test_an_interaction_of_another_browser_cannot_be_taken_up(
    site: Site, browser: Browser, citizen: Citizen, page: str
) -> None:
    interaction_id = browser.begin()
    thief = site.browser()
    thief.sign_in(citizen)
    thief.begin()

    answer = thief.get(page + interaction_id)

    assert answer.status_code == 403
    assert "rp.example" not in answer.text + str(answer.headers)


@pytest.mark.parametrize("page", PAGES)
def test_after_a_flush_a_citizen_can_still_go_back_with_an_error(site: Site, browser: Browser, page: str) -> None:
    interaction_id = browser.begin()
    site.flush()

    expired = browser.get(page + interaction_id)

    assert expired.status_code == 410
    assert f'href="/return/{interaction_id}"' in expired.text
    assert "Parking &lt;b&gt;" in expired.text
    answered = told(browser.get(f"/return/{interaction_id}"))
    assert (answered["error"], answered["state"], answered["iss"]) == ("access_denied", "the state", browser.base_url)


def test_an_expired_request_for_form_post_goes_back_by_post(site: Site, browser: Browser) -> None:
    interaction_id = browser.begin({"response_mode": "form_post"})
    site.flush()

    answer = browser.get(f"/return/{interaction_id}")

    assert hidden_fields(answer.text)["error"] == "access_denied"
    assert f'action="{REDIRECT_URI}"' in answer.text


def test_the_way_back_is_this_browsers_own(site: Site, browser: Browser) -> None:
    interaction_id = browser.begin()
    site.flush()

    answer = site.browser().get(f"/return/{interaction_id}")

    assert answer.status_code == 410
    assert "rp.example" not in answer.text


def test_a_forged_envelope_leads_nowhere(site: Site, browser: Browser) -> None:
    one, two = browser.begin(), browser.begin({"state": "other"})
    taken = browser.cookies()[f"__Host-return-{two[:16]}"]
    site.flush()

    for forged in (taken, taken[:-3] + "AAA", "", "x.y.z", "." * 500):
        browser.client.set_cookie(f"__Host-return-{one[:16]}", forged, domain="id.example", secure=True)
        assert browser.get(f"/return/{one}").status_code == 410


def test_an_address_no_longer_registered_is_not_gone_back_to(site: Site, browser: Browser) -> None:
    address = "https://moved.example/cb"
    service = RelyingParty(
        client_id="moved", client_name="M", agency="A", redirect_uris=(address,), sector="moved.example"
    )
    site.register(service)
    interaction_id = browser.begin({"client_id": "moved", "redirect_uri": address, "scope": "openid"})
    site.flush()
    with site.use.database.work() as stores:
        stores.relying_parties.disable("moved", site.clock.now())

    answer = browser.get(f"/return/{interaction_id}")

    assert answer.status_code == 410
    assert "moved.example" not in answer.text + str(answer.headers)


def test_a_living_interaction_is_not_ended_by_going_to_its_way_back(browser: Browser) -> None:
    interaction_id = browser.begin()

    assert browser.get(f"/return/{interaction_id}").location == f"/authorize/{interaction_id}"


def test_a_browser_keeps_a_bounded_number_of_envelopes(browser: Browser) -> None:
    for number in range(12):
        browser.begin({"state": f"{number}" * 400})

    held = [value for name, value in browser.cookies().items() if "return-" in name]

    assert 1 <= len(held) <= 6
    assert sum(map(len, held)) < 4_500


@pytest.mark.parametrize("name", ["x", "..", "%00", "a" * 43, "a" * 5_000, "/"])
@pytest.mark.parametrize("page", [*PAGES, "/return/"])
def test_an_id_nobody_drew_is_no_fault_of_ours(browser: Browser, page: str, name: str) -> None:
    assert 300 <= browser.get(page + name).status_code < 500


def test_cancelling_goes_back_to_the_agency_and_ends_the_interaction(browser: Browser) -> None:
    interaction_id = browser.begin()

    answered = told(browser.get(f"/cancel/{interaction_id}"))

    assert (answered["error"], answered["state"]) == ("access_denied", "the state")
    assert browser.get(f"/authorize/{interaction_id}").status_code == 409


def test_a_level_out_of_reach_is_told_as_such(browser: Browser) -> None:
    interaction_id = browser.begin({"acr_values": "aal2"})

    assert told(browser.get(f"/cancel/{interaction_id}?because=level"))["error"] == "unmet_authentication_requirements"


def test_a_level_nobody_can_reach_is_told_at_once(browser: Browser) -> None:
    assert told(browser.authorize({"acr_values": "aal3"}))["error"] == "unmet_authentication_requirements"


def test_declining_is_told_to_the_agency_and_asked_again_next_time(browser: Browser, citizen: Citizen) -> None:
    browser.sign_in(citizen)
    interaction_id = browser.begin()

    answered = told(browser.press(f"/consent/{interaction_id}", "deny"))

    assert (answered["error"], answered["state"]) == ("access_denied", "the state")
    assert browser.get(f"/authorize/{interaction_id}").status_code == 409
    assert browser.authorize().location.startswith("/consent/")


def test_the_consent_page_shows_what_is_told_and_nothing_it_can_be_tricked_with(
    browser: Browser, citizen: Citizen
) -> None:
    browser.sign_in(citizen)
    interaction_id = browser.begin({"scope": "openid email offline_access"})

    page = browser.get(f"/consent/{interaction_id}")

    assert citizen.email in page.text
    assert "Ada" not in page.text
    assert "30 days" in page.text
    assert "Parking &lt;b&gt;" in page.text
    assert 'id="allow"' in page.text
    assert 'id="deny"' in page.text
    assert "form-action 'self' https://rp.example" in page.headers["Content-Security-Policy"]


def test_a_consent_without_its_own_page_is_none(site: Site, browser: Browser, citizen: Citizen) -> None:
    browser.sign_in(citizen)
    interaction_id = browser.begin()
    form = {**hidden_fields(browser.get(f"/consent/{interaction_id}").text), "decision": "allow"}

    without_token = browser.post(f"/consent/{interaction_id}", {**form, "csrf_token": ""})
    from_elsewhere = browser.client.post(
        f"/consent/{interaction_id}", data=form, base_url=browser.base_url, headers={"Sec-Fetch-Site": "cross-site"}
    )
    in_another_browser = site.browser().post(f"/consent/{interaction_id}", form)

    assert {without_token.status_code, from_elsewhere.status_code, in_another_browser.status_code} == {400}
    assert browser.authorize().location.startswith("/consent/")


def test_one_citizens_page_cannot_agree_for_another(site: Site, browser: Browser, citizen: Citizen) -> None:
    browser.sign_in(citizen)
    interaction_id = browser.begin()
    form = {**hidden_fields(browser.get(f"/consent/{interaction_id}").text), "decision": "allow"}
    another = site.add_citizen(f"eve-{secrets.token_hex(8)}@example.org")
    browser.sign_in(another)

    answer = browser.post(f"/consent/{interaction_id}", form)

    assert answer.location == f"/authorize/{interaction_id}"
    with site.use.database.work() as stores:
        assert stores.consents.find(another.citizen_id, "rp") is None
        assert stores.consents.find(citizen.citizen_id, "rp") is None


def test_prompt_consent_asks_although_it_was_remembered(browser: Browser, citizen: Citizen) -> None:
    browser.sign_in(citizen)
    browser.press(f"/consent/{browser.begin()}", "allow")

    interaction_id = browser.begin({"prompt": "consent"})

    assert browser.get(f"/authorize/{interaction_id}").location == f"/consent/{interaction_id}"
    browser.press(f"/consent/{interaction_id}", "allow")
    assert "code" in told(browser.get(f"/authorize/{interaction_id}"))


def test_a_citizen_says_as_whom_they_continue(site: Site, browser: Browser, citizen: Citizen) -> None:
    browser.sign_in(citizen)
    browser.press(f"/consent/{browser.begin()}", "allow")
    same, other = browser.begin({"prompt": "select_account"}), browser.begin({"login_hint": "eve@example.org"})
    assert citizen.email in browser.get(f"/select-account/{same}").text

    browser.press(f"/select-account/{same}", "continue")
    browser.press(f"/select-account/{other}", "another")

    assert "code" in told(browser.get(f"/authorize/{same}"))
    assert browser.get(f"/authorize/{other}").location == f"/sign-in/{other}"


@pytest.mark.parametrize("due_first", [{"prompt": "login consent"}, {"prompt": "consent", "acr_values": "aal2"}])
def test_consent_is_neither_shown_nor_taken_before_the_proof_it_rests_on(
    browser: Browser, citizen: Citizen, due_first: dict[str, str]
) -> None:
    browser.sign_in(citizen)
    ready = hidden_fields(browser.get(f"/consent/{browser.begin()}").text)
    here = browser.begin(due_first)

    shown = browser.get(f"/consent/{here}")
    decided = browser.post(f"/consent/{here}", {**ready, "decision": "allow"})
    declined = browser.post(f"/consent/{here}", {**ready, "decision": "deny"})

    for answer in (shown, decided, declined):
        assert (answer.status_code, answer.location) == (303, f"/authorize/{here}")
    assert browser.authorize().location.startswith("/consent/")


def test_nobody_is_asked_as_whom_they_continue_before_a_sign_in_that_is_due(browser: Browser, citizen: Citizen) -> None:
    browser.sign_in(citizen)
    ready = hidden_fields(browser.get(f"/select-account/{browser.begin({'prompt': 'select_account'})}").text)
    here = browser.begin({"prompt": "login select_account"})

    shown = browser.get(f"/select-account/{here}")
    chosen = browser.post(f"/select-account/{here}", {**ready, "decision": "continue"})

    assert [shown.location, chosen.location] == [f"/authorize/{here}"] * 2


def test_an_idle_session_is_asked_to_sign_in_again(site: Site, browser: Browser, citizen: Citizen) -> None:
    browser.sign_in(citizen)
    browser.press(f"/consent/{browser.begin()}", "allow")

    site.clock.pass_by(timedelta(minutes=50))
    assert "code" in told(browser.authorize())
    site.clock.pass_by(timedelta(minutes=50))
    assert "code" in told(browser.authorize())
    site.clock.pass_by(timedelta(minutes=61))

    assert browser.authorize().location.startswith("/sign-in/")


def test_a_session_key_chosen_by_somebody_else_is_never_taken_on(site: Site, browser: Browser) -> None:
    chosen = draw_id()
    browser.client.set_cookie("__Host-session", chosen, domain="id.example", secure=True)

    assert browser.authorize().location.startswith("/sign-in/")
    with site.use.database.work() as stores:
        assert stores.sessions.find(chosen) is None
