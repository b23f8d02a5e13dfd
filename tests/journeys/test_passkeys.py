"""Passkeys in a real browser with a device of its own: made, used, named, removed; what is not one's own refused."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode
from wsgiref.types import WSGIApplication

import pytest
from playwright.sync_api import Page, expect
from werkzeug import Response
from werkzeug.serving import make_server

from federation.relying_parties.model import RelyingParty
from idp.authentication.kept_passkeys import Passkey
from idp.citizens.model import Citizen
from tests.idp.pages.test_sign_up import code_in, letter_to
from tests.support.browser import OpenWindow, check_accessible, keep_pictures, virtual_authenticator
from tests.support.sandbox import free_ports
from tests.support.site import ASKED, Site

BACK = "**/back-at-the-agency?**"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The application, served to browsers from this process, and an agency to come back to."""
    port, agency = free_ports(2)
    made = Site.at(tmp_path_factory.mktemp("site"), f"http://localhost:{port}")
    made.register(
        RelyingParty(
            client_id="rp",
            client_name="Parking",
            agency="City",
            redirect_uris=(f"http://127.0.0.1:{agency}/back-at-the-agency",),
            scope=("openid", "profile", "email"),
            sector="rp.example",
        )
    )
    with serving(port, made.app), serving(agency, Response("<title>The agency</title>", mimetype="text/html")):
        yield made


@contextmanager
def serving(port: int, app: WSGIApplication) -> Iterator[None]:
    server = make_server("localhost", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def come(page: Page, site: Site, **more: str) -> str:
    """Come from the agency; return the id of the interaction."""
    page.goto(f"{site.use.settings.issuer}/authorize?{urlencode({**ASKED, 'redirect_uri': back_of(site), **more})}")
    return page.url.rstrip("/").rsplit("/", 1)[-1]


def back_of(site: Site) -> str:
    with site.use.database.work() as stores:
        agency = stores.relying_parties.find("rp")
    assert agency is not None
    return agency.redirect_uris[0]


def sign_up(page: Page, site: Site, email: str) -> None:
    """Make an account up to the page that offers a passkey."""
    come(page, site)
    page.click("#create")
    page.fill("#email", email)
    page.click("#continue")
    page.fill("#code", code_in(letter_to(site, email)))
    page.click("#continue")
    page.fill("#given_name", "Grace")
    page.click("#continue")
    expect(page.locator("#make-passkey")).to_be_visible()


def sign_up_with_passkey(page: Page, site: Site, email: str) -> Citizen:
    sign_up(page, site, email)
    page.click("#make-passkey")
    page.click("#allow")
    page.wait_for_url(BACK)
    return citizen_of(site, email)


def citizen_of(site: Site, email: str) -> Citizen:
    with site.use.database.work() as stores:
        found = stores.citizens.find_by_email(email)
    assert found is not None
    return found


def passkeys_of(site: Site, citizen: Citizen) -> list[Passkey]:
    with site.use.database.work() as stores:
        return list(stores.passkeys.of_citizen(citizen.citizen_id))


def levels_of(site: Site, citizen: Citizen) -> list[str]:
    with site.use.database.work() as stores:
        return [each.acr for each in stores.sessions.list_for_citizen(citizen.citizen_id, site.clock.now())]


def forget_session(page: Page) -> None:
    page.context.clear_cookies()


def without_autofill(page: Page) -> None:
    """Wait for the button: this device answers at once to whoever asks, also from inside the field."""
    page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")


def test_an_account_is_made_with_a_passkey_alone(site: Site, page: Page) -> None:
    virtual_authenticator(page)
    sign_up(page, site, "grace@example.org")
    check_accessible(page)
    keep_pictures(page, "sign-up-passkey")

    page.click("#make-passkey")
    page.click("#allow")
    page.wait_for_url(BACK)

    citizen = citizen_of(site, "grace@example.org")
    (passkey,) = passkeys_of(site, citizen)
    assert levels_of(site, citizen) == ["aal2"]
    assert passkey.name
    with site.use.database.work() as stores:
        assert stores.credentials.find_password(citizen.citizen_id) is None


def test_the_password_is_the_way_without_scripts(site: Site, open_window: OpenWindow) -> None:
    page = open_window(java_script_enabled=False)
    come(page, site)
    page.click("#create")
    page.fill("#email", "plain@example.org")
    page.click("#continue")
    page.fill("#code", code_in(letter_to(site, "plain@example.org")))
    page.click("#continue")
    page.fill("#given_name", "Grace")
    page.click("#continue")

    expect(page.locator("#make-passkey")).to_be_hidden()
    page.click("#use-password")

    expect(page.locator("#password")).to_be_visible()


def test_a_passkey_signs_in_by_its_button_and_from_the_field(site: Site, page: Page) -> None:
    virtual_authenticator(page)
    citizen = sign_up_with_passkey(page, site, "button@example.org")
    forget_session(page)
    come(page, site)

    page.wait_for_url(BACK)

    (passkey,) = passkeys_of(site, citizen)
    assert passkey.last_used_at is not None
    forget_session(page)
    without_autofill(page)
    come(page, site)
    page.click("#use-passkey")
    page.wait_for_url(BACK)


def test_a_password_is_stepped_up_by_adding_a_passkey_on_the_way(site: Site, page: Page) -> None:
    sign_up(page, site, "stepup@example.org")
    page.click("#use-password")
    page.fill("#password", "orchard tram velvet nine")
    page.click("#continue")
    page.click("#skip")
    page.wait_for_url("**/consent/**")
    virtual_authenticator(page)

    come(page, site, acr_values="aal2")
    expect(page.locator("h1")).to_have_text("This service needs a stronger sign-in")
    check_accessible(page)
    keep_pictures(page, "stronger")
    page.click("#make-passkey")
    page.click("#allow")
    page.wait_for_url("**/back-at-the-agency?code=**")

    assert levels_of(site, citizen_of(site, "stepup@example.org")) == ["aal2"]
    assert "passkey was added" in letter_to(site, "stepup@example.org")


def test_several_passkeys_are_named_and_removed_but_never_the_last(site: Site, page: Page) -> None:
    first_device = virtual_authenticator(page)
    citizen = sign_up_with_passkey(page, site, "several@example.org")
    home = f"{site.use.settings.issuer}/account"
    first_device[0].send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": first_device[1]})
    virtual_authenticator(page)
    page.goto(f"{home}/passkeys")
    page.click("#add-passkey")
    page.click("#make-passkey")
    page.wait_for_url(f"{home}/passkeys")
    first, second = passkeys_of(site, citizen)

    page.goto(f"{home}/passkeys/{second.credential_id}")
    check_accessible(page)
    page.fill("#name", "Work laptop")
    page.click("#rename")
    expect(page.locator("h2", has_text="Work laptop")).to_be_visible()
    check_accessible(page)
    keep_pictures(page, "account-passkeys")
    page.goto(f"{home}/passkeys/{first.credential_id}")
    page.click("#remove")
    page.wait_for_url(f"{home}/passkeys")
    assert [each.name for each in passkeys_of(site, citizen)] == ["Work laptop"]

    page.goto(f"{home}/passkeys/{second.credential_id}")
    page.click("#remove")

    expect(page.locator(".govuk-error-summary")).to_contain_text("only way to sign in")
    assert len(passkeys_of(site, citizen)) == 1
    assert "passkey was removed" in letter_to(site, "several@example.org")


def test_another_citizens_passkey_cannot_be_seen_named_or_removed(
    site: Site, page: Page, open_window: OpenWindow
) -> None:
    virtual_authenticator(page)
    (theirs,) = passkeys_of(site, sign_up_with_passkey(page, site, "victim@example.org"))
    other = open_window()
    virtual_authenticator(other)
    (mine,) = passkeys_of(site, sign_up_with_passkey(other, site, "other@example.org"))
    home = f"{site.use.settings.issuer}/account/passkeys"

    answer = other.goto(f"{home}/{theirs.credential_id}")
    assert answer is not None
    assert answer.status == 404
    other.goto(f"{home}/{mine.credential_id}")
    for form, button in (("name", "#rename"), ("remove", "#remove")):
        other.goto(f"{home}/{mine.credential_id}")
        other.evaluate(
            "([form, action]) => document.querySelector(`form[action$='/${form}']`).action = action",
            [form, f"{home}/{theirs.credential_id}/{form}"],
        )
        with other.expect_navigation() as navigated:
            other.click(button)
        refused = navigated.value
        assert refused is not None
        assert refused.status == 404

    assert passkeys_of(site, citizen_of(site, "victim@example.org")) == [theirs]


def caught(page: Page, press: str) -> dict[str, str]:
    """Let the browser fill in a passkey form, and keep what it would have sent."""
    page.evaluate("() => { HTMLFormElement.prototype.submit = function () { window.caught = new FormData(this) } }")
    page.click(press)
    page.wait_for_function("window.caught")
    fields: dict[str, str] = page.evaluate("Object.fromEntries(window.caught)")
    return fields


@pytest.mark.parametrize("forge", ["replay", "origin", "other interaction", "garbage", "oversized"])
def test_a_forged_or_repeated_answer_signs_nobody_in(site: Site, page: Page, forge: str) -> None:
    virtual_authenticator(page)
    email = f"forge-{forge.replace(' ', '-')}@example.org"
    sign_up_with_passkey(page, site, email)
    forget_session(page)
    without_autofill(page)
    here = come(page, site)
    fields = caught(page, "#use-passkey")
    credential = json.loads(fields["credential"])
    address = f"{site.use.settings.issuer}/sign-in/{here}/passkey"
    if forge == "replay":
        first = page.request.post(address, form={**fields}, max_redirects=0)
        assert first.status == 303
    elif forge == "origin":
        page.evaluate(
            """(made) => {
                const text = atob(made.response.clientDataJSON.replaceAll('-', '+').replaceAll('_', '/'));
                const forged = btoa(text.replace(/http:..localhost/, 'http://127.0.0.1'));
                made.response.clientDataJSON = forged.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
                window.forged = JSON.stringify(made);
            }""",
            credential,
        )
        fields["credential"] = page.evaluate("window.forged")
    elif forge == "other interaction":
        address = f"{site.use.settings.issuer}/sign-in/{come(page, site)}/passkey"
    elif forge == "garbage":
        fields["credential"] = '{"id": 7, "response": []}'
    else:
        fields["credential"] = fields["credential"] + " " * 20_000

    answer = page.request.post(address, form={**fields}, max_redirects=0)

    assert answer.status == 422
    assert len(levels_of(site, citizen_of(site, email))) == (2 if forge == "replay" else 1)


def test_a_creation_challenge_is_spent_once_and_is_its_sessions_own(site: Site, page: Page) -> None:
    first_device = virtual_authenticator(page)
    citizen = sign_up_with_passkey(page, site, "create@example.org")
    first_device[0].send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": first_device[1]})
    virtual_authenticator(page)
    address = f"{site.use.settings.issuer}/account/passkeys/new"
    page.goto(address)
    fields = caught(page, "#make-passkey")

    first = page.request.post(address, form={**fields}, max_redirects=0)
    again = page.request.post(address, form={**fields}, max_redirects=0)

    assert (first.status, again.status) == (303, 422)
    assert len(passkeys_of(site, citizen)) == 2


@pytest.mark.parametrize(
    "path", ["", "/passkeys/new", "/password", "/code-app", "/email", "/sessions", "/services", "/history"]
)
def test_the_pages_of_the_account_are_accessible(site: Site, page: Page, path: str) -> None:
    virtual_authenticator(page)
    sign_up_with_passkey(page, site, f"look{path.replace('/', '-')}@example.org")

    page.goto(f"{site.use.settings.issuer}/account{path}")

    check_accessible(page)
    keep_pictures(page, f"account{path.replace('/', '-')}")
