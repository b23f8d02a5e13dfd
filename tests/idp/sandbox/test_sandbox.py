"""The sandbox as a newcomer meets it: one command, two agencies, one sign-in, nothing left behind."""

import json
import re
import socket
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests

from idp.sandbox.personas import PERSONAS
from tests.support.sandbox import START_WITHIN, Sandbox, await_banner, free_ports, start

pytestmark = pytest.mark.timeout(300)
TOLD_WITHIN = 15
AMINA = PERSONAS[0]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("sandbox")
    running = start(folder / "state", free_ports(4), folder / "log")
    try:
        await_banner(running)
        yield running
    finally:
        if running.process.poll() is None:
            running.end()


def browser() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["Accept"] = "text/html"
    return session


def send_form(session: requests.Session, page: requests.Response, button: str, **typed: str) -> requests.Response:
    """Send the form that holds the button with the id `button`."""
    form = next(part for part in re.findall(r"<form.*?</form>", page.text, re.DOTALL) if f'id="{button}"' in part)
    action = re.search(r'<form[^>]*\baction="([^"]*)"', form)
    fields = {
        unescape(name): unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    }
    pressed = next(tag for tag in re.findall(r"<(?:button|input)[^>]*>", form) if f'id="{button}"' in tag)
    found = {key: re.search(rf'\b{key}="([^"]*)"', pressed) for key in ("name", "value")}
    if found["name"] and found["value"]:
        fields[found["name"][1]] = found["value"][1]
    target = urljoin(page.url, unescape(action[1])) if action else page.url
    return session.post(target, data={**fields, **typed})


def sign_in(session: requests.Session, agency: str) -> requests.Response:
    page = session.get(f"{agency}/sign-in")
    if 'id="password"' in page.text:
        page = send_form(session, page, "continue", email=AMINA.email, password=AMINA.password)
    if 'id="allow"' in page.text:
        page = send_form(session, page, "allow")
    return page


def subject(page: requests.Response) -> str:
    found = re.search(r'id="subject">([^<]+)<', page.text)
    assert found, page.text
    return found[1]


def test_one_sign_in_opens_both_agencies_and_neither_knows_the_others_subject(sandbox: Sandbox) -> None:
    session = browser()

    parking = sign_in(session, sandbox.url(1))
    fishing = sign_in(session, sandbox.url(2))

    assert parking.url == f"{sandbox.url(1)}/"
    assert fishing.url == f"{sandbox.url(2)}/"
    assert f"{AMINA.given_name} {AMINA.family_name}" in parking.text
    assert subject(parking) != subject(fishing)


def test_the_second_sign_in_asks_for_no_password(sandbox: Sandbox) -> None:
    session = browser()
    sign_in(session, sandbox.url(1))

    page = session.get(f"{sandbox.url(2)}/sign-in")

    assert 'id="password"' not in page.text


def test_signing_out_at_one_agency_signs_out_at_both(sandbox: Sandbox) -> None:
    session = browser()
    sign_in(session, sandbox.url(2))
    parking = sign_in(session, sandbox.url(1))

    page = send_form(session, parking, "sign-out")

    assert page.url.startswith(f"{sandbox.url(1)}/signed-out")
    deadline = time.monotonic() + TOLD_WITHIN
    while 'id="subject"' in session.get(sandbox.url(2)).text:
        assert time.monotonic() < deadline, "the other agency was not told"
        time.sleep(0.2)
    assert 'id="password"' in session.get(f"{sandbox.url(2)}/sign-in").text


def test_a_newcomer_is_told_every_address_person_and_unsafe_default(sandbox: Sandbox) -> None:
    said = sandbox.said()

    assert all(sandbox.url(number) in said for number in range(4))
    assert all(person.email in said and person.password in said for person in PERSONAS)
    assert len(PERSONAS) == 6
    assert "Not safe" in said
    for setting in ("COUNTERSIGN_FETCH_ALLOW", "COUNTERSIGN_MAIL_URL"):
        assert setting in said


def test_the_outbox_shows_the_codes_that_an_app_would(sandbox: Sandbox) -> None:
    page = browser().get(sandbox.url(3))

    assert page.status_code == 200
    assert len(re.findall(r"<code>\d{6}</code>", page.text)) == 2


def test_a_port_in_use_is_named_with_what_to_do(sandbox: Sandbox, tmp_path: Path) -> None:
    ports = free_ports(3)

    second = start(tmp_path / "state", (ports[0], sandbox.ports[1], *ports[1:]), tmp_path / "log")
    code = second.process.wait(START_WITHIN)

    assert code != 0
    assert f"Port {sandbox.ports[1]}" in second.said()
    assert "--parking-port" in second.said()
    assert not (tmp_path / "state").exists()


def test_secrets_of_the_sandbox_are_its_owners_alone(sandbox: Sandbox) -> None:
    assert sandbox.folder.stat().st_mode & 0o077 == 0
    assert (sandbox.folder / "sandbox.json").stat().st_mode & 0o077 == 0
    assert (sandbox.folder / "settings.env").stat().st_mode & 0o077 == 0


def test_it_ends_without_a_trace_and_goes_on_where_it_left(sandbox: Sandbox, tmp_path: Path) -> None:
    before = json.loads((sandbox.folder / "sandbox.json").read_text())

    code = sandbox.end()
    free = [socket.create_server(("127.0.0.1", port)) for port in sandbox.ports]
    for listener in free:
        listener.close()
    again = start(sandbox.folder, sandbox.ports, tmp_path / "log")
    try:
        await_banner(again)
        page = sign_in(browser(), again.url(1))
    finally:
        again.end()

    assert code == 0
    assert json.loads((again.folder / "sandbox.json").read_text()) == before
    assert "Inventing" not in again.said()
    assert AMINA.family_name in page.text
