"""One unit of work: the statements of one request on one connection.

Reads run on their own until the first write; the first write begins the transaction. Rows that nothing
waits for go along with the commit; if one is all there is to write, it is a transaction by itself.
Whatever may happen only once is a conditional UPDATE, INSERT or DELETE, so no decision
rests on a read that came before it.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, CursorResult, Engine, Executable
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from federation.ephemeral import StoreUnavailable

SQLITE_ERROR = 1
"""SQLite's word for a mistake in a statement; its other operational errors are about the file."""
READ_ONLY = "25006"
"""PostgreSQL's word for a change on what is a standby now."""

Answer = TypeVar("Answer")
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Work:
    """A connection, taken at the first statement, and a transaction, begun at the first write."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._writing = False
        self._last: list[tuple[Executable, Parameters]] = []

    def read(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        """Run a query."""
        return self._execute(statement, parameters)

    def write(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        """Run a change inside the transaction, beginning it if this is the first."""
        self._begin()
        return self._execute(statement, parameters)

    def write_last(self, statement: Executable, parameters: Parameters) -> None:
        """Run a change just before the commit: one whose outcome nothing in this unit of work asks for."""
        self._last.append((statement, parameters))

    def commit(self) -> None:
        """Make the changes last, and give the connection back."""
        last, self._last = self._last, []
        if last and (len(last) > 1 or self._connection is None):
            self._begin()
        for statement, parameters in last:
            self._execute(statement, parameters)
        if self._writing:
            self._run("COMMIT")
            self._writing = False
        self.close()

    def close(self) -> None:
        """Undo whatever was not committed, and give the connection back."""
        connection, self._connection = self._connection, None
        self._last.clear()
        if connection is None:
            return
        try:
            if self._writing and not connection.invalidated:
                connection.exec_driver_sql("ROLLBACK")
        except SQLAlchemyError:
            connection.invalidate()
        finally:
            self._writing = False
            connection.close()

    def _begin(self) -> None:
        if not self._writing:
            self._run("BEGIN IMMEDIATE" if self._engine.dialect.name == "sqlite" else "BEGIN")
            self._writing = True

    def _run(self, sql: str) -> None:
        self._ask(lambda connection: connection.exec_driver_sql(sql))

    def _execute(self, statement: Executable, parameters: Parameters | None) -> CursorResult[Any]:
        return self._ask(lambda connection: connection.execute(statement, parameters))

    def _ask(self, question: Callable[[Connection], Answer]) -> Answer:
        """Ask on this work's connection; if it turns out dead at the first question, on a new one."""
        with translated():
            if self._connection is not None:
                return question(self._connection)
            self._connection = self._engine.connect()
            try:
                return question(self._connection)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            self._connection.close()
            self._connection = self._engine.connect()
            return question(self._connection)


class translated:  # noqa: N801 - reads as a verb at its call sites
    """Turn "the database is not there" into StoreUnavailable; let every other error through."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Translate what means that the database cannot answer now."""
        if _is_unavailable(error):
            raise StoreUnavailable(type(error).__name__) from error


def _is_unavailable(error: BaseException | None) -> bool:
    if not isinstance(error, DBAPIError):
        return isinstance(error, (PoolTimeout, PendingRollbackError))
    if isinstance(error.orig, sqlite3.OperationalError):
        return error.orig.sqlite_errorcode != SQLITE_ERROR
    after_failover = getattr(error.orig, "sqlstate", None) == READ_ONLY
    return after_failover or isinstance(error, (OperationalError, InterfaceError))
