"""The same pages without scripts, without style, by keyboard, in the dark, on slow lines."""

from typing import Any

import pytest
from playwright.sync_api import CDPSession, expect

from tests.journeys.conftest import Begin, NewPerson
from tests.support.journey import PARKING, Journey

FIRST_VIEW, WARM_VIEW = 25_000, 3_000
"""Bytes over the wire."""


def test_a_citizen_signs_in_without_scripts(begin: Begin, new_person: NewPerson) -> None:
    grace, journey = new_person(totp=True), begin(java_script_enabled=False)
    journey.start_at(PARKING)
    expect(journey.page.locator("#use-passkey")).to_be_hidden()

    journey.give_password(grace)
    journey.give_code(grace.code())
    journey.press("allow")

    journey.sees_signed_in(PARKING, "Grace")
    journey.press("sign-out")
    journey.sees("Signed out")


def test_a_citizen_signs_in_with_the_keyboard_alone(journey: Journey, new_person: NewPerson) -> None:
    grace, keys = new_person(totp=True), journey.page.keyboard
    journey.start_at(PARKING)

    keys.press("Tab")
    expect(journey.page.locator(".govuk-skip-link")).to_be_focused()
    keys.press("Enter")
    _tab_to(journey, "email")
    keys.type(grace.email)
    keys.press("Tab")
    keys.type("wrong")
    keys.press("Enter")
    journey.sees("Error: Sign in")
    expect(journey.page.locator(".govuk-error-summary")).to_be_focused()
    keys.press("Tab")
    keys.press("Enter")
    expect(journey.page.locator("#email")).to_be_focused()
    keys.press("Tab")
    keys.type(grace.password)
    keys.press("Enter")
    journey.sees("Enter the code")
    _tab_to(journey, "code")
    keys.type(grace.code())
    keys.press("Enter")
    journey.sees("Share your details")
    _tab_to(journey, "allow")
    keys.press("Enter")

    journey.sees_signed_in(PARKING, "Grace")


def test_without_style_every_field_still_follows_its_name(journey: Journey) -> None:
    journey.page.route("**/*.css", lambda route: route.abort())

    journey.start_at(PARKING)
    journey.look("sign-in-without-style")

    text = journey.page.inner_text("body")
    order = ["Skip to main content", "Sign in", "Parking permits", "Email address", "Password", "Create an account"]
    assert sorted(order, key=text.index) == order
    for hidden in journey.page.locator("[hidden]").all():
        expect(hidden).to_be_hidden()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_pages_read_well_in_the_dark_and_in_forced_colours(begin: Begin, new_person: NewPerson, scheme: str) -> None:
    forced = "active" if scheme == "light" else "none"
    journey = begin(color_scheme=scheme, forced_colors=forced)
    name = "dark" if scheme == "dark" else "forced-colours"
    journey.start_at(PARKING)
    journey.press("continue")
    journey.look(f"{name}-sign-in")
    journey.give_password(new_person())
    journey.look(f"{name}-consent")
    journey.open(0, "/help")
    journey.look(f"{name}-help")


def test_the_first_view_is_light_and_asks_nobody_else(journey: Journey) -> None:
    journey.open(PARKING)
    address = journey.page.get_attribute("#sign-in", "href")
    wire = Wire(journey)

    journey.page.goto(journey.sandbox.url(PARKING) + str(address))
    journey.page.wait_for_load_state("networkidle")
    cold = wire.weighed()
    journey.page.reload()
    journey.page.wait_for_load_state("networkidle")
    warm = wire.weighed()

    assert {url.split("/")[2] for url in wire.hosts} <= {_host(journey, 0), _host(journey, PARKING)}
    assert cold <= FIRST_VIEW
    assert warm <= WARM_VIEW


class Wire:
    """What came over the wire from the provider, headers included, as Chromium counts it."""

    def __init__(self, journey: Journey) -> None:
        self.hosts: dict[str, str] = {}
        self._ours = _host(journey, 0)
        self._bytes = 0
        session: CDPSession = journey.page.context.new_cdp_session(journey.page)
        session.on("Network.requestWillBeSent", self._began)
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")
        self._host_of: dict[str, str] = {}

    def weighed(self) -> int:
        """Return the bytes since this was last asked."""
        weight, self._bytes = self._bytes, 0
        return weight

    def _began(self, event: dict[str, Any]) -> None:
        url = event["request"]["url"]
        if "redirectResponse" in event and self._host_of.get(event["requestId"]) == self._ours:
            self._bytes += int(event["redirectResponse"]["encodedDataLength"])
        if url.startswith("http"):
            self.hosts[url] = event["requestId"]
            self._host_of[event["requestId"]] = url.split("/")[2]

    def _finished(self, event: dict[str, Any]) -> None:
        if self._host_of.get(event["requestId"]) == self._ours:
            self._bytes += int(event["encodedDataLength"])


def _host(journey: Journey, where: int) -> str:
    return journey.sandbox.url(where).removeprefix("http://")


def _tab_to(journey: Journey, name: str) -> None:
    for _ in range(20):
        if journey.page.evaluate("document.activeElement.id") == name:
            return
        journey.page.keyboard.press("Tab")
    pytest.fail(f"the Tab key never came to {name}")
