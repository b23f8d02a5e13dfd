"""Connect to SQLite or PostgreSQL, tuned so that both keep the same promises."""

import os
from contextlib import suppress
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url

SQLITE_BUSY_MILLISECONDS = 5_000
POSTGRESQL_CONNECT_SECONDS = 1
POSTGRESQL_OPTIONS = "-c lock_timeout=2s -c statement_timeout=5s"
POSTGRESQL_UNANSWERED_MILLISECONDS = 5_000


def connect(url: str, *, pool_size: int = 5) -> Engine:
    """Return an engine in autocommit: `Work` says BEGIN and COMMIT itself, at the first write."""
    dialect = make_url(url).get_backend_name()
    if dialect == "sqlite":
        engine = create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            pool_size=pool_size,
            pool_use_lifo=True,
            pool_reset_on_return=None,
        )
        event.listen(engine, "do_connect", _keep_sqlite_private)
        event.listen(engine, "connect", _tune_sqlite)
        return engine
    engine = create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        pool_size=pool_size,
        pool_use_lifo=True,
        max_overflow=0,
        pool_timeout=POSTGRESQL_CONNECT_SECONDS,
        pool_reset_on_return=None,
        connect_args={
            "connect_timeout": POSTGRESQL_CONNECT_SECONDS,
            "options": POSTGRESQL_OPTIONS,
            "tcp_user_timeout": POSTGRESQL_UNANSWERED_MILLISECONDS,
        },
    )
    from idp.storage.sql.answering import connector  # noqa: PLC0415 - 6 MB of driver that SQLite has no use for

    open_connection = connector()
    event.listen(engine, "do_connect", lambda _, __, ___, named: open_connection(named))
    return engine


def _keep_sqlite_private(_dialect: Any, _record: Any, arguments: list[Any], _named: Any) -> None:
    """Make a file that is missing readable by its owner alone; SQLite gives its log the same mode.

    O_EXCL, because closing a file drops every lock this process holds on it (fcntl(2)): the next process to leave
    would take the log for nobody's, remove it, and what is written to it afterwards would be lost.
    """
    if arguments[0] != ":memory:":
        with suppress(OSError):  # it is there already, or SQLite says better what is wrong
            os.close(os.open(arguments[0], os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _tune_sqlite(connection: Any, _: object) -> None:
    for pragma in (
        f"busy_timeout={SQLITE_BUSY_MILLISECONDS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
