"""Agencies hear of a sign-out from the real worker, over real HTTP, whatever they answer at first."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any, BinaryIO
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from federation.outbound import Fetcher
from idp.notices import logouts, outbox
from idp.notices.logouts import LogoutNotice
from idp.web.services import Services
from idp.worker import run
from idp.worker.logouts import Resting
from tests.support.listener import Listener, answer, listening
from tests.support.signing_out import service, sign_in
from tests.support.site import Site
from tests.support.token_office import claims_in

WITHIN = 15.0
DEADLINE = 1.0


@pytest.fixture
def agency() -> Iterator[Listener]:
    with listening() as server:
        yield server


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site.at(tmp_path)


@pytest.fixture
def use(site: Site, agency: Listener) -> Services:
    """Return the collaborators of a worker that may reach that agency alone."""
    return replace(site.use, fetcher=Fetcher(allow=[agency.address], deadline=DEADLINE))


@contextmanager
def working(use: Services) -> Iterator[None]:
    stopping = Event()
    thread = Thread(target=run, args=(use, stopping))
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(WITHIN)
        assert not thread.is_alive()


def wait_until(seen: Callable[[], bool]) -> None:
    until = time.monotonic() + WITHIN
    while not seen():
        assert time.monotonic() < until, f"not within {WITHIN} s"
        time.sleep(0.05)


def register(site: Site, agency: Listener, name: str = "parking") -> None:
    site.register(service(name, backchannel_logout_uri=agency.url(f"/{name}")))


def tell(site: Site, name: str = "parking", times: int = 1) -> None:
    with site.use.database.work() as stores:
        for _ in range(times):
            over = LogoutNotice(client_id=name, subject="the sub", sid=secrets.token_hex(4), session_id="s1")
            logouts.send(stores.outbox, site.use.sealer, over, site.clock.now())


def waiting(site: Site) -> int:
    with site.use.database.work() as stores:
        return outbox.waiting(stores.outbox)


def tried(site: Site, times: int) -> Callable[[], bool]:
    """Return whether each message has failed so many times and waits again."""

    def seen() -> bool:
        with site.use.database.work() as stores:
            waits = [message.attempts for message in stores.outbox.latest(logouts.KIND, 100)]
        return all(attempts >= times for attempts in waits)

    return seen


def recorded(site: Site) -> list[str]:
    with site.use.database.work() as stores:
        return [entry.name for entry in stores.audit.latest(50) if entry.name.startswith("logout.")]


def token_in(site: Site, call: tuple[str, dict[str, str], bytes]) -> Any:
    document: Any = site.app.test_client().get("/jwks", base_url=site.use.settings.issuer).json
    [token] = parse_qs(call[2].decode())["logout_token"]
    return jwt.decode(token, KeySet.import_key_set(document), algorithms=["ES256"])


def test_a_sign_out_reaches_the_agency_as_its_specification_says(site: Site, use: Services, agency: Listener) -> None:
    register(site, agency)
    agency.answers["/parking"] = answer(b"")
    browser, citizen = site.browser(), site.add_citizen("ada@example.org")
    tokens = sign_in(browser, citizen, "parking")

    browser.get("/logout", {"id_token_hint": tokens["id_token"]})
    with working(use):
        wait_until(lambda: waiting(site) == 0)

    [call] = agency.calls
    assert call[1]["content-type"] == "application/x-www-form-urlencoded"
    token, known = token_in(site, call), claims_in(tokens["id_token"])
    assert token.header["typ"] == "logout+jwt"
    assert {name: token.claims[name] for name in ("iss", "aud", "sub", "sid")} == {
        name: known[name] for name in ("iss", "aud", "sub", "sid")
    }
    assert recorded(site) == ["logout.delivered"]


def test_an_agency_that_fails_is_told_again_with_a_fresh_token(site: Site, use: Services, agency: Listener) -> None:
    register(site, agency)
    agency.answers["/parking"] = answer(b"", status=503)
    tell(site)

    with working(use):
        wait_until(lambda: len(agency.calls) == 1 and tried(site, 1)())
        agency.answers["/parking"] = answer(b"", status=204)
        time.sleep(0.6)
        assert len(agency.calls) == 1, "it waits before it tries again"
        site.clock.pass_by(timedelta(minutes=3))
        wait_until(lambda: waiting(site) == 0)

    first, second = (token_in(site, call).claims for call in agency.calls)
    assert first["exp"] < second["iat"]
    assert first["jti"] != second["jti"]
    assert first["sid"] == second["sid"]


def test_bad_request_is_an_answer_and_not_asked_for_again(site: Site, use: Services, agency: Listener) -> None:
    register(site, agency)
    agency.answers["/parking"] = answer(b'{"error":"invalid_request"}', status=400)
    tell(site)

    with working(use):
        wait_until(lambda: waiting(site) == 0)
        site.clock.pass_by(timedelta(hours=1))
        time.sleep(0.6)

    assert len(agency.calls) == 1
    assert recorded(site) == ["logout.refused"]


@pytest.mark.parametrize(
    "sent",
    [
        answer(b"", status=302, headers="Location: http://127.0.0.1:1/\r\n"),
        answer(b"", status=404),
        answer(b"", status=201),
        lambda _: None,
    ],
)
def test_nothing_else_counts_as_told(site: Site, use: Services, agency: Listener, sent: Any) -> None:
    register(site, agency)
    agency.answers["/parking"] = sent
    tell(site)

    with working(use):
        wait_until(lambda: len(agency.calls) >= 1)
        time.sleep(0.4)

    assert waiting(site) == 1
    assert recorded(site) == []


def test_after_a_day_it_is_given_up_and_erased(site: Site, use: Services, agency: Listener) -> None:
    register(site, agency)
    agency.answers["/parking"] = answer(b"", status=500)
    tell(site)

    with working(use):
        wait_until(lambda: len(agency.calls) >= 1)
        site.clock.pass_by(timedelta(hours=25))
        wait_until(lambda: waiting(site) == 0)

    with site.use.database.work() as stores:
        [message] = stores.outbox.latest(logouts.KIND, 10)
    assert (message.sealed, message.delivered_at) == (None, None)


def test_a_service_that_is_disabled_is_told_nothing(site: Site, use: Services, agency: Listener) -> None:
    register(site, agency)
    tell(site)
    with use.database.work() as stores:
        stores.relying_parties.disable("parking", site.clock.now())

    with working(use):
        wait_until(lambda: waiting(site) == 0)

    assert agency.calls == []


def test_an_address_of_our_own_network_is_never_called(site: Site, agency: Listener) -> None:
    register(site, agency)
    tell(site)

    with working(site.use):
        wait_until(tried(site, 1))
        time.sleep(0.4)

    assert agency.calls == []


def test_an_agency_that_hangs_delays_neither_the_citizen_nor_the_others(
    site: Site, use: Services, agency: Listener
) -> None:
    register(site, agency)
    register(site, agency, "library")
    released = Event()

    def hang(out: BinaryIO) -> None:
        released.wait(WITHIN)

    agency.answers["/parking"] = hang
    agency.answers["/library"] = answer(b"")
    tell(site, "parking", times=20)
    browser = site.browser()
    citizen = site.add_citizen("ada@example.org")
    sign_in(browser, citizen, "parking")
    tokens = sign_in(browser, citizen, "library")

    try:
        with working(use):
            wait_until(lambda: any(path == "/parking" for path, *_ in agency.calls))
            began = time.monotonic()
            browser.get("/logout", {"id_token_hint": tokens["id_token"]})
            assert time.monotonic() - began < DEADLINE
            wait_until(lambda: any(path == "/library" for path, *_ in agency.calls))
            assert time.monotonic() - began < 6 * DEADLINE
            assert len([path for path, *_ in agency.calls if path == "/parking"]) < 10
    finally:
        released.set()


def test_an_agency_that_is_slow_to_fail_does_not_keep_the_others_waiting(
    site: Site, use: Services, agency: Listener
) -> None:
    """A whole answer just within the deadline holds a slot as long as none does."""
    register(site, agency)
    register(site, agency, "library")

    def be_slow(out: BinaryIO) -> None:
        time.sleep(0.8 * DEADLINE)
        answer(b"", status=503)(out)

    agency.answers["/parking"] = be_slow
    agency.answers["/library"] = answer(b"")
    tell(site, "parking", times=40)
    tell(site, "library")

    with working(use):
        wait_until(lambda: any(path == "/library" for path, *_ in agency.calls))

        assert len([path for path, *_ in agency.calls if path == "/parking"]) < 10


def test_one_message_finds_out_whether_an_agency_answers_again() -> None:
    now = [0.0]
    resting = Resting(seconds=10, monotonic=lambda: now[0])
    assert not resting.still("a")

    resting.begin("a")
    during = resting.still("a"), resting.still("b")
    now[0] = 10.0
    after = [resting.still("a") for _ in range(3)]
    resting.end("a")

    assert during == (True, False)
    assert after == [False, True, True]
    assert not resting.still("a")
