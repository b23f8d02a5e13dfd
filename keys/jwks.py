"""The document agencies verify with (RFC 7517 section 5), as bytes that are ready to send."""

import hashlib
import json
from dataclasses import dataclass

from keys.keyset import KeySet


@dataclass(frozen=True, slots=True)
class JwksDocument:
    """The body and its strong entity tag, quotes included (RFC 9110 section 8.8.3)."""

    body: bytes
    etag: str


def document(keys: KeySet) -> JwksDocument:
    """Return the JWKS of `keys`: the same keys give the same bytes on every node."""
    listed = [{**key.public_jwk, "kid": key.kid, "alg": key.alg, "use": "sig"} for key in keys.served()]
    body = json.dumps({"keys": listed}, separators=(",", ":"), sort_keys=True).encode()
    return JwksDocument(body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
