"""A newcomer makes an account with a password, a code app and printed codes, and comes back with one of them."""

import secrets

import pyotp
from playwright.sync_api import expect

from tests.support.journey import PARKING, PASSWORD, Journey


def test_a_newcomer_makes_an_account_and_later_signs_in_with_a_printed_code(journey: Journey) -> None:
    page, email = journey.page, f"n{secrets.token_hex(6)}@sandbox.example"
    journey.start_at(PARKING)
    journey.press("create")
    journey.sees("Create an account")
    journey.look("sign-up")
    journey.press("continue")
    journey.sees("Error: Create an account")
    journey.look("sign-up-nothing-typed")
    journey.type(email=email)
    journey.press("continue")
    _prove_email(journey, email)
    journey.sees("What is your name?")
    journey.look("sign-up-name")
    journey.type(given_name="Zoë", family_name="Żółkiewska-Núñez")
    journey.press("continue")
    journey.look("sign-up-passkey")
    journey.press("use-password")
    journey.sees("Choose a password")
    journey.look("sign-up-password")
    journey.type(password="short")
    journey.press("continue")
    journey.sees("Error: Choose a password")
    journey.look("sign-up-password-short")
    journey.type(password=PASSWORD)
    journey.press("continue")
    seed = _set_up_app(journey)
    codes = _print_codes(journey)
    journey.press("continue")
    journey.press("allow")
    journey.sees_signed_in(PARKING, "Zoë Żółkiewska-Núñez")
    assert page.inner_text("#level") == "aal2"

    journey.press("sign-out")
    journey.start_at(PARKING)
    journey.type(email=email, password=PASSWORD)
    journey.press("continue")
    journey.sees("Enter the code from your app")
    journey.press("use-backup-code")
    journey.sees("Enter a backup code")
    journey.look("backup-code")
    journey.give_code(pyotp.TOTP(seed).now())
    journey.sees("Error: Enter a backup code")
    journey.look("backup-code-wrong")
    journey.give_code(codes[0])

    journey.sees_signed_in(PARKING, "Zoë")


def test_an_address_with_an_account_looks_like_any_other(journey: Journey) -> None:
    shown = []
    for email in ("amina@sandbox.example", f"n{secrets.token_hex(6)}@sandbox.example"):
        journey.start_at(PARKING)
        journey.press("create")
        journey.type(email=email)
        journey.press("continue")
        journey.sees("Check your email")
        shown.append(journey.page.inner_text("main").replace(email, ""))

    assert shown[0] == shown[1]


def _prove_email(journey: Journey, email: str) -> None:
    journey.sees("Check your email")
    journey.look("sign-up-code")
    journey.give_code("000000")
    journey.sees("Error: Check your email")
    journey.look("sign-up-code-wrong")
    journey.give_code(journey.newest_code_for(email))


def _set_up_app(journey: Journey) -> str:
    journey.sees("Protect your account with a code app")
    journey.look("sign-up-app")
    seed = journey.page.inner_text("#seed").replace(" ", "")
    journey.page.reload()
    assert journey.page.inner_text("#seed").replace(" ", "") == seed
    journey.give_code(pyotp.TOTP(seed).now())
    return seed


def _print_codes(journey: Journey) -> list[str]:
    page = journey.page
    journey.sees("Print your backup codes")
    journey.look("backup-codes")
    codes = page.locator("#backup-codes li").all_inner_texts()
    page.emulate_media(media="print")
    expect(page.locator("#backup-codes")).to_be_visible()
    for unprinted in ("#continue", "footer", "nav", "[data-print]"):
        expect(page.locator(unprinted).first).to_be_hidden()
    page.emulate_media(media="screen")
    return codes
