"""The list of services leads to each of them, in the way it asked for."""

import pytest

from tests.idp.pages.conftest import Person
from tests.idp.pages.test_account import enter
from tests.support.signing_out import service, sign_in
from tests.support.site import Browser, Site

START = "https://parking.example/start?from=us"


@pytest.mark.parametrize(
    ("way_in", "link"),
    [(None, "https://library.example/"), (START, START + "&amp;iss=https%3A%2F%2Fid.example")],
    ids=["home", "sign-in"],
)
def test_a_service_is_entered_by_its_sign_in_address_or_else_its_home(
    site: Site, browser: Browser, ada: Person, way_in: str | None, link: str
) -> None:
    registered = site.register(service("parking" if way_in else "library", initiate_login_uri=way_in))
    enter(browser, ada)
    sign_in(browser, ada.citizen, registered.client_id)

    assert f'href="{link}"' in browser.get("/account/services").text
