"""Secrets of relying parties: 256 random bits, shown once, kept as a hash."""

from secrets import token_urlsafe

from federation.hashing import fingerprint


def mint_client_secret() -> str:
    """Return a new secret of 256 random bits, 43 characters that need no encoding anywhere."""
    return token_urlsafe(32)


def hash_client_secret(secret: str) -> str:
    """Return what is stored: SHA-256, base64url without padding. Enough for a random value of this length."""
    return fingerprint(secret)
