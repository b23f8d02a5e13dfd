"""What may happen once, tried fifty times at once over HTTP: the real service, two workers, each pair of stores.

Codes and refresh tokens are in `test_token_races`.
"""

import json
import re
import secrets
import time
from collections import Counter
from html import unescape
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import ECKey

from idp.authentication.email_codes import ALPHABET, LENGTH, TRIES
from idp.authentication.factors import Factor
from idp.authentication.throttle import BACKUP_CODE, FREE, authenticator
from idp.citizens.model import Citizen
from tests.support.authenticator import Authenticator
from tests.support.insider import Insider
from tests.support.public_app import BACK, client_id, question
from tests.support.racing import RACERS, fill, get, post, race, send, signed_in
from tests.support.service import Service
from tests.support.site import hidden_fields
from tests.support.token_office import VERIFIER
from tests.support.visitor import PASSWORD
from tests.support.visitor import Citizen as Visitor

__all__ = ["client_id"]

WRONG = HTTPStatus.UNPROCESSABLE_ENTITY
TABS = 10
"""Browsers among which fifty guesses or replays are spread."""


@pytest.fixture(scope="module")
def insider(service: Service) -> Insider:
    return Insider(service)


@pytest.fixture
def ada(insider: Insider) -> Citizen:
    """A citizen with a password."""
    return insider.new_citizen(PASSWORD)


def begun(service: Service, client_id: str) -> tuple[requests.Session, str]:
    """Return a browser that was never here, and the id of its interaction."""
    browser = requests.Session()
    answer = browser.get(question(service, client_id), allow_redirects=False, timeout=30)
    return browser, answer.headers["Location"].rsplit("/", 1)[1]


def ready_form(browser: requests.Session, address: str) -> tuple[dict[str, str], dict[str, str]]:
    """Open a page; return what its form carries unseen, and the browser's cookies."""
    page = browser.get(address, allow_redirects=False, timeout=30)
    assert page.status_code == requests.codes.ok, page.headers
    return hidden_fields(page.text), browser.cookies.get_dict()


def challenge_on(browser: requests.Session, address: str) -> str:
    """Return the challenge that a page shows to passkeys."""
    shown = re.search(r'data-options="([^"]*)"', browser.get(address, timeout=30).text)
    assert shown is not None
    return str(json.loads(unescape(shown[1]))["challenge"])


def test_an_interaction_answered_fifty_times_at_once_gives_one_code(
    service: Service, client_id: str, ada: Citizen
) -> None:
    browser = Visitor(ada.email)
    browser.come_back(question(service, client_id), to=BACK)
    asked = {name: given[0] for name, given in parse_qs(urlsplit(question(service, client_id)).query).items()}
    here = send(post(f"{service.base_url}/authorize", asked)).headers["Location"]
    page = service.base_url + here.replace("/authorize/", "/consent/")
    browser.browser.get(page, allow_redirects=False, timeout=30)
    cookies = browser.browser.cookies.get_dict()

    answers = race(lambda _: get(service.base_url + here, cookies))

    assert Counter(answer.status_code for answer in answers) == {303: 1, 409: RACERS - 1}
    (sent,) = filter(None, (answer.location for answer in answers))
    assert sent.startswith(BACK)
    code = parse_qs(urlsplit(sent).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    assert send(post(f"{service.base_url}/token", form | {"client_id": client_id})).status_code == requests.codes.ok


def test_an_assertion_presented_fifty_times_at_once_proves_one_request(service: Service) -> None:
    key = ECKey.generate_key("P-256", {"kid": "k1"})
    metadata = {
        "client_name": "Robot",
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [key.as_dict(private=False)]},
        "scope": "permits:read",
    }
    robot = service.cli_json("agencies", "add", stdin=metadata)["client_id"]
    now, jti = int(time.time()), secrets.token_hex(8)
    claims = {"iss": robot, "sub": robot, "aud": service.base_url, "iat": now, "exp": now + 60, "jti": jti}
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode({"alg": "ES256", "kid": "k1"}, claims, key),
    }

    answers = race(lambda _: post(f"{service.base_url}/token", form))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: RACERS - 1}, answers[0].text
    assert {answer.json().get("error") for answer in answers} == {None, "invalid_client"}


def test_a_passkeys_answer_sent_fifty_times_at_once_begins_one_session(
    service: Service, client_id: str, ada: Citizen, insider: Insider
) -> None:
    held = insider.give_passkey(ada)
    browser, here = begun(service, client_id)
    page = f"{service.base_url}/sign-in/{here}"
    form, cookies = ready_form(browser, page)
    form["credential"] = held.get(challenge_on(browser, page))

    answers = race(lambda _: post(f"{page}/passkey", form, cookies))

    assert Counter(answer.status_code for answer in answers) == {303: 1, WRONG: RACERS - 1}
    assert len(signed_in(answers)) == 1
    assert insider.sessions_of(ada) == 1


def test_of_fifty_wrong_codes_at_once_no_more_are_looked_at_than_a_letter_allows(
    service: Service, client_id: str, insider: Insider
) -> None:
    browser, here = begun(service, client_id)
    page, email = f"{service.base_url}/sign-up/{here}", f"zoe-{secrets.token_hex(6)}@example.org"
    fill(browser, page, email=email)
    right = insider.code_in_letter(email)
    form, cookies = ready_form(browser, f"{page}/code")
    guesses = [ALPHABET[n % 20] * (LENGTH - 1) + ALPHABET[n // 20] for n in range(RACERS)]
    assert right not in guesses

    answers = race(lambda n: post(f"{page}/code", form | {"code": guesses[n]}, cookies))

    assert {answer.status_code for answer in answers} == {WRONG}
    assert Counter("That code is not right" in answer.text for answer in answers) == {
        True: TRIES,
        False: RACERS - TRIES,
    }
    late = send(post(f"{page}/code", form | {"code": right}, cookies))
    assert (late.status_code, "tried too often" in late.text) == (WRONG, True)


def test_the_right_code_and_the_last_page_sent_fifty_times_at_once_make_one_account(
    service: Service, client_id: str, insider: Insider
) -> None:
    browser, here = begun(service, client_id)
    page, email = f"{service.base_url}/sign-up/{here}", f"zoe-{secrets.token_hex(6)}@example.org"
    fill(browser, page, email=email)
    form, cookies = ready_form(browser, f"{page}/code")
    form["code"] = insider.code_in_letter(email)

    proved = race(lambda _: post(f"{page}/code", form, cookies))

    assert sum(answer.location == f"/sign-up/{here}/name" for answer in proved) == 1
    assert {answer.status_code for answer in proved} <= {303, WRONG}
    fill(browser, f"{page}/name", given_name="Zoe")
    held = Authenticator(insider.use.settings.issuer, insider.use.rp_id)
    form, cookies = ready_form(browser, f"{page}/passkey")
    form["credential"] = held.create(challenge_on(browser, f"{page}/passkey"))

    made = race(lambda _: post(f"{page}/passkey", form, cookies))

    zoe = insider.citizen(email)
    assert zoe is not None
    assert {answer.status_code for answer in made} <= {303, WRONG}
    assert len(signed_in(made)) == 1
    assert (insider.recorded("citizen.registered", zoe), insider.sessions_of(zoe)) == (1, 1)


def at_the_second_factor(
    service: Service, client_id: str, citizen: Citizen, path: str
) -> list[tuple[str, dict[str, str], dict[str, str]]]:
    """Ten browsers in which the password was given; return where each sends its form, the form and its cookies."""
    waiting = []
    for _ in range(TABS):
        browser, here = begun(service, client_id)
        page = f"{service.base_url}/sign-in/{here}"
        fill(browser, page, email=citizen.email, password=PASSWORD)
        waiting.append((f"{page}{path}", *ready_form(browser, f"{page}{path}")))
    return waiting


@pytest.mark.parametrize("path", ["/code", "/backup-code"])
def test_a_code_given_fifty_times_at_once_in_ten_browsers_lets_in_one(
    service: Service, client_id: str, ada: Citizen, insider: Insider, path: str
) -> None:
    app, printed = insider.give_code_app(ada)
    waiting = at_the_second_factor(service, client_id, ada, path)
    code = app.now() if path == "/code" else printed[0]

    def give(number: int) -> requests.Request:
        address, form, cookies = waiting[number % TABS]
        return post(address, form | {"code": code}, cookies)

    answers = race(give)

    assert len(signed_in(answers)) == 1, Counter(answer.status_code for answer in answers)
    assert {answer.status_code for answer in answers} <= {303, WRONG, 429}
    assert insider.sessions_of(ada) == 1
    assert insider.backup_codes_of(ada) == len(printed) - (path == "/backup-code")


@pytest.mark.parametrize("path", ["/code", "/backup-code"])
def test_of_fifty_wrong_second_factors_at_once_no_more_are_looked_at_than_counted(
    service: Service, client_id: str, ada: Citizen, insider: Insider, path: str
) -> None:
    app, _ = insider.give_code_app(ada)
    waiting = at_the_second_factor(service, client_id, ada, path)
    near = {app.at(int(time.time()) + 30 * step) for step in range(-4, 5)}
    wrong = [code for code in (f"{n:06}" for n in range(100_000, 100_100)) if code not in near]

    def guess(number: int) -> requests.Request:
        address, form, cookies = waiting[number % TABS]
        return post(address, form | {"code": wrong[number]}, cookies)

    outcomes = Counter(answer.status_code for answer in race(guess))

    assert outcomes.keys() == {WRONG, 429}
    name = authenticator(Factor.TOTP if path == "/code" else BACKUP_CODE, ada.citizen_id)
    assert outcomes[WRONG] <= insider.failures(name) < 2 * FREE
