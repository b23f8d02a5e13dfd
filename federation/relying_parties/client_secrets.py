"""Secrets of relying parties: 256 random bits, shown once, kept as a hash."""

import hashlib
from base64 import urlsafe_b64encode
from secrets import token_urlsafe


def mint_client_secret() -> str:
    """Return a new secret of 256 random bits, 43 characters that need no encoding anywhere."""
    return token_urlsafe(32)


def hash_client_secret(secret: str) -> str:
    """Return what is stored: SHA-256, base64url without padding. Enough for a random value of this length."""
    digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
