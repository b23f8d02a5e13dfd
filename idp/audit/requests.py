"""What happened to requests of relying parties that were refused."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefused:
    """A known relying party asked for something it may not have."""

    name: ClassVar[str] = "request.refused"
    at: datetime
    client_id: str
    endpoint: str
    error: str
    reason: str
    """Our own words for what was wrong; never a value the request carried."""
