"""Server-Timing: told with every answer where a developer asks for it, and never to strangers."""

import pytest

from idp.app import create_app
from idp.setting_faults import SettingsFaults
from idp.settings import load
from tests.support import installation

ISSUER = "http://localhost:8000"
PATHS = ["/authorize?client_id=nobody", "/sign-in/nothing", "/userinfo", "/nowhere"]


def client(tmp_path, **settings):
    given = {
        "database_url": installation.copy_to(tmp_path),
        "ephemeral_url": f"sqlite:///{tmp_path}/ephemeral.db",
        "key_encryption_key": installation.KEY_ENCRYPTION_KEY,
    }
    return create_app(load(issuer=ISSUER, **given, **settings)).test_client()


def test_every_answer_tells_where_its_time_went_errors_too(tmp_path):
    ask = client(tmp_path, server_timing="on")

    told = {path: ask.get(path, base_url=ISSUER).headers["Server-Timing"] for path in PATHS}

    assert all(each.startswith("total;dur=") for each in told.values())
    assert "sql;dur=" in told["/authorize?client_id=nobody"]


def test_nobody_is_told_where_it_was_not_asked_for(tmp_path):
    ask = client(tmp_path)

    assert not any("Server-Timing" in ask.get(path, base_url=ISSUER).headers for path in PATHS)


def test_a_public_issuer_refuses_it(tmp_path):
    given = {
        "database_url": f"sqlite:///{tmp_path}/durable.db",
        "ephemeral_url": f"sqlite:///{tmp_path}/ephemeral.db",
        "key_encryption_key": installation.KEY_ENCRYPTION_KEY,
    }

    with pytest.raises(SettingsFaults, match="SERVER_TIMING"):
        load(issuer="https://id.example.org", server_timing="on", **given)
