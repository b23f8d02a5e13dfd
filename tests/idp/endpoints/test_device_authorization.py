"""/device_authorization and the device grant (RFC 8628), over the whole application on both pairs of stores."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from federation.authorization import device
from federation.hashing import fingerprint
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.rules import DEVICE_CODE
from idp.citizens.model import Citizen
from idp.web.ending import disable_citizen
from tests.support.pair import CONFIDENTIAL, PUBLIC, SECRET, both
from tests.support.site import Browser, Site, hidden_fields, told
from tests.support.token_office import claims_in

__all__ = ["both"]

GRANTS = (DEVICE_CODE, "refresh_token")
KIOSK = replace(PUBLIC, client_id="kiosk", client_name="Library kiosk", grant_types=GRANTS, redirect_uris=())
DESK = replace(CONFIDENTIAL, client_id="desk", client_name="Council desk", grant_types=GRANTS, redirect_uris=())
OTHER = replace(KIOSK, client_id="other-kiosk", client_name="Another kiosk")
BROWSERS_ONLY = replace(PUBLIC, client_id="no-device")


@pytest.fixture(params=[0, 1], ids=["sqlite+file", "postgresql+redis"])
def site(request: pytest.FixtureRequest, both: list[Site]) -> Site:
    chosen: Site = both[request.param]
    for service in (KIOSK, DESK, OTHER, BROWSERS_ONLY):
        chosen.register(service)
    return chosen


def post(site: Site, path: str, by: RelyingParty, **form: str) -> TestResponse:
    proof = {"client_id": by.client_id} | ({"client_secret": SECRET} if by.confidential else {})
    return site.app.test_client(use_cookies=False).post(path, data=form | proof, base_url="https://id.example")


def begin(site: Site, by: RelyingParty = KIOSK, scope: str = "openid email offline_access") -> Any:
    answer = post(site, "/device_authorization", by, scope=scope)
    assert answer.status_code == 200, answer.text
    return answer.json


def poll(site: Site, begun: Any, by: RelyingParty = KIOSK) -> TestResponse:
    return post(site, "/token", by, grant_type=DEVICE_CODE, device_code=begun["device_code"])


def error(answer: TestResponse) -> str:
    body: Any = answer.json
    assert answer.status_code == 400, answer.text
    return str(body["error"])


def enter(browser: Browser, user_code: str) -> TestResponse:
    return browser.post("/device", {**hidden_fields(browser.get("/device").text), "user_code": user_code})


def go_on(browser: Browser, begun: Any, decision: str = "allow") -> TestResponse:
    """Type the code, say it is one's own, and decide on the page of consent; return where that leads."""
    confirm = enter(browser, begun["user_code"]).location
    here = browser.press(confirm, "continue").location.rsplit("/", 1)[1]
    answer = browser.get(f"/authorize/{here}")
    assert answer.location == f"/consent/{here}"
    said = browser.press(answer.location, decision)
    return browser.get(said.location) if said.location.startswith("/authorize/") else said


def allowed(site: Site, citizen: Citizen, by: RelyingParty = KIOSK) -> Any:
    """Let a citizen answer yes, in a browser of their own."""
    begun, browser = begin(site, by), site.browser()
    browser.sign_in(citizen)
    assert go_on(browser, begun).location == "/device/done"
    return begun


@pytest.mark.parametrize("by", [KIOSK, DESK], ids=["public", "confidential"])
def test_a_device_waits_and_gets_the_tokens_of_the_citizen_once(site: Site, citizen: Citizen, by: RelyingParty) -> None:
    begun, browser = begin(site, by), site.browser()
    browser.sign_in(citizen)
    before = error(poll(site, begun, by))

    go_on(browser, begun)
    first, again = poll(site, begun, by), poll(site, begun, by)

    assert before == "authorization_pending"
    body: Any = first.json
    assert body["scope"] == "openid email offline_access"
    assert {"access_token", "id_token", "refresh_token"} <= set(body)
    assert claims_in(body["id_token"])["aud"] == by.client_id
    assert error(again) == "invalid_grant"
    refreshed = post(site, "/token", by, grant_type="refresh_token", refresh_token=body["refresh_token"])
    assert refreshed.status_code == 200


def test_the_answer_to_a_device_says_where_and_how_long(site: Site) -> None:
    answer = post(site, "/device_authorization", KIOSK)
    told: Any = answer.json

    assert answer.headers["Cache-Control"] == "no-store"
    assert told["verification_uri"] == "https://id.example/device"
    assert told["verification_uri_complete"] == f"https://id.example/device?user_code={told['user_code']}"
    assert (told["expires_in"], told["interval"]) == (900, 5)
    assert len(told["device_code"]) >= 43
    assert [len(part) for part in told["user_code"].split("-")] == [3, 3, 3]


@pytest.mark.parametrize("by", [KIOSK, DESK], ids=["public", "confidential"])
def test_racing_polls_get_one_set_of_tokens(site: Site, citizen: Citizen, by: RelyingParty) -> None:
    begun = allowed(site, citizen, by)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: poll(site, begun, by), range(16)))

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 15


def test_a_device_that_asks_too_often_waits_longer_each_time(site: Site) -> None:
    begun = begin(site)
    key, store = fingerprint(begun["device_code"]), site.use.ephemeral

    told = [error(poll(site, begun)) for _ in range(3)]
    waits = store.get(device.PACES, key)
    store.take(device.ASKED, key)  # as when the time has passed
    told += [error(poll(site, begun)) for _ in range(2)]

    assert told == ["authorization_pending", "slow_down", "slow_down", "authorization_pending", "slow_down"]
    assert waits == {"seconds": 15.0}
    assert store.get(device.PACES, key) == {"seconds": 20.0}


def test_polling_leaves_no_trace_in_the_record(site: Site) -> None:
    begun = begin(site, DESK)

    poll(site, begun, DESK)
    poll(site, begun, DESK)

    with site.use.database.work() as stores:
        refused = [entry for entry in stores.audit.latest(20) if entry.name == "request.refused"]
    assert not [entry for entry in refused if "authorization_pending" in entry.body or "slow_down" in entry.body]


def test_a_citizen_who_says_no_ends_it(site: Site, browser: Browser, citizen: Citizen) -> None:
    begun = begin(site)
    browser.sign_in(citizen)

    ended = go_on(browser, begun, "deny")

    assert ended.location == "/device/stopped"
    assert [error(poll(site, begun)) for _ in range(2)] == ["access_denied"] * 2


def test_stopping_before_signing_in_ends_it_too(site: Site, browser: Browser) -> None:
    begun = begin(site)

    stopped = browser.press(enter(browser, begun["user_code"]).location, "stop")

    assert stopped.location == "/device/stopped"
    assert error(poll(site, begun)) == "access_denied"


def test_turning_back_on_the_sign_in_page_ends_it_too(site: Site, browser: Browser) -> None:
    begun = begin(site)
    here = browser.press(enter(browser, begun["user_code"]).location, "continue").location.rsplit("/", 1)[1]

    cancelled = browser.get(f"/cancel/{here}")

    assert cancelled.location == "/device/stopped"
    assert error(poll(site, begun)) == "access_denied"


def test_a_level_nobody_reaches_ends_it_too(site: Site, browser: Browser) -> None:
    strict = replace(KIOSK, client_id=f"strict-{secrets.token_hex(4)}", default_acr_values=("aal3",))
    site.register(strict)
    begun = begin(site, strict)

    ended = browser.press(enter(browser, begun["user_code"]).location, "continue")

    assert ended.location == "/device/stopped"
    assert error(poll(site, begun, strict)) == "access_denied"


def test_another_client_cannot_poll_and_slows_nobody(site: Site, citizen: Citizen) -> None:
    begun = allowed(site, citizen)

    others = [error(poll(site, begun, by)) for by in (OTHER, DESK, OTHER)]

    assert others == ["invalid_grant"] * 3
    assert poll(site, begun).status_code == 200


@pytest.mark.parametrize("device_code", ["unknown", "x" * 5_000, "ŵ", "../x", " "])
def test_a_device_code_of_nobody_is_refused(site: Site, device_code: str) -> None:
    assert error(poll(site, {"device_code": device_code})) == "invalid_grant"


def test_without_a_device_code_the_request_is_bad(site: Site) -> None:
    assert error(post(site, "/token", KIOSK, grant_type=DEVICE_CODE)) == "invalid_request"


def test_what_came_too_late_is_told_so(site: Site, browser: Browser, citizen: Citizen) -> None:
    begun, approved = begin(site), allowed(site, citizen)
    late, confirm = begin(site), ""
    confirm = enter(browser, late["user_code"]).location
    began = site.clock.time
    site.clock.pass_by(device.LIFETIME + timedelta(seconds=1))
    try:
        told = [error(poll(site, each)) for each in (begun, approved)]
        page = browser.get(confirm)
        again = enter(browser, begun["user_code"])
    finally:
        site.clock.time = began

    assert told == ["expired_token", "expired_token"]
    assert page.location == "/device/expired"
    assert again.status_code == 422


def test_an_answer_that_came_too_late_is_none(site: Site, browser: Browser, citizen: Citizen) -> None:
    begun = begin(site)
    browser.sign_in(citizen)
    here = browser.press(enter(browser, begun["user_code"]).location, "continue").location.rsplit("/", 1)[1]
    browser.get(f"/authorize/{here}")
    began = site.clock.time
    site.clock.pass_by(device.LIFETIME + timedelta(seconds=1))
    try:
        browser.press(f"/consent/{here}", "allow")
        ended = browser.get(f"/authorize/{here}")
        told = error(poll(site, begun))
    finally:
        site.clock.time = began

    assert ended.location == "/device/expired"
    assert told == "expired_token"


def test_what_ended_before_it_was_collected_buys_nothing(site: Site, citizen: Citizen) -> None:
    begun = allowed(site, citizen)
    with site.use.database.work() as stores:
        disable_citizen(stores, site.use, citizen.citizen_id)

    assert error(poll(site, begun)) == "invalid_grant"


def test_after_a_flush_nothing_old_is_worth_anything(tmp_path: Any) -> None:
    site = Site.at(tmp_path)
    site.register(KIOSK)
    begun = allowed(site, site.add_citizen("ada@example.org"))
    site.flush()

    assert error(poll(site, begun)) == "invalid_grant"
    assert enter(site.browser(), begun["user_code"]).status_code == 422


def test_a_client_that_is_not_registered_for_it_is_refused(site: Site) -> None:
    assert error(post(site, "/device_authorization", BROWSERS_ONLY)) == "unauthorized_client"
    assert error(poll(site, begin(site), BROWSERS_ONLY)) == "unauthorized_client"


def test_who_does_not_prove_itself_is_refused(site: Site) -> None:
    wrong = {"client_id": DESK.client_id, "client_secret": "wrong"}
    client = site.app.test_client(use_cookies=False)

    answers = [
        client.post("/device_authorization", data=form, base_url="https://id.example")
        for form in (wrong, {"client_id": DESK.client_id}, {"client_id": "nobody"}, {})
    ]

    assert {answer.status_code for answer in answers} == {401}


@pytest.mark.parametrize("scope", ["email", "unknown", "x" * 3_000])
def test_a_scope_without_openid_is_refused(site: Site, scope: str) -> None:
    assert error(post(site, "/device_authorization", KIOSK, scope=scope)) == "invalid_scope"


def test_without_a_scope_only_who_it_is_is_asked_for(site: Site, browser: Browser, citizen: Citizen) -> None:
    begun: Any = post(site, "/device_authorization", KIOSK).json
    browser.sign_in(citizen)

    go_on(browser, begun)

    body: Any = poll(site, begun).json
    assert body["scope"] == "openid"


def test_no_authorization_request_passes_for_a_device(site: Site, browser: Browser, citizen: Citizen) -> None:
    """The mode by which a device's answer is kept cannot be asked for, nor can its address."""
    key = fingerprint(begin(site)["device_code"])

    assert told(browser.authorize({"response_mode": "device", "state": key}))["error"] == "invalid_request"
    assert browser.authorize({"redirect_uri": "https://id.example/device", "state": key}).status_code == 400


def test_discovery_names_it(site: Site) -> None:
    metadata: Any = site.app.test_client().get("/.well-known/openid-configuration", base_url="https://id.example").json

    assert metadata["device_authorization_endpoint"] == "https://id.example/device_authorization"
    assert DEVICE_CODE in metadata["grant_types_supported"]
