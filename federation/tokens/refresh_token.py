"""Refresh tokens: `<grant id>.<secret>.<tag>`.

The tag is ours alone to make. So a forged token is refused before any store is asked, and a genuine one
that is no longer the head of its family was certainly issued once: someone is using an old copy.
A successor's secret is derived from its predecessor, so an answer that got lost can be given again
though nothing but hashes is stored.
"""

import hmac
import secrets

from federation.hashing import keyed

_TAG_BYTES = 16


def first(token_secret: bytes, grant_id: str) -> str:
    """Return the first refresh token of a grant: 256 random bits."""
    return _tagged(token_secret, f"{grant_id}.{secrets.token_urlsafe(32)}")


def successor(token_secret: bytes, refresh_token: str) -> str:
    """Return the one token that may follow `refresh_token`, the same however often it is asked for."""
    grant_id = refresh_token.partition(".")[0]
    return _tagged(token_secret, f"{grant_id}.{keyed(token_secret, 'refresh successor', refresh_token)}")


def grant_of(token_secret: bytes, presented: str) -> str | None:
    """Return the grant that a genuine refresh token of ours belongs to, or None."""
    body, _, tag = presented.rpartition(".")
    if not hmac.compare_digest(tag.encode("utf-8", "surrogatepass"), _tag(token_secret, body).encode()):
        return None
    return body.partition(".")[0]


def _tagged(token_secret: bytes, body: str) -> str:
    return f"{body}.{_tag(token_secret, body)}"


def _tag(token_secret: bytes, body: str) -> str:
    return keyed(token_secret, "refresh tag", body, size=_TAG_BYTES)
