"""A relying party without a secret at the running service, and how it asks who a citizen is."""

from urllib.parse import urlencode

import pytest

from tests.support.service import Service
from tests.support.token_office import CHALLENGE

BACK = "http://localhost:7/back"
"""Where nobody listens: browsers of tests stop before it."""
METADATA = {
    "client_name": "App",
    "redirect_uris": [BACK],
    "grant_types": ["authorization_code", "refresh_token"],
    "token_endpoint_auth_method": "none",
}


@pytest.fixture(scope="module")
def client_id(service: Service) -> str:
    """Register it."""
    made: str = service.cli_json("agencies", "add", stdin=METADATA)["client_id"]
    return made


def question(service: Service, client_id: str, **more: str) -> str:
    """Return the address it sends browsers to."""
    asked = {
        "client_id": client_id,
        "redirect_uri": BACK,
        "response_type": "code",
        "scope": "openid email offline_access",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return f"{service.base_url}/authorize?{urlencode(asked | more)}"
