"""The audit log is appended to, sealed without gaps, and tells whoever changes it; on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from idp.audit.chain import Break, find_break
from idp.audit.log import Head
from idp.storage.sql.audit import SqlAuditLog
from idp.storage.sql.work import Work

AT = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """An event for these tests."""

    name: ClassVar[str] = "test.tried"
    at: datetime
    number: int
    text: str = "caf\u00e9 nul\x00 \ud800"


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedBy:
    """An event about somebody."""

    name: ClassVar[str] = "test.tried_by"
    at: datetime
    citizen_id: str


@contextmanager
def log(engine: Engine) -> Iterator[SqlAuditLog]:
    work = Work(engine)
    try:
        yield SqlAuditLog(work)
        work.commit()
    finally:
        work.close()


def record(engine: Engine, *numbers: int) -> None:
    with log(engine) as audit:
        for number in numbers:
            audit.record(Tried(at=AT, number=number))


def seal(engine: Engine, limit: int = 100) -> int:
    with log(engine) as audit:
        return audit.seal(limit)


def broken(engine: Engine, noted: Head | None = None) -> Break | None:
    with log(engine) as audit:
        return find_break(audit.sealed(), audit.head(), noted)


def tamper(engine: Engine, *statements: str) -> None:
    """Change the tables as someone who owns the database can: without the triggers."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
            drops = [f"DROP TRIGGER {name}" for name in names]
        else:
            drops = ["ALTER TABLE audit_events DISABLE TRIGGER ALL", "ALTER TABLE audit_head DISABLE TRIGGER ALL"]
        for statement in (*drops, *statements):
            connection.exec_driver_sql(statement)


@pytest.fixture
def sealed(engine: Engine) -> Engine:
    """Return a log with five sealed events."""
    record(engine, 1, 2, 3, 4, 5)
    seal(engine)
    return engine


def test_what_is_recorded_is_kept_whole_and_in_order(engine: Engine) -> None:
    record(engine, 1, 2)

    with log(engine) as audit:
        first, second = audit.unsealed(10)
    assert (first.name, first.at, first.sequence) == ("test.tried", AT, None)
    assert first.body == r'{"number":1,"text":"caf\u00e9 nul\u0000 \ud800"}'
    assert first.entry_id < second.entry_id


def test_a_citizen_is_shown_their_own_entries_newest_first(engine: Engine) -> None:
    with log(engine) as audit:
        for citizen_id in ("ada", "eve", "ada", "ada"):
            audit.record(TriedBy(at=AT, citizen_id=citizen_id))
    record(engine, 1)

    with log(engine) as audit:
        own = audit.of_citizen("ada", {"test.tried_by", "test.tried"}, 2)
        other_names = audit.of_citizen("ada", {"test.tried"}, 2)

    assert [entry.body for entry in own] == ['{"citizen_id":"ada"}'] * 2
    assert own[0].entry_id > own[1].entry_id
    assert other_names == []


def test_what_is_undone_leaves_no_event(engine: Engine) -> None:
    work = Work(engine)
    SqlAuditLog(work).record(Tried(at=AT, number=1))
    work.close()

    with log(engine) as audit:
        assert audit.latest(10) == []


def test_sealing_numbers_without_gaps_in_bounded_batches(engine: Engine) -> None:
    record(engine, *range(5))

    assert [seal(engine, 2), seal(engine, 2), seal(engine, 2), seal(engine, 2)] == [2, 2, 1, 0]
    with log(engine) as audit:
        assert [entry.sequence for entry in audit.sealed()] == [1, 2, 3, 4, 5]
    assert broken(engine) is None


def test_racing_sealers_and_writers_leave_one_whole_chain(engine: Engine) -> None:
    with ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(record, engine, number, -number) for number in range(20)]
        sealers = [pool.submit(seal, engine, 7) for _ in range(8)]
        for future in writers:
            future.result()
        for sealer in sealers:
            sealer.result()
    while seal(engine):
        pass

    assert broken(engine) is None
    with log(engine) as audit:
        assert [entry.sequence for entry in audit.sealed()] == list(range(1, 41))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET body = '{}' WHERE sequence = 3",
        "UPDATE audit_events SET body = '{}' WHERE sequence IS NULL",
        "UPDATE audit_events SET citizen_id = 'eve', sequence = 6, hash = 'x' WHERE sequence IS NULL",
        "UPDATE audit_events SET sequence = NULL, hash = NULL WHERE sequence = 5",
        "UPDATE audit_events SET sequence = 6",
        "DELETE FROM audit_events WHERE sequence = 3",
        "DELETE FROM audit_events WHERE sequence IS NULL",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET sequence = 2",
        "INSERT INTO audit_events (name, at, body, sequence, hash) VALUES ('x', 1, '{}', 99, 'x')",
    ],
)
def test_the_database_refuses_to_change_the_log(sealed: Engine, statement: str) -> None:
    record(sealed, 6)

    with sealed.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize("statement", ["TRUNCATE audit_events", "TRUNCATE audit_head"])
def test_postgresql_refuses_to_empty_the_log(postgresql_url: str, statement: str) -> None:
    from idp.storage.sql.engine import connect  # noqa: PLC0415 - one test

    engine = connect(postgresql_url)
    with engine.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.mark.parametrize(
    ("statements", "at"),
    [
        pytest.param(["UPDATE audit_events SET body = '{}' WHERE sequence = 3"], 3, id="edited"),
        pytest.param(["UPDATE audit_events SET at = at + 1 WHERE sequence = 3"], 3, id="edited time"),
        pytest.param(["UPDATE audit_events SET name = 'x' WHERE sequence = 5"], 5, id="edited last"),
        pytest.param(["DELETE FROM audit_events WHERE sequence = 1"], 1, id="removed first"),
        pytest.param(["DELETE FROM audit_events WHERE sequence = 3"], 3, id="removed"),
        pytest.param(["DELETE FROM audit_events WHERE sequence = 5"], 5, id="removed last"),
        pytest.param(["DELETE FROM audit_events"], 1, id="removed all"),
        pytest.param(
            [
                "DELETE FROM audit_events WHERE sequence = 3",
                "UPDATE audit_events SET sequence = 3 WHERE sequence = 4",
                "UPDATE audit_events SET sequence = 4 WHERE sequence = 5",
            ],
            3,
            id="removed and closed up",
        ),
        pytest.param(
            ["INSERT INTO audit_events (name, at, body, sequence, hash) VALUES ('x', 1, '{}', 6, 'x')"],
            6,
            id="inserted at the end",
        ),
        pytest.param(
            [
                "UPDATE audit_events SET sequence = 6 WHERE sequence = 5",
                "INSERT INTO audit_events (name, at, body, sequence, hash) VALUES ('x', 1, '{}', 5, 'x')",
            ],
            5,
            id="inserted",
        ),
        pytest.param(
            [
                "UPDATE audit_events SET sequence = 99 WHERE sequence = 2",
                "UPDATE audit_events SET sequence = 2 WHERE sequence = 3",
                "UPDATE audit_events SET sequence = 3 WHERE sequence = 99",
            ],
            2,
            id="reordered",
        ),
    ],
)
def test_a_changed_log_is_found_and_the_place_named(sealed: Engine, statements: list[str], at: int) -> None:
    tamper(sealed, *statements)

    found = broken(sealed)

    assert found is not None
    assert found.sequence == at


def test_a_chain_rebuilt_from_the_start_is_contradicted_by_the_head_noted_outside(sealed: Engine) -> None:
    with log(sealed) as audit:
        noted = audit.head()
    tamper(
        sealed,
        "UPDATE audit_events SET body = '{}' WHERE sequence = 2",
        "UPDATE audit_events SET sequence = NULL, hash = NULL",
        "DELETE FROM audit_head",
    )
    seal(sealed)

    assert broken(sealed) is None
    assert broken(sealed, noted) == Break(5, "is not the entry whose hash was noted: the chain has been rebuilt")


def test_a_log_cut_back_consistently_is_contradicted_by_the_head_noted_outside(sealed: Engine) -> None:
    with log(sealed) as audit:
        noted = audit.head()
        fourth = list(audit.sealed())[3]
    tamper(
        sealed,
        "DELETE FROM audit_events WHERE sequence = 5",
        f"UPDATE audit_head SET sequence = 4, hash = '{fourth.hash}'",
    )

    assert broken(sealed) is None
    assert broken(sealed, noted) is not None
