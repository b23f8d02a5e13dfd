"""`make restore`: how long it takes to back a country up and to have it back, while citizens sign in, and what is lost.

Order of calls: a database is filled; people sign in; a backup is made beside them; what they hold goes on changing;
the database is destroyed, and restored by the commands of docker/README.md; then everything that changed is looked at.
"""

import argparse
import json
import logging
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import monotonic, sleep

import psycopg
import requests
import structlog

from idp.audit.chain import GENESIS
from idp.worker.jobs import tell_head
from tests.load import seeding
from tests.load.growth import sample_of
from tests.load.report import OUTPUT, machine, say, write_readme
from tests.storm.asking import Recorder
from tests.storm.person import Person
from tests.storm.storm import Storm
from tests.storm.world import World, on_servers
from tests.support import postgresql
from tests.support.insider import Insider
from tests.support.public_app import BACK, question
from tests.support.redis import RedisServer
from tests.support.server import wait_until
from tests.support.service import ROOT
from tests.support.token_office import VERIFIER
from tests.support.visitor import PASSWORD

CITIZENS = 300_000
BACKUP = "pg_dump --format=custom --file=countersign.backup $DATABASE"
RESTORE = "pg_restore --clean --if-exists --exit-on-error --dbname=$DATABASE countersign.backup"
MANUAL = (ROOT / "docker" / "README.md").read_text()
GOES_ON_SECONDS = 5.0
"""How long they sign in after the backup."""


@dataclass(slots=True)
class Found:
    """What was measured, and what of the promises of docker/README.md was not so."""

    rows: int = 0
    megabytes: float = 0.0
    backup: float = 0.0
    restored: float = 0.0
    served: float = 0.0
    """Seconds until a citizen was signed in, from when the restored database was there."""
    lost: int = 0
    """Audit entries that came after the backup."""
    broken: int = 0
    """Promises that broke while the backup was made."""


@dataclass(slots=True)
class Holder:
    """Somebody who is signed in, and what their app holds."""

    person: Person
    tokens: dict[str, str]

    @classmethod
    def of(cls, world: World, insider: Insider) -> "Holder":
        """Have somebody new sign in."""
        person = Person(insider.new_citizen(PASSWORD).email, world.base, Recorder())
        code = person.come_back(question(world.service, world.app), world.app)
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        return cls(person, _at(world, "/token", form).json())

    def renews(self, world: World) -> bool:
        """Say whether the newest refresh token renews what is held."""
        form = {"grant_type": "refresh_token", "refresh_token": self.tokens["refresh_token"]}
        answer = _at(world, "/token", form)
        if answer.status_code == 200:
            self.tokens = answer.json()
        return answer.status_code == 200

    def revoke(self, world: World) -> None:
        """Give it back."""
        assert _at(world, "/revoke", {"token": self.tokens["refresh_token"]}).status_code == 200


def main() -> None:
    """Back up, destroy, restore, and tell."""
    parser = argparse.ArgumentParser(prog="make restore", description=__doc__)
    parser.add_argument("--citizens", metavar="N", type=int, default=CITIZENS, help="how many there are")
    parser.add_argument("--readme", action="store_true", help="write the sentence into README.md")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    database, redis = postgresql.PostgreSQL(), RedisServer()
    seeding.give_room(database)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="countersign-restore-") as name,
            on_servers(Path(name), database, redis) as world,
        ):
            found = drill(world, given.citizens)
    finally:
        database.end()
        redis.end()
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / "restore.json").write_text(json.dumps({"machine": machine(), **asdict(found)}, indent=1))
    say(told := sentence(found))
    if given.readme:
        write_readme("restore", told)
    if found.broken:
        raise SystemExit(f"{found.broken} promises broke beside the backup")


def drill(world: World, citizens: int) -> Found:
    """Fill, back up under load, go on, destroy, restore; fail where it is not as the manual says."""
    found, insider = Found(), Insider(world.service)
    world.service.stop()
    _begin_a_chain(world)
    found.rows = seeding.fill(world.service.env["COUNTERSIGN_DATABASE_URL"], citizens, sample_of(insider.use))
    found.rows -= _begin_a_chain(world)
    world.service.start()
    left, renewed, revoked, disabled = (Holder.of(world, insider) for _ in range(4))
    storm = Storm(world)
    storm.begin(clients=2)
    before = _sealed(world)
    found.backup = _timed(partial(_run, world, BACKUP))
    found.megabytes = (world.folder / "countersign.backup").stat().st_size / 1e6
    say(f"{found.rows:,} rows backed up in {found.backup:.1f} s, {found.megabytes:.0f} MB")
    sleep(GOES_ON_SECONDS)
    assert renewed.renews(world)
    revoked.revoke(world)
    world.service.cli("citizens", "disable", disabled.person.email)
    found.broken = len(storm.end())
    after = _sealed(world)
    tell_head(insider.use, datetime.now(UTC))
    found.lost = int(after.partition(":")[0]) - int(before.partition(":")[0])
    world.service.stop()
    found.restored = _timed(partial(_destroy_and_restore, world))
    found.served = _timed(partial(_serve, world, left))
    _check_audit(world, before, after)
    _check_holders(world, left, renewed, revoked, disabled)
    return found


def sentence(found: Found) -> str:
    """Say what was found, for the README."""
    return (
        f"On {datetime.now(UTC):%Y-%m-%d}, {found.rows:,} rows on PostgreSQL while citizens signed in: backed up in"
        f" {found.backup:.1f} s"
        f" ({found.megabytes:.0f} MB); destroyed and restored in {found.restored:.1f} s; a citizen signed in"
        f" {found.served:.1f} s after. {found.lost:,} audit entries came after the backup, and `audit verify` and"
        " `doctor` said so."
    )


def _begin_a_chain(world: World) -> int:
    """Take away what the log holds, since filled entries are no chain; return how many there were."""
    with psycopg.connect(world.database_dsn) as connection:
        connection.execute("SET session_replication_role = replica")
        (count,) = connection.execute("SELECT count(*) FROM audit_events").fetchone() or (0,)
        connection.execute("TRUNCATE audit_events")
        connection.execute("UPDATE audit_head SET sequence = %s, hash = %s", [GENESIS.sequence, GENESIS.hash])
    return int(count)


def _run(world: World, command: str) -> None:
    """Run a command of the manual."""
    assert command in MANUAL, command
    name, *rest = shlex.split(command.replace("$DATABASE", world.database_dsn))
    subprocess.run([postgresql.program(name), *rest], check=True, cwd=world.folder)


def _destroy_and_restore(world: World) -> None:
    assert world.postgresql is not None
    name = world.database_dsn.rpartition("/")[2]
    world.postgresql.drop(name)
    with world.postgresql.connection() as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    _run(world, RESTORE)


def _serve(world: World, who: Holder) -> None:
    world.service.start()
    who.person.take_another_browser()
    who.person.come_back(question(world.service, world.app), world.app)


def _check_audit(world: World, before: str, after: str) -> None:
    """See that the log is whole as far as the backup, and known to be shorter than it was."""
    codes = [world.service.cli("audit", "verify", "--head", head, check=False).returncode for head in (before, after)]
    assert codes == [0, 1]
    checks = world.service.cli_json("doctor", check=False)
    assert [each["verdict"] for each in checks if each["name"] == "audit log"] == ["warning"]


def _check_holders(world: World, left: Holder, renewed: Holder, revoked: Holder, disabled: Holder) -> None:
    """See who goes on, who signs in again, and that what was revoked is revoked by doing it again."""
    assert left.renews(world)
    assert not renewed.renews(world), "a refresh token that the restored database never gave out"
    assert revoked.renews(world)
    assert disabled.renews(world)
    revoked.revoke(world)
    world.service.cli("citizens", "disable", disabled.person.email)
    assert not any(each.renews(world) for each in (revoked, disabled))


def _sealed(world: World) -> str:
    """Return the end of the audit log, once some of it is sealed."""
    heads = partial(world.service.cli_json, "audit", "verify")
    wait_until(lambda: not heads()["head"].startswith("0:"), seconds=30, what="entries are sealed")
    return str(heads()["head"])


def _at(world: World, path: str, form: dict[str, str]) -> requests.Response:
    return requests.post(f"{world.base}{path}", form | {"client_id": world.app}, timeout=10)


def _timed(act: Callable[[], object]) -> float:
    began = monotonic()
    act()
    return monotonic() - began


if __name__ == "__main__":
    main()
