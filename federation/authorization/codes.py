"""Authorization codes: minted once, redeemed once (RFC 6749 section 4.1, RFC 9700 section 2.1)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from federation.authorization.details import Details
from federation.ephemeral import EphemeralStore
from federation.hashing import fingerprint

KIND = "code"
"""Kind of the ephemeral records."""
LIFETIME = timedelta(seconds=60)
_INSTANTS = ("auth_time",)


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
    dpop_jkt: str | None = None
    """Thumbprint of the one DPoP key that may redeem it (RFC 9449 section 10)."""
    claims: Mapping[str, Any]
    """The claims parameter as checked (OIDC Core section 5.5): {"id_token": {...}, "userinfo": {...}}."""
    vot: str | None = None
    """How far who is there can be trusted, where that was asked for (RFC 8485)."""
    authorization_details: Details = ()
    resources: tuple[str, ...] = ()
    """The APIs of agencies that access tokens may be for (RFC 8707)."""
    access_epoch: int
    """The citizen's, read before their consent was. Once they take anything back it is another: this buys nothing."""


def draw_grant_id() -> str:
    """Return the id of the grant that a code will buy, drawn before anything is bought."""
    return secrets.token_urlsafe(16)


def mint(store: EphemeralStore, granted: AuthorizationCode) -> str:
    """Keep what was granted for LIFETIME and return its code, `<grant id>.<secret>`. The code itself is not stored."""
    code = f"{granted.grant_id}.{secrets.token_urlsafe(32)}"
    store.put(KIND, key_of(code), to_record(granted), LIFETIME)
    return code


def key_of(code: str) -> str:
    """Return the key under which a code is stored: its SHA-256, base64url, 43 characters."""
    return fingerprint(code)


def to_record(granted: AuthorizationCode) -> dict[str, Any]:
    """Return the JSON object that stands for it."""
    record: dict[str, Any] = {field.name: getattr(granted, field.name) for field in fields(AuthorizationCode)}
    return record | {name: getattr(granted, name).isoformat() for name in _INSTANTS}


def from_record(record: Mapping[str, Any]) -> AuthorizationCode:
    """Return what a record stands for."""
    typed = {
        "scope": tuple(record["scope"]),
        "amr": tuple(record["amr"]),
        "authorization_details": tuple(record["authorization_details"]),
        "resources": tuple(record["resources"]),
        **{name: datetime.fromisoformat(record[name]) for name in _INSTANTS},
    }
    return AuthorizationCode(**{**record, **typed})
