"""Whom an agency means: the ID token it sends back, and the `sub` it wishes for (OIDC Core sections 3.1.2.1, 5.5.1)."""

from collections.abc import Mapping
from typing import Any, Protocol

from federation.authorization.claims_parameter import Claims, values_of
from federation.authorization.errors import InvalidAuthorizationRequest
from federation.authorization.parameters import Parameters
from federation.authorization.return_address import ReturnAddress


class HintReader(Protocol):
    """Reads an ID token of ours that an agency sends back."""

    def __call__(self, token: str) -> Mapping[str, Any] | None:
        """Return its claims, expired or not; None unless we signed it."""


def hinted_subject(
    params: Parameters,
    claims: Claims,
    read_hint: HintReader,
    to: ReturnAddress,
    *,
    issuer: str,
) -> str | None:
    """Return the one subject the answer may be about, or None for whoever comes."""
    wished = {str(value) for place in claims.values() for value in values_of(place.get("sub"))}
    token = params.get("id_token_hint")
    if token is not None:
        hint = read_hint(token)
        if hint is None or hint.get("iss") != issuer or to.client_id not in _audience(hint):
            raise InvalidAuthorizationRequest(to, "id_token_hint is no ID token of ours for this relying party")
        wished.add(str(hint.get("sub")))
    if len(wished) > 1:
        raise InvalidAuthorizationRequest(to, "id_token_hint and claims name different subjects")
    return wished.pop() if wished else None


def _audience(hint: Mapping[str, Any]) -> tuple[Any, ...]:
    audience = hint.get("aud")
    return tuple(audience) if isinstance(audience, list) else (audience,)
