"""Access tokens: signed JWTs anybody can check (RFC 9068), or random strings only we can read."""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from federation.authorization.details import Details
from federation.binding.confirmation import UNBOUND, Confirmation
from federation.ephemeral import EphemeralStore
from federation.errors import InvalidToken
from federation.hashing import fingerprint
from federation.relying_parties.model import RelyingParty
from federation.tokens.grants.model import Grant
from keys.errors import InvalidSignature
from keys.signer import Signer
from keys.states import Purpose

LIFETIME = timedelta(minutes=10)
AHEAD = timedelta(seconds=60)
"""How far ahead of ours the clock of the node may be that issued one."""
KIND = "access_token"
"""Opaque ones, by the SHA-256 of their text."""
TYPE = "at+jwt"
TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token"
"""Among the kinds of tokens that may be exchanged (RFC 8693 section 3)."""
ALGORITHM = "ES256"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What an access token says, whichever form it has."""

    token_id: str
    """`jti`."""
    client_id: str
    subject: str
    """The citizen's `sub` for this relying party; the client_id itself where no citizen is involved."""
    audience: str
    """The issuer, where it is good at our own userinfo; or the address of an agency's API."""
    scope: tuple[str, ...]
    issued_at: int
    """Seconds since 1970, as in the token."""
    expires_at: int
    grant_id: str | None
    """The grant it stands on; None where no citizen is involved."""
    authorization_details: Details = ()
    """RFC 9396 section 9.1."""
    acr: str | None = None
    auth_time: int | None = None
    confirmation: Confirmation = field(default_factory=dict)
    """`cnf`: what its bearer must prove to hold."""
    actors: tuple[str, ...] = ()
    """`act`: the services that called one another with it, the latest first (RFC 8693 section 4.1)."""
    bought_with: tuple[str, ...] = ()
    """The `jti` of the exchanged tokens it came from, the latest first: it ends with each."""

    @property
    def revocation_id(self) -> str:
        """The id whose end in the `GrantStore` ends this token: its grant's, but what was exchanged ends alone."""
        return self.token_id if self.actors else self.grant_id or self.token_id


def issue(
    signer: Signer,
    store: EphemeralStore,
    relying_party: RelyingParty,
    *,
    issuer: str,
    audience: str,
    scope: tuple[str, ...],
    details: Details,
    grant: Grant | None,
    confirmation: Confirmation,
    now: datetime,
    lifetime: timedelta = LIFETIME,
    actors: tuple[str, ...] = (),
    bought_with: tuple[str, ...] = (),
) -> str:
    """Return an access token in the form the relying party is registered for."""
    issued_at = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": relying_party.client_id if grant is None else grant.subject,
        "aud": audience,
        "exp": issued_at + int(lifetime.total_seconds()),
        "iat": issued_at,
        "jti": secrets.token_urlsafe(16),
        "client_id": relying_party.client_id,
        "scope": " ".join(scope),
    }
    if grant is not None:
        claims |= {"grant": grant.grant_id, "acr": grant.acr, "auth_time": int(grant.auth_time.timestamp())}
    way = {"act": actors and nested(actors), "bought_with": bought_with}
    more = {"authorization_details": details, "cnf": confirmation, **way}
    claims |= {name: value for name, value in more.items() if value}
    if relying_party.access_token_format == "jwt":
        return signer.sign(Purpose.ACCESS_TOKEN, ALGORITHM, claims, typ=TYPE)
    opaque = secrets.token_urlsafe(32)
    store.put(KIND, fingerprint(opaque), claims, lifetime)
    return opaque


def nested(actors: tuple[str, ...]) -> Mapping[str, Any]:
    """Return the claim `act` for at least one actor: each holds the one before it (RFC 8693 section 4.1)."""
    latest, *before = actors
    return {"sub": latest, **({"act": nested(tuple(before))} if before else {})}


def read(signer: Signer, store: EphemeralStore, presented: str, *, issuer: str, now: datetime) -> AccessToken:
    """Return what a genuine, unexpired access token of ours says, whomever it is for; raise InvalidToken.

    Whether the grant it stands on still stands is the caller's next question: `standing`.
    """
    claims = _claims_of_jwt(signer, presented) if presented.count(".") == 2 else _claims_of_opaque(store, presented)  # noqa: PLR2004 - the form of a compact JWS
    if claims.get("iss") != issuer:
        raise InvalidToken("the access token is not of this issuer")
    if claims["exp"] <= now.timestamp():
        raise InvalidToken("the access token has expired")
    if claims["iat"] > (now + AHEAD).timestamp():
        raise InvalidToken("the access token is dated in the future")
    return AccessToken(
        token_id=claims["jti"],
        client_id=claims["client_id"],
        subject=claims["sub"],
        audience=claims["aud"],
        scope=tuple(claims["scope"].split()),
        issued_at=claims["iat"],
        expires_at=claims["exp"],
        grant_id=claims.get("grant"),
        authorization_details=tuple(claims.get("authorization_details", ())),
        acr=claims.get("acr"),
        auth_time=claims.get("auth_time"),
        confirmation=claims.get("cnf", UNBOUND),
        actors=tuple(_actors(claims.get("act"))),
        bought_with=tuple(claims.get("bought_with", ())),
    )


def read_for_us(signer: Signer, store: EphemeralStore, presented: str, *, issuer: str, now: datetime) -> AccessToken:
    """Return the same of a token that is meant for us; one for another API is refused (RFC 9068 section 4)."""
    found = read(signer, store, presented, issuer=issuer, now=now)
    if found.audience != issuer:
        raise InvalidToken("the access token is for another API")
    return found


def _actors(act: Mapping[str, Any] | None) -> Iterator[str]:
    while act is not None:
        yield act["sub"]
        act = act.get("act")


def _claims_of_jwt(signer: Signer, presented: str) -> Mapping[str, Any]:
    try:
        return signer.verify(presented, Purpose.ACCESS_TOKEN, typ=TYPE)
    except InvalidSignature as error:
        raise InvalidToken(f"the access token is not signed by us: {error}") from error


def _claims_of_opaque(store: EphemeralStore, presented: str) -> Mapping[str, Any]:
    claims = store.get(KIND, fingerprint(presented))
    if claims is None:
        raise InvalidToken("the opaque access token is unknown or has expired")
    return claims
