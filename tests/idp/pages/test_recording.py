"""What is recorded of sign-ins: each step of a citizen, and nothing that a stranger can repeat at will."""

import json
from datetime import timedelta

from sqlalchemy import text

from federation.relying_parties.model import RelyingParty
from idp.storage.sql.engine import connect
from tests.idp.pages.conftest import PASSWORD, Person, fill
from tests.support.site import REDIRECT_URI, Browser, Site, hidden_fields


def recorded(site: Site, name: str) -> list[str]:
    """Return the events of this name, oldest first, as JSON."""
    engine = connect(site.use.settings.database_url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT body FROM audit_events WHERE name = :name"), {"name": name})
        bodies = [str(row.body) for row in rows]
    engine.dispose()
    return bodies


def test_a_stranger_who_goes_on_while_slowed_is_recorded_once_an_interval(
    site: Site, browser: Browser, ada: Person
) -> None:
    here, before = browser.begin(), len(recorded(site, "authentication.throttled"))

    def knock(times: int) -> list[int]:
        wrong = {"email": ada.email, "password": "wrong password"}
        return [fill(browser, f"/sign-in/{here}", **wrong).status_code for _ in range(times)]

    assert knock(9)[5:] == [429] * 4
    assert len(recorded(site, "authentication.throttled")) == before + 1
    site.clock.pass_by(timedelta(seconds=15))
    assert knock(4) == [422, 429, 429, 429]
    assert len(recorded(site, "authentication.throttled")) == before + 2


def test_a_right_password_leaves_a_trace_although_no_code_follows(site: Site, browser: Browser, eve: Person) -> None:
    here = browser.begin()

    fill(browser, f"/sign-in/{here}", email=eve.email, password=PASSWORD)

    (event,) = (json.loads(body) for body in recorded(site, "authentication.first_factor"))
    assert (event["citizen_id"], event["client_id"]) == (eve.citizen.citizen_id, "rp")


def test_an_answer_that_names_nobodys_passkey_is_not_recorded(site: Site, browser: Browser) -> None:
    here, before = browser.begin(), len(recorded(site, "authentication.failed"))
    fields = hidden_fields(browser.get(f"/sign-in/{here}").text)

    for credential in ("", "{}", json.dumps({"id": "YWJj", "response": {}})):
        assert browser.post(f"/sign-in/{here}/passkey", {**fields, "credential": credential}).status_code == 422

    assert len(recorded(site, "authentication.failed")) == before


def test_beginning_and_cancelling_as_a_stranger_is_not_recorded(site: Site, browser: Browser, ada: Person) -> None:
    before = len(recorded(site, "sign_in.cancelled"))

    assert browser.get(f"/cancel/{browser.begin()}").status_code == 303
    assert len(recorded(site, "sign_in.cancelled")) == before

    browser.sign_in(ada.citizen)
    assert browser.get(f"/cancel/{browser.begin()}").status_code == 303
    assert len(recorded(site, "sign_in.cancelled")) == before + 1


def test_what_anybody_can_send_in_the_name_of_a_public_client_is_not_recorded(site: Site, browser: Browser) -> None:
    site.register(
        RelyingParty(
            client_id="public",
            client_name="App",
            agency="City",
            redirect_uris=(REDIRECT_URI,),
            scope=("openid",),
            sector="rp.example",
            token_endpoint_auth_method="none",
        )
    )
    form = {"grant_type": "authorization_code", "client_id": "public", "code": "guess.guess", "redirect_uri": "x"}

    refused = browser.post("/token", form)

    assert (refused.status_code, refused.json["error"] if refused.json else None) == (400, "invalid_grant")
    assert not any('"public"' in body for body in recorded(site, "request.refused"))
