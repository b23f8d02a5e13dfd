"""What an agency would be told of a citizen, value by value, before they agree to it."""

from collections.abc import Mapping
from typing import Any

from federation import claims
from federation.authorization.request import AuthorizationRequest

NEVER_SHOWN = frozenset({"email_verified", "phone_number_verified", "updated_at"})
"""Facts about other facts, which mean nothing on a page."""


def told(asked: AuthorizationRequest, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims this request brings, out of all that is known, in the order in which they are told."""
    places: tuple[claims.Place, ...] = ("userinfo", "id_token")
    chosen: dict[str, Any] = {}
    for place in places:
        chosen |= claims.select(known, asked.scope, asked.claims, where=place)
    return {name: value for name, value in chosen.items() if name not in NEVER_SHOWN}
