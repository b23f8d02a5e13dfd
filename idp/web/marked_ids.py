"""Ids that can be told from made-up ones without a store, so that where many come, who made one up goes last.

They look like those of `interactions.draw_id` and are used alike: no right hangs on the mark, only who goes first.
"""

import hmac
from secrets import token_urlsafe

from federation.hashing import keyed
from idp.web.services import services

_RANDOM_BYTES, _RANDOM_LENGTH = 24, 32
_MARK_BYTES = 8
_LENGTH = 43


def draw_marked_id() -> str:
    """Return a new id: 192 random bits and 64 of our mark, base64url."""
    return marked(services().cookie_secret.encode(), token_urlsafe(_RANDOM_BYTES))


def marked(secret: bytes, random: str) -> str:
    """Return an id of these random characters."""
    return random + keyed(secret, "marked id", random, size=_MARK_BYTES)


def is_marked(secret: bytes, text: str) -> bool:
    """Say whether we drew it, at whatever time; False says nothing of what an earlier release drew."""
    if len(text) != _LENGTH or not text.isascii():
        return False
    return hmac.compare_digest(text, marked(secret, text[:_RANDOM_LENGTH]))
