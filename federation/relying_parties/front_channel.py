"""The address that a browser opens when its citizen signs out (OpenID Connect Front-Channel Logout 1.0 section 2)."""

from collections.abc import Collection
from urllib.parse import parse_qsl, urlsplit

_ADDED = frozenset({"iss", "sid"})
_USUAL_PORTS = {"https": 443, "http": 80}


def fits(uri: str, redirect_uris: Collection[str]) -> bool:
    """Say whether an address is at a place of the service itself, and free of what a call adds to it."""
    named = {name for name, _ in parse_qsl(urlsplit(uri).query, keep_blank_values=True)}
    return _place(uri) in {_place(known) for known in redirect_uris} and not _ADDED & named


def _place(uri: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(uri)
    return parts.scheme, parts.hostname, parts.port or _USUAL_PORTS.get(parts.scheme)
