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
    """A service was stopped for good."""

    name: ClassVar[str] = "agency.disabled"
    at: datetime
    client_id: str
    by: str
