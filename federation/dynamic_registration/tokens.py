"""Initial and registration access tokens: 256 random bits, shown once, kept as a hash."""

from secrets import token_urlsafe

from federation.hashing import fingerprint


def mint_token() -> str:
    """Return a new token of 43 characters."""
    return token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return what is stored of it: SHA-256, base64url."""
    return fingerprint(token)
