"""More come than one worker can serve, on each pair of stores."""

import re
import selectors
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse
from typing import cast

import pytest
import requests
from playwright.sync_api import Page, expect

from idp.web.gate import MOST_WAITING
from tests.load.processes import resident_megabytes
from tests.support.public_app import METADATA, question
from tests.support.racing import fill
from tests.support.server import wait_until
from tests.support.service import NewStorePair, Service, serving

PLACES = 2
CROWD = MOST_WAITING + 70
ARGON2_MEGABYTES = 19
MOST_TRIES = 4
"""Fewer than are wrong before anybody is asked to wait."""
EMAIL = "grace@nowhere.example"


@pytest.fixture(scope="module")
def overloaded(new_store_pair: NewStorePair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with one worker of two places."""
    folder = tmp_path_factory.mktemp("overload")
    with serving(new_store_pair(), folder, workers=1, background=False, THREADS=str(PLACES)) as service:
        yield service


@pytest.fixture(scope="module")
def asked(overloaded: Service) -> str:
    """The address to which a service sends its citizens."""
    made = overloaded.cli_json("agencies", "add", stdin=METADATA)
    return question(overloaded, made["client_id"])


class Crowd:
    """Browsers that ask for the same address at the same time, again and again."""

    def __init__(self, stack: ExitStack, port: int, address: str) -> None:
        path = address.split(f":{port}", 1)[1]
        self._request = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAccept: text/html\r\n\r\n".encode()
        self._lines = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 30)) for _ in range(CROWD)]
        self.answers: list[HTTPResponse] = []

    def ask(self, enough: threading.Event) -> None:
        """Ask, and ask again whenever there is an answer, until it is enough and all are answered."""
        waiting = selectors.DefaultSelector()
        for line in self._lines:
            waiting.register(line, selectors.EVENT_READ)
            line.sendall(self._request)
        while waiting.get_map():
            for key, _ in waiting.select():
                line = cast(socket.socket, key.fileobj)
                answer = HTTPResponse(line)
                answer.begin()
                answer.read()
                self.answers.append(answer)
                if enough.is_set():
                    waiting.unregister(line)
                else:
                    line.sendall(self._request)


@contextmanager
def thronged(service: Service, asked: str) -> Iterator[list[HTTPResponse]]:
    """Have a crowd ask from when its first have been sent away; give what they are answered, whole after the block."""
    enough = threading.Event()
    with ExitStack() as stack:
        crowd = Crowd(stack, service.port, asked)
        asking = threading.Thread(target=crowd.ask, args=[enough])
        asking.start()
        try:
            wait_until(
                lambda: any(answer.status == 503 for answer in crowd.answers), seconds=30, what="The line is full"
            )
            yield crowd.answers
        finally:
            enough.set()
            asking.join()


def send_until_refused(page: Page) -> None:
    """Send the form of the sign-in page until the line is full; who is served meanwhile has typed a wrong password."""
    for _ in range(MOST_TRIES):
        page.fill("#email", EMAIL)
        page.fill("#password", "wrong, and long enough")
        with page.expect_response(lambda answer: answer.request.method == "POST") as sent:
            page.click("#continue")
        if sent.value.status == 503:
            return
    pytest.fail("The line was never full.")


def sent_away(ask: Callable[[], requests.Response]) -> requests.Response:
    """Ask until the line is full."""
    return next(answer for answer in (ask() for _ in range(100)) if answer.status_code == 503)


def refused(service: Service, rank: str) -> float:
    """Return how many browsers of a rank were sent away so far."""
    told = requests.get(f"{service.base_url}/metrics", timeout=10).text
    found = re.search(rf'countersign_requests_total{{endpoint="refused.{rank}",method="GET",[^}}]*}} ([0-9.]+)', told)
    return float(found[1]) if found else 0


def test_the_cheap_and_the_furthest_on_are_served_while_the_others_wait_or_are_sent_away(
    overloaded: Service, asked: str
) -> None:
    base, before = overloaded.base_url, refused(overloaded, "new")
    with thronged(overloaded, asked) as answers:
        sign_up = sent_away(lambda: requests.get(f"{base}/sign-up/x", timeout=30))
        pushed = sent_away(lambda: requests.post(f"{base}/par", {"client_id": "x"}, timeout=30))
        published = [requests.get(f"{base}/jwks", timeout=30).status_code for _ in range(20)]
        form = {"grant_type": "client_credentials", "client_id": "x"}
        tokens = [requests.post(f"{base}/token", form, timeout=30).status_code for _ in range(20)]

    assert (set(published), set(tokens)) == ({200}, {401})
    assert pushed.json()["error"] == "temporarily_unavailable"
    assert requests.get(pushed.json()["error_uri"], timeout=10).status_code == 200
    met = Counter(answer.status for answer in answers)
    assert met.keys() == {303, 503}
    away = [answer.headers for answer in answers if answer.status == 503] + [sign_up.headers, pushed.headers]
    assert {int(headers["Retry-After"]) for headers in away} <= set(range(3, 181))
    assert int(pushed.headers["Retry-After"]) in range(3, 10)
    assert {headers["Cache-Control"] for headers in away} == {"no-store"}
    assert refused(overloaded, "new") - before == met[503]


def test_whoever_was_sent_away_left_nothing_and_all_are_served_afterwards(overloaded: Service, asked: str) -> None:
    with thronged(overloaded, asked) as answers:
        pass

    away = [answer for answer in answers if answer.status == 503]
    kept = {cookie for answer in away for cookie in answer.headers.get_all("Set-Cookie", [])}
    assert {cookie.partition("=")[0] for cookie in kept} == {"waited"}
    assert all(requests.get(asked, allow_redirects=False, timeout=30).status_code == 303 for _ in range(20))


@pytest.mark.parametrize("language", ["en", "cy"])
def test_a_citizen_waits_on_a_page_that_goes_on_by_itself(
    overloaded: Service, asked: str, page: Page, language: str
) -> None:
    page.context.add_cookies([{"name": "language", "value": language, "url": overloaded.base_url}])
    with thronged(overloaded, asked):
        for _ in range(20):
            shown = page.goto(asked)
            if shown is not None and shown.status == 503:
                break
        expect(page.locator("meta[http-equiv=refresh]")).to_be_attached()
        expect(page.locator("html")).to_have_attribute("lang", language)
    page.wait_for_url(re.compile("/sign-in/"), timeout=60_000)

    expect(page.locator("#email")).to_be_visible()


def test_a_form_that_was_sent_away_is_sent_again_by_loading_the_page_again_and_nothing_typed_is_lost(
    overloaded: Service, asked: str, page: Page
) -> None:
    page.goto(asked)
    with thronged(overloaded, page.url):
        send_until_refused(page)
        expect(page.locator("main")).to_contain_text("nothing counts against you")
    page.reload()

    expect(page.locator("#email")).to_have_value(EMAIL)
    expect(page.locator("#email-error")).to_be_visible()


def test_a_worker_gives_back_what_passwords_took_to_hash(overloaded: Service, asked: str) -> None:
    (worker,) = overloaded.web_workers()

    def try_a_password() -> None:
        browser = requests.Session()
        page = browser.get(asked, timeout=30).url
        fill(browser, page, email="ada@citizen.example", password="wrong, and long enough")

    with ThreadPoolExecutor(2 * PLACES) as visitors:
        before = resident_megabytes(worker)
        for tried in [visitors.submit(try_a_password) for _ in range(6 * PLACES)]:
            tried.result()

    assert resident_megabytes(worker) - before < ARGON2_MEGABYTES
