"""A citizen whom an operator keeps out: nothing of theirs works any more, and no sign-in gets past it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import TestResponse

from idp.web.ending import disable_citizen
from tests.idp.pages.conftest import PASSWORD, Person, fill, make
from tests.support.pair import on_files, on_servers
from tests.support.signing_out import queued, service, sign_in, signed_in
from tests.support.site import Browser, Site, hidden_fields, told
from tests.support.token_office import VERIFIER

ROUNDS = 6


@pytest.fixture(scope="module", params=["sqlite+file", "postgresql+redis"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("site")
    if request.param == "sqlite+file":
        made = on_files(folder)
    else:
        redis = request.getfixturevalue("redis_server")
        redis.flush()
        made = on_servers(folder, request.getfixturevalue("postgresql"), redis)
    made.register(service("parking"))
    return made


@pytest.fixture
def browser(site: Site) -> Browser:
    return site.browser()


@pytest.fixture
def ada(site: Site) -> Person:
    return make(site, second_factor=False)


@pytest.fixture
def eve(site: Site) -> Person:
    return make(site, second_factor=True)


def disable(site: Site, person: Person) -> bool:
    with site.use.database.work() as stores:
        return disable_citizen(stores, site.use, person.citizen.citizen_id, reason="asked by the police")


def enable(site: Site, person: Person) -> None:
    with site.use.database.work() as stores:
        assert stores.citizens.enable(person.citizen.citizen_id, site.clock.now())


def userinfo(site: Site, tokens: Any) -> int:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    return site.app.test_client().get("/userinfo", headers=headers, base_url="https://id.example").status_code


def redeem(site: Site, form: dict[str, str]) -> TestResponse:
    return site.app.test_client(use_cookies=False).post("/token", data=form, base_url="https://id.example")


def refused(answer: TestResponse) -> bool:
    return (answer.status_code, (answer.json or {}).get("error")) == (400, "invalid_grant")


def refresh(site: Site, tokens: Any) -> TestResponse:
    return redeem(
        site, {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], "client_id": "parking"}
    )


def code_for(browser: Browser, person: Person) -> str:
    """Sign in, agree, and return the code the agency is brought."""
    browser.sign_in(person.citizen)
    here = browser.begin({"scope": "openid email"})
    browser.press(f"/consent/{here}", "allow")
    return told(browser.get(f"/authorize/{here}"))["code"]


def live_sessions(site: Site, person: Person) -> int:
    with site.use.database.work() as stores:
        return len(stores.sessions.list_for_citizen(person.citizen.citizen_id, site.clock.now()))


def test_everything_of_theirs_ends_at_once_and_their_services_are_told(
    site: Site, browser: Browser, ada: Person
) -> None:
    online = sign_in(browser, ada.citizen, "parking")
    offline = sign_in(site.browser(), ada.citizen, "parking", scope="openid email offline_access")

    assert disable(site, ada)
    assert not disable(site, ada)

    assert [userinfo(site, each) for each in (online, offline)] == [401, 401]
    assert refused(refresh(site, offline))
    assert not signed_in(browser)
    assert len(queued(site, [online, offline])) == 2
    with site.use.database.work() as stores:
        events = [e for e in stores.audit.latest(50) if ada.citizen.citizen_id in e.body]
    assert [e.name for e in events].count("citizen.disabled") == 1
    assert "asked by the police" in next(e.body for e in events if e.name == "citizen.disabled")
    assert sum(e.name == "session.ended" and "citizen_disabled" in e.body for e in events) == 2


def test_a_code_in_flight_buys_nothing_even_after_they_are_let_in_again(
    site: Site, browser: Browser, ada: Person
) -> None:
    code = code_for(browser, ada)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "https://rp.example/cb"}

    disable(site, ada)
    enable(site, ada)
    answer = redeem(site, form | {"client_id": "rp", "code_verifier": VERIFIER})

    assert refused(answer)


def test_letting_them_in_again_brings_nothing_back_but_the_way_in(site: Site, browser: Browser, ada: Person) -> None:
    offline = sign_in(browser, ada.citizen, "parking", scope="openid email offline_access")
    disable(site, ada)

    enable(site, ada)

    assert not signed_in(browser)
    assert refused(refresh(site, offline))
    assert fill(browser, f"/sign-in/{browser.begin()}", email=ada.email, password=PASSWORD).status_code == 303
    assert live_sessions(site, ada) == 1


def test_their_right_password_looks_like_a_wrong_one(site: Site, ada: Person) -> None:
    disable(site, ada)
    browser = site.browser()
    here = f"/sign-in/{browser.begin()}"

    right = fill(browser, here, email=ada.email, password=PASSWORD)
    wrong = fill(browser, here, email=ada.email, password="not the right words")

    assert (right.status_code, wrong.status_code) == (422, 422)
    assert "is not right. Check both" in right.text
    assert "is not right. Check both" in wrong.text


def test_a_password_proved_before_does_not_go_on_with_its_code(site: Site, browser: Browser, eve: Person) -> None:
    here = browser.begin()
    second = fill(browser, f"/sign-in/{here}", email=eve.email, password=PASSWORD).location
    form = hidden_fields(browser.get(second).text)

    disable(site, eve)
    answer = browser.post(second, {**form, "code": eve.code(site)})
    enable(site, eve)
    again = browser.post(second, {**form, "code": eve.code(site)})

    assert {answer.location, again.location} == {f"/authorize/{here}"}
    assert live_sessions(site, eve) == 0


def test_a_consent_page_left_open_gives_no_code(site: Site, browser: Browser, ada: Person) -> None:
    browser.sign_in(ada.citizen)
    here = browser.begin({"scope": "openid email"})
    form = hidden_fields(browser.get(f"/consent/{here}").text)

    disable(site, ada)
    browser.post(f"/consent/{here}", {**form, "decision": "allow"})

    assert browser.get(f"/authorize/{here}").location == f"/sign-in/{here}"


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_a_sign_in_that_races_it_leaves_no_session(site: Site, round_: int) -> None:
    person, browsers = make(site, second_factor=False), [site.browser() for _ in range(2)]
    forms = []
    for browser in browsers:
        address = f"/sign-in/{browser.begin()}"
        forms.append((address, hidden_fields(browser.get(address).text)))
    line = threading.Barrier(len(browsers) + 1)

    def arrive(number: int) -> int:
        address, form = forms[number]
        line.wait(10)
        return browsers[number].post(address, {**form, "email": person.email, "password": PASSWORD}).status_code

    def bar() -> bool:
        line.wait(10)
        time.sleep(0.02 * round_)
        return disable(site, person)

    with ThreadPoolExecutor(len(browsers) + 1) as pool:
        arrivals = [pool.submit(arrive, number) for number in range(len(browsers))]
        assert pool.submit(bar).result()
        statuses = {each.result() for each in arrivals}

    assert statuses <= {303, 422, 503}
    assert live_sessions(site, person) == 0
    enable(site, person)
    assert not any(signed_in(browser) for browser in browsers)
    assert live_sessions(site, person) == 0
