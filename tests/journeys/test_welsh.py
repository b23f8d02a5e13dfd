"""Whole journeys in Welsh: asked for by the agency, or by the citizen with the toggle on every page."""

import re
from functools import cache
from pathlib import Path

import pyotp
import pytest
from babel.messages.pofile import read_po
from playwright.sync_api import expect

from tests.journeys.conftest import NewPerson
from tests.support.journey import FISHING, PARKING, Journey

LOCALES = Path(__file__).parents[2] / "templates" / "locales"


def test_a_service_in_welsh_is_signed_in_to_in_welsh(journey: Journey, new_person: NewPerson) -> None:
    person = new_person(totp=True)
    journey.open(PARKING)
    journey.press("sign-in-cy")
    _speaks_welsh(journey)
    journey.look("cy-sign-in")
    journey.press("continue")
    journey.sees("Gwall: ")
    _speaks_welsh(journey)
    journey.look("cy-sign-in-nothing-typed")
    journey.give_password(person)
    _speaks_welsh(journey)
    journey.look("cy-code")
    journey.press("use-backup-code")
    _speaks_welsh(journey)
    journey.page.go_back()
    journey.give_code(person.code())
    _speaks_welsh(journey)
    journey.look("cy-consent")
    journey.press("allow")

    journey.sees_signed_in(PARKING)


def test_a_new_account_is_made_in_welsh(journey: Journey) -> None:
    journey.start_at(FISHING)
    journey.page.click("text=Cymraeg")
    journey.press("create")
    _speaks_welsh(journey)
    journey.look("cy-sign-up")
    journey.type(email="rhiannon@sandbox.example")
    journey.press("continue")
    _speaks_welsh(journey)
    journey.look("cy-sign-up-code")
    journey.give_code(journey.newest_code_for("rhiannon@sandbox.example"))
    for name in ("name", "passkey", "password", "app", "backup-codes"):
        _speaks_welsh(journey)
        journey.look(f"cy-sign-up-{name}")
        _go_on_from(journey, name)
    journey.sees("Rhannu")
    _speaks_welsh(journey)


@pytest.mark.parametrize(
    "path",
    [
        "/help",
        "/help/cookies",
        "/help/privacy",
        "/help/accessibility",
        "/help/errors",
        "/help/errors/invalid_grant",
        "/nothing-here",
    ],
)
def test_every_help_page_speaks_both_languages(journey: Journey, path: str) -> None:
    name = path.strip("/").replace("/", "-")
    journey.open(0, path)
    journey.look(name)

    journey.page.click("text=Cymraeg")

    _speaks_welsh(journey)
    journey.look(f"cy-{name}")


def test_the_language_toggle_keeps_what_was_typed_but_no_secret(journey: Journey) -> None:
    journey.start_at(PARKING)
    journey.type(email="grace@sandbox.example", password="not to be kept anywhere")

    journey.page.click("text=Cymraeg")

    expect(journey.page.locator("html")).to_have_attribute("lang", "cy")
    expect(journey.page.locator("#email")).to_have_value("grace@sandbox.example")
    expect(journey.page.locator("#password")).to_have_value("")
    assert journey.page.evaluate("JSON.stringify([sessionStorage, localStorage])") == "[{},{}]"


def _go_on_from(journey: Journey, page: str) -> None:
    """Do what a page of the sign-up asks."""
    if page == "passkey":
        journey.press("use-password")
        return
    if page == "name":
        journey.type(given_name="Rhiannon", family_name="Gruffydd")
    elif page == "password":
        journey.type(password="pedair afal mewn basged las")
    elif page == "app":
        seed = journey.page.inner_text("#seed").replace(" ", "")
        journey.type(code=pyotp.TOTP(seed).now())
    journey.press("continue")


def _speaks_welsh(journey: Journey) -> None:
    expect(journey.page.locator("html")).to_have_attribute("lang", "cy")
    shown = journey.page.inner_text("body") + journey.page.title()
    assert not [sentence for sentence in _english() if re.search(rf"(?<!\w){re.escape(sentence)}(?!\w)", shown)]


@cache
def _english() -> list[str]:
    """Return every sentence of ours that must not be seen by who reads Welsh."""
    with (LOCALES / "cy" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        known = read_po(file, "cy")
    sentences = [
        part for m in known if m.id for part in re.split(r"%\(\w+\)s|%\(num\)d", str(m.id)) if m.string != m.id
    ]
    return [part.strip() for part in sentences if len(part.strip()) > 8]
