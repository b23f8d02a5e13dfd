"""`countersign passwords build` on the lists that people have, and what refuses by them."""

import gzip
import json
from hashlib import sha1
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from idp.authentication.breached_passwords import BreachedPasswords
from idp.cli import main
from idp.settings import PREFIX
from tests.support import installation

STOLEN = ["four stolen words here", "another of the stolen"]


def run(*arguments: str, given: bytes = b"") -> Result:
    return CliRunner().invoke(main, ["passwords", "build", *arguments], input=given)


def line(password: str) -> str:
    return sha1(password.encode()).hexdigest().upper()


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"{line(password)}:7\r\n" for password in STOLEN),
        "\n".join(line(password).lower() for password in STOLEN),
        "\n\n".join(f"{line(password)}:1" for password in STOLEN) + "\n\n",
    ],
    ids=["as downloaded", "without counts or a last newline", "with empty lines"],
)
def test_a_public_list_becomes_a_filter(tmp_path: Path, text: str) -> None:
    (tmp_path / "list").write_bytes(text.encode())

    done = run(str(tmp_path / "list"), "--to", str(tmp_path / "filter"), "--json")

    assert done.exit_code == 0
    assert json.loads(done.stdout)["entries"] == 2
    assert all(BreachedPasswords(tmp_path / "filter").holds(password) for password in STOLEN)


def test_passwords_themselves_are_read_from_standard_input(tmp_path: Path) -> None:
    done = run("-", "--plain", "--to", str(tmp_path / "filter"), given="\r\n".join(STOLEN).encode())

    assert "2 entries" in done.stderr
    assert f"{PREFIX}BREACHED_PASSWORDS={tmp_path / 'filter'}" in done.stderr
    assert all(BreachedPasswords(tmp_path / "filter").holds(password) for password in STOLEN)


@pytest.mark.parametrize(
    "bad",
    [b"monkey123", b"0123456789abcdef0123456789abcdef:3", line("x").encode() + b":many", b"\xff\xfe0\x001\x00"],
    ids=["a password", "an NTLM hash", "a count in words", "UTF-16"],
)
def test_the_first_bad_line_is_named_and_nothing_is_written(tmp_path: Path, bad: bytes) -> None:
    (tmp_path / "list").write_bytes(line("one").encode() + b":1\r\n" + bad + b"\r\n")

    done = run(str(tmp_path / "list"), "--to", str(tmp_path / "filter"))

    assert done.exit_code == 2
    assert f"Line 2 of {tmp_path / 'list'} is not SHA1HEX" in done.stderr
    assert "monkey" not in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["list"]


def test_a_packed_list_is_refused_at_its_first_line(tmp_path: Path) -> None:
    (tmp_path / "list.gz").write_bytes(gzip.compress(line("one").encode()))

    assert "Line 1 of" in run(str(tmp_path / "list.gz"), "--to", str(tmp_path / "filter")).stderr


def test_an_empty_list_makes_no_filter(tmp_path: Path) -> None:
    done = run("-", "--to", str(tmp_path / "filter"))

    assert (done.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert "no entries" in done.stderr


def test_a_folder_that_is_missing_is_named_before_the_list_is_read(tmp_path: Path) -> None:
    done = run("-", "--to", str(tmp_path / "nowhere" / "filter"))

    assert done.exit_code == 2
    assert f"no folder {tmp_path / 'nowhere'}" in done.stderr


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    given = {
        "ISSUER": "http://localhost:8000",
        "DATABASE_URL": installation.copy_to(tmp_path),
        "EPHEMERAL_URL": f"sqlite:///{tmp_path}/ephemeral.db",
        "KEY_ENCRYPTION_KEY": installation.KEY_ENCRYPTION_KEY,
    }
    for name, value in given.items():
        monkeypatch.setenv(PREFIX + name, value)
    return tmp_path / "filter"


def passwords_check() -> dict[str, str]:
    checks = json.loads(CliRunner().invoke(main, ["doctor", "--json"]).stdout)
    return next(check for check in checks if check["name"] == "passwords")


def test_the_doctor_warns_of_a_missing_filter_and_names_the_command(installed: Path) -> None:
    check = passwords_check()

    assert check["verdict"] == "warning"
    assert check["mend"].startswith("countersign passwords build ")


def test_the_doctor_says_how_many_are_refused(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("-", "--plain", "--to", str(installed), given="\n".join(STOLEN).encode())
    monkeypatch.setenv(f"{PREFIX}BREACHED_PASSWORDS", str(installed))

    assert passwords_check()["cause"] == "2 breached ones are refused."


@pytest.mark.parametrize("content", [None, b"not a filter"])
def test_serve_refuses_to_start_with_a_filter_it_cannot_read(
    installed: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    if content is not None:
        installed.write_bytes(content)
    monkeypatch.setenv(f"{PREFIX}BREACHED_PASSWORDS", str(installed))

    done = CliRunner().invoke(main, ["serve"])

    assert done.exit_code == 2
    assert f"{PREFIX}BREACHED_PASSWORDS" in done.stderr


def test_a_citizen_is_not_made_with_a_breached_password(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("-", "--plain", "--to", str(installed), given=STOLEN[0].encode())
    monkeypatch.setenv(f"{PREFIX}BREACHED_PASSWORDS", str(installed))

    done = CliRunner().invoke(main, ["citizens", "add", "--email", "a@example.org", "--password", STOLEN[0]])

    assert done.exit_code == 2
    assert "breached" in done.stderr
