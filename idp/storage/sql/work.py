"""One unit of work: the statements of one request on one connection.

Reads run on their own until the first write; the first write begins the transaction. Rows that nothing
waits for go along with the commit; if one is all there is to write, it is a transaction by itself.
Whatever may happen only once is a conditional UPDATE, INSERT or DELETE, so no decision
rests on a read that came before it.

Where the database ends a transaction because another was faster (what is serializable does: CockroachDB, YugabyteDB,
PostgreSQL when told to), its statements are said again. If each is answered as before, what was decided on the answers
holds and the work goes on; if not, nothing was done and the request is refused.
"""

import random
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from select import POLLIN, poll
from types import MappingProxyType
from typing import Any

from sqlalchemy import Engine, Executable, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from federation.ephemeral import StoreUnavailable
from idp.storage.sql.statements import Answer, Parameters, compiled_for

SQLITE_ERROR = 1
"""SQLite's word for a mistake in a statement; its other operational errors are about the file."""
READ_ONLY = "25006"
"""PostgreSQL's word for a change on what is a standby now."""
CLASHES = {"40001", "40P01"}
"""Its words for a transaction that it ended because another was faster: nothing of it was done."""
PAUSES = (0.005, 0.02, 0.08)
"""Seconds before what clashed is said again, about; then the request is refused."""
Reply = tuple[Sequence[Any], int]
_Said = tuple[str, Any, bool]
During = Callable[[], AbstractContextManager[Any]]
_ROLLBACK: _Said = ("ROLLBACK", (), False)
_NONE: Parameters = MappingProxyType({})


class Work:
    """A connection, taken at the first statement, and a transaction, begun at the first write."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: PoolProxiedConnection | None = None
        self._writing = False
        self._done: list[tuple[_Said, Reply]] = []
        """What was said in this transaction, and what was answered."""
        self._last: list[tuple[Executable, Parameters]] = []

    def read(self, statement: Executable, parameters: Parameters = _NONE) -> Answer:
        """Run a query."""
        compiled = compiled_for(statement, self._engine.dialect, tuple(parameters))
        rows, rowcount = self._send(*compiled.words(parameters))
        return Answer(compiled.rows(rows), rowcount)

    def write(self, statement: Executable, parameters: Parameters = _NONE) -> Answer:
        """Run a change inside the transaction, beginning it if this is the first."""
        self._begin()
        return self.read(statement, parameters)

    def write_many(self, statement: Executable, rows: Sequence[Parameters]) -> None:
        """Run a change for each of `rows`, of which there is one at least."""
        self._begin()
        compiled = compiled_for(statement, self._engine.dialect, tuple(rows[0]))
        every = [compiled.words(row) for row in rows]
        self._send(every[0][0], [arguments for _, arguments in every], many=True)

    def write_last(self, statement: Executable, parameters: Parameters) -> None:
        """Run a change just before the commit: one whose outcome nothing in this unit of work asks for."""
        self._last.append((statement, parameters))

    def commit(self) -> None:
        """Make the changes last, and give the connection back."""
        last, self._last = self._last, []
        if len(last) > 1:
            self._begin()
        for statement, parameters in last:
            self.read(statement, parameters)
        if self._writing:
            self._send("COMMIT")
            self._writing = False
        self.close()

    def close(self) -> None:
        """Undo whatever was not committed, and give the connection back."""
        connection, self._connection = self._connection, None
        self._last.clear()
        self._done.clear()
        if connection is None:
            return
        try:
            if self._writing:
                connection.cursor().execute("ROLLBACK")
        except self._driver_error:
            connection.invalidate()
        finally:
            self._writing = False
            connection.close()

    def _begin(self) -> None:
        if not self._writing:
            begin = "BEGIN IMMEDIATE" if self._engine.dialect.name == "sqlite" else "BEGIN"
            self._done.append(((begin, (), False), self._send(begin)))
            self._writing = True

    def _send(self, sql: str, arguments: Any = (), *, many: bool = False) -> Reply:
        """Say a statement over this work's connection; return the rows, as the driver has them, and their number."""
        said = sql, arguments, many
        with translated():
            try:
                reply = self._say(said)
            except self._driver_error as error:
                reply = self._say_again(said, error)
        if self._writing:
            self._done.append((said, reply))
        return reply

    def _say(self, said: _Said) -> Reply:
        if self._connection is None:
            self._connection = self._connect()
        cursor = self._connection.cursor()
        sql, arguments, many = said
        (cursor.executemany if many else cursor.execute)(sql, arguments)
        return (() if cursor.description is None else cursor.fetchall()), cursor.rowcount

    def _say_again(self, said: _Said, error: Exception) -> Reply:
        """Say all of the transaction once more as often as it clashes; raise what else went wrong."""
        for pause in PAUSES:
            if getattr(error, "sqlstate", None) not in CLASHES:
                break
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - so that two who clash do not meet again
            try:
                if self._done:
                    self._say(_ROLLBACK)
                if any(self._say(earlier) != reply for earlier, reply in self._done):
                    raise StoreUnavailable("another changed what this rests on")
                return self._say(said)
            except self._driver_error as another:
                error = another
        if getattr(error, "sqlstate", None) == READ_ONLY and self._connection is not None:
            self._connection.invalidate()
            self._connection, self._writing = None, False
        raise DBAPIError.instance(said[0], None, error, self._driver_error, hide_parameters=True) from error

    def _connect(self) -> PoolProxiedConnection:
        """Take a connection from the pool whose other side has not gone while nobody used it."""
        while _has_hung_up((connection := self._engine.raw_connection()).dbapi_connection):
            connection.invalidate()
        return connection

    @property
    def _driver_error(self) -> type[Exception]:
        return self._engine.dialect.loaded_dbapi.Error


class WatchedWork(Work):
    """A work whose every statement is surrounded by what watches."""

    def __init__(self, engine: Engine, during: During) -> None:
        super().__init__(engine)
        self._during = during

    def _say(self, said: _Said) -> Reply:
        with self._during():
            return super()._say(said)


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
        return isinstance(error, PoolTimeout)
    if isinstance(error.orig, sqlite3.OperationalError):
        return error.orig.sqlite_errorcode != SQLITE_ERROR
    after_failover = getattr(error.orig, "sqlstate", None) == READ_ONLY
    return after_failover or isinstance(error, (OperationalError, InterfaceError))


def _has_hung_up(connection: Any) -> bool:
    """Whether the server ended an idle connection: nothing else is heard on one. SQLite has no other side."""
    if isinstance(connection, sqlite3.Connection):
        return False
    if connection.closed:
        return True
    heard = poll()
    heard.register(connection.fileno(), POLLIN)
    return bool(heard.poll(0))
