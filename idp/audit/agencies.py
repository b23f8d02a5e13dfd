"""What happened to agencies' services."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRegistered:
    """A service of an agency was registered."""

    name: ClassVar[str] = "agency.registered"
    at: datetime
    client_id: str
    agency: str
    by: str
    """`operator`, or who else registered it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyDisabled:
    """A service was stopped: nothing it holds works any more."""

    name: ClassVar[str] = "agency.disabled"
    at: datetime
    client_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyEnabled:
    """A service that was stopped was let work again, without anything it held before."""

    name: ClassVar[str] = "agency.enabled"
    at: datetime
    client_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyChanged:
    """What is registered of a service was written anew."""

    name: ClassVar[str] = "agency.changed"
    at: datetime
    client_id: str
    by: str
    """`operator`, or `itself`: whoever has its registration access token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRead:
    """Whoever has a service's registration access token read what is registered, and got another token."""

    name: ClassVar[str] = "agency.read"
    at: datetime
    client_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyTokenMade:
    """An operator made a new registration access token for a service; the one it had is dead."""

    name: ClassVar[str] = "agency.token_made"
    at: datetime
    client_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationMade:
    """An operator invited an agency to register services."""

    name: ClassVar[str] = "invitation.made"
    at: datetime
    invitation_id: str
    agency: str
    uses: int
    ends_at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationWithdrawn:
    """An operator took an invitation back; what was registered with it stays."""

    name: ClassVar[str] = "invitation.withdrawn"
    at: datetime
    invitation_id: str
    by: str
