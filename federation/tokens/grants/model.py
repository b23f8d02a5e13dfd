"""A grant: what a citizen agreed that one relying party may have, and everything its tokens stand on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from federation.authorization.details import Details
from federation.binding.confirmation import Confirmation
from federation.claims import OF_SCOPE, OFFLINE

ABSOLUTE = timedelta(days=30)
"""The absolute end of a grant with `offline_access`; no refresh moves it."""
OF_CITIZENS = frozenset({"openid", OFFLINE, *OF_SCOPE})
"""Scopes that mean nothing without a citizen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Made when a code is redeemed. Every field equals what was authorised; none ever rises."""

    grant_id: str
    """Drawn when the code was minted. It names the grant, it proves nothing."""
    client_id: str
    citizen_id: str
    subject: str
    """The `sub` told to this relying party, pairwise unless registered otherwise."""
    session_id: str
    sid: str
    """What this relying party knows the session by."""
    scope: tuple[str, ...]
    auth_time: datetime
    acr: str
    amr: tuple[str, ...]
    claims: Mapping[str, Any]
    """The claims parameter as checked (OIDC Core section 5.5): {"id_token": {...}, "userinfo": {...}}."""
    vot: str | None = None
    """How far who signed in could be trusted then, where that was asked for (RFC 8485)."""
    authorization_details: Details = ()
    """What the citizen allowed, in full (RFC 9396)."""
    resources: tuple[str, ...] = ()
    """The APIs of agencies that its access tokens may be for (RFC 8707)."""
    confirmation: Confirmation = field(default_factory=dict)
    """What the tokens it began with were bound to. Whoever has no other proof of who it is renews them by the same."""
    code_hash: str
    """SHA-256 of the code that bought it, base64url: a late second use is still known as one."""
    created_at: datetime
    expires_at: datetime
    """Without `offline_access` the end of its one access token."""
    refresh_hash: str | None = None
    """SHA-256 of the refresh token that is good now, base64url: the one head of the family."""
    previous_hash: str | None = None
    """The head before it, for the seconds in which an answer may have been lost on its way."""
    rotated_at: datetime | None = None

    @property
    def offline(self) -> bool:
        """Whether it outlives the citizen's session."""
        return OFFLINE in self.scope
