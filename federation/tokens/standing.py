"""Whether an access token still stands: its relying party active, its grant, citizen and session not ended."""

from dataclasses import dataclass, replace
from datetime import datetime

from federation.errors import InsufficientScope, InvalidToken
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.registry import RelyingPartyRegistry
from federation.tokens.access_token import AccessToken
from federation.tokens.grants.model import Grant
from federation.tokens.grants.store import GrantStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A token that is good now, and what it stands on."""

    token: AccessToken
    """Without the scopes that its relying party is not registered for any more."""
    relying_party: RelyingParty
    """The one it was issued to."""
    grant: Grant | None
    """None where no citizen is involved."""


def check_standing(
    token: AccessToken, *, grants: GrantStore, registry: RelyingPartyRegistry, now: datetime
) -> Standing:
    """Return what a genuine token stands on; raise InvalidToken if any of it has gone."""
    relying_party = _find_standing(token, token.client_id, registry)
    scope = tuple(each for each in token.scope if each in relying_party.scope)
    standing = Standing(
        token=token if scope == token.scope else replace(token, scope=scope),
        relying_party=relying_party,
        grant=_find_grant(token, grants, now),
    )
    if token.actors:
        _check_exchanged(standing, grants, registry)
    return standing


def check_for_itself(asker: Standing, scope: str) -> None:
    """Raise InsufficientScope unless the token is the relying party's own, for no citizen, and both have the scope."""
    if scope not in asker.token.scope or not asker.relying_party.confidential or asker.grant is not None:
        raise InsufficientScope("not a token of the relying party itself for this", scope=scope)


def _check_exchanged(standing: Standing, grants: GrantStore, registry: RelyingPartyRegistry) -> None:
    """Raise InvalidToken unless it stands itself, and so does every service it went through (RFC 8693)."""
    token, grant = standing.token, standing.grant
    if any(grants.is_ended(each) for each in (token.token_id, *token.bought_with)):
        raise InvalidToken("the access token was revoked, or one that it was bought with")
    if grant is None:
        raise InvalidToken("the exchanged token is no citizen's")
    for each in (grant.client_id, *token.actors):
        _find_standing(token, each, registry)


def _find_standing(token: AccessToken, client_id: str, registry: RelyingPartyRegistry) -> RelyingParty:
    """Return a service that the token went through; raise InvalidToken if it was stopped since, for a while or not."""
    found = registry.find(client_id)
    if found is None or (found.enabled_at is not None and token.issued_at <= found.enabled_at.timestamp()):
        raise InvalidToken("a service that the token went through is disabled, or was since")
    return found


def _find_grant(token: AccessToken, grants: GrantStore, now: datetime) -> Grant | None:
    if token.grant_id is None:
        if grants.is_ended(token.token_id):
            raise InvalidToken("the access token was revoked")
        return None
    grant = grants.find(token.grant_id, now)
    if grant is None:
        raise InvalidToken("the grant of the token has ended")
    return grant
