"""The client credentials grant: a relying party by itself, no citizen involved (RFC 6749 section 4.4)."""

from datetime import datetime

from federation.authorization import resources
from federation.authorization.parameters import Parameters
from federation.errors import InvalidAuthorizationDetails, InvalidScope, UnauthorizedClient
from federation.relying_parties.model import RelyingParty
from federation.tokens.desk import Answer, Desk, answer_for_itself
from federation.tokens.grants.model import OF_CITIZENS


def redeem(form: Parameters, relying_party: RelyingParty, desk: Desk, now: datetime) -> Answer:
    """Issue an access token of the registered scopes, never an ID token or a refresh token."""
    if not relying_party.confidential:
        raise UnauthorizedClient("client_credentials needs a client that proves who it is")
    if form.get("authorization_details") is not None:
        raise InvalidAuthorizationDetails("authorization details are what a citizen allows, and none is here")
    scope = allowed(form.get("scope"), relying_party.scope)
    allowed_here = resources.check(form.resources, relying_party, issuer=desk.issuer)
    audience = resources.audience(form.resources, allowed_here, relying_party, issuer=desk.issuer)
    return answer_for_itself(desk, relying_party, scope=scope, audience=audience, now=now)


def allowed(wanted: str | None, registered: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is wanted of the registered scopes that need no citizen, all of them when silent."""
    own = tuple(each for each in registered if each not in OF_CITIZENS)
    if not wanted:
        return own
    asked = set(wanted.split(" "))
    if not asked.issubset(own):
        raise InvalidScope("scope asks for what is not registered, or needs a citizen")
    return tuple(each for each in own if each in asked)
