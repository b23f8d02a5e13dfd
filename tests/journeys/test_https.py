"""A whole journey over https: HAProxy with a private authority before the service, an agency on another site."""

import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import urllib3
from flask import Flask, request
from joserfc import jwt
from joserfc.jwk import KeySet
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from tests.support.browser import PATIENCE
from tests.support.https import COMES_FROM, Authority, Proxy
from tests.support.server import find_program, free_port
from tests.support.service import Service, StorePair, serving
from tests.support.token_office import CHALLENGE, VERIFIER
from tests.support.visitor import PASSWORD

PROVIDER, AGENCY = "id.test", "parking.test"
OURS = {"__Host-session", "__Host-browser", "__Host-form"}


@dataclass
class Agency:
    """A service on a site of its own, whose pages send forms wherever a test says."""

    app: Flask = field(default_factory=lambda: Flask("agency"))
    answers: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Method and parameters of each answer that came back."""

    def __post_init__(self) -> None:
        self.app.add_url_rule("/send", view_func=self.send)
        self.app.add_url_rule("/back", view_func=self.back, methods=["GET", "POST"])
        self.app.add_url_rule("/bye", view_func=lambda: "Goodbye")

    def send(self) -> str:
        """A page with one form; the query says where to and what with."""
        fields = {name: value for name, value in request.args.items() if name != "to"}
        hidden = "".join(f'<input type="hidden" name="{escape(n)}" value="{escape(v)}">' for n, v in fields.items())
        return f'<form method="post" action="{escape(request.args["to"])}">{hidden}<button id="go">Go</button></form>'

    def back(self) -> str:
        told = request.form if request.method == "POST" else request.args
        self.answers.append((request.method, dict(told)))
        return "<h1>Welcome back</h1>"


@dataclass(frozen=True)
class Installation:
    """All that runs: the service behind the proxy, the agency beside it."""

    service: Service
    proxy: Proxy
    clear_port: int
    agency: Agency
    authority: Authority
    registered: dict[str, Any]
    email: str

    @property
    def back(self) -> str:
        return self.proxy.url(AGENCY, "/back")

    def asked(self, **more: str) -> dict[str, str]:
        return {
            "client_id": self.registered["client_id"],
            "redirect_uri": self.back,
            "response_type": "code",
            "scope": "openid email",
            "state": secrets.token_urlsafe(8),
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | more

    def sending(self, to: str, **fields: str) -> str:
        """Return the agency's page with a form that posts `fields` to the provider's `to`."""
        return self.proxy.url(AGENCY, f"/send?to={quote(self.proxy.url(PROVIDER, to))}&{urlencode(fields)}")

    def redeem(self, code: str) -> dict[str, Any]:
        """Do the agency's part behind the scenes, and return the claims of the ID token."""
        provider = self.proxy.client(PROVIDER)
        basic = urllib3.make_headers(basic_auth=f"{self.registered['client_id']}:{self.registered['client_secret']}")
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.back, "code_verifier": VERIFIER}
        answer = provider.request(
            "POST", "/token", fields=form, encode_multipart=False, headers={**provider.headers, **basic}
        )
        assert answer.status == 200, answer.data
        keys = KeySet.import_key_set(provider.request("GET", "/jwks").json())
        claims = jwt.decode(answer.json()["id_token"], keys, algorithms=["ES256"]).claims
        assert claims["iss"] == self.proxy.url(PROVIDER)
        return claims


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder: Path = tmp_path_factory.mktemp("https")
    port, agency = free_port(), Agency()
    pair = StorePair(f"sqlite:///{folder}/durable.db", f"sqlite:///{folder}/ephemeral.db")
    settings: dict[str, Any] = {
        "ISSUER": f"https://{PROVIDER}:{port}",
        "TRUSTED_PROXIES": f"{COMES_FROM}/32",
        "TEST_SETTINGS": "allow",
    }
    authority = Authority(folder, PROVIDER, AGENCY)
    behind_agency = make_server("127.0.0.1", 0, agency.app, threaded=True)
    threading.Thread(target=behind_agency.serve_forever, daemon=True).start()
    with serving(pair, folder, workers=2, **settings) as service:
        behind = {PROVIDER: service.port, AGENCY: behind_agency.server_port}
        clear_port = free_port()
        proxy = Proxy.of_hosts(folder, authority, port, behind, clear_port=clear_port)
        metadata = {
            "client_name": "Parking",
            "redirect_uris": [proxy.url(AGENCY, "/back")],
            "post_logout_redirect_uris": [proxy.url(AGENCY, "/bye")],
            "token_endpoint_auth_method": "client_secret_basic",
        }
        registered = service.cli_json("agencies", "add", stdin=metadata)
        email = "ada@example.org"
        service.cli("citizens", "add", "--email", email, "--password", PASSWORD, "--given-name", "Ada")
        yield Installation(service, proxy, clear_port, agency, authority, registered, email)
        proxy.end()
    behind_agency.shutdown()


@pytest.fixture
def window(chromium: Browser, installation: Installation, tmp_path: Path) -> Iterator[BrowserContext]:
    """A fresh Chromium that finds both sites here and trusts the private authority alone."""
    context = chromium.browser_type.launch_persistent_context(
        tmp_path / "profile",
        executable_path=find_program("chromium", package="chromium"),
        args=[
            "--no-sandbox",
            "--disable-gpu",
            "--host-resolver-rules=MAP *.test 127.0.0.1",
            f"--ignore-certificate-errors-spki-list={installation.authority.fingerprint}",
        ],
    )
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(window: BrowserContext) -> Page:
    return window.pages[0]


def sign_in(page: Page, installation: Installation) -> None:
    """Type what the page asks for, and agree if asked."""
    page.fill("#email", installation.email)
    page.fill("#password", PASSWORD)
    page.click("#continue")
    page.wait_for_load_state()
    if page.locator("#allow").count():
        page.click("#allow")
    page.wait_for_url(installation.back + "*")


def cookies_of_provider(window: BrowserContext, installation: Installation) -> dict[str, Any]:
    return {cookie["name"]: cookie for cookie in window.cookies(installation.proxy.url(PROVIDER))}


def test_a_citizen_signs_in_from_another_site_is_known_there_again_and_signs_out(
    window: BrowserContext, page: Page, installation: Installation
) -> None:
    answers = installation.agency.answers
    asked = installation.asked()

    page.goto(installation.sending("/authorize", **asked))
    page.click("#go")
    sign_in(page, installation)

    method, told = answers[-1]
    assert (method, told["state"], told["iss"]) == ("GET", asked["state"], installation.proxy.url(PROVIDER))
    first = installation.redeem(told["code"])
    kept = cookies_of_provider(window, installation)
    assert kept.keys() >= OURS
    assert all(name.startswith("__Host-") for name in kept)
    assert {(c["secure"], c["httpOnly"], c["sameSite"], c["path"]) for c in kept.values()} == {(True, True, "Lax", "/")}
    assert {cookie["domain"] for cookie in kept.values()} == {PROVIDER}

    page.goto(installation.sending("/authorize", **installation.asked(prompt="none", response_mode="form_post")))
    page.click("#go")
    page.wait_for_url(installation.back)

    method, told = answers[-1]
    again = installation.redeem(told["code"])
    assert method == "POST"
    assert (again["sub"], again["sid"], again["auth_time"]) == (first["sub"], first["sid"], first["auth_time"])

    page.goto(installation.proxy.url(PROVIDER, "/logout"))
    page.click("#sign-out")
    page.wait_for_url("**/signed-out/*")
    page.goto(installation.sending("/authorize", **installation.asked(prompt="none")))
    page.click("#go")
    page.wait_for_url(installation.back + "*")

    assert answers[-1][1]["error"] == "login_required"
    assert "__Host-session" not in cookies_of_provider(window, installation)


def test_a_form_without_its_token_is_refused(window: BrowserContext, page: Page, installation: Installation) -> None:
    page.goto(installation.proxy.url(PROVIDER, f"/authorize?{urlencode(installation.asked())}"))
    page.fill("#email", installation.email)
    page.fill("#password", PASSWORD)
    page.evaluate("document.querySelectorAll('[name=csrf_token]').forEach(field => field.remove())")

    with page.expect_navigation() as sent:
        page.click("#continue")

    assert sent.value.status == 400
    assert "__Host-session" not in cookies_of_provider(window, installation)


def test_what_another_site_posts_to_the_sign_in_page_is_refused(
    window: BrowserContext, page: Page, installation: Installation
) -> None:
    page.goto(installation.proxy.url(PROVIDER, f"/authorize?{urlencode(installation.asked())}"))
    here = page.url.removeprefix(installation.proxy.url(PROVIDER))
    assert here.startswith("/sign-in/")
    stolen = page.input_value("[name=csrf_token] >> nth=0")

    page.goto(installation.sending(here, email=installation.email, password=PASSWORD, csrf_token=stolen))
    with page.expect_navigation() as sent:
        page.click("#go")

    assert sent.value.status == 400
    assert "__Host-session" not in cookies_of_provider(window, installation)
    page.goto(installation.proxy.url(PROVIDER, here))
    sign_in(page, installation)


def test_every_answer_over_https_holds_the_browser_to_it(installation: Installation) -> None:
    provider = installation.proxy.client(PROVIDER)

    answers = [
        provider.request("GET", path, redirect=False)
        for path in ("/jwks", "/authorize", f"/authorize?{urlencode(installation.asked())}", "/nothing", "/userinfo")
    ]

    assert [answer.status for answer in answers] == [200, 400, 303, 404, 401]
    for answer in answers:
        assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
        for cookie in answer.headers.getlist("Set-Cookie"):
            assert cookie.startswith("__Host-")
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_what_a_browser_says_was_forwarded_reaches_nobody(installation: Installation) -> None:
    provider = installation.proxy.client(PROVIDER)
    forged = {
        "X-Forwarded-For": "nonsense",
        "X-Forwarded-Proto": "http",
        "X_Forwarded_Proto": "http",
        "X_Forwarded_For": "nonsense",
        "X-Forwarded-Host": "evil.example",
    }

    answer = provider.request("GET", "/.well-known/openid-configuration", headers={**provider.headers, **forged})

    assert answer.status == 200
    assert answer.json()["issuer"] == installation.proxy.url(PROVIDER)


@pytest.mark.parametrize(
    ("forwarded", "from_proxy"),
    [({"X-Forwarded-Proto": "http"}, 400), ({"X-Forwarded-For": "nonsense"}, 400), ({}, 200)],
)
def test_forwarded_headers_are_believed_from_the_trusted_peer_alone(
    installation: Installation, forwarded: dict[str, str], from_proxy: int
) -> None:
    def status(peer: str) -> int:
        direct = urllib3.HTTPConnectionPool("127.0.0.1", installation.service.port, source_address=(peer, 0))
        return direct.request(
            "GET", "/help", headers={"Host": f"{PROVIDER}:{installation.proxy.port}", **forwarded}
        ).status

    assert (status(COMES_FROM), status("127.0.0.1")) == (from_proxy, 200)


def test_a_proxy_that_was_reached_in_the_clear_is_refused(installation: Installation) -> None:
    clear = urllib3.HTTPConnectionPool("127.0.0.1", installation.clear_port)

    answer = clear.request("GET", "/help", headers={"Host": f"{PROVIDER}:{installation.proxy.port}"})

    assert answer.status == 400
