"""However a session ends, its agencies are told and its grants end with it, in one transaction."""

import secrets
from pathlib import Path
from typing import Any

import pytest
from flask import g

from idp.citizens.model import Citizen
from idp.signin.interactions import hashed
from idp.web import ending
from idp.web.browser import begin_session, sign_out_everywhere
from idp.web.stores import Stores
from tests.support.signing_out import queued, service, sign_in, signed_in
from tests.support.site import Browser, Site
from tests.support.token_office import claims_in


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("site")
    made = Site.at(folder)
    for name in ("parking", "library"):
        made.register(service(name))
    return made


@pytest.fixture
def citizen(site: Site) -> Citizen:
    return site.add_citizen(f"ada-{secrets.token_hex(8)}@example.org")


@pytest.fixture
def browser(site: Site) -> Browser:
    return site.browser()


def session_id(site: Site, browser: Browser) -> str:
    with site.use.database.work() as stores:
        session = stores.sessions.find(hashed(browser.cookies()["__Host-session"]))
    assert session is not None
    return session.session_id


def works(site: Site, tokens: Any) -> bool:
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = site.app.test_client().get("/userinfo", headers=headers, base_url="https://id.example")
    return answer.status_code == 200


def recorded(stores: Stores, citizen: Citizen) -> list[str]:
    bodies = [entry.body for entry in stores.audit.latest(200) if entry.name == "session.ended"]
    return [body for body in bodies if citizen.citizen_id in body]


def test_signing_out_everywhere_ends_every_browser_and_tells_every_service(site: Site, citizen: Citizen) -> None:
    home, phone = site.browser(), site.browser()
    tokens = [sign_in(home, citizen, "parking"), sign_in(home, citizen, "library"), sign_in(phone, citizen, "parking")]

    with site.use.database.work() as stores:
        ended = ending.sign_out_everywhere(stores, site.use, citizen.citizen_id)

    assert not signed_in(home)
    assert not signed_in(phone)
    assert [over.client_id for over in queued(site, tokens)] == ["library", "parking", "parking"]
    assert sorted(each.client_id for each in ended.told) == ["library", "parking"]
    assert not any(works(site, each) for each in tokens)
    with site.use.database.work() as stores:
        assert len([body for body in recorded(stores, citizen) if "signed_out_everywhere" in body]) == 2


def test_the_browser_in_hand_may_stay_signed_in(site: Site, citizen: Citizen) -> None:
    home, phone = site.browser(), site.browser()
    here, there = sign_in(home, citizen, "parking"), sign_in(phone, citizen, "parking")

    with site.app.test_request_context("/", base_url="https://id.example"):
        sign_out_everywhere(citizen.citizen_id, except_session_id=session_id(site, home))
        g.work.commit()

    assert (signed_in(home), signed_in(phone)) == (True, False)
    assert (works(site, here), works(site, there)) == (True, False)
    assert [over.sid for over in queued(site, [here, there])] == [claims_in(there["id_token"])["sid"]]


def test_a_changed_credential_ends_what_outlives_sessions_too(site: Site, citizen: Citizen) -> None:
    offline = sign_in(site.browser(), citizen, "parking", scope="openid email offline_access")
    with site.use.database.work() as stores:
        ending.sign_out_everywhere(stores, site.use, citizen.citizen_id)
    assert works(site, offline)

    with site.use.database.work() as stores:
        ending.sign_out_everywhere(stores, site.use, citizen.citizen_id, offline_too=True)

    assert not works(site, offline)


def test_what_was_taken_back_can_be_given_anew(site: Site, citizen: Citizen, browser: Browser) -> None:
    before = sign_in(browser, citizen, "parking")
    with site.use.database.work() as stores:
        stores.grants.end_for_citizen(citizen.citizen_id, site.clock.now())

    after = sign_in(browser, citizen, "parking")

    assert [works(site, tokens) for tokens in (before, after)] == [False, True]


def test_nobody_else_is_signed_out(site: Site, citizen: Citizen) -> None:
    other = site.browser()
    sign_in(other, site.add_citizen(f"bob-{secrets.token_hex(4)}@example.org"), "parking")

    with site.use.database.work() as stores:
        ending.sign_out_everywhere(stores, site.use, citizen.citizen_id, offline_too=True)

    assert signed_in(other)


def test_whoever_signs_in_after_another_ends_the_others_session(site: Site, citizen: Citizen, browser: Browser) -> None:
    tokens = sign_in(browser, citizen, "parking")
    newcomer = site.add_citizen(f"bob-{secrets.token_hex(4)}@example.org")
    cookie = {"Cookie": f"__Host-session={browser.cookies()['__Host-session']}"}

    with site.app.test_request_context("/", base_url="https://id.example", headers=cookie):
        begin_session(newcomer.citizen_id, amr=("pwd",), acr="aal1")
        g.work.commit()

    assert [over.client_id for over in queued(site, [tokens])] == ["parking"]
    assert not works(site, tokens)


def test_a_session_ends_once_however_many_end_it(site: Site, citizen: Citizen, browser: Browser) -> None:
    tokens = sign_in(browser, citizen, "parking")
    with site.use.database.work() as stores:
        [session] = stores.sessions.list_for_citizen(citizen.citizen_id, site.clock.now())

    for _ in range(2):
        with site.use.database.work() as stores:
            ending.end_session(stores, site.use, session, because=ending.SIGNED_OUT)

    assert len(queued(site, [tokens])) == 1


def test_what_is_undone_tells_nobody(site: Site, citizen: Citizen, browser: Browser) -> None:
    tokens = sign_in(browser, citizen, "parking")
    work = site.use.database.open()

    ending.sign_out_everywhere(work.stores, site.use, citizen.citizen_id)
    work.close()

    assert queued(site, [tokens]) == []
    assert signed_in(browser)


def test_the_outbox_shows_nobody_who_signed_out(site: Site, citizen: Citizen, browser: Browser) -> None:
    tokens = claims_in(sign_in(browser, citizen, "parking")["id_token"])
    with site.use.database.work() as stores:
        ending.sign_out_everywhere(stores, site.use, citizen.citizen_id)
        sealed = [message.sealed or "" for message in stores.outbox.latest("logout", 100)]

    assert sealed
    assert not any(tokens["sub"] in each or tokens["sid"] in each or "parking" in each for each in sealed)
