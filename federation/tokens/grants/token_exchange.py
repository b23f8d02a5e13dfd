"""Token exchange: a service that was called for a citizen calls another of its agency for them (RFC 8693).

The citizen's agency calls service A with an access token; A needs service B to answer. A hands that token in and gets
one for B, which tells the same citizen by the same `sub`, names A in `act`, and is never good for more or for longer.
"""

from datetime import datetime

from federation.authorization import resources
from federation.authorization.parameters import Parameters
from federation.errors import (
    InvalidAuthorizationDetails,
    InvalidRequest,
    InvalidScope,
    InvalidTarget,
    InvalidToken,
    UnauthorizedClient,
)
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.rules import WITH_CITIZENS
from federation.tokens import access_token
from federation.tokens.desk import Answer, Desk, answer_for_actor
from federation.tokens.grants.model import Grant
from federation.tokens.standing import check_standing

MOST_ACTORS = 3
"""Services one after the other, each of which called the next."""


def redeem(form: Parameters, relying_party: RelyingParty, desk: Desk, now: datetime) -> Answer:
    """Issue an access token for another API of the agency, on the strength of one that came to an API of the asker."""
    if not relying_party.confidential:
        raise UnauthorizedClient("token exchange needs a client that proves who it is")
    _check_kinds(form)
    token, grant = _subject(form, relying_party, desk, now)
    audience = _target(form, relying_party, grant, desk)
    scope = _scope(form, token, relying_party)
    return answer_for_actor(desk, relying_party, token, grant, scope=scope, audience=audience, now=now)


def _check_kinds(form: Parameters) -> None:
    if form.get("subject_token_type") != access_token.TOKEN_TYPE:
        raise InvalidRequest("subject_token_type is missing, or not that of an access token")
    if form.get("requested_token_type") not in (None, access_token.TOKEN_TYPE):
        raise InvalidRequest("requested_token_type is not that of an access token")
    if form.get("actor_token") is not None or form.get("actor_token_type") is not None:
        raise InvalidRequest("who acts is who proves itself here; an actor_token is not taken")
    if form.get("authorization_details") is not None:
        raise InvalidAuthorizationDetails("authorization details go along, and are not asked for")


def _subject(
    form: Parameters, relying_party: RelyingParty, desk: Desk, now: datetime
) -> tuple[access_token.AccessToken, Grant]:
    """Return the token that came to an API of the asker, and the grant it stands on; raise InvalidRequest.

    That is the code for every unfit subject token (section 2.2.2). A bound one needs no proof of its key here: whose
    it is proved that where it was used, and what is issued is bound anew, to the asker.
    """
    presented = form.get("subject_token")
    if presented is None:
        raise InvalidRequest("subject_token is missing")
    try:
        token = access_token.read(desk.signer, desk.store, presented, issuer=desk.issuer, now=now)
        standing = check_standing(token, grants=desk.grants, registry=desk.registry, now=now)
    except InvalidToken as error:
        raise InvalidRequest(f"the subject token is not good: {error}") from error
    if token.audience not in relying_party.resource_uris:
        raise InvalidRequest("the subject token is not for an API of the asker")
    if standing.grant is None:
        raise InvalidRequest("the subject token is no citizen's")
    if len(token.actors) >= MOST_ACTORS:
        raise InvalidRequest("the subject token was exchanged too often")
    if token.confirmation and not desk.confirmation:
        raise InvalidRequest("the subject token is bound to a key, and what it buys would not be")
    return standing.token, standing.grant


def _target(form: Parameters, relying_party: RelyingParty, grant: Grant, desk: Desk) -> str:
    """Return the one API asked for: allowed by an operator, of the asker's agency, whose owner may know this `sub`."""
    if form.get("audience") is not None:
        raise InvalidTarget("an API is named by resource, not by audience")
    named = resources.check(form.resources, relying_party, issuer=desk.issuer)
    if len(named) != 1 or len(form.resources) != 1:
        raise InvalidTarget("one resource must be named, of an agency's API")
    owner = desk.registry.owner_of(named[0])
    if owner is None or owner.agency != relying_party.agency:
        raise InvalidTarget("the resource is not of the asker's agency")
    if not WITH_CITIZENS.isdisjoint(owner.grant_types) and desk.subject_of(owner, grant.citizen_id) != grant.subject:
        raise InvalidTarget("the owner of the resource knows citizens by other names")
    return named[0]


def _scope(form: Parameters, token: access_token.AccessToken, relying_party: RelyingParty) -> tuple[str, ...]:
    """Return what is asked of the subject token's scope, all of it when silent: only what the asker may have itself."""
    held = tuple(each for each in token.scope if each in relying_party.scope)
    asked = form.words("scope")
    if not set(asked) <= set(held):
        raise InvalidScope("scope asks for more than the subject token or the registration has")
    return tuple(each for each in held if each in asked) if asked else held
