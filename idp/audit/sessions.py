"""What happened to sessions, consents and the answers agencies were given."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBegan:
    """A citizen proved who they are in a browser that was not theirs before."""

    name: ClassVar[str] = "session.began"
    at: datetime
    citizen_id: str
    session_id: str
    acr: str
    amr: tuple[str, ...]
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRenewed:
    """A citizen proved again, or more strongly, who they are."""

    name: ClassVar[str] = "session.renewed"
    at: datetime
    citizen_id: str
    session_id: str
    acr: str
    amr: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded:
    """A session was ended before its time."""

    name: ClassVar[str] = "session.ended"
    at: datetime
    citizen_id: str
    session_id: str
    because: str
    """`signed_out`, `signed_out_everywhere`, `ended_by_citizen` from another session, `credential_changed`.

    Or `replaced`, when someone else signed in in the same browser; `citizen_disabled`, by an operator;
    `access_revoked`, by a service with that right.
    """
    telling: tuple[str, ...]
    """The relying parties that will be told, by `client_id`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutDelivered:
    """A relying party took note that a session is over."""

    name: ClassVar[str] = "logout.delivered"
    at: datetime
    client_id: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogoutRefused:
    """A relying party answered that it could not end its part of a session; it is not asked again."""

    name: ClassVar[str] = "logout.refused"
    at: datetime
    client_id: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven:
    """A citizen agreed to what an agency asked for."""

    name: ClassVar[str] = "consent.given"
    at: datetime
    citizen_id: str
    client_id: str
    items: tuple[str, ...]
    details: tuple[str, ...] = ()
    """SHA-256 of each authorization details object: by it what was agreed to can be proved, and not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentDeclined:
    """A citizen did not agree."""

    name: ClassVar[str] = "consent.declined"
    at: datetime
    citizen_id: str
    client_id: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn:
    """A citizen no longer agrees; without items, to anything."""

    name: ClassVar[str] = "consent.withdrawn"
    at: datetime
    citizen_id: str
    client_id: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInCancelled:
    """A citizen turned back, or could not reach what was asked."""

    name: ClassVar[str] = "sign_in.cancelled"
    at: datetime
    client_id: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMinted:
    """An agency was told that its citizen is here, and may collect what was agreed."""

    name: ClassVar[str] = "code.minted"
    at: datetime
    citizen_id: str
    client_id: str
    session_id: str
    grant_id: str
    scope: tuple[str, ...]
    acr: str
