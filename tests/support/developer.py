"""An agency's developer, who has no account with us: what they send to /register, and what an operator gives them."""

import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from werkzeug.test import TestResponse

from federation.discovery import scopes
from federation.dynamic_registration.invitations import Invitation
from federation.dynamic_registration.tokens import hash_token, mint_token
from idp.citizens.attributes import TOLD
from tests.support.pair import on_files, on_servers
from tests.support.postgresql import PostgreSQL
from tests.support.redis import RedisServer
from tests.support.site import Site

AUTHORITY = "https://authority.example"
KEY = ECKey.generate_key("P-256", {"kid": "a1"})
STRANGERS_KEY = ECKey.generate_key("P-256", {"kid": "a1"})


def host() -> str:
    """Return a host that no service has yet."""
    return f"s{secrets.token_hex(6)}.example"


def metadata(**changes: Any) -> dict[str, Any]:
    """Return what a developer says of a service on a host of its own."""
    return {"client_name": "Permits", "redirect_uris": [f"https://{host()}/cb"], **changes}


def authorities_file(folder: Path, **more: Any) -> str:
    """Write down the one authority whose software statements are believed."""
    path = folder / "authorities.json"
    path.write_text(json.dumps([{"issuer": AUTHORITY, "jwks": {"keys": [KEY.as_dict(private=False)]}, **more}]))
    return str(path)


def statement(
    claims: Mapping[str, Any], *, key: ECKey = KEY, header: Mapping[str, Any] | None = None, now: float
) -> str:
    """Return a software statement that the authority signs about `claims`; None takes a claim out."""
    usual = {"iss": AUTHORITY, "iat": int(now), "exp": int(now) + 600, "agency": "County of Skåne"}
    said = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    return jwt.encode({"alg": "ES256", "kid": "a1", **(header or {})}, said, key)


class Developer:
    """Calls the endpoints of one installation."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def call(self, method: str, path: str, body: Any = None, token: str | None = None, **headers: str) -> TestResponse:
        """Send a request; a body that is not bytes goes as JSON."""
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        kind = None if data is None else headers.pop("content_type", "application/json")
        client = self.site.app.test_client(use_cookies=False)
        return client.open(
            path, method=method, data=data, content_type=kind, headers=headers, base_url=self.site.use.settings.issuer
        )

    def register(self, body: Any, token: str | None = None) -> TestResponse:
        """Register a service."""
        return self.call("POST", "/register", body, token)

    def registered(self, token: str | None = None, **changes: Any) -> dict[str, Any]:
        """Register a service that is fit, with an invitation of its own unless one is given; return the answer."""
        answer = self.register(metadata(**changes), token or self.invited())
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.get_json()
        return told

    def invited(
        self,
        *,
        agency: str = "City of Lund",
        uses: int = 1,
        valid: timedelta = timedelta(days=7),
        scope: tuple[str, ...] = scopes(TOLD),
        profile: str = "standard",
    ) -> str:
        """Return the token of a new invitation."""
        now, token = self.site.clock.now(), mint_token()
        made = Invitation(
            invitation_id=secrets.token_hex(8),
            agency=agency,
            scope=scope,
            profile=profile,
            uses=uses,
            created_at=now,
            ends_at=now + valid,
        )
        with self.site.use.database.work() as stores:
            stores.invitations.add(made, hash_token(token))
        return token

    def statement(self, **claims: Any) -> str:
        """Return what the authority signs of a service, now."""
        return statement(claims, now=self.site.clock.now().timestamp())

    def count(self) -> int:
        """Return how many services there are."""
        with self.site.use.database.work() as stores:
            return len(stores.relying_parties.list())

    def events(self, client_id: str) -> list[str]:
        """Return the names of the events about one service, oldest first."""
        with self.site.use.database.work() as stores:
            latest = stores.audit.latest(500)
        return [entry.name for entry in reversed(latest) if client_id in entry.body]


@pytest.fixture(scope="module", params=["sqlite+file", "postgresql+redis"])
def guarded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Give an installation at which the invited may register, on each pair of stores."""
    folder = tmp_path_factory.mktemp("guarded")
    given = {"registration": "guarded", "software_authorities": authorities_file(folder)}
    if request.param == "sqlite+file":
        return on_files(folder, **given)
    postgresql: PostgreSQL = request.getfixturevalue("postgresql")
    redis: RedisServer = request.getfixturevalue("redis_server")
    redis.flush()
    return on_servers(folder, postgresql, redis, **given)


@pytest.fixture
def dev(guarded: Site) -> Developer:
    return Developer(guarded)
