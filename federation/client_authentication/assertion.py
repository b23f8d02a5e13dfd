"""private_key_jwt: a relying party signs that it is itself, for us, now, once (RFC 7523 section 3).

With the rules of 2025 against injected audiences (draft-ietf-oauth-rfc7523bis, FAPI 2.0 section 5.3.2.1):
what the record says may stand in `aud`, and nothing beside it.
"""

from datetime import datetime, timedelta

from federation.client_authentication import signed_jwt
from federation.client_authentication.keys import RelyingPartyKeys
from federation.client_authentication.signed_jwt import SKEW, SignedJwt, Unfit, algorithms_for
from federation.ephemeral import EphemeralStore
from federation.errors import InvalidClient
from federation.hashing import fingerprint
from federation.relying_parties.model import RelyingParty

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_LIFE = timedelta(hours=1)
_TYPES = frozenset({"jwt", "client-authentication+jwt"})
_LONGEST_ID = 200
_LONGEST_AUDIENCE = 2


def read_assertion(text: str) -> SignedJwt:
    """Take an assertion apart; raise InvalidClient if it is none that every reader understands alike."""
    try:
        return signed_jwt.read(text)
    except Unfit as error:
        raise InvalidClient(f"the assertion: {error}") from None


def subject_of(assertion: SignedJwt) -> str:
    """Return the client_id it speaks of, or what cannot be one."""
    subject = assertion.claims.get("sub")
    return subject if isinstance(subject, str) else ""


def check_assertion(
    assertion: SignedJwt,
    relying_party: RelyingParty,
    *,
    keys: RelyingPartyKeys,
    store: EphemeralStore,
    issuer: str,
    token_endpoint: str,
    now: datetime,
) -> None:
    """Run every check; the signature comes before the `jti` is spent, so that no stranger can spend one.

    Raises InvalidClient. Leaves `jti` in the store for as long as an
    assertion can be valid from its first second on, whatever our clock says: it may be another node's, or be set, next.
    """
    try:
        algorithms = algorithms_for(relying_party, relying_party.token_endpoint_auth_signing_alg)
        algorithm = signed_jwt.check_header(assertion.header, algorithms=algorithms, types=_TYPES)
        _check_names(assertion, relying_party, issuer=issuer, token_endpoint=token_endpoint)
        issued, expires = _check_times(assertion, now)
        jti = _id_of(assertion)
        signed_jwt.check_signature(assertion, relying_party, keys, algorithm)
    except Unfit as error:
        raise InvalidClient(f"the assertion: {error}") from None
    spent = fingerprint(f"{relying_party.client_id}\x00{jti}")
    if not store.add("jti", spent, {}, expires - issued + 2 * SKEW, dated=issued - SKEW):
        raise InvalidClient("the assertion was used before, or is older than our memory of what was used")


def _id_of(assertion: SignedJwt) -> str:
    jti = assertion.claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_ID:
        raise Unfit("no jti of bearable length")
    return jti


def _check_names(assertion: SignedJwt, relying_party: RelyingParty, *, issuer: str, token_endpoint: str) -> None:
    """Take no `aud` but what the record says: `fapi2` our issuer as one string, others may hold it in a list."""
    claims = assertion.claims
    if claims.get("iss") != relying_party.client_id or claims.get("sub") != relying_party.client_id:
        raise Unfit("iss and sub are not both the client_id")
    audience = claims.get("aud")
    if relying_party.profile == "fapi2":
        if audience != issuer:
            raise Unfit("aud is not the issuer as a single string")
        return
    accepted = {issuer}
    if relying_party.client_assertion_audience == "token_endpoint":
        accepted.add(token_endpoint)
    named = audience if isinstance(audience, list) else [audience]
    if not 0 < len(named) <= _LONGEST_AUDIENCE or not all(isinstance(one, str) and one in accepted for one in named):
        raise Unfit("aud is not what is registered, or names others beside it")


def _check_times(assertion: SignedJwt, now: datetime) -> tuple[datetime, datetime]:
    issued, expires = assertion.instant("iat"), assertion.instant("exp")
    begins = assertion.instant("nbf") if "nbf" in assertion.claims else issued
    if max(issued, begins) > now + SKEW:
        raise Unfit("it is dated in the future")
    if expires <= now:
        raise Unfit("it has expired")
    if expires - issued > LONGEST_LIFE:
        raise Unfit("it lives longer than an hour")
    return issued, expires
