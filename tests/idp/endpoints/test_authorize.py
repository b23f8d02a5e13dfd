"""/authorize: what browsers and agencies are told, over the whole application."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from federation.authorization import codes
from federation.relying_parties.model import RelyingParty
from idp.citizens.model import Citizen
from idp.storage.sql.engine import connect
from tests.support.site import ASKED, REDIRECT_URI, Browser, Site, hidden_fields, told
from tests.support.statements import statements_heard


def agree(browser: Browser, interaction_id: str) -> None:
    answer = browser.press(f"/consent/{interaction_id}", "allow")
    assert answer.location == f"/authorize/{interaction_id}"


def signed_in(browser: Browser, citizen: Citizen) -> None:
    """Sign in and agree once, so that the next request lacks nothing."""
    browser.sign_in(citizen)
    interaction_id = browser.begin()
    agree(browser, interaction_id)
    assert "code" in told(browser.get(f"/authorize/{interaction_id}"))


def minted(site: Site, code: str) -> codes.AuthorizationCode:
    record = site.use.ephemeral.get(codes.KIND, codes.key_of(code))
    assert record is not None
    return codes.from_record(record)


def test_a_citizen_signs_in_agrees_and_goes_back_with_a_code(site: Site, browser: Browser, citizen: Citizen) -> None:
    answer = browser.authorize()
    assert re.fullmatch(r"/sign-in/[A-Za-z0-9_-]{43}", answer.location)
    interaction_id = answer.location.rsplit("/", 1)[1]

    browser.sign_in(citizen)
    assert browser.get(f"/authorize/{interaction_id}").location == f"/consent/{interaction_id}"
    agree(browser, interaction_id)
    answered = told(browser.get(f"/authorize/{interaction_id}"))

    assert (answered["state"], answered["iss"]) == ("the state", "https://id.example")
    granted = minted(site, answered["code"])
    assert answered["code"].startswith(granted.grant_id + ".")
    assert (granted.citizen_id, granted.client_id, granted.nonce) == (citizen.citizen_id, "rp", "n1")
    assert (granted.scope, granted.acr, granted.redirect_uri) == (("openid", "email"), "aal1", REDIRECT_URI)
    assert citizen.citizen_id not in (granted.subject, granted.sid)


def test_one_who_lacks_nothing_is_answered_at_once_and_nothing_is_kept(
    site: Site, browser: Browser, citizen: Citizen
) -> None:
    signed_in(browser, citizen)

    answer = browser.authorize({"prompt": "none"})

    assert "code" in told(answer)
    assert not answer.headers.getlist("Set-Cookie")


def test_a_sign_in_without_a_page_costs_two_reads_and_one_row(browser: Browser, citizen: Citizen) -> None:
    signed_in(browser, citizen)
    browser.authorize()

    with statements_heard() as heard:
        browser.authorize()

    assert heard.of("SELECT") == 2
    assert heard.of("INSERT") == 1
    assert len(heard.statements) == 3


@pytest.mark.parametrize(
    ("changes", "page"),
    [
        ({"client_id": "nobody"}, "We do not know this service"),
        ({"client_id": None}, "We do not know this service"),
        ({"redirect_uri": "https://evil.example/"}, "not set up correctly"),
        ({"redirect_uri": "https://library.example/cb"}, "not set up correctly"),
        ({"redirect_uri": None}, "not set up correctly"),
        ({"redirect_uri": "https://evil.example/", "prompt": "none"}, "not set up correctly"),
        ({"redirect_uri": "https://evil.example/", "response_mode": "form_post"}, "not set up correctly"),
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_is_sent_to_an_address_that_is_not_registered(
    browser: Browser, changes: dict[str, str | None], page: str, method: str
) -> None:
    asked = {name: value for name, value in {**ASKED, **changes}.items() if value is not None}

    answer = browser.get("/authorize", asked) if method == "get" else browser.post("/authorize", asked)

    assert answer.status_code == 400
    assert page in answer.text
    assert "Location" not in answer.headers
    assert not re.search(r"(href|action|content)=.https?://", answer.text)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "email"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"request": "e30.e30."}, "invalid_request_object"),
        ({"prompt": "none"}, "login_required"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"claims": '{"id_token":{"acr":{"essential":true,"values":["gold"]}}}'}, "unmet_authentication_requirements"),
        ({"id_token_hint": "a.b.c"}, "invalid_request"),
    ],
)
def test_an_agency_is_told_what_was_wrong(browser: Browser, changes: dict[str, str | None], error: str) -> None:
    answered = told(browser.authorize(changes))

    assert answered["error"] == error
    assert (answered["state"], answered["iss"]) == ("the state", "https://id.example")
    assert "code" not in answered


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({}, "consent_required"),
        ({"acr_values": "aal2"}, "consent_required"),
        ({"login_hint": "somebody@else.example"}, "consent_required"),
        ({"max_age": "0"}, "consent_required"),
        ({"claims": '{"id_token":{"sub":{"value":"another"}}}'}, "login_required"),
    ],
)
def test_prompt_none_says_what_would_be_due(
    browser: Browser, citizen: Citizen, changes: dict[str, str], error: str
) -> None:
    browser.sign_in(citizen)

    assert told(browser.authorize({"prompt": "none", **changes}))["error"] == error


@pytest.mark.parametrize("again", ["client_id=rp", "redirect_uri=https://evil.example/", "state=x", "nonce=x"])
def test_a_repeated_parameter_is_refused(browser: Browser, again: str) -> None:
    query = "&".join(f"{name}={value}" for name, value in ASKED.items())

    answer = browser.get(f"/authorize?{query}&{again}")

    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize("value", ["a%00b", "x" * 20_000])
@pytest.mark.parametrize("name", ["state", "login_hint", "client_id", "redirect_uri", "unknown"])
def test_what_is_no_text_or_too_long_is_refused(browser: Browser, name: str, value: str) -> None:
    query = "&".join(f"{key}={each}" for key, each in ASKED.items() if key != name)

    answer = browser.get(f"/authorize?{query}&{name}={value}")

    assert 400 <= answer.status_code < 500


def test_a_post_from_another_site_keeps_the_session_and_the_tabs(browser: Browser, citizen: Citizen) -> None:
    signed_in(browser, citizen)
    tab = browser.begin({"prompt": "login"})

    posted = browser.post("/authorize", ASKED, site="cross-site")

    assert posted.status_code == 303
    assert not posted.headers.getlist("Set-Cookie")
    assert "code" in told(browser.get(posted.location))
    assert browser.get(f"/authorize/{tab}").location == f"/sign-in/{tab}"


def test_a_posted_request_belongs_to_the_first_browser_that_follows_it(site: Site, browser: Browser) -> None:
    posted = browser.post("/authorize", ASKED, site="cross-site")
    assert browser.get(posted.location).status_code == 303

    assert site.browser().get(posted.location).status_code == 403


def test_form_post_answers_with_a_form_for_the_agency_alone(browser: Browser, citizen: Citizen) -> None:
    signed_in(browser, citizen)
    state = "\"><script>alert(1)</script>'"

    answer = browser.authorize({"response_mode": "form_post", "state": state})

    assert answer.status_code == 200
    assert f'action="{REDIRECT_URI}"' in answer.text
    assert "<script>alert" not in answer.text
    assert {"code", "state", "iss"} <= set(hidden_fields(answer.text))
    policy = answer.headers["Content-Security-Policy"]
    assert "form-action 'self' https://rp.example" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_error_is_posted_where_the_agency_wants_it_posted(browser: Browser) -> None:
    answer = browser.authorize({"response_mode": "form_post", "prompt": "none"})

    fields = hidden_fields(answer.text)
    assert (fields["error"], fields["state"]) == ("login_required", "the state")


def test_prompt_login_asks_once_more_and_only_once(site: Site, browser: Browser, citizen: Citizen) -> None:
    signed_in(browser, citizen)
    interaction_id = browser.begin({"prompt": "login"})
    assert browser.get(f"/authorize/{interaction_id}").location == f"/sign-in/{interaction_id}"

    site.clock.pass_by(timedelta(minutes=1))
    browser.sign_in(citizen)

    assert "code" in told(browser.get(f"/authorize/{interaction_id}"))


def test_the_one_an_agency_asked_for_and_nobody_else_is_answered_about(
    site: Site, browser: Browser, citizen: Citizen
) -> None:
    signed_in(browser, citizen)
    interaction_id = browser.begin({"claims": '{"id_token":{"sub":{"value":"another"}}}'})

    site.clock.pass_by(timedelta(minutes=1))
    browser.sign_in(citizen)

    assert told(browser.get(f"/authorize/{interaction_id}"))["error"] == "login_required"
    assert browser.get(f"/authorize/{interaction_id}").status_code == 409


def test_cookies_are_for_this_host_alone_and_unseen_by_scripts(browser: Browser) -> None:
    cookies = browser.authorize().headers.getlist("Set-Cookie")

    assert cookies
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}


def test_what_is_kept_holds_no_key_of_anybody(site: Site, browser: Browser, citizen: Citizen) -> None:
    signed_in(browser, citizen)
    code = told(browser.authorize())["code"]
    secrets = [code.partition(".")[2], *browser.cookies().values()]

    kept = b"".join(file.read_bytes() for file in site.folder.iterdir() if file.is_file())

    assert citizen.citizen_id.encode() in kept
    for secret in secrets:
        assert secret.encode() not in kept


def test_a_disabled_service_gets_no_answer(site: Site, browser: Browser, citizen: Citizen) -> None:
    gone = RelyingParty(
        client_id="gone", client_name="G", agency="A", redirect_uris=("https://gone.example/cb",), sector="gone.example"
    )
    site.register(gone)
    changes = {"client_id": "gone", "redirect_uri": "https://gone.example/cb", "scope": "openid"}
    browser.sign_in(citizen)
    interaction_id = browser.begin(changes)
    with site.use.database.work() as stores:
        assert stores.relying_parties.disable("gone", site.clock.now())

    assert browser.get(f"/authorize/{interaction_id}").status_code == 400
    assert browser.authorize(changes).status_code == 400


def test_what_was_minted_is_in_the_audit_log_without_the_code(site: Site, browser: Browser, citizen: Citizen) -> None:
    signed_in(browser, citizen)
    code = told(browser.authorize())["code"]
    engine = connect(site.use.settings.database_url)
    with engine.connect() as connection:
        rows = [str(tuple(row)) for row in connection.execute(text("SELECT * FROM audit_events"))]
    engine.dispose()

    assert any("code.minted" in row and citizen.citizen_id in row for row in rows)
    assert not any(code.partition(".")[2] in row for row in rows)
