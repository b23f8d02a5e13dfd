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
from http.client import HTTPConnection
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.support.service import Service
from tests.support.site import hidden_fields
from tests.support.token_office import CHALLENGE, VERIFIER, claims_in
from tests.support.visitor import PASSWORD, Citizen, sign_in

BACK = "http://localhost:7/back"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
NEXT = b"GET /smuggled HTTP/1.1\r\nHost: %h\r\n\r\n"
MALFORMED = {
    "length and chunks": (
        b"POST /token HTTP/1.1\r\nHost: %h\r\n" + FORM,
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
    ),
    "two lengths": (
        b"POST /token HTTP/1.1\r\nHost: %h\r\n" + FORM,
        b"Content-Length: 4\r\nContent-Length: 40\r\n\r\nabcd" + NEXT,
    ),
    "signed length": (b"POST /token HTTP/1.1\r\nHost: %h\r\n" + FORM, b"Content-Length: +4\r\n\r\nabcd" + NEXT),
    "another coding": (
        b"POST /token HTTP/1.1\r\nHost: %h\r\n" + FORM,
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + NEXT,
    ),
    "coding before a space": (
        b"POST /token HTTP/1.1\r\nHost: %h\r\n" + FORM,
        b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + NEXT,
    ),
    "chunks": (
        b"POST /token HTTP/1.1\r\nHost: %h\r\n" + FORM,
        b"Transfer-Encoding: chunked\r\n\r\n5\r\na=b&c\r\nZZ\r\n",
    ),
    "a body too long": (
        b"POST /token HTTP/1.1\r\nHost: %h\r\n" + FORM,
        b"Content-Length: 70000\r\n\r\n" + b"a" * 70_000 + NEXT,
    ),
    "two hosts": (b"GET /help HTTP/1.1\r\nHost: %h\r\n", b"Host: evil.example\r\n\r\n"),
    "no host": (b"GET /help HTTP/1.1\r\n", b"\r\n"),
    "folded": (b"GET /help HTTP/1.1\r\nHost: %h\r\n", b"X: a\r\n b\r\n\r\n"),
    "NUL": (b"GET /help HTTP/1.1\r\nHost: %h\r\n", b"X: a\0b\r\n\r\n"),
    "long header": (b"GET /help HTTP/1.1\r\nHost: %h\r\n", b"X: " + b"a" * 1_000_000 + b"\r\n\r\n"),
    "many headers": (b"GET /help HTTP/1.1\r\nHost: %h\r\n", b"".join(b"X%d: a\r\n" % n for n in range(500)) + b"\r\n"),
    "bytes in the path": (b"GET /\xff\xfe HTTP/1.1\r\nHost: %h\r\n", b"\r\n"),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\r\n\r\n"),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b""),
}


def speak(service: Service, octets: bytes) -> bytes:
    """Send bytes as they are and return what comes within a second and a half."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=1.5) as connection:
        received = b""
        try:
            connection.sendall(octets.replace(b"%h", f"localhost:{service.port}".encode()))
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65_536):
                received += chunk
        except OSError:
            pass
        return received


def test_malformed_http_is_refused_and_smuggles_nothing(service: Service) -> None:
    for name, (head, rest) in MALFORMED.items():
        statuses = [int(found) for found in re.findall(rb"HTTP/1\.[01] (\d{3})", speak(service, head + rest))]

        assert len(statuses) <= 1, (name, statuses)
        assert all(400 <= status < 500 for status in statuses), (name, statuses)
    assert requests.get(f"{service.base_url}/jwks", timeout=10).status_code == 200
    assert "/smuggled" not in service.new_log()


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


@pytest.fixture(scope="module")
def client_id(service: Service) -> str:
    metadata = {
        "client_name": "App",
        "redirect_uris": [BACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_method": "none",
    }
    made: str = service.cli_json("agencies", "add", stdin=metadata)["client_id"]
    return made


def question(service: Service, client_id: str, **more: str) -> str:
    asked = {
        "client_id": client_id,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "openid email offline_access",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return f"{service.base_url}/authorize?{urlencode(asked | more)}"


@pytest.fixture
def guessers(service: Service, client_id: str) -> Iterator[Counter[int]]:
    """Twenty strangers guess passwords, each of another citizen, until the test ends; count their answers."""
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

    with ThreadPoolExecutor(20) as pool:
        guessing = [pool.submit(guess) for _ in range(20)]
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


def race(service: Service, cookies: dict[str, str], path: str) -> list[str]:
    """Open a page sixteen times at once; return where each was sent."""

    def open_page(_: int) -> str:
        answer = requests.get(service.base_url + path, cookies=cookies, allow_redirects=False, timeout=30)
        return answer.headers.get("Location", "")

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(open_page, range(16)))


def test_an_interaction_raced_over_two_workers_gives_one_code(service: Service, client_id: str) -> None:
    email = f"ada-{secrets.token_hex(6)}@example.org"
    service.cli("citizens", "add", "--email", email, "--password", PASSWORD)
    ada = Citizen(email)
    ada.come_back(question(service, client_id), to=BACK)
    asked = dict(parse_qs(urlsplit(question(service, client_id)).query))
    kept = requests.post(f"{service.base_url}/authorize", asked, allow_redirects=False, timeout=20)
    cookies = ada.browser.cookies.get_dict()
    page = service.base_url + kept.headers["Location"].replace("/authorize/", "/consent/")
    ada.browser.get(page, allow_redirects=False, timeout=20)

    sent = race(service, {**cookies, **ada.browser.cookies.get_dict()}, kept.headers["Location"])

    assert sum("code=" in location for location in sent) == 1, sent


def test_an_assertion_raced_over_two_workers_proves_one_request(service: Service) -> None:
    key = ECKey.generate_key("P-256", {"kid": "k1"})
    metadata = {
        "client_name": "Robot",
        "grant_types": ["client_credentials"],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [key.as_dict(private=False)]},
        "scope": "permits:read",
    }
    robot = service.cli_json("agencies", "add", stdin=metadata)["client_id"]
    now = int(time.time())
    claims = {
        "iss": robot,
        "sub": robot,
        "aud": service.base_url,
        "iat": now,
        "exp": now + 60,
        "jti": secrets.token_hex(8),
    }
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode({"alg": "ES256", "kid": "k1"}, claims, key),
    }

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: requests.post(f"{service.base_url}/token", form, timeout=30), range(32)))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 31}, answers[0].text
