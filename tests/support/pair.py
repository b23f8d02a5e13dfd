"""The whole application in this process once on each supported pair of stores, to compare or to drive."""

from pathlib import Path

import pytest

from federation.relying_parties.client_secrets import hash_client_secret
from federation.relying_parties.model import RelyingParty
from idp.assembly import prepare
from idp.settings import load
from tests.support import installation
from tests.support.postgresql import PostgreSQL
from tests.support.redis import RedisServer
from tests.support.site import REDIRECT_URI, Site

SECRET = "a secret of two hundred and fifty-six bits, or so"

_SCOPE = ("openid", "profile", "email", "offline_access", "permits:read")
PUBLIC = RelyingParty(
    client_id="rp",
    client_name="Parking",
    agency="City",
    redirect_uris=(REDIRECT_URI,),
    post_logout_redirect_uris=("https://rp.example/bye",),
    grant_types=("authorization_code", "refresh_token"),
    scope=_SCOPE,
    token_endpoint_auth_method="none",
    sector="rp.example",
    client_uri="https://rp.example/",
)
CONFIDENTIAL = RelyingParty(
    client_id="web",
    client_name="Fishing",
    agency="County",
    redirect_uris=("https://web.example/cb",),
    grant_types=("authorization_code", "refresh_token", "client_credentials"),
    scope=_SCOPE,
    token_endpoint_auth_method="client_secret_post",
    client_secret_hash=hash_client_secret(SECRET),
    sector="web.example",
    introspection=True,
)


def on_files(folder: Path, **settings: str) -> Site:
    """Return an installation on SQLite and the shared file, with both services registered."""
    folder.mkdir(exist_ok=True)
    database_url = installation.copy_to(folder)
    return _with_services(Site.on(database_url, f"sqlite:///{folder}/ephemeral.db", folder, **settings))


def on_servers(folder: Path, postgresql: PostgreSQL, redis: RedisServer, **settings: str) -> Site:
    """Return an installation on PostgreSQL and Redis, with both services registered."""
    database_url = postgresql.url(postgresql.create())
    prepare(
        load(
            issuer="https://id.example",
            database_url=database_url,
            ephemeral_url=redis.url,
            key_encryption_key=installation.KEY_ENCRYPTION_KEY,
        )
    )
    return _with_services(Site.on(database_url, redis.url, folder, **settings))


def _with_services(site: Site) -> Site:
    for relying_party in (PUBLIC, CONFIDENTIAL):
        site.register(relying_party)
    return site


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, postgresql: PostgreSQL, redis_server: RedisServer) -> list[Site]:
    """Give one installation on each pair of stores."""
    redis_server.flush()
    folder = tmp_path_factory.mktemp("servers")
    return [on_files(tmp_path_factory.mktemp("files")), on_servers(folder, postgresql, redis_server)]
