"""A real browser tells services that its citizen has signed out, and waits for none of them."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.clients.registering import new_citizen
from tests.support.browser import PATIENCE, OpenWindow, check_accessible
from tests.support.listener import Listener, answer, listening
from tests.support.server import wait_until
from tests.support.service import Service
from tests.support.token_office import CHALLENGE, VERIFIER, claims_in
from tests.support.visitor import PASSWORD

SOON = 6.0
"""Seconds within which a citizen is back, whatever services do; the page gives them two."""


@dataclass(frozen=True)
class Agency:
    """One service: where it listens, and as whom it is registered."""

    listener: Listener
    client_id: str

    def heard(self) -> list[dict[str, list[str]]]:
        """Return the queries of the calls it got for signing out."""
        paths = [urlsplit(path) for path, _, _ in self.listener.calls]
        return [parse_qs(parts.query) for parts in paths if parts.path == "/front"]

    def was_told(self) -> bool:
        return bool(self.heard())


@pytest.fixture
def agencies(service: Service) -> Iterator[list[Agency]]:
    with listening() as first, listening() as second:
        yield [_register(service, each) for each in (first, second)]


def _register(service: Service, listener: Listener) -> Agency:
    page = "Content-Type: text/html\r\nCache-Control: no-store\r\n"
    listener.answers = {
        "/cb": answer(b"Welcome", headers=page),
        "/out": answer(b"<title>Goodbye</title>", headers=page),
        "/front": answer(b"", headers=page),
    }
    metadata = {
        "client_name": f"Service {listener.server_port}",
        "redirect_uris": [listener.url("/cb")],
        "post_logout_redirect_uris": [listener.url("/out")],
        "frontchannel_logout_uri": listener.url("/front"),
        "frontchannel_logout_session_required": True,
        "token_endpoint_auth_method": "none",
    }
    return Agency(listener, service.cli_json("agencies", "add", stdin=metadata)["client_id"])


def sign_in(page: Page, service: Service, agency: Agency, email: str) -> dict[str, Any]:
    """Sign in at an agency, and return what it was told."""
    asked = {
        "client_id": agency.client_id,
        "redirect_uri": agency.listener.url("/cb"),
        "response_type": "code",
        "scope": "openid",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    page.goto(f"{service.base_url}/authorize?{urlencode(asked)}")
    if page.locator("#password").count():
        page.fill("#email", email)
        page.fill("#password", PASSWORD)
        page.click("#continue")
    page.click("#allow")
    page.wait_for_url(agency.listener.url("/cb") + "?*")
    form = {
        "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(page.url).query)["code"][0],
        "redirect_uri": agency.listener.url("/cb"),
        "client_id": agency.client_id,
        "code_verifier": VERIFIER,
    }
    told: dict[str, Any] = requests.post(f"{service.base_url}/token", data=form, timeout=10).json()
    return told


def leave(page: Page, service: Service, agency: Agency, tokens: dict[str, Any]) -> None:
    """Be sent to sign out, as the agency's own page would, without waiting for anything to load."""
    asked = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": agency.listener.url("/out")}
    page.goto(f"{service.base_url}/logout?{urlencode(asked)}", wait_until="commit")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_every_service_of_the_session_is_told_and_the_citizen_goes_back(
    service: Service, open_window: OpenWindow, agencies: list[Agency], scripts: bool
) -> None:
    page, email = open_window(java_script_enabled=scripts), new_citizen(service)
    tokens = [sign_in(page, service, agency, email) for agency in agencies]

    leave(page, service, agencies[0], tokens[0])

    page.wait_for_url(agencies[0].listener.url("/out"))
    for agency, told in zip(agencies, tokens, strict=True):
        wait_until(agency.was_told, seconds=10, what="the service was told")
        assert agency.heard() == [{"iss": [service.base_url], "sid": [claims_in(told["id_token"])["sid"]]}]


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_service_that_hangs_keeps_nobody(
    service: Service, open_window: OpenWindow, agencies: list[Agency], scripts: bool
) -> None:
    page, email, over = open_window(java_script_enabled=scripts), new_citizen(service), threading.Event()
    tokens = [sign_in(page, service, agency, email) for agency in agencies]

    def hang(_out: BinaryIO) -> None:
        over.wait(PATIENCE / 1000)

    agencies[1].listener.answers["/front"] = hang
    began = time.monotonic()
    leave(page, service, agencies[0], tokens[0])
    if not scripts:
        page.click("#return", no_wait_after=True)
    page.wait_for_url(agencies[0].listener.url("/out"), wait_until="commit")
    took = time.monotonic() - began
    over.set()

    assert took < SOON
    assert agencies[1].heard()


def test_the_page_says_so_and_is_accessible(service: Service, open_window: OpenWindow, agencies: list[Agency]) -> None:
    page, email = open_window(), new_citizen(service)
    sign_in(page, service, agencies[1], email)

    page.goto(f"{service.base_url}/logout")
    page.click("#sign-out")

    expect(page.locator("#told")).to_contain_text(f"Service {agencies[1].listener.server_port}")
    check_accessible(page)
    wait_until(agencies[1].was_told, seconds=10, what="the service was told")
