"""A citizen who asks for more time gets it, and the forms that carry the question answer to their browser alone."""

from datetime import timedelta

import pytest
from werkzeug.test import TestResponse

from tests.support.site import Browser, Site, hidden_fields

MINUTES = timedelta(minutes=1)


def ask_for_more(browser: Browser, interaction_id: str) -> TestResponse:
    form = hidden_fields(browser.get(f"/sign-in/{interaction_id}").text)
    return browser.post(f"/stay/{interaction_id}", {"csrf_token": form["csrf_token"]})


def test_asking_in_time_begins_the_ninety_minutes_anew(site: Site, browser: Browser) -> None:
    interaction_id = browser.begin()
    for _ in range(3):
        site.clock.pass_by(80 * MINUTES)
        assert ask_for_more(browser, interaction_id).json == {"seconds": 90 * 60}


def test_no_sign_in_is_stretched_beyond_twelve_hours(site: Site, browser: Browser) -> None:
    interaction_id = browser.begin()
    for _ in range(8):
        site.clock.pass_by(85 * MINUTES)
        left = ask_for_more(browser, interaction_id).json

    assert left == {"seconds": 40 * 60}
    site.clock.pass_by(41 * MINUTES)
    assert ask_for_more(browser, interaction_id).status_code == 410


def test_time_that_has_run_out_cannot_be_asked_for(site: Site, browser: Browser) -> None:
    interaction_id = browser.begin()
    site.clock.pass_by(91 * MINUTES)

    assert ask_for_more(browser, interaction_id).status_code == 410


@pytest.mark.parametrize("site_of_origin", ["cross-site", "same-site"])
def test_another_site_cannot_ask_in_a_citizens_name(browser: Browser, site_of_origin: str) -> None:
    interaction_id = browser.begin()
    form = hidden_fields(browser.get(f"/sign-in/{interaction_id}").text)

    answer = browser.post(f"/stay/{interaction_id}", {"csrf_token": form["csrf_token"]}, site=site_of_origin)

    assert answer.status_code == 400


def test_the_token_of_a_form_looks_new_in_every_answer_and_each_is_good(browser: Browser) -> None:
    interaction_id = browser.begin()
    tokens = {hidden_fields(browser.get(f"/sign-in/{interaction_id}").text)["csrf_token"] for _ in range(3)}

    assert len(tokens) == 3
    for token in tokens:
        assert browser.post(f"/stay/{interaction_id}", {"csrf_token": token}).status_code == 200


@pytest.mark.parametrize("token", ["", "AAAA", "not base64 €", "A" * 1000])
def test_a_made_up_token_is_refused(browser: Browser, token: str) -> None:
    interaction_id = browser.begin()

    assert browser.post(f"/stay/{interaction_id}", {"csrf_token": token}).status_code == 400


def test_pages_travel_compressed_to_who_can_read_that(browser: Browser) -> None:
    path = f"/sign-in/{browser.begin()}"

    squeezed = browser.client.get(path, base_url=browser.base_url, headers={"Accept-Encoding": "gzip, br"})
    plain = browser.client.get(path, base_url=browser.base_url, headers={"Accept-Encoding": "gzip;q=0"})

    assert squeezed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in squeezed.headers["Vary"]
    assert "Content-Encoding" not in plain.headers
    assert len(squeezed.data) * 2 < len(plain.data)
