"""What every journey shares: one sandbox, one Chromium, and citizens who were never here before."""

import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pyotp
import pytest

from idp.assembly import build
from idp.authentication import totp
from idp.cli import main
from idp.sandbox.commands import Commands
from idp.settings import PREFIX, load
from tests.support.browser import OpenWindow, chromium, open_window, page, pytest_runtest_makereport
from tests.support.journey import PASSWORD, Journey, Person
from tests.support.sandbox import Sandbox, await_banner, free_ports, start

__all__ = ["chromium", "open_window", "page", "pytest_runtest_makereport"]

NewPerson = Callable[..., Person]
GiveApp = Callable[[Person], None]
Begin = Callable[..., Journey]


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox as `make run` starts it, once for all journeys of this test process."""
    folder = tmp_path_factory.mktemp("sandbox")
    running = start(folder / "state", free_ports(4), folder / "log")
    try:
        await_banner(running)
        yield running
    finally:
        if running.process.poll() is None:
            running.end()


@pytest.fixture(scope="session")
def new_person(sandbox: Sandbox) -> NewPerson:
    """Make citizens: `new_person(totp=True, given_name="Zoë", birthdate="1975-11-02", locale="cy")`."""
    commands = Commands(main, sandbox.settings())

    def make(*, totp: bool = False, **about: str) -> Person:
        seed = pyotp.random_base32() if totp else None
        person = Person(f"p{secrets.token_hex(6)}@sandbox.example", totp_secret=seed)
        arguments = ["--email", person.email, "--password", PASSWORD]
        arguments += ["--totp-secret", seed] if seed else []
        for name, value in ({"given_name": "Grace", "family_name": "Lindqvist"} | about).items():
            arguments += [f"--{name.replace('_', '-')}", value]
        commands.run("citizens", "add", *arguments)
        return person

    return make


@pytest.fixture(scope="session")
def give_app(sandbox: Sandbox) -> GiveApp:
    """Let a citizen have a code app as well from now on."""
    use = build(load(**{name.removeprefix(PREFIX).lower(): value for name, value in sandbox.settings().items()}))

    def give(person: Person) -> None:
        person.totp_secret = pyotp.random_base32()
        now = use.clock.now()
        with use.database.work() as stores:
            citizen = stores.citizens.find_by_email(person.email)
            assert citizen is not None
            kept = totp.sealed(use.sealer, citizen.citizen_id, person.totp_secret, last_step=0, now=now)
            stores.credentials.set_totp(citizen.citizen_id, kept)

    return give


@pytest.fixture
def begin(sandbox: Sandbox, open_window: OpenWindow) -> Begin:
    """Open a window for a journey; options as for `open_window`."""

    def open_one(**options: Any) -> Journey:
        return Journey(open_window(**options), sandbox)

    return open_one


@pytest.fixture
def journey(begin: Begin) -> Journey:
    """A journey in a window of its own, in English, with scripts."""
    return begin()
