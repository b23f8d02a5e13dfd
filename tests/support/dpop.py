"""A DPoP key and the proofs it makes, right unless a test wants them wrong (RFC 9449 section 4.2)."""

import json
import secrets
import time
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from federation.hashing import ascii_hash, base64url

GONE = object()
"""Stands for a member that is left out."""


class DpopKey:
    """One key of a client."""

    def __init__(self, key: ECKey | OKPKey | RSAKey | None = None, alg: str = "ES256") -> None:
        self.key = key or ECKey.generate_key("P-256")
        self.alg = alg

    @property
    def thumbprint(self) -> str:
        return self.key.thumbprint()

    def proof(
        self,
        method: str,
        address: str,
        *,
        nonce: str | None = None,
        access_token: str | None = None,
        header: dict[str, Any] | None = None,
        signer: "DpopKey | None" = None,
        **claims: Any,
    ) -> str:
        """Return a proof; members of `header` and `claims` replace the right ones, `signer` signs in its place."""
        said: dict[str, Any] = {
            "jti": secrets.token_urlsafe(12),
            "htm": method,
            "htu": address,
            "iat": int(time.time()),
        }
        if nonce is not None:
            said["nonce"] = nonce
        if access_token is not None:
            said["ath"] = ascii_hash(access_token)
        head = {"typ": "dpop+jwt", "alg": self.alg, "jwk": self.key.as_dict(private=False)} | (header or {})
        by = signer or self
        return sign(json.dumps(_without_gone(head)), json.dumps(_without_gone(said | claims)), by.key, by.alg)


def sign(head: str, said: str, key: Any, alg: str) -> str:
    """Return a compact JWS of two JSON texts, whatever they say."""
    signed = f"{base64url(head.encode())}.{base64url(said.encode())}"
    return f"{signed}.{base64url(jws.JWSRegistry.algorithms[alg].sign(signed.encode(), key))}"


def _without_gone(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not GONE}
