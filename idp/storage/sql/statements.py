"""SQLAlchemy's statements, compiled once and then run on the driver itself.

SQLAlchemy writes the SQL for each database and knows how each type is kept there. To run through it as well costs
several times what SQLite takes to answer, so a statement that is a constant of its module is compiled at its first use.
"""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.types import TypeEngine

MOST_REMEMBERED = 512

Parameters = Mapping[str, Any]
Row = Any
"""A named tuple of the columns that were asked for."""
_Convert = Callable[[Any], Any]


class Answer:
    """The rows of an answer, all of them, and how many rows a change touched."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: Sequence[Row], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[Row]:
        """Go through the rows in order."""
        return iter(self._rows)

    def all(self) -> Sequence[Row]:
        """Return every row."""
        return self._rows

    def first(self) -> Row | None:
        """Return the first row, or None if there is none."""
        return self._rows[0] if self._rows else None

    def scalar(self) -> Any:
        """Return the first column of the first row, or None if there is none."""
        return self._rows[0][0] if self._rows else None


class Compiled:
    """One statement in the words of one database, with the parameters of these names to come."""

    def __init__(self, statement: Executable, dialect: Dialect, names: tuple[str, ...]) -> None:
        compiled = _compile(statement, dialect, names)
        self._sql = compiled.string
        self._order: Sequence[str] | None = compiled.positiontup
        holds_lists = any(bound.expanding for bound in compiled.binds.values())
        self._expand = compiled.construct_expanded_state if holds_lists else None
        writers = ((name, _writer(bound.type, dialect)) for name, bound in compiled.binds.items())
        every = {name: write for name, write in writers if write}
        self._fixed = {
            name: every[name](value) if name in every else value
            for name, value in compiled.params.items()
            if name not in names
        }
        self._writers = [(name, write) for name, write in every.items() if name in names]
        columns = getattr(statement, "exported_columns", ())
        self._row: Callable[[Sequence[Any]], Row] = _row_of([column.name for column in columns])
        readers = [(at, _reader(column.type, dialect)) for at, column in enumerate(columns)]
        self._readers = [(at, read) for at, read in readers if read]

    def words(self, parameters: Parameters) -> tuple[str, Any]:
        """Return the SQL, and the parameters as the driver takes them: by position or by name, as they are kept."""
        values = {**self._fixed, **parameters}
        for name, write in self._writers:
            values[name] = write(values[name])
        sql, order = self._sql, self._order
        if self._expand is not None:
            expanded = self._expand(values)
            sql, values, order = expanded.statement, dict(expanded.parameters), expanded.positiontup
        return sql, values if order is None else [values[name] for name in order]

    def rows(self, came: Sequence[Sequence[Any]]) -> Sequence[Row]:
        """Return what came from the driver, each value as its type is used here."""
        return [self._made(values) for values in came]

    def _made(self, values: Sequence[Any]) -> Row:
        if self._readers:
            values = list(values)
            for at, read in self._readers:
                values[at] = read(values[at])
        return self._row(values)


@lru_cache(MOST_REMEMBERED)
def compiled_for(statement: Executable, dialect: Dialect, names: tuple[str, ...]) -> Compiled:
    """Return a statement in the words of a database; for a constant, what was compiled before."""
    return Compiled(statement, dialect, names)


def _compile(statement: Any, dialect: Dialect, names: tuple[str, ...]) -> SQLCompiler:
    asked = {"column_keys": list(names)} if isinstance(statement, UpdateBase) else {}
    compiled: SQLCompiler = statement.compile(dialect=dialect, **asked)
    return compiled


def _row_of(names: Sequence[str]) -> Callable[[Sequence[Any]], Row]:
    kind: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # its fields are known only now
    make: Callable[[Sequence[Any]], Row] = kind._make
    return make


def _writer(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
