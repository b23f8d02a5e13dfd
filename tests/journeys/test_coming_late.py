"""Back, reload, answers that come too late or in the wrong browser: always a way on, never a dead end."""

from playwright.sync_api import expect

from tests.journeys.conftest import Begin, NewPerson
from tests.support.journey import FISHING, PARKING, Journey


def test_back_and_reload_lead_on_at_every_step(journey: Journey, new_person: NewPerson) -> None:
    grace, page = new_person(totp=True), journey.page
    journey.start_at(PARKING)
    page.reload()
    journey.press("continue")
    journey.sees("Error: Sign in")
    page.reload()
    journey.sees("Sign in")
    journey.give_password(grace)
    page.reload()
    journey.sees("Enter the code")
    page.go_back()
    journey.sees("Sign in")
    page.go_forward()
    journey.give_code("000000")
    page.reload()
    journey.sees("Enter the code")
    journey.give_code(grace.code())
    journey.sees("Share your details")
    page.reload()
    journey.sees("Share your details")
    page.go_back()
    journey.sees("Share your details")
    journey.press("allow")
    journey.sees_signed_in(PARKING)

    page.go_back()

    journey.sees("You have already finished this sign-in")
    journey.look("finished")
    journey.press("return")
    journey.sees_signed_in(PARKING)


def test_a_sign_in_that_expired_leads_back_to_its_service(journey: Journey, new_person: NewPerson) -> None:
    journey.start_at(FISHING)
    journey.lose_what_is_short_lived()

    journey.give_password(new_person())
    journey.sees("This sign-in has expired")
    journey.look("expired")
    journey.press("return")

    journey.sees("Not signed in")
    assert journey.page.url.startswith(journey.sandbox.url(FISHING))
    journey.look("fishing-expired")
    journey.press("sign-in")
    journey.sees("Sign in")


def test_an_expired_page_opened_elsewhere_says_what_to_do(begin: Begin) -> None:
    first, other = begin(), begin()
    first.start_at(PARKING)

    other.page.goto(first.page.url)
    other.sees("Continue where you started")
    other.look("wrong-browser")
    first.lose_what_is_short_lived()
    other.page.reload()

    other.sees("This sign-in has expired")
    other.look("expired-without-a-way-back")


def test_an_unknown_service_or_address_is_never_gone_back_to(journey: Journey) -> None:
    journey.open(0, "/authorize?client_id=nobody&redirect_uri=https://example.org/")

    journey.sees("We do not know this service")
    journey.look("unknown-service")
    assert journey.page.locator("[href^='https://example.org'], [action^='https://example.org']").count() == 0


def test_who_needs_more_time_is_asked_before_it_runs_out_and_loses_nothing(journey: Journey) -> None:
    page = journey.page
    page.clock.install()
    journey.start_at(PARKING)
    journey.type(email="grace@sandbox.example")
    question = page.locator("#time-left")
    page.clock.run_for("01:27:00")
    expect(question).to_be_hidden()

    page.clock.run_for("01:30")
    expect(question).to_be_visible()
    expect(page.locator("#stay")).to_be_focused()
    journey.look("time-left")
    with page.expect_response("**/stay/*") as answered:
        page.keyboard.press("Enter")
    assert answered.value.json()["seconds"] == 90 * 60

    expect(question).to_be_hidden()
    expect(page.locator("#email")).to_have_value("grace@sandbox.example")
    page.clock.run_for("01:27:00")
    expect(question).to_be_hidden()
    page.clock.run_for("01:30")
    expect(question).to_be_visible()


def test_who_does_not_answer_in_time_is_told_where_to_go_on(journey: Journey) -> None:
    page = journey.page
    page.clock.install()
    journey.start_at(PARKING)
    page.clock.run_for("01:28:30")
    expect(page.locator("#time-left")).to_be_visible()
    journey.lose_what_is_short_lived()

    page.clock.run_for("02:00")

    journey.sees("This sign-in has expired")
    expect(page.locator("#return")).to_be_visible()


def test_without_scripts_the_time_there_is_stands_on_the_page(begin: Begin) -> None:
    journey = begin(java_script_enabled=False)

    journey.start_at(PARKING)

    expect(journey.page.locator(".time-left")).to_contain_text("minutes to finish")
