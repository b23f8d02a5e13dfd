"""private_key_jwt: a relying party signs that it is itself, for us, now, once (RFC 7523 section 3).

With the rules of 2025 against injected audiences (draft-ietf-oauth-rfc7523bis, FAPI 2.0 section 5.3.2.1):
what the record says may stand in `aud`, and nothing beside it.
"""

import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from federation.client_authentication.keys import RelyingPartyKeys
from federation.ephemeral import EphemeralStore
from federation.errors import InvalidClient
from federation.hashing import fingerprint
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.public_keys import SIGNING_ALGORITHMS, PublicKey
from federation.strict_json import NotStrictJson, parse_object

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = 8_192
LONGEST_HEADER = 2_048
"""Bytes; room for a kid and for certificates, which are ignored."""
LONGEST_LIFE = timedelta(hours=1)
SKEW = timedelta(seconds=10)
"""How far ahead of ours a relying party's clock may be (FAPI 2.0)."""
_TYPES = frozenset({"jwt", "client-authentication+jwt"})
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_ID = 200
_LAST_SECOND = 253_402_300_799
_LONGEST_AUDIENCE = 2


@dataclass(frozen=True, slots=True)
class Assertion:
    """A JWT that has been taken apart; nothing in it is proved yet."""

    text: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def subject(self) -> str:
        """Return the client_id it speaks of, or what cannot be one."""
        subject = self.claims.get("sub")
        return subject if isinstance(subject, str) else ""


def read_assertion(text: str) -> Assertion:
    """Take a compact JWS apart; raise InvalidClient if it is none that every reader understands alike."""
    segments = text.split(".")
    if len(text) > LONGEST or len(segments) != 3 or not all(_SEGMENT.fullmatch(part) for part in segments):  # noqa: PLR2004 - header, payload, signature
        raise InvalidClient("the assertion is not a signed JWT of bearable length")
    header, payload = (_decoded(part) for part in segments[:2])
    if len(header) > LONGEST_HEADER:
        raise InvalidClient("the assertion's header is too long")
    try:
        return Assertion(text, parse_object(header), parse_object(payload))
    except NotStrictJson as error:
        raise InvalidClient(f"the assertion's JSON: {error}") from None


def check_assertion(
    assertion: Assertion,
    relying_party: RelyingParty,
    *,
    keys: RelyingPartyKeys,
    store: EphemeralStore,
    issuer: str,
    token_endpoint: str,
    now: datetime,
) -> None:
    """Run every check; the signature comes before the `jti` is spent, so that no stranger can spend one.

    Raises InvalidClient. Leaves `jti` in the store until the assertion has expired.
    """
    algorithm = _check_header(assertion.header, relying_party)
    claims = assertion.claims
    if claims.get("iss") != relying_party.client_id or claims.get("sub") != relying_party.client_id:
        raise InvalidClient("the assertion's iss and sub are not both the client_id")
    _check_audience(claims.get("aud"), relying_party, issuer=issuer, token_endpoint=token_endpoint)
    issued, expires = _check_times(claims, now)
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_ID:
        raise InvalidClient("the assertion has no jti of bearable length")
    _check_signature(assertion, relying_party, keys, algorithm)
    spent = _jti_key(relying_party.client_id, jti)
    if not store.add("jti", spent, {}, expires - now + SKEW, dated=issued - SKEW):
        raise InvalidClient("the assertion was used before, or is older than our memory of what was used")


def _check_header(header: Mapping[str, Any], relying_party: RelyingParty) -> str:
    """Return the algorithm, one that the relying party may use. Keys offered in the header are never looked at."""
    algorithm, typ = header.get("alg"), header.get("typ", "JWT")
    bound = relying_party.token_endpoint_auth_signing_alg
    allowed = SIGNING_ALGORITHMS if bound is None else (bound,)
    if not isinstance(algorithm, str) or algorithm not in allowed:
        raise InvalidClient("the assertion's alg is not one the relying party may use")
    if not isinstance(typ, str) or typ.lower().removeprefix("application/") not in _TYPES:
        raise InvalidClient("the assertion's typ is that of something else")
    if "crit" in header or "b64" in header:
        raise InvalidClient("the assertion asks for an extension we do not know")
    return algorithm


def _check_audience(audience: object, relying_party: RelyingParty, *, issuer: str, token_endpoint: str) -> None:
    """Take nothing but what the record says: `fapi2` our issuer as one string, others may hold it in a list."""
    if relying_party.profile == "fapi2":
        if audience != issuer:
            raise InvalidClient("the assertion's aud is not the issuer as a single string")
        return
    accepted = {issuer}
    if relying_party.client_assertion_audience == "token_endpoint":
        accepted.add(token_endpoint)
    named = audience if isinstance(audience, list) else [audience]
    if not 0 < len(named) <= _LONGEST_AUDIENCE or not all(isinstance(one, str) and one in accepted for one in named):
        raise InvalidClient("the assertion's aud is not what is registered, or names others beside it")


def _check_times(claims: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime]:
    issued, expires = _instant(claims, "iat"), _instant(claims, "exp")
    begins = _instant(claims, "nbf") if "nbf" in claims else issued
    if max(issued, begins) > now + SKEW:
        raise InvalidClient("the assertion is dated in the future")
    if expires <= now:
        raise InvalidClient("the assertion has expired")
    if expires - issued > LONGEST_LIFE:
        raise InvalidClient("the assertion lives longer than an hour")
    return issued, expires


def _instant(claims: Mapping[str, Any], name: str) -> datetime:
    seconds = claims.get(name)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise InvalidClient(f"the assertion has no {name} in seconds")
    if not 0 <= seconds <= _LAST_SECOND:
        raise InvalidClient(f"the assertion's {name} is no time")
    return datetime.fromtimestamp(seconds, UTC)


def _check_signature(assertion: Assertion, relying_party: RelyingParty, keys: RelyingPartyKeys, algorithm: str) -> None:
    kid = assertion.header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise InvalidClient("the assertion's kid is not a string")
    if _signed_by_any(assertion, keys.find(relying_party, kid=kid, algorithm=algorithm), algorithm):
        return
    if keys.renew(relying_party) and _signed_by_any(
        assertion, keys.find(relying_party, kid=kid, algorithm=algorithm), algorithm
    ):
        return
    raise InvalidClient("no key of the relying party verifies the assertion")


def _signed_by_any(assertion: Assertion, candidates: list[PublicKey], algorithm: str) -> bool:
    return any(_signed_by(assertion, key, algorithm) for key in candidates)


def _signed_by(assertion: Assertion, key: PublicKey, algorithm: str) -> bool:
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = LONGEST_HEADER * 2
    try:
        jws.deserialize_compact(assertion.text, key, algorithms=[algorithm], registry=registry)
    except (JoseError, ValueError, TypeError):
        return False
    return True


def _jti_key(client_id: str, jti: str) -> str:
    return fingerprint(f"{client_id}\x00{jti}")


def _decoded(segment: str) -> bytes:
    try:
        return urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError:
        raise InvalidClient("the assertion is not base64url") from None
