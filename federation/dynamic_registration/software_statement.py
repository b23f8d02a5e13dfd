"""Software statements: what an authority the operator trusts has signed about a service (RFC 7591 section 2.3).

What it says takes the place of what the service says of itself. It must say whose the service is and where citizens
return to: whoever finds a statement, which is no secret, may then register nothing that answers to them. For the same
reason it must say which grants the service has, where one of them needs no return.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from federation.algorithms import SIGNING_ALGORITHMS
from federation.client_authentication import signed_jwt
from federation.client_authentication.keys import RelyingPartyKeys
from federation.client_authentication.signed_jwt import SKEW, SignedJwt, Unfit
from federation.dynamic_registration.errors import InvalidSoftwareStatement, UnapprovedSoftwareStatement
from federation.ephemeral import EphemeralStore
from federation.hashing import fingerprint
from federation.relying_parties.metadata_reader import MetadataReader
from federation.relying_parties.public_keys import UnusableKeys, check_public_keys

LONGEST_ISSUER = 2_000
LONGEST_LIFE = timedelta(days=366)
CLOCKS_APART = timedelta(days=1)
"""What is remembered longer than a statement lives: the next who judges one may have a clock that is late."""
_TYPES = frozenset({"jwt"})
_ABOUT_ITSELF = frozenset({"iss", "sub", "aud", "exp", "nbf", "iat", "jti"})
_MUST_SAY = ("agency", "redirect_uris")
_RETURNING = ("authorization_code", "refresh_token")
"""Grant types that give nothing to who is not at the address that citizens return to."""
_LONGEST_ID = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Somebody whose word about services the operator takes."""

    issuer: str
    jwks: Mapping[str, Any] = field(repr=False)
    """Its public keys, checked."""
    scope: tuple[str, ...] | None = None
    """What its services may ask for; None for what every citizen may be asked."""
    jwks_uri: None = None
    """Its keys are given by value alone: what the operator wrote down is all there is to trust."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftwareStatement:
    """One that has passed every check."""

    text: str = field(repr=False)
    authority: Authority
    claims: Mapping[str, Any]
    """What it says of the service, in the names of registration metadata."""
    jti: str | None
    issued: datetime | None
    expires: datetime

    @property
    def grant_types(self) -> tuple[str, ...] | None:
        """The grant types that its service may ask for beside it; None where it says itself which there are."""
        return None if "grant_types" in self.claims else _RETURNING


def read_authorities(document: object) -> Mapping[str, Authority]:
    """Return the authorities an operator wrote down, by issuer; raise ValueError with the end of a sentence.

    `document` is a list of objects with `issuer`, `jwks` (RFC 7517 section 5) and, if they may ask for more
    than what citizens may be asked, `scope`.
    """
    if not isinstance(document, list) or not all(isinstance(entry, Mapping) for entry in document):
        raise ValueError("must hold a JSON list of objects with issuer, jwks and, if need be, scope")
    found = {authority.issuer: authority for authority in map(_authority, document)}
    if len(found) != len(document):
        raise ValueError("names an issuer twice")
    return found


def check(
    text: object, authorities: Mapping[str, Authority], keys: RelyingPartyKeys, *, issuer: str, now: datetime
) -> SoftwareStatement:
    """Run every check: who says so, then the signature, then the rest. `issuer` is ours.

    Raises UnapprovedSoftwareStatement if nobody approved is named, InvalidSoftwareStatement for all else.
    """
    if not isinstance(text, str):
        raise InvalidSoftwareStatement("not a string")
    try:
        found = signed_jwt.read(text)
        authority = _authority_of(found, authorities)
        algorithm = signed_jwt.check_header(found.header, algorithms=SIGNING_ALGORITHMS, types=_TYPES)
        signed_jwt.check_signature(found, authority, keys, algorithm)
        issued, expires = _check_times(found, now)
        _check_audience(found.claims, issuer)
        return SoftwareStatement(
            text=text,
            authority=authority,
            claims=_check_claims(found.claims),
            jti=_id_of(found.claims),
            issued=issued,
            expires=expires,
        )
    except Unfit as error:
        raise InvalidSoftwareStatement(f"the software statement: {error}") from None


def recall(text: str, authorities: Mapping[str, Authority]) -> SoftwareStatement:
    """Return one that passed `check` when its service was registered; raise UnapprovedSoftwareStatement.

    Its time may be over, and its `jti` was used; who signed it must be approved still.
    """
    found = signed_jwt.read(text)
    return SoftwareStatement(
        text=text,
        authority=_authority_of(found, authorities),
        claims=_check_claims(found.claims),
        jti=None,
        issued=None,
        expires=found.instant("exp"),
    )


def spend(statement: SoftwareStatement, store: EphemeralStore, now: datetime) -> None:
    """Refuse one that has a `jti` and was used before; raise InvalidSoftwareStatement."""
    if statement.jti is None:
        return
    key = fingerprint(f"{statement.authority.issuer}\x00{statement.jti}")
    dated = None if statement.issued is None else statement.issued - SKEW
    if not store.add("software_statement", key, {}, statement.expires - now + CLOCKS_APART, dated=dated):
        raise InvalidSoftwareStatement("the software statement was used before, or is older than our memory of them")


def _authority(entry: Mapping[str, Any]) -> Authority:
    issuer = entry.get("issuer")
    if not isinstance(issuer, str) or not 0 < len(issuer) <= LONGEST_ISSUER:
        raise ValueError("has an authority without an issuer")
    try:
        jwks = check_public_keys(entry.get("jwks"))
    except UnusableKeys as error:
        raise ValueError(f"has an authority whose jwks {str(error).rstrip('.')}") from None
    reader = MetadataReader(entry)
    scope = reader.scope()
    if reader.faults:
        raise ValueError(f"has an authority whose {str(reader.faults[0]).rstrip('.')}")
    return Authority(issuer=issuer, jwks=jwks, scope=scope)


def _authority_of(found: SignedJwt, authorities: Mapping[str, Authority]) -> Authority:
    named = found.claims.get("iss")
    authority = authorities.get(named) if isinstance(named, str) else None
    if authority is None:
        raise UnapprovedSoftwareStatement("iss is no authority of ours")
    return authority


def _check_times(found: SignedJwt, now: datetime) -> tuple[datetime | None, datetime]:
    issued = found.instant("iat") if "iat" in found.claims else None
    begins = found.instant("nbf") if "nbf" in found.claims else issued
    expires = found.instant("exp")
    if max(issued or now, begins or now) > now + SKEW:
        raise Unfit("it is dated in the future")
    if expires <= now:
        raise Unfit("it has expired")
    if expires > now + LONGEST_LIFE:
        raise Unfit("it lives longer than a year")
    return issued, expires


def _check_audience(claims: Mapping[str, Any], issuer: str) -> None:
    """One statement may be for several providers; one that names some must name us."""
    if "aud" not in claims:
        return
    audience = claims["aud"]
    named: Sequence[Any] = audience if isinstance(audience, list) else [audience]
    if issuer not in named:
        raise Unfit("it is for others")


def _id_of(claims: Mapping[str, Any]) -> str | None:
    jti = claims.get("jti")
    if jti is not None and (not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_ID):
        raise Unfit("jti is not a string of bearable length")
    return jti


def _check_claims(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    if "software_statement" in claims:
        raise Unfit("it has another within")
    for name in _MUST_SAY:
        if not claims.get(name):
            raise Unfit(f"it does not say {name}")
    return {name: value for name, value in claims.items() if name not in _ABOUT_ITSELF}
