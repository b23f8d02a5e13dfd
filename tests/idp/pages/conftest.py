"""One application for a test file; citizens with a password, and one with a code app."""

from dataclasses import dataclass
from itertools import count

import pyotp
import pytest
from werkzeug.test import TestResponse

from federation.relying_parties.model import RelyingParty
from idp.authentication import backup_codes, totp
from idp.citizens.email import parse
from idp.citizens.model import Citizen
from idp.citizens.registration import register
from tests.support.site import REDIRECT_URI, Browser, Site, hidden_fields

PASSWORD = "four words or more"
_numbers = count()


@dataclass(frozen=True, slots=True)
class Person:
    """A citizen and what they know and hold."""

    citizen: Citizen
    seed: str | None
    backup_codes: tuple[str, ...]

    @property
    def email(self) -> str:
        return self.citizen.email

    def code(self, site: Site) -> str:
        assert self.seed is not None
        return pyotp.TOTP(self.seed).at(site.clock.now())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    made = Site.at(tmp_path_factory.mktemp("site"))
    made.register(
        RelyingParty(
            client_id="rp",
            client_name="Parking",
            agency="City",
            redirect_uris=(REDIRECT_URI,),
            scope=("openid", "profile", "email"),
            sector="rp.example",
        )
    )
    return made


@pytest.fixture
def browser(site: Site) -> Browser:
    return site.browser()


def make(site: Site, *, second_factor: bool) -> Person:
    use, now = site.use, site.clock.now()
    codes = backup_codes.new_codes() if second_factor else ()
    seed = totp.new_seed() if second_factor else None
    with use.database.work() as stores:
        citizen = register(stores.citizens, parse(f"Ada{next(_numbers)}@example.org"), now=now, given_name="Ada")
        hashed = use.hashing.hash(PASSWORD, stands_alone=True, now=now)
        stores.credentials.set_password(citizen.citizen_id, hashed)
        if seed is not None:
            kept = totp.sealed(use.sealer, citizen.citizen_id, seed, last_step=0, now=now)
            stores.credentials.set_totp(citizen.citizen_id, kept)
            backup_codes.replace(stores.credentials, use.hashing.peppers, citizen.citizen_id, codes, now)
    return Person(citizen, seed, codes)


@pytest.fixture
def ada(site: Site) -> Person:
    """A citizen with a password alone."""
    return make(site, second_factor=False)


@pytest.fixture
def eve(site: Site) -> Person:
    """A citizen with a password and a code app."""
    return make(site, second_factor=True)


def fill(browser: Browser, path: str, **fields: str) -> TestResponse:
    """Open a page and send its form."""
    page = browser.get(path)
    assert page.status_code == 200, (page.status_code, page.location)
    return browser.post(path, {**hidden_fields(page.text), **fields})
