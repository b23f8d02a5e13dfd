"""DPoP proofs: the sender of a request holds a private key (RFC 9449 section 4)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from federation.algorithms import STRONG_ALGORITHMS
from federation.binding.nonces import LIFETIME, SKEW, Nonces
from federation.client_authentication import signed_jwt
from federation.client_authentication.signed_jwt import SignedJwt, Unfit
from federation.ephemeral import EphemeralStore
from federation.errors import InvalidDpopProof, UseDpopNonce
from federation.hashing import ascii_hash, fingerprint
from federation.relying_parties.public_keys import PublicKey, UnusableKeys, check_public_keys, find_verifying

KIND = "dpop"
TYPE = "dpop+jwt"
AHEAD = timedelta(seconds=60)
"""How far ahead of ours a client's clock may be (FAPI 2.0 section 5.3.2.1). How far behind does not matter: the nonce
tells when a proof was made."""
REMEMBERED = LIFETIME + 2 * SKEW
"""For as long as a nonce can be good from its first second on: whose clock judged it first does not matter."""
_LONGEST_ID = 200
_PORTS = {"https": 443, "http": 80}


def read(proof: str, *, at_resource: bool) -> SignedJwt:
    """Take a proof apart, and see by its header that it is one; nothing is proved yet. Raises InvalidDpopProof."""
    try:
        found = signed_jwt.read(proof)
        signed_jwt.check_header(found.header, algorithms=STRONG_ALGORITHMS, types={TYPE})
    except Unfit as error:
        raise InvalidDpopProof(f"the DPoP proof: {error}", at_resource=at_resource) from None
    return found


def check_nonce(found: SignedJwt, nonces: Nonces, now: datetime, *, at_resource: bool) -> datetime:
    """Return when the nonce in a proof was issued; raise UseDpopNonce if it is none of ours, or an old one."""
    issued = nonces.issued_at(found.claims.get("nonce"), now)
    if issued is None:
        raise UseDpopNonce("no nonce of ours, or an old one", at_resource=at_resource)
    return issued


def check(
    found: SignedJwt,
    *,
    method: str,
    addresses: Collection[str],
    store: EphemeralStore,
    nonces: Nonces,
    now: datetime,
    access_token: str | None = None,
) -> str:
    """Return the thumbprint (RFC 7638) of the key that made a proof taken apart, for this request, now, once.

    `addresses` are those under which the endpoint is reached. With `access_token` the proof must name it. Raises
    InvalidDpopProof, or UseDpopNonce when a fresh nonce is all that is missing. Nothing is spent unless all is well.
    """
    at_resource = access_token is not None
    try:
        _check_request(found, method, addresses, access_token)
        _check_begun(found, now)
        jti = _id_of(found)
        key = _key_that_signed(found)
    except Unfit as error:
        raise InvalidDpopProof(f"the DPoP proof: {error}", at_resource=at_resource) from None
    issued = check_nonce(found, nonces, now, at_resource=at_resource)
    thumbprint = key.thumbprint()
    spent = fingerprint(f"{thumbprint}\0{jti}")
    if store.add(KIND, spent, {}, REMEMBERED, dated=issued - SKEW):
        return thumbprint
    if store.get(KIND, spent) is None:
        raise UseDpopNonce("the nonce is older than our memory of what was used", at_resource=at_resource)
    raise InvalidDpopProof("the DPoP proof was used before", at_resource=at_resource)


def _check_request(found: SignedJwt, method: str, addresses: Collection[str], access_token: str | None) -> None:
    claims = found.claims
    if claims.get("htm") != method:
        raise Unfit("htm is not the method of this request")
    if _plain(claims.get("htu")) not in {_plain(address) for address in addresses}:
        raise Unfit("htu is not the address of this request")
    if access_token is not None and claims.get("ath") != ascii_hash(access_token):
        raise Unfit("ath is not the hash of the access token")


def _plain(address: object) -> tuple[str, str, int | None, str]:
    """Return scheme, host, port and path of an address, as alike addresses have them alike (section 4.3)."""
    try:
        parts = urlsplit(address if isinstance(address, str) else "")
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        raise Unfit("htu is no address") from None
    if parts.username is not None or parts.hostname is None:
        raise Unfit("htu is no address")
    return parts.scheme, parts.hostname, port, parts.path or "/"


def _check_begun(found: SignedJwt, now: datetime) -> None:
    if found.instant("iat") > now + AHEAD:
        raise Unfit("it is dated in the future")


def _id_of(found: SignedJwt) -> str:
    jti = found.claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_ID:
        raise Unfit("no jti of bearable length")
    return jti


def _key_that_signed(found: SignedJwt) -> PublicKey:
    algorithm = found.header["alg"]
    try:
        keys = check_public_keys({"keys": [found.header.get("jwk")]})
    except UnusableKeys as error:
        raise Unfit(f"its jwk {error}") from None
    for key in find_verifying(keys, kid=None, algorithm=algorithm):
        if signed_jwt.is_signed_by(found, key, algorithm):
            return key
    raise Unfit("the key in it does not verify it")
