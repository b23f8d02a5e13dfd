"""No statement reads a table from end to end that grows with the number of people: PostgreSQL says how it would go."""

import importlib
import pkgutil
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy import Delete, Select, Update, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

import idp.storage.sql
from idp.storage.sql.statements import Compiled

STATEMENTS: dict[str, Any] = {
    f"{module.name}.{name.strip('_').lower()}": value
    for module in pkgutil.iter_modules(idp.storage.sql.__path__)
    if module.name not in ("migrations", "revisions")
    for name, value in vars(importlib.import_module(f"idp.storage.sql.{module.name}")).items()
    if isinstance(value, (Select, Update, Delete, Insert))
}
FEW_ROWS = {
    "audit_head",
    "installation_secrets",
    "invitations",
    "key_epoch",
    "relying_parties",
    "sectors",
    "signing_keys",
}
"""Tables that grow with the number of agencies at most; those that are read whole are read by operators or rarely."""
IN_ORDER = {"audit.latest", "relying_parties.all"}
"""Read from one end of an index: the newest few of what grows, and for operators all of what hardly does."""
PARTS = {"grants.end_many"}
"""No statement, but what others begin with."""
_PARAMETER = re.compile(r"%\((\w+)\)s")
_LIST = re.compile(r"\(__\[POSTCOMPILE_(\w+)\]\)")


@pytest.fixture
def database(postgresql_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A database whose planner reads a whole table only where there is no other way."""
    dsn = make_url(postgresql_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET enable_seqscan = off")
        connection.execute("SET plan_cache_mode = force_generic_plan")
        yield connection


def plan(database: psycopg.Connection[Any], statement: Any) -> str:
    """Return how a statement would go, whatever its parameters."""
    text = _LIST.sub(r"(%(\1)s)", str(statement.compile(dialect=postgresql.dialect()))).replace("%%", "%")
    names = list(dict.fromkeys(_PARAMETER.findall(text)))
    numbered = _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", text)
    database.execute(f"PREPARE asked AS {numbered}")
    given = f"({', '.join(['NULL'] * len(names))})" if names else ""
    rows = database.execute(f"EXPLAIN EXECUTE asked{given}").fetchall()
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize("name", sorted(STATEMENTS.keys() - PARTS))
def test_what_grows_with_people_is_found_by_an_index(database: psycopg.Connection[Any], name: str) -> None:
    found = plan(database, STATEMENTS[name])

    whole = set(re.findall(r"Seq Scan on (\w+)", found))
    lines = found.splitlines()
    followed = zip(lines, [*lines[1:], ""], strict=True)
    unled = [line for line, then in followed if "Index" in line and "Scan" in line and "Index Cond" not in then]
    assert whole <= FEW_ROWS, found
    assert not unled or name in IN_ORDER, found


def test_the_grants_of_one_service_are_found_by_an_index_of_their_own(
    database: psycopg.Connection[Any], sqlite_url: str
) -> None:
    statement = STATEMENTS["grants.end_for_relying_party"]

    assert "ix_grants_client_id" in plan(database, statement)
    assert any("USING INDEX ix_grants_client_id" in step for step in _in_sqlite(sqlite_url, statement))


def _in_sqlite(sqlite_url: str, statement: Any) -> list[str]:
    compiled = Compiled(statement, sqlite.dialect(), ("before", "most"))
    sql, values = compiled.words({"before": datetime.now(UTC), "most": 1})
    with closing(sqlite3.connect(make_url(sqlite_url).database or "")) as connection:
        return [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


PURGES = sorted(name for name in STATEMENTS if name.endswith(".purge"))


def test_whatever_expires_is_purged() -> None:
    assert PURGES == ["failures.purge", "grants.purge", "outbox.purge", "sessions.purge"]


@pytest.mark.parametrize("name", PURGES)
def test_a_purge_takes_a_few_rows_from_the_end_of_an_index(
    database: psycopg.Connection[Any], sqlite_url: str, name: str
) -> None:
    found = plan(database, STATEMENTS[name])

    table = name.partition(".")[0]
    assert re.search(rf"Limit .*\n *->  LockRows .*\n *->  Index Scan using ix_{table}\w*_at on", found), found
    assert "Sort" not in found
    in_sqlite = _in_sqlite(sqlite_url, STATEMENTS[name])
    assert any(re.search(rf"SEARCH {table}\w* USING INDEX ix_{table}\w*_at ", step) for step in in_sqlite), in_sqlite
    assert not any("TEMP B-TREE" in step or step.startswith("SCAN") for step in in_sqlite), in_sqlite
