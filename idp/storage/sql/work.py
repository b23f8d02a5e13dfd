"""One unit of work: the statements of one request on one connection.

Reads run on their own until the first write; the first write begins the transaction.
Whatever may happen only once is a conditional UPDATE, INSERT or DELETE, so no decision
rests on a read that came before it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import CursorResult, Engine, Executable
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from federation.ephemeral import StoreUnavailable

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Work:
    """A connection, taken at the first statement, and a transaction, begun at the first write."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = None
        self._writing = False

    def read(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        """Run a query."""
        return self._execute(statement, parameters)

    def write(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        """Run a change inside the transaction, beginning it if this is the first."""
        self._begin()
        return self._execute(statement, parameters)

    def commit(self) -> None:
        """Make the changes last, and give the connection back."""
        if self._writing:
            self._run("COMMIT")
            self._writing = False
        self.close()

    def close(self) -> None:
        """Undo whatever was not committed, and give the connection back."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            if self._writing:
                connection.exec_driver_sql("ROLLBACK")
        except DBAPIError:
            connection.invalidate()
        finally:
            self._writing = False
            connection.close()

    def _begin(self) -> None:
        if not self._writing:
            self._run("BEGIN IMMEDIATE" if self._engine.dialect.name == "sqlite" else "BEGIN")
            self._writing = True

    def _run(self, sql: str) -> None:
        with translated():
            self._connect().exec_driver_sql(sql)

    def _execute(self, statement: Executable, parameters: Parameters | None) -> CursorResult[Any]:
        with translated():
            result: CursorResult[Any] = self._connect().execute(statement, parameters)
            return result

    def _connect(self) -> Any:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection


class translated:  # noqa: N801 - reads as a verb at its call sites
    """Turn "the database is not there" into StoreUnavailable; let every other error through."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Translate what means that the database cannot answer now."""
        if isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):
            raise StoreUnavailable(type(error).__name__) from error
