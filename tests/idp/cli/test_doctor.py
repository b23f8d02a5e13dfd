"""`countersign doctor` on settings that serve, and yet lose what was promised."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from redis import Redis

from idp.assembly import build
from idp.cli import main
from idp.notices.letters import EmailCode, send
from idp.settings import PREFIX, load
from tests.support import installation
from tests.support.postgresql_pair import ReplicatedPostgreSQL
from tests.support.redis import RedisServer
from tests.support.server import free_port, wait_until


def checked(
    ephemeral_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, database_url: str = ""
) -> list[dict[str, str]]:
    """Return the lines of doctor."""
    given = {
        "ISSUER": "https://id.example",
        "DATABASE_URL": database_url or installation.copy_to(folder),
        "EPHEMERAL_URL": ephemeral_url,
        "KEY_ENCRYPTION_KEY": installation.KEY_ENCRYPTION_KEY,
    }
    for name, value in given.items():
        monkeypatch.setenv(PREFIX + name, value)
    found: list[dict[str, str]] = json.loads(CliRunner().invoke(main, ["doctor", "--json"]).stdout)
    return found


def doctored(redis_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the causes of what doctor found."""
    return [check["cause"] for check in checked(redis_url, folder, monkeypatch)]


def test_letters_that_wait_are_counted_and_the_missing_mail_server_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ephemeral_url = f"sqlite:///{tmp_path}/ephemeral.db"
    doctored(ephemeral_url, tmp_path, monkeypatch)
    use = build(load())
    with use.database.work() as stores:
        letter = EmailCode(to="ada@example.org", language="en", code="123456")
        send(stores.outbox, use.sealer, letter, use.clock.now())

    checks = json.loads(CliRunner().invoke(main, ["doctor", "--json"]).stdout)

    [letters] = [check for check in checks if check["name"] == "letters"]
    assert letters["verdict"] == "warning"
    assert "No mail server is set" in letters["cause"]
    assert "delivered: 1." in letters["cause"]


@pytest.mark.parametrize(("policy", "warned"), [("allkeys-lru", True), ("noeviction", False)])
def test_a_redis_that_forgets_first_uses_when_it_is_full_is_warned_of(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str, warned: bool
) -> None:
    redis = Redis.from_url(redis_url)
    redis.config_set("maxmemory-policy", policy)

    causes = doctored(redis_url, tmp_path, monkeypatch)

    redis.config_set("maxmemory-policy", "noeviction")
    redis.close()
    assert any(policy in cause for cause in causes) == warned


@pytest.mark.parametrize(("times_what_is_used", "warned"), [(1.2, True), (2.0, False), (0, False)])
def test_a_redis_that_is_nearly_full_is_warned_of(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times_what_is_used: float, warned: bool
) -> None:
    redis = Redis.from_url(redis_url)
    redis.config_set("maxmemory", int(redis.info("memory")["used_memory"] * times_what_is_used))

    causes = doctored(redis_url, tmp_path, monkeypatch)

    redis.config_set("maxmemory", 0)
    redis.close()
    assert any("full" in cause for cause in causes) == warned


@pytest.mark.parametrize(
    ("ahead", "cause"), [(0, "agrees"), (60, "60 seconds ahead of"), (-7200, "7,200 seconds behind")]
)
def test_a_clock_that_differs_from_the_databases_is_warned_of(
    postgresql_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: int, cause: str
) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=ahead), tick=True):
        checks = checked(f"sqlite:///{tmp_path}/ephemeral.db", tmp_path, monkeypatch, postgresql_url)

    [clock] = [check for check in checks if check["name"] == "clock"]
    assert clock["verdict"] == ("warning" if ahead else "ok")
    assert cause in clock["cause"]


def test_a_redis_that_goes_on_beside_its_successor_is_warned_of(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replica = RedisServer("--replicaof", "127.0.0.1", str(redis_server.port), "--repl-diskless-sync-delay", "0")
    with Redis.from_url(redis_server.url) as redis:
        wait_until(lambda: redis.info("replication")["connected_slaves"] == 1, seconds=20, what="the replica follows")
        alone = doctored(redis_server.url, tmp_path, monkeypatch)
        redis.config_set("min-replicas-to-write", 1)
        held = doctored(redis_server.url, tmp_path, monkeypatch)
        redis.config_set("min-replicas-to-write", 0)
    replica.end()

    assert [any("successor" in cause for cause in causes) for causes in (alone, held)] == [True, False]


def test_a_postgresql_that_may_lose_what_it_acknowledged_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = ReplicatedPostgreSQL()
    url = both.url(both.primary.create())

    def told() -> tuple[bool, bool]:
        checks = checked(f"sqlite:///{tmp_path}/ephemeral.db", tmp_path, monkeypatch, url)
        causes = [check["cause"] for check in checks]
        return any("A crash" in cause for cause in causes), any("A standby" in cause for cause in causes)

    def put(setting: str) -> None:
        with both.primary.connection() as connection:
            connection.execute(f"ALTER SYSTEM SET {setting}")
            connection.execute("SELECT pg_reload_conf()")

    assert told() == (False, False)
    put("synchronous_standby_names = ''")
    wait_until(lambda: told() == (False, True), seconds=10, what="nothing waits for the standby")
    put("synchronous_commit = off")
    wait_until(lambda: told() == (True, True), seconds=10, what="nothing waits for the disk")
    both.end()


def test_keys_in_a_database_that_does_not_answer_are_not_called_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/gone"

    found = {
        each["name"]: each["verdict"] for each in checked(f"sqlite:///{tmp_path}/e", tmp_path, monkeypatch, silent)
    }

    assert found["database"] == "fault"
    assert "keys" not in found
