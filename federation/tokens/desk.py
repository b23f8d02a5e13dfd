"""What every grant works with, and the one way an answer of the token endpoint is put together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from federation import claims
from federation.authorization.detail_types import DetailType
from federation.authorization.details import Details, still_fit
from federation.binding.confirmation import Confirmation, token_type
from federation.client_authentication.keys import RelyingPartyKeys
from federation.ephemeral import EphemeralStore
from federation.errors import InvalidGrant
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.registry import RelyingPartyRegistry
from federation.tokens import access_token, id_token
from federation.tokens.access_token import AccessToken
from federation.tokens.grants.model import OF_CITIZENS, Grant
from federation.tokens.grants.store import GrantStore
from keys.signer import Signer

_OURS = OF_CITIZENS | claims.OF_SERVICES
"""Scopes that mean nothing to another API."""


class Misuse(StrEnum):
    """A code or token that was genuine and comes a second time: a copy of it is in use."""

    CODE_REPLAYED = "code.replayed"
    REFRESH_REUSED = "refresh.reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The collaborators of one token request."""

    issuer: str
    signer: Signer
    store: EphemeralStore
    grants: GrantStore
    registry: RelyingPartyRegistry
    keys: RelyingPartyKeys
    """What relying parties published, to encrypt to."""
    detail_types: Mapping[str, DetailType]
    """What there are of authorization details now, by name."""
    token_secret: bytes
    confirmation: Confirmation
    """What the sender of this request proved to hold, and its tokens are bound to."""
    claims_of: Callable[[str], Mapping[str, Any]]
    """Everything known of a citizen, by id; asked only when an ID token is to tell some of it."""
    subject_of: Callable[[RelyingParty, str], str]
    """By which `sub` a relying party knows a citizen, by id, as it is registered now."""
    stop: Callable[[Misuse, str], None]
    """End the grant of this id for good, in a transaction that the refusal which follows does not undo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the token endpoint says, and what it stands on."""

    body: Mapping[str, Any]
    """RFC 6749 section 5.1."""
    audience: str
    """Of the access token."""
    grant: Grant | None = None


def answer_for_citizen(
    desk: Desk,
    relying_party: RelyingParty,
    grant: Grant,
    *,
    scope: tuple[str, ...],
    audience: str,
    details: Details,
    now: datetime,
    nonce: str | None = None,
    refresh_token: str | None = None,
) -> Answer:
    """Sign the tokens of `grant` for `scope`, which is all of the grant's or less, and one audience of it.

    What the registration or the types no longer hold is not issued, whatever was granted. Raises InvalidGrant where
    the relying party knows citizens by other names by now: a `sub` that was told stays (OIDC Core section 12.2).
    """
    if grant.subject != desk.subject_of(relying_party, grant.citizen_id):
        raise InvalidGrant("the citizen had another name with this relying party when it was granted")
    scope = tuple(each for each in scope if each in relying_party.scope)
    details = still_fit(details, relying_party, desk.detail_types)
    body = _access(desk, relying_party, grant, scope=scope, audience=audience, details=details, now=now)
    if "openid" in scope:
        body["id_token"] = id_token.issue(
            desk.signer,
            relying_party,
            grant,
            keys=desk.keys,
            issuer=desk.issuer,
            access_token=body["access_token"],
            nonce=nonce,
            told=_told(desk, relying_party, grant, scope),
            now=now,
        )
    if relying_party.confidential:
        body["grant_id"] = grant.grant_id
    if refresh_token is not None:
        body["refresh_token"] = refresh_token
    return Answer(body=body, audience=audience, grant=grant)


def answer_for_itself(
    desk: Desk, relying_party: RelyingParty, *, scope: tuple[str, ...], audience: str, now: datetime
) -> Answer:
    """Sign an access token in which no citizen is involved."""
    body = _access(desk, relying_party, None, scope=scope, audience=audience, details=(), now=now)
    return Answer(body=body, audience=audience)


def answer_for_actor(
    desk: Desk,
    relying_party: RelyingParty,
    subject: AccessToken,
    grant: Grant,
    *,
    scope: tuple[str, ...],
    audience: str,
    now: datetime,
) -> Answer:
    """Sign an access token in the place of `subject`, with which the relying party acts: no wider and no longer."""
    details = still_fit(subject.authorization_details, relying_party, desk.detail_types)
    left = timedelta(seconds=subject.expires_at - int(now.timestamp()))
    body = _access(
        desk,
        relying_party,
        grant,
        scope=scope,
        audience=audience,
        details=details,
        now=now,
        lifetime=min(left, access_token.LIFETIME),
        actors=(relying_party.client_id, *subject.actors),
        bought_with=(subject.token_id, *subject.bought_with) if subject.actors else (),
    )
    body["issued_token_type"] = access_token.TOKEN_TYPE
    return Answer(body=body, audience=audience, grant=grant)


def _access(
    desk: Desk,
    relying_party: RelyingParty,
    grant: Grant | None,
    *,
    scope: tuple[str, ...],
    audience: str,
    details: Details,
    now: datetime,
    lifetime: timedelta = access_token.LIFETIME,
    actors: tuple[str, ...] = (),
    bought_with: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return an answer with an access token.

    What only we understand of a scope is not shown to another API (RFC 8707 section 2.2).
    """
    if audience != desk.issuer:
        scope = tuple(each for each in scope if each not in _OURS)
    access = access_token.issue(
        desk.signer,
        desk.store,
        relying_party,
        issuer=desk.issuer,
        audience=audience,
        scope=scope,
        details=details,
        grant=grant,
        confirmation=desk.confirmation,
        now=now,
        lifetime=lifetime,
        actors=actors,
        bought_with=bought_with,
    )
    return {
        "access_token": access,
        "token_type": token_type(desk.confirmation),
        "expires_in": int(lifetime.total_seconds()),
        "scope": " ".join(scope),
        **({"authorization_details": details} if details else {}),
    }


def _told(desk: Desk, relying_party: RelyingParty, grant: Grant, scope: tuple[str, ...]) -> dict[str, Any]:
    asked = claims.within(grant.claims, relying_party.scope)
    if not claims.names(scope, asked, where="id_token"):
        return {}
    return claims.select(desk.claims_of(grant.citizen_id), scope, asked, where="id_token")
