"""Fixtures: real stores, fresh for each test. Servers start with the first test that needs them."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine

from federation.relying_parties.registry import RecentRelyingParties
from idp.storage import ephemeral as short_lived
from idp.storage.ephemeral.records import EPOCH
from idp.storage.sql.engine import connect
from idp.storage.sql.migrate import upgrade
from tests.support.postgresql import PostgreSQL
from tests.support.redis import RedisServer
from tests.support.redis_sets import RedisCluster

if TYPE_CHECKING:
    from idp.storage.ephemeral.in_redis import InRedis
    from idp.storage.ephemeral.in_sqlite import InSqlite
    from idp.storage.sql.database import SqlDatabase


@dataclass(frozen=True, slots=True)
class Pair:
    """URLs of a durable (migrated) and an ephemeral store that are supported together."""

    name: str
    database_url: str
    ephemeral_url: str


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    cluster = PostgreSQL()
    yield cluster
    cluster.end()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    redis = RedisServer()
    yield redis
    redis.end()


@pytest.fixture(scope="session")
def redis_cluster() -> Iterator[RedisCluster]:
    cluster = RedisCluster()
    yield cluster
    cluster.end()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SQLite file with every table and nothing in it, to be copied."""
    made = tmp_path_factory.mktemp("migrated") / "durable.db"
    engine = connect(f"sqlite:///{made}")
    upgrade(engine)
    engine.dispose()
    return made


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated: Path) -> str:
    """Return a migrated SQLite database."""
    copy = shutil.copyfile(migrated, tmp_path / "durable.db")
    return f"sqlite:///{copy}"


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> Iterator[str]:
    """Return a migrated PostgreSQL database."""
    name = postgresql.create()
    yield postgresql.url(name)
    postgresql.drop(name)


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """Return a Redis that keeps nothing yet."""
    redis_server.flush()
    return redis_server.url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Return a migrated database of each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = connect(database_url, pool_size=16)
    yield made
    made.dispose()


@pytest.fixture
def durable(engine: Engine) -> "SqlDatabase":
    """Return the durable stores on a migrated database of each kind."""
    from idp.storage.sql.database import SqlDatabase  # noqa: PLC0415 - tests of one store need not import all

    return SqlDatabase(engine, RecentRelyingParties())


@pytest.fixture(params=["in_sqlite", "in_redis"])
def ephemeral_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return an ephemeral store of each kind that keeps nothing yet."""
    if request.param == "in_sqlite":
        return f"sqlite:///{tmp_path / 'ephemeral.db'}"
    url: str = request.getfixturevalue("redis_url")
    return url


@pytest.fixture
def ephemeral(ephemeral_url: str) -> "Iterator[InSqlite | InRedis]":
    """Return the ephemeral store of a new installation: it has no past to replay."""
    store = short_lived.open(ephemeral_url)
    store.begin(EPOCH)
    yield store
    store.close()


@pytest.fixture(params=["sqlite+file", "postgresql+redis"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Pair:
    """Return each supported pair of stores."""
    if request.param == "sqlite+file":
        sqlite = request.getfixturevalue("sqlite_url")
        return Pair(request.param, sqlite, f"sqlite:///{tmp_path / 'ephemeral.db'}")
    return Pair(request.param, request.getfixturevalue("postgresql_url"), request.getfixturevalue("redis_url"))
