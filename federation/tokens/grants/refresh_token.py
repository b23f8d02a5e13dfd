"""The refresh grant: new tokens for a citizen who is away (RFC 6749 section 6, RFC 9700 section 4.14)."""

from datetime import datetime, timedelta
from typing import NoReturn

from federation.authorization import details, resources
from federation.authorization.parameters import Parameters
from federation.claims import OFFLINE
from federation.errors import InvalidGrant, InvalidRequest, InvalidScope
from federation.hashing import fingerprint
from federation.relying_parties.model import RelyingParty
from federation.tokens import refresh_token
from federation.tokens.desk import Answer, Desk, Misuse, answer_for_citizen
from federation.tokens.grants.model import Grant

GRACE = timedelta(seconds=10)
"""An answer may get lost: for so long the old token still fetches the successor it fetched first."""


def redeem(form: Parameters, relying_party: RelyingParty, desk: Desk, now: datetime) -> Answer:
    """Issue tokens of no more than was granted. The token itself changes where neither a secret nor a key binds it."""
    presented = form.get("refresh_token")
    if not presented:
        raise InvalidRequest("refresh_token is missing")
    grant_id = refresh_token.grant_of(desk.token_secret, presented)
    if grant_id is None:
        raise InvalidGrant("the refresh token is not one of ours")
    grant = _find(grant_id, relying_party, desk, now)
    scope = narrow(form.get("scope"), grant.scope)
    audience = resources.audience(form.resources, grant.resources, relying_party, issuer=desk.issuer)
    wanted = details.narrowed(form.get("authorization_details"), grant.authorization_details)
    _check_holder(grant, relying_party, desk)
    successor = None
    if relying_party.confidential or grant.confirmation:
        _check_head(grant, presented, desk)
    else:
        successor = _rotate(grant, presented, relying_party, desk, now)
    return answer_for_citizen(
        desk, relying_party, grant, scope=scope, audience=audience, details=wanted, now=now, refresh_token=successor
    )


def narrow(wanted: str | None, granted: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is wanted of the granted scope, all of it when silent; raise InvalidScope for anything more."""
    if not wanted:
        return granted
    asked = set(wanted.split(" "))
    if not asked.issubset(granted):
        raise InvalidScope("scope asks for more than was granted")
    return tuple(each for each in granted if each in asked)


def _find(grant_id: str, relying_party: RelyingParty, desk: Desk, now: datetime) -> Grant:
    grant = desk.grants.find(grant_id, now)
    if grant is None:
        raise InvalidGrant("the grant has ended")
    if grant.client_id != relying_party.client_id:
        raise InvalidGrant("the refresh token was issued to another relying party")
    if OFFLINE not in relying_party.scope:
        raise InvalidGrant("the relying party may not come back without the citizen any more")
    return grant


def _check_holder(grant: Grant, relying_party: RelyingParty, desk: Desk) -> None:
    """What began bound stays bound: for a public client to the same key, for others to any (RFC 9449 section 5)."""
    shown, kept = desk.confirmation, grant.confirmation
    fits = kept.keys() <= shown.keys() if relying_party.confidential else kept.items() <= shown.items()
    if not fits:
        raise InvalidGrant("the grant is bound to a key that was not proved")


def _check_head(grant: Grant, presented: str, desk: Desk) -> None:
    if fingerprint(presented) != grant.refresh_hash:
        _stop(grant, desk)


def _rotate(grant: Grant, presented: str, relying_party: RelyingParty, desk: Desk, now: datetime) -> str:
    """Return the successor of the family's head, or, shortly after, of the head before it."""
    shown = fingerprint(presented)
    successor = refresh_token.successor(desk.token_secret, presented)
    if shown == grant.refresh_hash:
        if desk.grants.rotate(grant, fingerprint(successor), now):
            return successor
        grant = _find(grant.grant_id, relying_party, desk, now)
    if shown != grant.previous_hash or grant.rotated_at is None or now - grant.rotated_at > GRACE:
        _stop(grant, desk)
    return successor


def _stop(grant: Grant, desk: Desk) -> NoReturn:
    """Genuine, but no longer good: two parties hold tokens of one family, and nobody can tell which is honest."""
    desk.stop(Misuse.REFRESH_REUSED, grant.grant_id)
    raise InvalidGrant("the refresh token was used before; its family has been ended")
