"""The next release's revisions on this release's tables: held up, killed, run twice, and with this code going on."""

import base64
import secrets
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, inspect, make_url

from idp.storage.sql import revisions
from idp.storage.sql.engine import connect
from tests.support import next_release, server
from tests.support.counting import cost_of_sign_in

*_, COLUMNS, INDEX = next_release.revision_numbers()
MIGRATE = "import sys; from idp.storage.sql import engine, migrate; migrate.upgrade(engine.connect(sys.argv[1]))"

BUILDING = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%'"
END_BUILDING = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%'"
"""The server hears late that a client is gone, and would build on."""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return next_release.release(tmp_path_factory.mktemp("release"))


def _upgrade(release: Path, url: str) -> subprocess.CompletedProcess[str]:
    """Run its `countersign db upgrade`."""
    settings = {
        "COUNTERSIGN_ISSUER": "https://id.example",
        "COUNTERSIGN_DATABASE_URL": url,
        "COUNTERSIGN_EPHEMERAL_URL": f"sqlite:///{release.parent}/{secrets.token_hex(8)}.db",
        "COUNTERSIGN_KEY_ENCRYPTION_KEY": base64.urlsafe_b64encode(bytes(32)).decode(),
    }
    return next_release.run(release, "-m", "idp.cli", "db", "upgrade", settings=settings)


def _begin(release: Path, url: str) -> subprocess.Popen[bytes]:
    """Let it move the tables on, and do not wait."""
    environment = next_release.environment(release, {})
    return subprocess.Popen([sys.executable, "-c", MIGRATE, url], env=environment, cwd=release)


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return revisions.of(connection)


def _dsn(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def test_a_revision_that_cannot_have_its_table_gives_up_whole_and_is_run_again(
    release: Path, postgresql_url: str
) -> None:
    engine = connect(postgresql_url)
    before = _revision(engine)
    with psycopg.connect(_dsn(postgresql_url)) as reader:
        reader.execute("SELECT 1 FROM grants")
        refused = _upgrade(release, postgresql_url)
        meanwhile = (_revision(engine), inspect(engine).has_table("grants_rehearsals"))

    again = _upgrade(release, postgresql_url)

    assert (refused.returncode, meanwhile) == (2, (before, False)), refused.stderr
    assert "is in use; run this again" in refused.stderr
    assert again.returncode == 0, again.stderr
    assert (_revision(engine), inspect(engine).has_table("grants_rehearsals")) == (INDEX, True)
    engine.dispose()
    engine.dispose()


def test_an_index_whose_building_was_killed_is_built_anew(release: Path, postgresql_url: str) -> None:
    engine = connect(postgresql_url)
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix_audit_events_at')"

    def state() -> list[tuple[bool]]:
        with psycopg.connect(_dsn(postgresql_url)) as connection:
            return connection.execute(valid).fetchall()

    with psycopg.connect(_dsn(postgresql_url)) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT 1 FROM failures")
        killed = _begin(release, postgresql_url)
        try:
            server.wait_until(lambda: _revision(engine) == COLUMNS, seconds=30, what="the columns are there")
            server.wait_until(lambda: state() == [(False,)], seconds=30, what="the index is being built")
        finally:
            killed.kill()
            killed.wait()
        with psycopg.connect(_dsn(postgresql_url), autocommit=True) as operator:
            operator.execute(END_BUILDING)
            server.wait_until(
                lambda: not operator.execute(BUILDING).fetchall(), seconds=30, what="the server has heard of it"
            )
    assert (_revision(engine), state()) == (COLUMNS, [(False,)])

    assert _begin(release, postgresql_url).wait(60) == 0

    assert (_revision(engine), state()) == (INDEX, [(True,)])
    engine.dispose()


def test_two_that_start_together_end_well(release: Path, database_url: str, engine: Engine) -> None:
    both = [_begin(release, database_url) for _ in range(2)]

    assert [each.wait(60) for each in both] == [0, 0]
    assert _revision(engine) == INDEX


def test_this_release_goes_on_with_the_tables_of_the_next(release: Path, database_url: str, tmp_path: Path) -> None:
    assert _begin(release, database_url).wait(60) == 0

    cost, _ = cost_of_sign_in(database_url, f"sqlite:///{tmp_path}/ephemeral.db")

    assert cost.rows == 3
