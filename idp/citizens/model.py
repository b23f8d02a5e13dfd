"""A citizen: the person whose identity this is."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Citizen:
    """One person's identity, made once. Credentials live elsewhere."""

    citizen_id: str
    """Random, never reassigned, never shown to an agency."""
    email: str
    """As the citizen wrote it."""
    email_verified_at: datetime | None
    given_name: str | None = None
    family_name: str | None = None
    birthdate: date | None = None
    phone_number: str | None = None
    locale: str = "en"
    identity_confidence: str = "P0"
    """How sure we are who this is, `P0` to `P3` (RFC 8485, GPG 45)."""
    active: bool = True
    access_epoch: int = 0
    """Rises whenever what they gave access to, or how they prove who they are, is taken back or changed."""
    created_at: datetime
    updated_at: datetime
