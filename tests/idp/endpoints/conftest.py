"""One application for a test file, with a registered service; citizens and browsers are each test's own."""

import secrets
from pathlib import Path

import pytest

from federation.relying_parties.model import RelyingParty
from idp.citizens.model import Citizen
from tests.support.site import REDIRECT_URI, Browser, Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder: Path = tmp_path_factory.mktemp("site")
    made = Site.at(folder)
    made.register(
        RelyingParty(
            client_id="rp",
            client_name="Parking <b>",
            agency="City",
            redirect_uris=(REDIRECT_URI,),
            scope=("openid", "profile", "email", "offline_access"),
            grant_types=("authorization_code", "refresh_token"),
            sector="rp.example",
            client_uri="https://rp.example/",
        )
    )
    made.register(
        RelyingParty(
            client_id="other",
            client_name="Library",
            agency="City",
            redirect_uris=("https://library.example/cb",),
            sector="library.example",
        )
    )
    return made


@pytest.fixture
def browser(site: Site) -> Browser:
    return site.browser()


@pytest.fixture
def citizen(site: Site) -> Citizen:
    return site.add_citizen(f"ada-{secrets.token_hex(8)}@example.org")
