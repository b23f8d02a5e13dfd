"""`countersign doctor` on settings that serve, and yet lose what was promised."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from redis import Redis

from idp.cli import main
from idp.settings import PREFIX
from tests.support import installation


@pytest.mark.parametrize(("policy", "warned"), [("allkeys-lru", True), ("noeviction", False)])
def test_a_redis_that_forgets_first_uses_when_it_is_full_is_warned_of(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: str, warned: bool
) -> None:
    given = {
        "ISSUER": "https://id.example",
        "DATABASE_URL": installation.copy_to(tmp_path),
        "EPHEMERAL_URL": redis_url,
        "KEY_ENCRYPTION_KEY": installation.KEY_ENCRYPTION_KEY,
    }
    for name, value in given.items():
        monkeypatch.setenv(PREFIX + name, value)
    redis = Redis.from_url(redis_url)
    redis.config_set("maxmemory-policy", policy)

    checks = json.loads(CliRunner().invoke(main, ["doctor", "--json"]).stdout)

    redis.config_set("maxmemory-policy", "noeviction")
    redis.close()
    assert any(policy in check["cause"] for check in checks) == warned
