"""Who may call: every blueprint names its callers with one of these as its `before_request`."""

from flask import g, request

from federation.binding.confirmation import check_holder
from federation.client_authentication import authenticate
from federation.client_authentication.presented import Presented
from federation.dynamic_registration import managing
from federation.relying_parties.model import RelyingParty
from federation.tokens import access_token
from federation.tokens import bearer as bearer_token
from federation.tokens.standing import Standing, check_standing
from idp.sessions.model import Session
from idp.signin.errors import PageError
from idp.web import browser, possession
from idp.web.registration_desk import registration_desk
from idp.web.services import services
from idp.web.transaction import stores


class SignInNeeded(PageError):
    """The page belongs to a citizen, and nobody is signed in here."""

    status = 401
    template = "pages/errors/sign_in_needed.html"


def anyone() -> None:
    """Open to all: the view itself decides by what the request carries."""


def relying_parties_only() -> None:
    """Only a relying party that proves who it is; a preflight carries no credentials and passes."""
    if request.method == "OPTIONS":
        return
    use = services()
    g.relying_party = authenticate(
        Presented(request.headers.get("Authorization"), request.form, possession.certificate()),
        registry=stores().relying_parties,
        store=use.ephemeral,
        keys=use.relying_party_keys,
        authorities=use.client_authorities,
        issuer=use.settings.issuer,
        token_endpoint=use.settings.issuer + "/token",
        now=use.clock.now(),
    )


def token_bearers_only() -> None:
    """Only who brings an access token that is good now; a preflight carries none and passes."""
    if request.method == "OPTIONS":
        return
    use = services()
    now = use.clock.now()
    form = request.form if request.method == "POST" else {}
    presented, scheme = bearer_token.presented(request.headers.get("Authorization"), form)
    token = access_token.read_for_us(use.signer, use.ephemeral, presented, issuer=use.settings.issuer, now=now)
    dpop_key = possession.dpop_key(access_token=presented) if scheme == "dpop" else None
    check_holder(token.confirmation, scheme=scheme, dpop_key=dpop_key, certificate=possession.thumbprint())
    opened = stores()
    g.bearer = check_standing(token, grants=opened.grants, registry=opened.relying_parties, now=now)


def registrants_only() -> None:
    """Only who brings the registration access token of the service that the path names (RFC 7592 section 2)."""
    token = bearer_token.plain(request.headers.get("Authorization", ""))
    client_id = (request.view_args or {})["client_id"]
    g.relying_party = managing.find(client_id, token, registration_desk())


def citizens_only() -> None:
    """Only a citizen who is signed in, in this browser."""
    g.session = browser.current_session()
    if g.session is None:
        raise SignInNeeded


def relying_party() -> RelyingParty:
    """Return the relying party that proved itself."""
    found: RelyingParty = g.relying_party
    return found


def bearer() -> Standing:
    """Return the access token that was brought, and what it stands on."""
    found: Standing = g.bearer
    return found


def session() -> Session:
    """Return the session of the citizen who called."""
    found: Session = g.session
    return found
