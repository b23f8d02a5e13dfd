"""Authorization codes: minted once, redeemed once (RFC 6749 section 4.1, RFC 9700 section 2.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LIFETIME = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCode:
    """What a citizen agreed to, waiting for its agency to collect it. Every field equals what was authorised."""

    grant_id: str
    client_id: str
    redirect_uri: str
    scope: tuple[str, ...]
    citizen_id: str
    subject: str
    session_id: str
    """Internal id of the session (a hash, never the cookie's value)."""
    sid: str
    """What this relying party knows that session by."""
    auth_time: datetime
    acr: str
    amr: tuple[str, ...]
    nonce: str | None
    code_challenge: str | None
    claims: Mapping[str, Any]
    """The claims parameter as checked (OIDC Core section 5.5): {"id_token": {...}, "userinfo": {...}}."""
