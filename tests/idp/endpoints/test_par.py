"""/par, and /authorize by reference (RFC 9126), over the whole application on both pairs of stores."""

import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from federation.authorization import pushed
from federation.hashing import fingerprint
from federation.relying_parties.model import RelyingParty
from idp.citizens.model import Citizen
from tests.support.pair import CONFIDENTIAL, PUBLIC, SECRET, both, on_files
from tests.support.site import ASKED, Browser, Site, told

__all__ = ["both"]

EVIL = "https://evil.example/cb"
BACK = CONFIDENTIAL.redirect_uris[0]


@pytest.fixture(params=[0, 1], ids=["sqlite+file", "postgresql+redis"])
def on(request: pytest.FixtureRequest, both: list[Site]) -> Site:
    chosen: Site = both[request.param]
    return chosen


@pytest.fixture
def visitor(on: Site) -> Browser:
    browser = on.browser()
    browser.sign_in(on.add_citizen(f"ada-{secrets.token_hex(8)}@example.org"))
    return browser


def push(on: Site, changes: Mapping[str, str | None] | None = None, by: RelyingParty = CONFIDENTIAL) -> TestResponse:
    proof = {"client_id": by.client_id} | ({"client_secret": SECRET} if by.confidential else {})
    asked = {**ASKED, "redirect_uri": by.redirect_uris[0], **proof, **(changes or {})}
    form = {name: value for name, value in asked.items() if value is not None}
    return on.app.test_client().post("/par", data=form, base_url="https://id.example")


def reference(on: Site, changes: Mapping[str, str | None] | None = None, by: RelyingParty = CONFIDENTIAL) -> str:
    answer = push(on, changes, by)
    assert answer.status_code == 201, answer.text
    found: str = answer.get_json()["request_uri"]
    return found


def follow(browser: Browser, request_uri: str, client_id: str = CONFIDENTIAL.client_id, **beside: str) -> TestResponse:
    return browser.get("/authorize", {"client_id": client_id, "request_uri": request_uri, **beside})


@pytest.fixture
def citizen(on: Site) -> Citizen:
    return on.add_citizen(f"ada-{secrets.token_hex(8)}@example.org")


def crowd(on: Site, citizen: Citizen) -> list[Browser]:
    """Return a dozen browsers in which somebody is signed in."""
    browsers = [on.browser() for _ in range(12)]
    for browser in browsers:
        browser.sign_in(citizen)
    return browsers


def agree(browser: Browser, begun: TestResponse) -> TestResponse:
    """Press the button of the page that came, and return the answer."""
    browser.press(begun.location, "allow")
    return browser.get(f"/authorize/{begun.location.rsplit('/', 1)[1]}")


def test_a_pushed_request_leads_to_a_code_without_a_word_of_it_in_the_browser(on: Site, visitor: Browser) -> None:
    answer = push(on, {"state": "kept", "scope": "openid"})
    assert (answer.status_code, answer.get_json()["expires_in"], answer.headers["Cache-Control"]) == (
        201,
        90,
        "no-store",
    )

    first = follow(visitor, answer.get_json()["request_uri"])
    visitor.press(first.location, "allow")
    back = visitor.get(f"/authorize/{first.location.rsplit('/', 1)[1]}")

    assert back.location.startswith(f"{BACK}?code=")
    assert "state=kept" in back.location


@pytest.mark.parametrize("by", [PUBLIC, CONFIDENTIAL], ids=["public", "confidential"])
def test_a_reference_is_good_once(on: Site, visitor: Browser, by: RelyingParty) -> None:
    request_uri = reference(on, by=by)

    done = agree(visitor, follow(visitor, request_uri, by.client_id))
    assert done.location.startswith(f"{by.redirect_uris[0]}?code=")

    again = follow(visitor, request_uri, by.client_id)
    assert again.status_code == 410
    assert again.location is None
    assert "Go back to" in again.text or by.client_uri is None


def test_a_reference_may_be_looked_at_before_and_leads_to_one_code(on: Site, visitor: Browser) -> None:
    request_uri = reference(on, {"prompt": "consent"})
    looked, begun = (follow(visitor, request_uri) for _ in range(2))
    assert follow(on.browser(), request_uri).status_code == 303

    assert agree(visitor, begun).location.startswith(f"{BACK}?code=")

    late = agree(visitor, looked)
    assert late.status_code == 410
    assert late.location is None
    assert follow(visitor, request_uri).status_code == 410


def test_a_raced_reference_leads_to_one_code(on: Site, citizen: Citizen) -> None:
    visitors = crowd(on, citizen)
    request_uri = reference(on, {"prompt": "consent"})
    begun = [follow(visitor, request_uri) for visitor in visitors]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(agree, visitors, begun))

    assert sorted(answer.status_code for answer in answers) == [303] + [410] * 11


@pytest.mark.parametrize("looked", [False, True])
def test_a_raced_reference_is_answered_at_once_to_one_browser(on: Site, citizen: Citizen, looked: bool) -> None:
    visitors = crowd(on, citizen)
    agree(visitors[0], follow(visitors[0], reference(on, {"prompt": "consent"})))
    request_uri = reference(on)
    if looked:
        assert follow(on.browser(), request_uri).location.startswith("/sign-in/")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda visitor: follow(visitor, request_uri), visitors))

    assert sorted(answer.status_code for answer in answers) == [303] + [410] * 11


def test_what_began_before_has_no_answer_after_another_had_it_at_once(on: Site, citizen: Citizen) -> None:
    early, late = crowd(on, citizen)[:2]
    agree(early, follow(early, reference(on, {"prompt": "consent", "scope": "openid email"})))
    request_uri = reference(on, {"scope": "openid email"})
    stranger = on.browser()
    begun = follow(stranger, request_uri)

    assert begun.location.startswith("/sign-in/")
    assert follow(late, request_uri).location.startswith(f"{BACK}?code=")

    stranger.sign_in(citizen)
    assert stranger.get(f"/authorize/{begun.location.rsplit('/', 1)[1]}").status_code == 410


def test_who_only_looked_does_not_keep_a_reference_alive(on: Site, visitor: Browser) -> None:
    request_uri = reference(on)
    assert follow(visitor, request_uri).status_code == 303

    on.clock.pass_by(pushed.LIFETIME)

    assert follow(visitor, request_uri).status_code == 410


def test_another_client_neither_uses_nor_spends_a_reference(on: Site, visitor: Browser) -> None:
    request_uri = reference(on)

    assert follow(visitor, request_uri, PUBLIC.client_id).status_code == 410
    assert follow(visitor, request_uri).status_code == 303


def test_nothing_beside_the_reference_is_read(on: Site, visitor: Browser) -> None:
    request_uri = reference(on, {"prompt": "none", "state": "pushed"})

    answer = follow(visitor, request_uri, redirect_uri=EVIL, state="beside", scope="openid profile", prompt="login")

    assert answer.location.startswith(f"{BACK}?error=consent_required")
    assert "state=pushed" in answer.location
    assert "beside" not in answer.location


def test_a_reference_alone_names_nobody(on: Site, visitor: Browser) -> None:
    answer = visitor.get("/authorize", {"request_uri": reference(on)})

    assert answer.status_code == 400
    assert answer.location is None


@pytest.mark.parametrize(
    "request_uri",
    [pushed.PREFIX, pushed.PREFIX + "x", pushed.PREFIX + "A" * 43, pushed.PREFIX + "%00", pushed.PREFIX + "é" * 900],
)
def test_a_reference_nobody_was_given_leads_nowhere(on: Site, visitor: Browser, request_uri: str) -> None:
    answer = follow(visitor, request_uri, redirect_uri=BACK, response_type="code", scope="openid")

    assert answer.status_code in (400, 410)
    assert answer.location is None


def test_any_other_request_uri_is_not_fetched(on: Site, visitor: Browser) -> None:
    answer = visitor.authorize({"request_uri": "https://rp.example/request.jwt"})

    assert told(answer)["error"] == "request_uri_not_supported"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": EVIL}, "invalid_request"),
        ({"redirect_uri": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "email"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"request": "e30."}, "invalid_request_object"),
        ({"request_uri": pushed.PREFIX + "A" * 43}, "invalid_request"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"claims": "["}, "invalid_request"),
        ({"id_token_hint": "forged"}, "invalid_request"),
        ({"unknown": "x" * 9_000}, "invalid_request"),
    ],
)
def test_a_bad_request_is_told_at_once_and_to_its_client_alone(
    on: Site, changes: Mapping[str, str | None], error: str
) -> None:
    answer = push(on, changes)

    assert (answer.status_code, answer.get_json()["error"]) == (400, error)
    assert answer.location is None


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x"])
def test_only_who_proves_who_it_is_may_push(on: Site, secret: str | None) -> None:
    answer = push(on, {"client_secret": secret})

    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


def test_no_proof_is_kept_with_the_request(on: Site) -> None:
    key = fingerprint(reference(on).removeprefix(pushed.PREFIX))

    kept = on.use.ephemeral.get(pushed.KIND, key)

    assert kept is not None
    assert kept["asked"]["client_id"] == CONFIDENTIAL.client_id
    assert SECRET not in str(kept)


def test_what_was_pushed_is_checked_again_when_the_citizen_comes(on: Site, visitor: Browser) -> None:
    moved = on.register(replace(CONFIDENTIAL, client_id=f"moved-{secrets.token_hex(4)}", redirect_uris=(BACK,)))
    request_uri = reference(on, by=moved)
    with on.use.database.work() as stores:
        stores.relying_parties.disable(moved.client_id, on.clock.now())

    answer = follow(visitor, request_uri, moved.client_id)

    assert answer.status_code == 400
    assert answer.location is None


@pytest.mark.parametrize("how", [{"require_pushed_authorization_requests": True}, {"profile": "fapi2"}])
def test_one_that_must_push_is_not_heard_by_the_browser(on: Site, visitor: Browser, how: dict[str, Any]) -> None:
    strict = on.register(replace(CONFIDENTIAL, client_id=f"strict-{secrets.token_hex(4)}", **how))
    asked = {"client_id": strict.client_id, "redirect_uri": BACK}

    by_browser = visitor.authorize(asked)
    posted = visitor.post("/authorize", {**ASKED, **asked}, site="cross-site")
    by_reference = follow(visitor, reference(on, by=strict), strict.client_id)

    assert by_browser.location.startswith(f"{BACK}?error=invalid_request")
    assert posted.location.startswith(f"{BACK}?error=invalid_request")
    assert by_reference.location.startswith("/consent/")


def test_an_operator_has_everybody_push(tmp_path: Path) -> None:
    site = on_files(tmp_path / "site", pushed_requests="required")
    browser = site.browser()

    answer = browser.authorize({"redirect_uri": PUBLIC.redirect_uris[0]})
    metadata = browser.get("/.well-known/openid-configuration").get_json()

    assert told(answer)["error"] == "invalid_request"
    assert follow(browser, reference(site, by=PUBLIC), PUBLIC.client_id).location.startswith("/sign-in/")
    assert metadata["pushed_authorization_request_endpoint"] == "https://id.example/par"
    assert metadata["require_pushed_authorization_requests"] is True
