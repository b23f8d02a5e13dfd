"""Short strings that stand for long secrets."""

import hashlib
import hmac
from base64 import urlsafe_b64encode


def fingerprint(secret: str) -> str:
    """Return what is stored of a random secret: SHA-256, base64url, 43 characters."""
    return base64url(hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest())


def ascii_hash(token: str) -> str:
    """Return the SHA-256 of an ASCII token, base64url: `ath`, and PKCE's S256 (RFC 9449 section 4.2)."""
    return base64url(hashlib.sha256(token.encode("ascii")).digest())


def keyed(key: bytes, label: str, text: str, *, size: int = 32) -> str:
    """Return HMAC-SHA256 of `text` under `key`, its first `size` bytes as base64url; `label` keeps uses apart."""
    return base64url(hmac.digest(key, f"{label}\0{text}".encode("utf-8", "surrogatepass"), "sha256")[:size])


def base64url(octets: bytes) -> str:
    """Return base64url without padding (RFC 7515 section 2)."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")
