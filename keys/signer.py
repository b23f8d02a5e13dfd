"""Sign and verify our own tokens with the keys of the moment.

A token's header is always `{"alg", "kid", "typ"}` in this order, so it is encoded once per key and type.
Verifying compares it whole, before any parsing: a header we never write is refused without being read.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc.jwk import import_key
from joserfc.jws import JWSRegistry
from joserfc.util import urlsafe_b64decode, urlsafe_b64encode

from keys.errors import CannotSign, InvalidSignature
from keys.jwks import JwksDocument, document
from keys.keyset import Key, KeySet
from keys.providers.provider import KeyProvider, Sign
from keys.states import Purpose, State

LONGEST_TOKEN = 128_000
"""Characters; a longer one is not ours."""

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class _SigningKey:
    """An ACTIVE key, its private half at hand."""

    key: Key
    sign: Sign


class _Snapshot:
    """What one epoch means for this process: private halves imported, headers encoded, JWKS rendered."""

    def __init__(self, keys: KeySet, provider: KeyProvider, before: "_Snapshot | None") -> None:
        self.keys = keys
        self.jwks = document(keys)
        self._provider = provider
        self._active = {key.pair: key for key in keys.keys if key.state is State.ACTIVE}
        self._signing: dict[str, _SigningKey] = {} if before is None else before.imported(keys)
        self._verifying = {key.kid: _verifying(key) for key in keys.served()}
        self._headers: dict[tuple[str, str], bytes] = {}
        self._believed: dict[tuple[Purpose, str], Mapping[bytes, Callable[[bytes, bytes], bool]]] = {}

    def signing(self, purpose: Purpose, alg: str) -> "_SigningKey | None":
        """Return the ACTIVE key with its private half, imported at its first use and kept while it signs."""
        key = self._active.get((purpose, alg))
        if key is None:
            return None
        found = self._signing.get(key.kid)
        if found is None:
            found = self._signing[key.kid] = _SigningKey(key, self._provider.signing(key))
        return found

    def imported(self, keys: KeySet) -> "dict[str, _SigningKey]":
        """Return what was imported already and still signs among `keys`."""
        active = {key.kid for key in keys.keys if key.state is State.ACTIVE}
        return {kid: signing for kid, signing in self._signing.items() if kid in active}

    def check_ready(self) -> None:
        """Raise unless there are keys and every private half that is to sign can be had."""
        if not self._active:
            raise CannotSign("no key is active")
        for purpose, alg in self._active:
            self.signing(purpose, alg)

    def header(self, key: Key, typ: str) -> bytes:
        """Return the encoded header of tokens of this type signed by `key`."""
        found = self._headers.get((key.kid, typ))
        if found is None:
            found = urlsafe_b64encode(_encode({"alg": key.alg, "kid": key.kid, "typ": typ}).encode())
            self._headers[key.kid, typ] = found
        return found

    def believed(self, purpose: Purpose, typ: str) -> Mapping[bytes, Callable[[bytes, bytes], bool]]:
        """Return every header we believe for this purpose and type, and how its signature is checked."""
        found = self._believed.get((purpose, typ))
        if found is None:
            served = (key for key in self.keys.served() if key.purpose is purpose)
            found = {self.header(key, typ): self._verifying[key.kid] for key in served}
            self._believed[purpose, typ] = found
        return found


class Signer:
    """Signs and verifies. Safe for many threads: all it knows of keys is one value, replaced whole.

    `keys` returns the keys this process serves; it raises `CannotSign` when it is asked to
    vouch for them (`fresh=True`) and cannot, and whatever the store raises while there are none.
    """

    def __init__(self, keys: Callable[..., KeySet], provider: KeyProvider, clock: Callable[[], datetime]) -> None:
        self._keys = keys
        self._provider = provider
        self._clock = clock
        self._snapshot: _Snapshot | None = None
        self._renewing = threading.Lock()

    def sign(self, purpose: Purpose, alg: str, claims: Mapping[str, Any], *, typ: str) -> str:
        """Return `claims` as a compact JWS (RFC 7515 section 7.1) by the ACTIVE key of this purpose and algorithm."""
        snapshot = self._current(fresh=True)
        signing = snapshot.signing(purpose, alg)
        if signing is None or not signing.key.may_sign(self._clock()):
            raise CannotSign(f"no key signs {purpose} with {alg} now")
        message = snapshot.header(signing.key, typ) + b"." + urlsafe_b64encode(_encode(dict(claims)).encode())
        return (message + b"." + urlsafe_b64encode(signing.sign(message))).decode()

    def verify(self, token: str, purpose: Purpose, *, typ: str) -> dict[str, Any]:
        """Return the claims of a token of ours; raise `InvalidSignature` for anything else.

        Raises `CannotSign` where a revocation of the token's key might not have been heard of yet.
        Says nothing of `exp`, `aud` or any other claim: that is the caller's to check.
        """
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise InvalidSignature("not a token of ours")
        message, _, signature = token.encode().rpartition(b".")
        header, _, payload = message.partition(b".")
        check = self._current(fresh=True).believed(purpose, typ).get(header)
        if check is None:
            raise InvalidSignature("unknown key, or not a token of this purpose and type")
        if not check(message, _decode(signature)):
            raise InvalidSignature("the signature does not match")
        claims: dict[str, Any] = json.loads(_decode(payload))
        return claims

    def jwks(self) -> JwksDocument:
        """Return the document agencies verify with, ready to send."""
        return self._current().jwks

    def epoch(self) -> int:
        """Return the epoch of the keys this process serves: while it stays, the same keys sign."""
        return self._current().keys.epoch

    def check_ready(self) -> None:
        """Raise `CannotSign`, or `EnvelopeError`, if this process cannot sign: the balancer is to leave it out."""
        self._current(fresh=True).check_ready()

    def _current(self, *, fresh: bool = False) -> _Snapshot:
        keys = self._keys(fresh=fresh)
        snapshot = self._snapshot
        if snapshot is not None and snapshot.keys is keys:
            return snapshot
        with self._renewing:
            keys, snapshot = self._keys(), self._snapshot
            if snapshot is None or snapshot.keys is not keys:
                self._snapshot = snapshot = _Snapshot(keys, self._provider, snapshot)
            return snapshot


def _verifying(key: Key) -> Callable[[bytes, bytes], bool]:
    public = import_key(dict(key.public_jwk))
    algorithm = JWSRegistry.algorithms[key.alg]
    algorithm.check_key(public)
    return lambda message, signature: algorithm.verify(message, signature, public)


def _decode(part: bytes) -> bytes:
    """Decode base64url, refusing every spelling but the one we write: one token has one text."""
    try:
        decoded = urlsafe_b64decode(part)
    except ValueError:
        raise InvalidSignature("not base64url") from None
    if urlsafe_b64encode(decoded) != part:
        raise InvalidSignature("not canonical base64url")
    return decoded
