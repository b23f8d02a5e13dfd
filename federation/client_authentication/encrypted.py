"""Answers that one relying party alone can read: encrypted to a key it published (RFC 7516, OIDC Core section 10.2)."""

from cryptography.exceptions import InternalError
from joserfc import jwe
from joserfc.errors import JoseError

from federation.client_authentication.keys import RelyingPartyKeys
from federation.errors import CannotBeEncrypted
from federation.relying_parties.encryption import CONTENT_ALGORITHMS
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.public_keys import ENCRYPTION_ALGORITHMS, EncryptionKey

_REGISTRY = jwe.JWERegistry(algorithms=(*ENCRYPTION_ALGORITHMS, *CONTENT_ALGORITHMS))


def encrypt(
    text: str,
    relying_party: RelyingParty,
    keys: RelyingPartyKeys,
    *,
    alg: str | None,
    enc: str | None,
    jwt: bool = True,
) -> str:
    """Return `text` as a compact JWE to the relying party's key for `alg`, or as it is where `alg` is None.

    `jwt` says that it is a signed JWT: the answer is then a nested one (RFC 7519 section 5.2). Raises
    CannotBeEncrypted without a fitting key, and StoreUnavailable while others are reading the keys.
    """
    if alg is None:
        return text
    to = _key(relying_party, keys, alg)
    header = {"alg": alg, "enc": enc or CONTENT_ALGORITHMS[0]}
    if to.kid is not None:
        header["kid"] = to.kid
    if jwt:
        header["cty"] = "JWT"
    try:
        return jwe.encrypt_compact(header, text, to.key, registry=_REGISTRY)
    except (JoseError, ValueError, TypeError, InternalError) as error:
        raise CannotBeEncrypted(f"its key for {alg} fails: {type(error).__name__}") from error


def check_possible(relying_party: RelyingParty, keys: RelyingPartyKeys, *, alg: str | None) -> None:
    """Raise what `encrypt` would, as far as it can be known before there is anything to encrypt."""
    if alg is not None:
        _key(relying_party, keys, alg)


def _key(relying_party: RelyingParty, keys: RelyingPartyKeys, alg: str) -> EncryptionKey:
    found = keys.find_encrypting(relying_party, alg)
    if found is None:
        raise CannotBeEncrypted(f"none of its keys is for {alg}, or they cannot be read")
    return found
