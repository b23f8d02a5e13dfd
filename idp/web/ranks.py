"""Who goes first where more come than can be served: told by path and cookies alone, before any work is done.

Whoever holds an id that we drew, of a session or of an interaction, is under way: to have one they were served before.
"""

import re
from collections.abc import Mapping

from idp.web.gate import Rank
from idp.web.marked_ids import is_marked

MACHINES = frozenset(
    {
        "device_authorization",
        "global-token-revocation",
        "grants",
        "introspect",
        "par",
        "register",
        "revoke",
        "token",
        "userinfo",
    }
)
"""The first part of the paths that only services call."""
_DOCUMENTS = ("jwks", ".well-known", "openapi.json", "static", "healthz", "readyz", "metrics")
_PAGES = (
    "account",
    "authorize",
    "cancel",
    "consent",
    "device",
    "help",
    "logout",
    "return",
    "select-account",
    "sign-in",
    "sign-out",
    "signed-out",
    "stay",
)
_RANKS: Mapping[str, Rank | None] = {
    **dict.fromkeys(_DOCUMENTS),
    **dict.fromkeys(MACHINES, Rank.TOKENS),
    **dict.fromkeys((*_PAGES, "par", "device_authorization"), Rank.NEW),
    **dict.fromkeys(("register", "sign-up"), Rank.LAST),
}
"""By the first part of the path, for who shows nothing; None needs no place. What is not here can wait."""


def is_of_services(path: str) -> bool:
    """Say whether only services call a path."""
    return path[1:].partition("/")[0] in MACHINES


class Ranks:
    """Tells the rank of a request, by the secret with which ids are marked."""

    def __init__(self, secret: str, *, secure: bool) -> None:
        self._secret = secret.encode()
        self._session = re.compile(rf"(?:^|; ?){'__Host-' if secure else ''}session=([A-Za-z0-9_-]{{43}})(?:;|$)")

    def of(self, path: str, cookies: str) -> Rank | None:
        """Return the rank of who goes to a path, or None if they need no place."""
        first, _, rest = path[1:].partition("/")
        rank = _RANKS.get(first, Rank.LAST)
        if rank is not Rank.NEW or first in MACHINES:
            return rank
        if is_marked(self._secret, rest.partition("/")[0]) or self._holds_session(cookies):
            return Rank.UNDER_WAY
        return rank

    def _holds_session(self, cookies: str) -> bool:
        held = self._session.search(cookies)
        return held is not None and is_marked(self._secret, held[1])
