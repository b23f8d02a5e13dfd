"""The public keys an agency gives us, by value or at its jwks_uri (RFC 7517): checked, the public part kept."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from federation.algorithms import SIGNING_ALGORITHMS

MOST_KEYS = 20
LONGEST_DOCUMENT = 64 * 1024
"""Bytes of a key document."""
ENCRYPTION_ALGORITHMS = ("RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW")
"""By which an answer may be encrypted to a relying party (RFC 7518 section 4.1)."""
_AGREEMENT = {"ECDH-ES", "ECDH-ES+A256KW"}
_ALGORITHMS_OF_TYPE = {
    ("EC", "P-256"): {"ES256", *_AGREEMENT},
    ("EC", "P-384"): _AGREEMENT,
    ("EC", "P-521"): _AGREEMENT,
    ("OKP", "Ed25519"): {"EdDSA", "Ed25519"},
    ("RSA", None): {"PS256", "RS256", "RSA-OAEP-256"},
}
_ENCRYPTING = frozenset({"encrypt", "wrapKey", "deriveKey", "deriveBits"})
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_PUBLIC = ("kty", "crv", "x", "y", "n", "e", "use", "key_ops", "alg", "kid")
_MATERIAL = ("kty", "crv", "x", "y", "n", "e")
_TEXT_MEMBERS = ("crv", "x", "y", "n", "e", "use", "alg", "kid")
_LONGEST_MEMBER = 2_000
_RSA_BITS = range(2048, 8193)
_RSA_EXPONENTS = range(3, 2**32, 2)

PublicKey = ECKey | OKPKey | RSAKey


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """A key that a relying party reads answers with, its public half."""

    key: PublicKey
    kid: str | None


class UnusableKeys(Exception):
    """A key document that cannot be taken; the argument says what is wrong and what to do."""


def check_public_keys(document: object) -> dict[str, Any]:
    """Return the keys that we can verify with or encrypt to, as {"keys": [...]} with public members alone.

    A private key is refused loudly, and whatever came with it: it has been shown to someone. Keys of types and
    for algorithms we do not know are left out (RFC 7517 section 5). At least one must remain.
    """
    if not isinstance(document, Mapping):
        raise UnusableKeys("must be a JSON object with a list named keys.")
    keys = document.get("keys")
    if isinstance(keys, list) and any(isinstance(key, Mapping) and _is_private(key) for key in keys):
        raise UnusableKeys("holds a private or shared key. It was not stored; replace that key and send public ones.")
    if _is_private(document):
        raise UnusableKeys("is a private or shared key. It was not stored; replace that key and send public ones.")
    if not isinstance(keys, list) or not 0 < len(keys) <= MOST_KEYS:
        raise UnusableKeys(f"must be a JSON object with a list named keys of 1 to {MOST_KEYS} keys.")
    kept = [_checked(key, number) for number, key in enumerate(keys)]
    usable = [key for key in kept if key is not None]
    if not usable:
        raise UnusableKeys("has no key we can use; give a P-256, Ed25519 or RSA key (2048 bits or more).")
    for algorithms in (SIGNING_ALGORITHMS, ENCRYPTION_ALGORITHMS):
        kids = [key["kid"] for key in usable if "kid" in key and not _algorithms_of(key).isdisjoint(algorithms)]
        if len(kids) != len(set(kids)):
            raise UnusableKeys("has two keys with the same kid; give each its own.")
    return {"keys": usable}


def fits(document: Mapping[str, Any], algorithms: Collection[str]) -> bool:
    """Whether a checked document has a key for any of `algorithms`."""
    return any(not _algorithms_of(jwk).isdisjoint(algorithms) for jwk in document["keys"])


def find_verifying(document: Mapping[str, Any], *, kid: str | None, algorithm: str) -> Iterator[PublicKey]:
    """Yield the keys of a checked document that may verify `algorithm`; a `kid` names the only one."""
    for jwk in document["keys"]:
        if kid is not None and jwk.get("kid") != kid:
            continue
        if algorithm in _algorithms_of(jwk):
            yield _imported(jwk)


def find_encrypting(document: Mapping[str, Any], algorithm: str) -> EncryptionKey | None:
    """Return the key of a checked document to encrypt to by `algorithm`, rather one that is for nothing else."""
    fitting = [jwk for jwk in document["keys"] if algorithm in _algorithms_of(jwk)]
    fitting.sort(key=lambda jwk: "use" not in jwk)
    return EncryptionKey(_imported(fitting[0]), fitting[0].get("kid")) if fitting else None


def _checked(key: object, number: int) -> dict[str, Any] | None:
    if not isinstance(key, Mapping):
        raise UnusableKeys(f"keys[{number}] must be a JSON object.")
    _check_types(key, number)
    if not _algorithms_of(key):
        return None
    public = {name: key[name] for name in _PUBLIC if name in key}
    try:
        imported = _imported(public)
    except (JoseError, ValueError, TypeError, KeyError):
        raise UnusableKeys(f"keys[{number}] cannot be read as a public key of its type.") from None
    if isinstance(imported, RSAKey):
        _check_rsa(imported, number)
    return public


def _check_types(key: Mapping[str, Any], number: int) -> None:
    for name in _TEXT_MEMBERS:
        if not _is_short_text(key.get(name, "")):
            raise UnusableKeys(f"keys[{number}] has a member {name} that is not a short ASCII string.")
    operations = key.get("key_ops", [])
    if not isinstance(operations, list) or not all(map(_is_short_text, operations)):
        raise UnusableKeys(f"keys[{number}] has a member key_ops that is not a list of short ASCII strings.")


def _is_short_text(value: object) -> bool:
    """Whether every store can keep it: one of them refuses NUL and half of a surrogate pair."""
    return isinstance(value, str) and len(value) <= _LONGEST_MEMBER and value.isascii() and "\x00" not in value


def _check_rsa(key: RSAKey, number: int) -> None:
    numbers = key.public_key.public_numbers()
    if numbers.n.bit_length() not in _RSA_BITS or numbers.n % 2 == 0 or numbers.e not in _RSA_EXPONENTS:
        raise UnusableKeys(f"keys[{number}] is an RSA key we do not accept; use 2048 to 8192 bits and exponent 65537.")


def _algorithms_of(key: Mapping[str, Any]) -> set[str]:
    """Return what a key is for, by its type and what it says of itself (RFC 7517 sections 4.1 to 4.4)."""
    kind = key.get("kty")
    curve = None if kind == "RSA" else key.get("crv")
    if not isinstance(kind, str):
        return set()
    of_type = _ALGORITHMS_OF_TYPE.get((kind, curve), set())
    return {
        alg for alg in of_type if key.get("alg", alg) == alg and _is_for(key, encrypting=alg in ENCRYPTION_ALGORITHMS)
    }


def _is_for(key: Mapping[str, Any], *, encrypting: bool) -> bool:
    """Whether `use` and `key_ops` allow this; browsers give a key for agreement an empty `key_ops`."""
    operations = key.get("key_ops")
    if not encrypting:
        return key.get("use", "sig") == "sig" and (operations is None or "verify" in operations)
    return key.get("use", "enc") == "enc" and (not operations or not _ENCRYPTING.isdisjoint(operations))


def _is_private(key: Mapping[str, Any]) -> bool:
    return key.get("kty") == "oct" or not _PRIVATE.isdisjoint(key)


def _imported(jwk: Mapping[str, Any]) -> PublicKey:
    return _key_of(tuple((name, jwk[name]) for name in _MATERIAL if name in jwk))


@lru_cache(maxsize=512)
def _key_of(material: tuple[tuple[str, str], ...]) -> PublicKey:
    """Read a key, or remember it: a client signs with the same one again and again."""
    key = import_key(dict(material))
    if not isinstance(key, ECKey | OKPKey | RSAKey):
        raise TypeError(material)
    return key
