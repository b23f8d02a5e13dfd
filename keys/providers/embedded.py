"""Keys in software: made here, the private half kept in the key's own row as an envelope."""

import json
from datetime import datetime
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from keys.errors import EnvelopeError
from keys.keyset import Key
from keys.providers.provider import Sign
from keys.states import Purpose, State
from keys.wrapping import Wrapping

RSA_BITS = 2048
AnyKey = ECKey | RSAKey | OKPKey
_KEY_TYPES: dict[str, type[AnyKey]] = {"ES256": ECKey, "RS256": RSAKey, "EdDSA": OKPKey}


class EmbeddedProvider:
    """The default provider. Clear private keys exist in memory only."""

    name = "embedded"

    def __init__(self, wrapping: Wrapping) -> None:
        self._wrapping = wrapping

    def generate(self, purpose: Purpose, alg: str, now: datetime) -> Key:
        """Make a key, GENERATED."""
        made = _generate(alg)
        kid = made.thumbprint()
        clear = json.dumps(made.as_dict(private=True)).encode()
        return Key(
            kid=kid,
            purpose=purpose,
            alg=alg,
            state=State.GENERATED,
            provider=self.name,
            public_jwk=made.as_dict(private=False),
            private=self._wrapping.seal(clear, row=_row(kid, purpose, alg)),
            created_at=now,
        )

    def signing(self, key: Key) -> Sign:
        """Return what signs with `key`: its private half is imported here, once, not at every signature."""
        private = self._open(key)
        algorithm = JWSRegistry.algorithms[key.alg]
        algorithm.check_key(private)
        return lambda message: algorithm.sign(message, private)

    def rewrap(self, key: Key) -> str | None:
        """Return the private half under the newest key-encryption key, or None if it is already, or is erased."""
        if key.private is None or self._wrapping.is_newest(key.private):
            return None
        return self._wrapping.rewrap(key.private, row=_row(key.kid, key.purpose, key.alg))

    def _open(self, key: Key) -> AnyKey:
        if key.private is None:
            raise EnvelopeError(f"the private half of {key.kid} is erased")
        clear: dict[str, Any] = json.loads(self._wrapping.open(key.private, row=_row(key.kid, key.purpose, key.alg)))
        private = _KEY_TYPES[key.alg].import_key(clear)
        if private.thumbprint() != key.kid:
            raise EnvelopeError(f"the private half in the row of {key.kid} is another key's")
        return private


def _generate(alg: str) -> AnyKey:
    match alg:
        case "ES256":
            return ECKey.generate_key("P-256")
        case "RS256":
            return RSAKey.generate_key(RSA_BITS)
        case "EdDSA":
            return OKPKey.generate_key("Ed25519")
        case _:
            raise ValueError(f"no key is made for {alg}")


def _row(kid: str, purpose: Purpose, alg: str) -> str:
    return f"signing-key:{kid}:{purpose}:{alg}"
