"""Migrations make exactly the tables the code declares, once, on both databases."""

import importlib
import multiprocessing
import pkgutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

import idp.storage.sql
from federation.ephemeral import StoreUnavailable
from idp.storage.sql import migrate, revisions
from idp.storage.sql.engine import connect
from idp.storage.sql.tables import metadata
from tests.support.postgresql import PostgreSQL


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    cluster: PostgreSQL = request.getfixturevalue("postgresql")
    name = cluster.create(template="template1")
    yield cluster.url(name)
    cluster.drop(name)


@pytest.fixture
def empty(empty_url: str) -> Iterator[Engine]:
    engine = connect(empty_url)
    yield engine
    engine.dispose()


def _upgrade(url: str) -> bool:
    engine = connect(url)
    migrate.upgrade(engine)
    return revisions.is_current(engine)


def test_the_migrations_make_what_the_code_declares(engine: Engine) -> None:
    for module in pkgutil.iter_modules(idp.storage.sql.__path__):
        importlib.import_module(f"idp.storage.sql.{module.name}")

    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_an_empty_database_is_not_current_until_it_is_upgraded(empty: Engine) -> None:
    assert not revisions.is_current(empty)

    migrate.upgrade(empty)

    assert revisions.is_current(empty)


def test_upgrading_again_changes_nothing(empty: Engine) -> None:
    migrate.upgrade(empty)
    migrate.upgrade(empty)

    assert revisions.is_current(empty)


def test_upgrades_that_start_together_do_the_work_once(empty_url: str) -> None:
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as pool:
        assert all(pool.map(_upgrade, [empty_url] * 3))


def test_an_upgrade_that_fails_leaves_nothing_behind(empty: Engine) -> None:
    with empty.connect() as connection:
        last = "sessions"
        connection.exec_driver_sql(f'CREATE TABLE "{last}" (in_the_way INTEGER)')

    with pytest.raises(Exception, match="already exists"):
        migrate.upgrade(empty)

    assert inspect(empty).get_table_names() == [last]


def test_a_database_that_a_newer_version_moved_on_is_current_and_left_alone(empty: Engine) -> None:
    migrate.upgrade(empty)
    with empty.connect() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    migrate.upgrade(empty)

    assert revisions.is_current(empty)


def test_a_database_that_is_down_is_said_to_be_unavailable(postgresql: PostgreSQL) -> None:
    engine = connect(postgresql.url("migrated"))
    postgresql.stop()
    try:
        with pytest.raises(StoreUnavailable):
            revisions.is_current(engine)
    finally:
        postgresql.start()

    assert revisions.is_current(engine)
    engine.dispose()


def test_the_revisions_are_those_that_alembic_finds():
    configuration = Config()
    configuration.set_main_option("script_location", "idp.storage.sql:migrations")
    found = ScriptDirectory.from_config(configuration).walk_revisions()

    assert revisions.known() == tuple(reversed([script.revision for script in found]))


def test_a_new_sqlite_database_and_its_log_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'new.db'}")
    migrate.upgrade(engine)

    files = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}

    engine.dispose()
    assert files == {"new.db": 0o600, "new.db-wal": 0o600, "new.db-shm": 0o600}
