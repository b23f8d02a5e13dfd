"""`countersign citizens`: scripted citizens can sign in; mistakes are one plain sentence."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, select

from idp.authentication.throttle import COUNTED, MOST
from idp.cli import main
from idp.storage.sql.engine import connect
from idp.storage.sql.failures import failures
from tests.support.service import NewStorePair, Service, serving

PASSWORD = "four words or more"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.fixture(scope="module")
def installation(new_store_pair: NewStorePair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An installation that is set up and does not serve: the command line needs no server."""
    with serving(new_store_pair(), tmp_path_factory.mktemp("installation"), started=False) as made:
        yield made


def test_a_citizen_is_made_with_everything_given_and_found_by_any_spelling(installation: Service) -> None:
    made = installation.cli_json(
        "citizens",
        "add",
        *("--email", "Ada@Example.org", "--password", "blue-kettle-9", "--totp-secret", SEED.lower()),
        *("--given-name", "Ada", "--family-name", "Lovelace", "--birthdate", "1815-12-10", "--locale", "cy"),
        *("--phone-number", "+441632960001"),
    )
    shown = installation.cli_json("citizens", "show", "--email", "ADA@example.org")

    assert shown == made
    assert (made["email"], made["email_verified"], made["name"]) == ("Ada@example.org", True, "Ada Lovelace")
    assert (made["birthdate"], made["locale"]) == ("1815-12-10", "cy")
    assert (made["phone_number"], made["phone_number_verified"]) == ("+441632960001", False)
    assert (made["password"], made["totp"], made["backup_codes"], made["passkeys"]) == (True, True, 0, 0)
    assert installation.cli_json("citizens", "show", "--id", made["citizen_id"]) == made
    assert SEED not in str(made)


def test_the_password_is_read_from_stdin_when_not_given(installation: Service) -> None:
    done = installation.cli("citizens", "add", "--email", "bo@example.org", stdin=f"{PASSWORD}\n")

    assert "bo@example.org" in done.stdout
    assert re.search(r"updated_at +\d{4}-\d\d-\d\dT\d\d:", done.stdout)
    assert PASSWORD not in done.stdout + done.stderr


def test_an_address_is_given_once(installation: Service) -> None:
    installation.cli("citizens", "add", "--email", "cy@example.org", "--password", PASSWORD)

    again = installation.cli("citizens", "add", "--email", "CY@example.org", "--password", PASSWORD, check=False)

    assert again.returncode == 2
    assert "belongs to a citizen already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--email", "nobody"), "--email is not an address"),
        (("--email", "d@example.org", "--password", "short"), "fewer than 8"),
        (("--email", "d@example.org", "--password", "elevenchars"), "fewer than 15"),
        (("--email", "d@example.org", "--password", "passwordpassword"), "many people use"),
        (("--email", "d@example.org", "--totp-secret", "1"), "base32"),
        (("--email", "d@example.org", "--phone-number", "01632 960001"), "--phone-number"),
        (("--email", "d@example.org", "--phone-number", "+44163296000\u0661"), "--phone-number"),
        (("--password", PASSWORD), "--email"),
    ],
)
def test_a_mistake_is_one_sentence_told_before_anything_is_opened(arguments: tuple[str, ...], word: str) -> None:
    done = CliRunner().invoke(main, ["citizens", "add", *arguments], input="\n")

    assert done.exit_code == 2
    assert word in done.stderr
    assert isinstance(done.exception, SystemExit)


def test_who_is_not_there_is_not_shown(installation: Service) -> None:
    done = installation.cli("citizens", "show", "--email", "d@example.org", check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert "No citizen" in done.stderr


def test_an_operator_lets_a_locked_citizen_try_again_and_it_is_recorded(installation: Service) -> None:
    made = installation.cli_json("citizens", "add", "--email", "locked@example.org", "--password", PASSWORD)
    engine = connect(installation.env["COUNTERSIGN_DATABASE_URL"])
    counters = [f"{kind}:{made['citizen_id']}" for kind in COUNTED]
    with engine.begin() as connection:
        connection.execute(
            insert(failures), [{"authenticator": each, "failures": MOST, "retry_at": NOW} for each in counters]
        )

    done = installation.cli("citizens", "unlock", "--email", "LOCKED@example.org")
    with engine.connect() as connection:
        left = connection.execute(select(failures).where(failures.c.authenticator.in_(counters))).all()
    engine.dispose()
    nobody = installation.cli("citizens", "unlock", "--email", "nobody@example.org", check=False)

    assert left == []
    assert "locked@example.org may try again" in done.stderr
    assert nobody.returncode == 2
    assert "citizen.unlocked" in installation.cli("audit", "list").stdout


def test_an_operator_keeps_a_citizen_out_and_lets_them_in_again(installation: Service) -> None:
    made = installation.cli_json("citizens", "add", "--email", "out@example.org", "--password", PASSWORD)

    done = installation.cli("citizens", "disable", "OUT@example.org", "--reason", "a stolen identity")
    shown = installation.cli_json("citizens", "show", "--email", "out@example.org")
    again = installation.cli("citizens", "disable", "--", made["citizen_id"])
    back = installation.cli("citizens", "enable", "--", made["citizen_id"])
    nobody = installation.cli("citizens", "disable", "nobody@example.org", check=False)

    assert "out@example.org is disabled" in done.stderr
    assert shown["active"] is False
    assert "was disabled already" in again.stderr
    assert "may sign in again" in back.stderr
    assert installation.cli_json("citizens", "show", "--email", "out@example.org")["active"] is True
    assert nobody.returncode == 2
    recorded = installation.cli("audit", "list").stdout
    assert (recorded.count("citizen.disabled"), recorded.count("citizen.enabled")) == (1, 1)
