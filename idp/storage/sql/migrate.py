"""Bring a database to the tables this code needs. The revisions travel inside the package."""

from functools import lru_cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from idp.storage.sql.work import translated

_LOCK = 0x436F756E74657273
"""Advisory lock of PostgreSQL: "Counters" in ASCII."""


def upgrade(engine: Engine) -> None:
    """Apply the missing revisions in one transaction; of two that start together, one works and one waits.

    A database that a newer version has already moved on is left as it is.
    """
    with translated(), engine.connect() as connection:
        _begin_alone(connection)
        try:
            if _known(connection):
                configuration = _configuration()
                configuration.attributes["connection"] = connection
                command.upgrade(configuration, "head")
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def is_current(engine: Engine) -> bool:
    """Say whether every revision this code needs has been applied; a newer database is current too."""
    with translated(), engine.connect() as connection:
        return _revision(connection) == _head() or not _known(connection)


def _begin_alone(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    connection.exec_driver_sql("BEGIN")
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _known(connection: Connection) -> bool:
    revision = _revision(connection)
    return revision is None or revision in {script.revision for script in _scripts().walk_revisions()}


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _head() -> str | None:
    return _scripts().get_current_head()


@lru_cache(maxsize=1)
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_configuration())


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", "idp.storage.sql:migrations")
    return configuration
