"""Citizens with a password and a code app, from one agency to the next and away again."""

import re

from playwright.sync_api import Locator, expect

from tests.journeys.conftest import Begin, GiveApp, NewPerson
from tests.support.journey import FISHING, PARKING, Journey


def test_a_password_and_a_code_sign_a_citizen_in(journey: Journey, new_person: NewPerson) -> None:
    grace = new_person(totp=True)
    journey.open(PARKING)
    journey.look("parking")
    journey.press("sign-in")
    journey.sees("Sign in")
    journey.look("sign-in")
    journey.press("continue")
    journey.sees("Error: Sign in")
    journey.look("sign-in-nothing-typed")
    journey.type(email=grace.email, password="not the right one")
    journey.press("continue")
    journey.sees("Error: Sign in")
    journey.look("sign-in-wrong")
    assert journey.page.input_value("#email") == grace.email
    assert journey.page.input_value("#password") == ""
    journey.give_password(grace)
    journey.sees("Enter the code from your app")
    journey.look("code")
    journey.give_code("000000")
    journey.sees("Error: Enter the code")
    journey.look("code-wrong")
    journey.give_code(grace.code())
    journey.sees("Share your details with Parking permits")
    journey.press("allow")

    journey.sees_signed_in(PARKING, "Grace Lindqvist")
    journey.look("parking-signed-in")
    assert journey.page.inner_text("#level") == "aal2"


def test_the_second_agency_asks_for_nothing_typed(journey: Journey, new_person: NewPerson) -> None:
    journey.sign_in(PARKING, new_person())
    here = journey.page.inner_text("#subject")

    journey.open(FISHING)
    journey.look("fishing")
    journey.press("sign-in")
    journey.sees("Share your details with Fishing licences")
    assert journey.page.locator("input:visible").count() == 0
    journey.press("allow")

    journey.sees_signed_in(FISHING, "Grace Lindqvist")
    assert journey.page.inner_text("#subject") != here


def test_what_was_agreed_to_is_not_asked_again(journey: Journey, new_person: NewPerson) -> None:
    journey.sign_in(PARKING, new_person())

    journey.start_at(PARKING)

    journey.sees_signed_in(PARKING)


def test_a_service_that_needs_more_proof_asks_for_the_code_alone(
    journey: Journey, new_person: NewPerson, give_app: GiveApp
) -> None:
    grace = new_person()
    journey.sign_in(PARKING, grace)
    assert journey.page.inner_text("#level") == "aal1"
    give_app(grace)

    journey.press("step-up")
    journey.sees("Enter the code from your app")
    assert journey.page.locator("#password").count() == 0
    journey.give_code(grace.code())

    journey.sees_signed_in(PARKING)
    assert journey.page.inner_text("#level") == "aal2"


def test_more_proof_than_a_citizen_has_leads_back_to_the_service(journey: Journey, new_person: NewPerson) -> None:
    journey.sign_in(PARKING, new_person())
    assert journey.page.inner_text("#level") == "aal1"

    journey.press("step-up")
    journey.sees("This service needs a stronger sign-in")
    journey.look("stronger")
    journey.press("cancel")

    journey.sees("Not signed in")
    assert journey.page.inner_text("#error") == "unmet_authentication_requirements"
    journey.look("parking-level-not-reached")


def test_consent_shows_each_value_as_its_owner_would_write_it(journey: Journey, new_person: NewPerson) -> None:
    zoe = new_person(given_name="Zoë", family_name="Żółkiewska-Núñez", birthdate="1975-11-02", locale="cy")
    journey.start_at(FISHING)
    journey.give_password(zoe)

    journey.sees("Share your details with Fishing licences")
    journey.look("consent")
    rows = journey.page.locator(".govuk-summary-list__row").all_inner_texts()
    assert [tuple(re.split(r"\s*[\t\n]\s*", row.strip())) for row in rows] == [
        ("Full name", "Zoë Żółkiewska-Núñez"),
        ("Given names", "Zoë"),
        ("Family name", "Żółkiewska-Núñez"),
        ("Date of birth", "2 November 1975"),
        ("Email address", zoe.email),
        ("Language", "Welsh"),
    ]
    journey.press("allow")
    told = journey.page.inner_text("#told")
    assert all(value in told for value in ("Zoë Żółkiewska-Núñez", zoe.email, "1975-11-02", '"cy"'))


def test_who_does_not_want_to_share_is_kindly_received(journey: Journey, new_person: NewPerson) -> None:
    journey.start_at(PARKING)
    journey.give_password(new_person())

    journey.press("deny")

    journey.sees("Not signed in")
    assert journey.page.inner_text("#error") == "access_denied"
    expect(journey.page.locator("main")).to_contain_text("We were told nothing about you")
    journey.look("parking-declined")
    journey.sees_signed_out(PARKING)


def test_who_turns_back_comes_to_the_service_that_asked(journey: Journey) -> None:
    journey.start_at(FISHING)

    journey.press("cancel")

    journey.sees("Not signed in")
    assert journey.page.url.startswith(journey.sandbox.url(FISHING))
    assert journey.page.inner_text("#error") == "access_denied"


def test_two_tabs_at_once_each_reach_their_own_service(journey: Journey, new_person: NewPerson) -> None:
    grace = new_person()
    other = Journey(journey.page.context.new_page(), journey.sandbox)
    journey.start_at(PARKING)
    other.start_at(FISHING)

    other.give_password(grace)
    other.press("allow")
    other.sees_signed_in(FISHING)
    journey.give_password(grace)
    journey.press("allow")

    journey.sees_signed_in(PARKING)
    other.page.reload()
    other.sees_signed_in(FISHING)


def test_signing_out_at_one_agency_is_seen_by_both(journey: Journey, new_person: NewPerson) -> None:
    journey.sign_in(PARKING, new_person())
    journey.start_at(FISHING)
    journey.press("allow")
    journey.sees_signed_in(FISHING)

    journey.press("sign-out")

    journey.sees("Signed out")
    journey.look("fishing-signed-out")
    expect(_reloaded_until_signed_out(journey, PARKING)).to_be_visible()
    journey.start_at(PARKING)
    journey.sees("Sign in")


def test_signing_out_everywhere_asks_first_and_names_whom_it_tells(journey: Journey, new_person: NewPerson) -> None:
    journey.sign_in(PARKING, new_person())
    journey.open(0, "/logout")
    journey.sees("Do you want to sign out?")
    journey.look("sign-out")

    journey.press("sign-out")

    journey.sees("You are signed out")
    journey.look("signed-out")
    expect(journey.page.locator("#told")).to_contain_text("Parking permits")
    expect(_reloaded_until_signed_out(journey, PARKING)).to_be_visible()


def test_one_citizen_leaves_another_browser_alone(begin: Begin, new_person: NewPerson) -> None:
    grace, amina = begin(), begin()
    grace.sign_in(PARKING, new_person())
    amina.sign_in(PARKING, new_person(given_name="Amina"))

    grace.press("sign-out")

    amina.open(PARKING)
    amina.sees_signed_in(PARKING, "Amina")


def _reloaded_until_signed_out(journey: Journey, agency: int) -> Locator:
    """Wait for the agency to have been told, which the worker does within seconds."""
    button = journey.page.locator("#sign-in")
    journey.open(agency)
    for _ in range(100):
        if button.count():
            break
        journey.page.wait_for_timeout(100)
        journey.page.reload()
    return button
