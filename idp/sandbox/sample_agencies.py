"""The two sample agencies: how each is registered, and how its process is started."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).parent / "agency" / "service.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleAgency:
    """One sample service, on a port of its own."""

    look: str
    """Which of the program's looks it wears."""
    agency: str
    service: str
    token_endpoint_auth_method: str
    port: int

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://localhost:{self.port}"

    def metadata(self) -> dict[str, Any]:
        """Return what `countersign agencies add` is told about it (RFC 7591 names)."""
        return {
            "client_name": self.service,
            "agency": self.agency,
            "client_uri": self.url,
            "redirect_uris": [f"{self.url}/signed-in"],
            "post_logout_redirect_uris": [f"{self.url}/signed-out"],
            "backchannel_logout_uri": f"{self.url}/back-channel-logout",
            "backchannel_logout_session_required": True,
            "token_endpoint_auth_method": self.token_endpoint_auth_method,
            "scope": "openid profile email",
        }

    def environment(self, issuer: str, registered: Mapping[str, str], cookie_secret: str) -> dict[str, str]:
        """Return the settings of its process: the provider's address, its own name and secret."""
        return {
            "AGENCY_LOOK": self.look,
            "AGENCY_PORT": str(self.port),
            "AGENCY_ISSUER": issuer,
            "AGENCY_CLIENT_ID": registered["client_id"],
            "AGENCY_CLIENT_SECRET": registered["client_secret"],
            "AGENCY_AUTHENTICATION": self.token_endpoint_auth_method,
            "AGENCY_COOKIE_SECRET": f"{self.look}:{cookie_secret}",
        }


def sample_agencies(parking_port: int, fishing_port: int) -> tuple[SampleAgency, SampleAgency]:
    """Return both. Services on loopback share no subjects, so each is a sector of its own."""
    return (
        SampleAgency(
            look="parking",
            agency="Rivermouth Council",
            service="Parking permits",
            token_endpoint_auth_method="client_secret_basic",
            port=parking_port,
        ),
        SampleAgency(
            look="fishing",
            agency="National Angling Office",
            service="Fishing licences",
            token_endpoint_auth_method="client_secret_post",
            port=fishing_port,
        ),
    )
