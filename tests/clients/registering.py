"""What the tests of foreign clients have in common: a service registered by the command line, and a citizen."""

import secrets
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.support.service import Service
from tests.support.token_office import CHALLENGE
from tests.support.visitor import PASSWORD, Citizen


def register(service: Service, **metadata: Any) -> dict[str, Any]:
    """Register a relying party that may refresh, and return the answer."""
    usual = {"client_name": "Permits", "grant_types": ["authorization_code", "refresh_token"]}
    made: dict[str, Any] = service.cli_json("agencies", "add", stdin=usual | metadata)
    return made


def new_citizen(service: Service) -> str:
    """Make a citizen with a password, and return their email address."""
    email = f"ada-{secrets.token_hex(6)}@example.org"
    service.cli("citizens", "add", "--email", email, "--password", PASSWORD, "--given-name", "Ada")
    return email


def silently(citizen: Citizen, service: Service, client_id: str, back: str) -> dict[str, str]:
    """Ask with prompt=none who is there, and return the answer's parameters."""
    asked = {
        "client_id": client_id,
        "redirect_uri": back,
        "response_type": "code",
        "scope": "openid",
        "prompt": "none",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    there = citizen.come_back(f"{service.base_url}/authorize?{urlencode(asked)}", to=back)
    return {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}
