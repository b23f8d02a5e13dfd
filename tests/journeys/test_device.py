"""A citizen answers for a device in a real browser: at two widths, in Welsh, without scripts; axe finds nothing."""

import re
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from federation.relying_parties.rules import DEVICE_CODE
from tests.clients.registering import new_citizen
from tests.support.browser import OpenWindow, check_accessible, keep_pictures
from tests.support.service import Service
from tests.support.visitor import PASSWORD


class Kiosk:
    """A device without a browser, in a library."""

    def __init__(self, service: Service) -> None:
        metadata = {
            "client_name": "Library loans",
            "agency": "Rivermouth Council",
            "grant_types": [DEVICE_CODE],
            "token_endpoint_auth_method": "none",
        }
        self.service = service
        self.client_id: str = service.cli_json("agencies", "add", stdin=metadata)["client_id"]
        form = {"client_id": self.client_id, "scope": "openid email"}
        self.begun: Any = requests.post(f"{service.base_url}/device_authorization", data=form, timeout=10).json()

    def poll(self) -> Any:
        form = {"client_id": self.client_id, "grant_type": DEVICE_CODE, "device_code": self.begun["device_code"]}
        return requests.post(f"{self.service.base_url}/token", data=form, timeout=10).json()


@pytest.fixture
def kiosk(service: Service) -> Kiosk:
    return Kiosk(service)


def look(page: Page, name: str) -> None:
    check_accessible(page)
    keep_pictures(page, f"device-{name}")


def test_a_citizen_types_the_code_and_the_device_goes_on(
    service: Service, open_window: OpenWindow, kiosk: Kiosk
) -> None:
    page, email = open_window(), new_citizen(service)

    page.goto(kiosk.begun["verification_uri"])
    look(page, "code")
    page.fill("#user_code", "000 000 000")
    page.click("#continue")
    expect(page.locator(".govuk-error-summary")).to_be_focused()
    look(page, "wrong-code")
    page.fill("#user_code", kiosk.begun["user_code"].replace("-", " "))
    page.click("#continue")
    expect(page.locator("main")).to_contain_text(kiosk.begun["user_code"])
    expect(page.locator("main")).to_contain_text("Library loans")
    look(page, "confirm")
    page.click("#continue")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("#continue")
    expect(page.locator("#allow")).to_be_visible()
    look(page, "consent")
    page.click("#allow")

    expect(page.locator("h1")).to_have_text("You can go back to your device")
    look(page, "done")
    assert kiosk.poll()["scope"] == "openid email"


def test_a_citizen_stops_what_they_did_not_start(open_window: OpenWindow, kiosk: Kiosk) -> None:
    page = open_window()

    page.goto(kiosk.begun["verification_uri_complete"])
    expect(page.locator("#user_code")).to_have_value(kiosk.begun["user_code"])
    page.click("#continue")
    page.click("#stop")

    expect(page.locator("h1")).to_have_text("You stopped this")
    look(page, "stopped")
    assert kiosk.poll()["error"] == "access_denied"


def test_a_code_that_is_used_up_says_so(open_window: OpenWindow, kiosk: Kiosk) -> None:
    page = open_window()
    page.goto(kiosk.begun["verification_uri_complete"])
    page.click("#continue")
    confirm = page.url
    page.click("#continue")

    page.goto(confirm)
    page.click("#continue")

    expect(page.locator("h1")).to_have_text("This code can no longer be used")
    look(page, "expired")


def test_without_scripts_and_in_welsh(service: Service, open_window: OpenWindow, kiosk: Kiosk) -> None:
    page, email = open_window(java_script_enabled=False, locale="cy-GB"), new_citizen(service)

    page.goto(kiosk.begun["verification_uri_complete"])
    expect(page.locator("h1")).to_have_text(re.compile("^Rhowch y cod o.ch dyfais$"))
    page.click("#continue")
    expect(page.locator("h1")).to_have_text("Ai chi ddechreuodd hyn?")
    page.click("#continue")
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    page.click("#continue")
    page.click("#allow")

    expect(page.locator("h1")).to_have_text("Gallwch fynd yn ôl at eich dyfais")
    assert kiosk.poll()["scope"] == "openid email"
