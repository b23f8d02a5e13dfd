"""What several processes on one SQLite file need: nobody takes the log away from under another."""

import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from idp.storage.sql.engine import connect

ANOTHER_PROCESS = (
    "import sys; from sqlalchemy import text; from idp.storage.sql.engine import connect\n"
    "engine = connect(sys.argv[1])\n"
    "with engine.connect() as one: one.execute(text('INSERT INTO seen VALUES (2)'))\n"
    "engine.dispose()"
)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{tmp_path}/durable.db")
    yield engine
    engine.dispose()


def test_a_process_that_ends_leaves_the_log_to_those_who_go_on(engine: Engine, tmp_path: Path) -> None:
    """Any close() of a file drops all locks its process has on it (fcntl): then the log counts as nobody's."""
    with engine.connect() as first:
        first.execute(text("CREATE TABLE seen (number INTEGER)"))
        with engine.connect() as second:
            second.execute(text("INSERT INTO seen VALUES (1)"))
        log = tmp_path / "durable.db-wal"
        before = log.stat().st_ino
        subprocess.run([sys.executable, "-c", ANOTHER_PROCESS, str(engine.url)], check=True)
        assert log.exists(), "the last to close removed a log that is in use"
        assert log.stat().st_ino == before
        assert first.execute(text("SELECT number FROM seen ORDER BY number")).scalars().all() == [1, 2]


def test_only_its_owner_reads_a_new_file(engine: Engine, tmp_path: Path) -> None:
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE seen (number INTEGER)"))
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
