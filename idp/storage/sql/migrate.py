"""Bring a database to the tables this code needs. The revisions travel inside the package.

Each revision is one transaction, so one that fails or is killed leaves those before it and nothing of itself. No
revision waits for a lock longer than others can wait behind it: it gives up, and is run again at a quieter moment.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from idp.storage.sql import revisions
from idp.storage.sql.work import translated

LOCK_SECONDS = 1
_LOCK = 0x436F756E74657273
"""Advisory lock of PostgreSQL: "Counters" in ASCII."""
_LOCK_NOT_AVAILABLE = "55P03"
_ASK_AGAIN_SECONDS = 0.1


class TablesInUse(Exception):
    """Somebody holds a table that a revision has to change; nothing of that revision was done."""


def upgrade(engine: Engine) -> None:
    """Apply the missing revisions; of two that start together, one works and one waits.

    A database that a newer version has already moved on is left as it is. Raises TablesInUse.
    """
    with translated(), engine.connect() as connection, _alone(connection):
        while _step(connection):
            pass


def _step(connection: Connection) -> bool:
    """Apply one revision, if one is missing, and say so."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else "BEGIN")
    try:
        applied, known = revisions.of(connection), revisions.known()
        missing = applied is None or applied in known[:-1]
        if missing:
            configuration = _configuration()
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "+1")
    except BaseException as error:
        connection.exec_driver_sql("ROLLBACK")
        if isinstance(error, OperationalError) and getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise TablesInUse("A table that has to change is in use; run this again.") from error
        raise
    connection.exec_driver_sql("COMMIT")
    return missing


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Keep others out. SQLite has one writer anyway.

    The lock is asked for again and again: whoever waited inside a statement would hold up an index that is built
    concurrently, which waits for every statement that began before it.
    """
    if connection.dialect.name == "sqlite":
        yield
        return
    held: Any = connection.connection.dbapi_connection
    silent_seconds, held.silent_seconds = held.silent_seconds, None
    while not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_LOCK})").scalar():
        time.sleep(_ASK_AGAIN_SECONDS)
    connection.exec_driver_sql("SET statement_timeout = 0")
    connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_SECONDS}s'")
    try:
        yield
    finally:
        connection.exec_driver_sql("RESET lock_timeout")
        connection.exec_driver_sql("RESET statement_timeout")
        connection.exec_driver_sql(f"SELECT pg_advisory_unlock({_LOCK})")
        held.silent_seconds = silent_seconds


def _configuration() -> Config:
    configuration = Config()
    configuration.set_main_option("script_location", "idp.storage.sql:migrations")
    return configuration
