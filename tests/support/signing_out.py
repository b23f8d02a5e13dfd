"""Services that citizens sign in to and out of, in the whole application: public clients, which need no secret."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from federation.relying_parties.model import RelyingParty
from idp.citizens.model import Citizen
from idp.notices import logouts, outbox
from idp.notices.logouts import LogoutNotice
from tests.support.site import Browser, Site
from tests.support.token_office import VERIFIER, claims_in


def service(name: str, **changes: Any) -> RelyingParty:
    """Return a service at https://<name>.example that hears of sign-outs and takes citizens back."""
    home = f"https://{name}.example"
    known: dict[str, Any] = {
        "client_name": name.title(),
        "agency": "City",
        "redirect_uris": (f"{home}/cb",),
        "post_logout_redirect_uris": (f"{home}/out",),
        "backchannel_logout_uri": f"{home}/back-channel",
        "token_endpoint_auth_method": "none",
        "grant_types": ("authorization_code", "refresh_token"),
        "scope": ("openid", "email", "offline_access"),
        "sector": f"{name}.example",
        "client_uri": f"{home}/",
    }
    return RelyingParty(client_id=name, **known | changes)


def sign_in(browser: Browser, citizen: Citizen, name: str, scope: str = "openid email") -> Any:
    """Sign in at a service, with a session if the browser has one, and return what /token answers."""
    redirect_uri = f"https://{name}.example/cb"
    asked = {"client_id": name, "redirect_uri": redirect_uri, "scope": scope}
    if "offline_access" in scope:
        asked["prompt"] = "consent"
    answer = browser.authorize(asked)
    if "/sign-in/" in answer.location:
        browser.sign_in(citizen)
        answer = browser.get(f"/authorize/{answer.location.rsplit('/', 1)[1]}")
    if "/consent/" in answer.location:
        browser.press(answer.location, "allow")
        answer = browser.get(f"/authorize/{answer.location.rsplit('/', 1)[1]}")
    assert answer.location.startswith(redirect_uri), answer.location
    code = parse_qs(urlsplit(answer.location).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "client_id": name}
    client = browser.site.app.test_client(use_cookies=False)
    tokens = client.post("/token", data=form | {"code_verifier": VERIFIER}, base_url=browser.base_url)
    assert tokens.status_code == 200, tokens.text
    return tokens.json


def signed_in(browser: Browser) -> bool:
    """Whether the provider still knows who uses this browser."""
    asked = {"prompt": "none", "client_id": "parking", "redirect_uri": "https://parking.example/cb"}
    return "error=login_required" not in browser.authorize(asked).location


def queued(site: Site, citizen_tokens: Sequence[Any]) -> list[LogoutNotice]:
    """Return the words that wait for the agencies of these sign-ins, by `client_id`."""
    sids = {claims_in(tokens["id_token"])["sid"] for tokens in citizen_tokens}
    with site.use.database.work() as stores:
        waiting = [outbox.read(message, site.use.sealer) for message in stores.outbox.latest(logouts.KIND, 500)]
    found = [logouts.from_payload(payload) for payload in waiting if payload is not None]
    return sorted((over for over in found if over.sid in sids), key=lambda over: over.client_id)
