"""What a stranger can do to the real service over the network: malformed HTTP, floods, replays, reading its logs."""

import re
import secrets
import socket
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.support.public_app import BACK, client_id, question
from tests.support.service import Service
from tests.support.site import hidden_fields
from tests.support.token_office import CHALLENGE, VERIFIER, claims_in
from tests.support.visitor import PASSWORD, sign_in

__all__ = ["client_id"]

POST = b"POST /token HTTP/1.1\r\nHost: %h\r\nContent-Type: application/x-www-form-urlencoded\r\n"
GET = b"GET /help HTTP/1.1\r\nHost: %h\r\nConnection: close\r\n"
NEXT = b"GET /help HTTP/1.1\r\nHost: %h\r\n\r\n"
"""What another's request would be taken for, if ours could hide it."""
UNANSWERED = None
"""The connection is closed without a word."""
MALFORMED = {
    "length and chunks": (POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT, 411),
    "two lengths": (POST + b"Content-Length: 4\r\nContent-Length: 40\r\n\r\nabcd" + NEXT, 400),
    "signed length": (POST + b"Content-Length: +4\r\n\r\nabcd" + NEXT, 400),
    "another coding": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + NEXT, 400),
    "coding before a space": (POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + NEXT, 400),
    "chunks": (POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\na=b&c\r\nZZ\r\n", 411),
    "a body too long": (POST + b"Content-Length: 70000\r\n\r\n" + b"a" * 70_000 + NEXT, 413),
    "two hosts": (GET + b"Host: evil.example\r\n\r\n", 421),
    "no host": (GET.replace(b"Host: %h\r\n", b"") + b"\r\n", 421),
    "another host": (GET.replace(b"%h", b"evil.example") + b"\r\n", 421),
    "folded": (GET + b"X: a\r\n b\r\n\r\n", 400),
    "NUL": (GET + b"X: a\0b\r\n\r\n", 400),
    "long header": (GET + b"X: " + b"a" * 1_000_000 + b"\r\n\r\n", 431),
    "many headers": (GET + b"".join(b"X%d: a\r\n" % n for n in range(500)) + b"\r\n", 431),
    "bytes in the path": (GET.replace(b"/help", b"/\xff\xfe") + b"\r\n", 400),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", UNANSWERED),
}

STRANGERS = 60
"""More than two workers hash for, and let wait."""


def speak(service: Service, octets: bytes) -> list[int]:
    """Send bytes as they are and return the statuses answered until the service, not we, closes the connection."""
    received = b""
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        with suppress(ConnectionError):
            connection.sendall(octets.replace(b"%h", f"localhost:{service.port}".encode()))
        with suppress(ConnectionError):
            while chunk := connection.recv(65_536):
                received += chunk
    return [int(found) for found in re.findall(rb"HTTP/1\.[01] (\d{3})", received)]


@pytest.mark.parametrize(("octets", "status"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_http_is_refused_once_and_the_connection_ended(
    service: Service, octets: bytes, status: int | None
) -> None:
    service.new_log()

    answered = speak(service, octets)

    assert answered == ([] if status is UNANSWERED else [status])
    assert requests.get(f"{service.base_url}/jwks", timeout=10).status_code == 200
    assert '"endpoint": "help.help_page", "method": "GET", "status": 200' not in service.new_log()


def test_a_post_that_tells_no_length_has_no_body(service: Service) -> None:
    """RFC 9112 section 6.3; a caller of /userinfo has none to send."""
    connection = HTTPConnection("localhost", service.port, timeout=10)
    connection.putrequest("POST", "/userinfo")
    connection.endheaders()

    assert connection.getresponse().status == 401


def test_headers_that_never_end_keep_nobody_waiting(service: Service) -> None:
    waiting = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(100)]
    for connection in waiting:
        connection.sendall(b"GET /jwks HTTP/1.1\r\nHost: x\r\nX: ")

    answers = [requests.get(f"{service.base_url}/jwks", timeout=10) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {200}
    for connection in waiting:
        connection.close()


@pytest.fixture
def guessers(service: Service, client_id: str) -> Iterator[Counter[int]]:
    """Sixty strangers guess passwords, each of another citizen, until the test ends; count their answers."""
    seen: Counter[int] = Counter()
    stop = threading.Event()

    def guess() -> None:
        browser = requests.Session()
        page = browser.get(question(service, client_id), timeout=30)
        fields = hidden_fields(page.text)
        while not stop.is_set():
            typed = {"email": f"{secrets.token_hex(6)}@example.org", "password": "a guess of some length"}
            answer = browser.post(page.url, fields | typed, timeout=30)
            seen[answer.status_code] += 1
            assert answer.status_code not in (429, 503) or int(answer.headers["Retry-After"]) > 0

    with ThreadPoolExecutor(STRANGERS) as pool:
        guessing = [pool.submit(guess) for _ in range(STRANGERS)]
        time.sleep(1.0)
        yield seen
        stop.set()
    for each in guessing:
        each.result()


def timed(service: Service, count: int) -> tuple[set[int], float]:
    """Return the statuses and the median seconds of so many calls of /jwks."""
    statuses, seconds = set(), []
    for _ in range(count):
        began = time.perf_counter()
        statuses.add(requests.get(f"{service.base_url}/jwks", timeout=20).status_code)
        seconds.append(time.perf_counter() - began)
    return statuses, statistics.median(seconds)


def test_a_flood_of_guesses_stalls_no_keys_and_no_tokens(
    service: Service, client_id: str, request: pytest.FixtureRequest
) -> None:
    _, calm = timed(service, 5)
    seen: Counter[int] = request.getfixturevalue("guessers")

    statuses, flooded = timed(service, 10)
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": client_id}
    refused = [requests.post(f"{service.base_url}/token", form, timeout=20) for _ in range(4)]

    assert statuses == {200}
    assert {answer.status_code for answer in refused} == {400}
    assert flooded < max(100 * calm, 2.0), (calm, flooded)
    assert set(seen) <= {422, 429, 503}, seen
    assert seen[503] > 0, seen


def test_the_logs_of_a_journey_name_nobody_and_open_nothing(service: Service, client_id: str) -> None:
    email, state = f"ada-{secrets.token_hex(6)}@example.org", secrets.token_urlsafe(16)
    service.cli("citizens", "add", "--email", email, "--password", PASSWORD)
    service.new_log()
    back = sign_in(question(service, client_id, state=state, nonce=state, login_hint=email), email, back=BACK)
    code = parse_qs(urlsplit(back).query)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        "client_id": client_id,
    }
    tokens = requests.post(f"{service.base_url}/token", form, timeout=20).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    requests.get(f"{service.base_url}/userinfo", headers=bearer, timeout=20)
    requests.get(f"{service.base_url}/logout", {"id_token_hint": tokens["id_token"]}, timeout=20)
    requests.get(
        question(service, client_id, prompt="none", state=state, login_hint=email), allow_redirects=False, timeout=20
    )
    assert requests.post(f"{service.base_url}/token", form, timeout=20).status_code == 400
    requests.get(f"{service.base_url}/userinfo", headers=bearer, timeout=20)

    log = service.new_log()

    assert log.count('"event": "request"') >= 8
    claims = claims_in(tokens["id_token"])
    secret = [
        email,
        email.partition("@")[0],
        PASSWORD,
        state,
        code,
        code.partition(".")[2],
        VERIFIER,
        CHALLENGE,
        claims["sub"],
        claims["sid"],
    ]
    for text in (
        *secret,
        *(tokens[name] for name in ("access_token", "refresh_token", "id_token")),
        "eyJ",
        "/sign-in/",
        "Traceback",
    ):
        assert text not in log, text
