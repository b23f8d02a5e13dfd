"""`countersign audit`: an operator reads the log, proves it whole, and is told where it is not."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner, Result

from idp.assembly import build, prepare
from idp.audit.citizens import CitizenDisabled
from idp.cli import main
from idp.settings import load
from idp.storage.sql.database import SqlDatabase
from idp.web.services import Services
from tests.support.stores import Pair


@pytest.fixture
def use(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> Services:
    """Return an installation with three sealed events and one that waits."""
    for name, value in {
        "ISSUER": "http://localhost:8000",
        "DATABASE_URL": pair.database_url,
        "EPHEMERAL_URL": pair.ephemeral_url,
        "KEY_ENCRYPTION_KEY": urlsafe_b64encode(b"k" * 32).decode(),
    }.items():
        monkeypatch.setenv(f"COUNTERSIGN_{name}", value)
    settings = load()
    prepare(settings)
    made = build(settings)
    for number in range(3):
        disable(made, number)
    with made.database.work() as stores:
        stores.audit.seal(100)
    disable(made, 4)
    return made


def disable(use: Services, number: int) -> None:
    with use.database.work() as stores:
        stores.audit.record(CitizenDisabled(at=datetime.now(UTC), citizen_id=f"c{number}"))


def countersign(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", *arguments])


def tamper(use: Services) -> None:
    assert isinstance(use.database, SqlDatabase)
    engine = use.database._engine
    with engine.connect() as connection:
        drop = "DROP TRIGGER audit_events_are_sealed_once"
        connection.exec_driver_sql(drop if engine.dialect.name == "sqlite" else f"{drop} ON audit_events")
        connection.exec_driver_sql("UPDATE audit_events SET body = '{}' WHERE sequence = 2")


def test_a_whole_log_is_said_to_be_whole_with_its_head_and_its_unsealed_tail(use: Services) -> None:
    done = countersign("verify", "--json")

    told = json.loads(done.stdout)
    with use.database.work() as stores:
        head = stores.audit.head()
        [tail] = stores.audit.unsealed(10)
    assert done.exit_code == 0
    assert told == {
        "intact": True,
        "head": f"{head.sequence}:{head.hash}",
        "break": None,
        "unsealed": [tail.entry_id],
    }
    assert countersign("verify", "--head", told["head"]).exit_code == 0


def test_a_changed_log_is_said_to_be_broken_and_where(use: Services) -> None:
    tamper(use)

    done, plain = countersign("verify", "--json"), countersign("verify")

    assert (done.exit_code, plain.exit_code) == (1, 1)
    assert json.loads(done.stdout)["break"]["sequence"] == 2
    assert "entry 2" in plain.stderr


def test_a_head_noted_elsewhere_that_is_not_in_the_chain_is_a_break(use: Services) -> None:
    assert countersign("verify", "--head", f"2:{'0' * 64}").exit_code == 1


@pytest.mark.parametrize("head", ["2", "x:y", "2:abc", f"-1:{'0' * 64}"])
def test_a_head_that_is_none_is_refused(use: Services, head: str) -> None:
    assert countersign("verify", f"--head={head}").exit_code == 2


def test_the_latest_events_are_listed_newest_first(use: Services) -> None:
    listed = json.loads(countersign("list", "--limit", "2", "--json").stdout)

    assert [(row["name"], row["fields"]) for row in listed] == [
        ("citizen.disabled", {"citizen_id": "c4", "reason": None}),
        ("citizen.disabled", {"citizen_id": "c2", "reason": None}),
    ]
    assert listed[0]["sequence"] is None
    assert "citizen_id=c4" in countersign("list").stdout
