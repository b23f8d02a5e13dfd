"""A password that was stolen elsewhere becomes nobody's here, and a citizen reads why in their language."""

from pathlib import Path

import pytest

from federation.relying_parties.model import RelyingParty
from idp.authentication.breached_passwords import build, key_of
from tests.idp.pages.conftest import fill
from tests.idp.pages.test_sign_up import find, prove_address
from tests.support import installation
from tests.support.site import REDIRECT_URI, Site

STOLEN = "orchard tram velvet nine"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    build([key_of(STOLEN.encode())], tmp_path / "filter", told=lambda *_: None)
    made = Site.on(
        installation.copy_to(tmp_path),
        f"sqlite:///{tmp_path / 'ephemeral.db'}",
        tmp_path,
        breached_passwords=str(tmp_path / "filter"),
    )
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


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "lists stolen from other websites"), ("cy", "rhestrau a gafodd eu dwyn o wefannau eraill")],
)
def test_a_newcomer_is_told_why_a_stolen_password_is_refused(site: Site, language: str, sentence: str) -> None:
    browser = site.browser()
    here = browser.begin({"ui_locales": language})
    prove_address(browser, here, "zoe@example.org")
    fill(browser, f"/sign-up/{here}/name", given_name="Zo\u00eb", family_name="\u00d3 Briain")

    answer = fill(browser, f"/sign-up/{here}/password", password=STOLEN)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert STOLEN not in answer.text


def test_while_the_filter_cannot_be_read_no_new_password_is_taken(site: Site) -> None:
    browser = site.browser()
    here = browser.begin()
    prove_address(browser, here, "yan@example.org")
    fill(browser, f"/sign-up/{here}/name", given_name="Yan", family_name="Tyan")
    (site.folder / "filter").unlink()

    answer = fill(browser, f"/sign-up/{here}/password", password="lantern gravel otter mist")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert find(site, "yan@example.org") is None
