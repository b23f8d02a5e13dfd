"""A backup, the end of the database, and a restore: the commands are those of docker/README.md."""

import shlex
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from sqlalchemy import make_url

from idp.worker.jobs import tell_head
from tests.load.targets import EMAIL, signed_in
from tests.support import server
from tests.support.insider import Insider
from tests.support.rolling import BACK, Crowd
from tests.support.service import Service, StartService
from tests.support.visitor import PASSWORD

MANUAL = (Path(__file__).parents[2] / "docker" / "README.md").read_text()


def _run(service: Service, command: str, folder: Path) -> None:
    """Run a command of the manual, which names the database as an operator would."""
    assert command in MANUAL
    url = make_url(service.env["COUNTERSIGN_DATABASE_URL"])
    named = url.set(drivername="postgresql").render_as_string(hide_password=False)
    if url.get_backend_name() == "sqlite":
        named = str(url.database)
    name, *rest = shlex.split(command.replace("$DATABASE", named))
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    program = server.find_program(name, package="sqlite3" if name == "sqlite3" else "postgresql", folders=folders)
    subprocess.run([program, *rest], check=True, capture_output=True, timeout=60, cwd=folder)


def _lost(service: Service, folder: Path) -> None:
    """End the database, and put the backup in its place."""
    url = make_url(service.env["COUNTERSIGN_DATABASE_URL"])
    if url.get_backend_name() == "sqlite":
        for file in Path(str(url.database)).parent.glob("durable.db*"):
            file.unlink()
        _run(service, 'sqlite3 $DATABASE ".restore countersign.backup"', folder)
        return
    _run(service, "pg_restore --clean --if-exists --exit-on-error --dbname=$DATABASE countersign.backup", folder)


def test_a_restored_service_knows_whom_it_knew_and_nothing_that_came_later(
    start_service: StartService, tmp_path: Path
) -> None:
    service = start_service()
    service.cli("citizens", "add", "--email", EMAIL, "--password", PASSWORD, "--given-name", "Ada")
    metadata = {
        "client_name": "Restored",
        "redirect_uris": [BACK],
        "token_endpoint_auth_method": "client_secret_basic",
    }
    made = service.cli_json("agencies", "add", stdin=metadata)
    client = (made["client_id"], made["client_secret"])
    before = Crowd(service.base_url, client, signed_in(service.base_url, made).cookies)
    subject, keys = before.sign_in(), requests.get(f"{service.base_url}/jwks", timeout=10).json()
    sqlite = service.env["COUNTERSIGN_DATABASE_URL"].startswith("sqlite")
    backup = (
        'sqlite3 $DATABASE ".backup countersign.backup"'
        if sqlite
        else "pg_dump --format=custom --file=countersign.backup $DATABASE"
    )
    _run(service, backup, tmp_path)
    after = Crowd(service.base_url, client, signed_in(service.base_url, made, agreed=True).cookies)
    assert after.sign_in() == subject
    server.wait_until(
        lambda: not service.cli_json("audit", "verify")["unsealed"], seconds=30, what="all entries are sealed"
    )
    noted = service.cli_json("audit", "verify")["head"]
    tell_head(Insider(service).use, datetime.now(UTC))

    service.stop()
    _lost(service, tmp_path)
    service.start()

    assert before.sign_in() == subject
    assert requests.get(f"{service.base_url}/jwks", timeout=10).json() == keys
    with pytest.raises(AssertionError, match="login_required"):
        after.sign_in()
    assert service.cli_json("audit", "verify")["intact"]
    assert service.cli("audit", "verify", "--head", noted, check=False).returncode == 1
    checks = service.cli_json("doctor", check=False)
    [told] = [check for check in checks if check["name"] == "audit log"]
    assert (told["verdict"], noted in told["mend"]) == ("warning", True)
