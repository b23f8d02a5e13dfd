"""Bring a database to the tables this code needs. The revisions travel inside the package."""

from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine

from idp.storage.sql import revisions
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
            if revisions.of(connection) in (None, *revisions.known()):
                configuration = _configuration()
                configuration.attributes["connection"] = connection
                command.upgrade(configuration, "head")
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def _begin_alone(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    held: Any = connection.connection.dbapi_connection
    held.silent_seconds = None
    connection.exec_driver_sql("BEGIN")
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", "idp.storage.sql:migrations")
    return configuration
