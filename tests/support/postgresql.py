"""A real PostgreSQL with Debian's defaults; each test gets a fresh copy of the migrated database."""

import os
import shutil
import signal
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from idp.storage.sql.engine import connect
from idp.storage.sql.migrate import upgrade
from tests.support import server

TEMPLATE = "migrated"
FAST = signal.SIGINT
"""PostgreSQL's "fast" shutdown."""
IMMEDIATE = signal.SIGQUIT
"""Its "immediate" one: it drops everything, and recovers from its log at the next start, as after a crash."""


class PostgreSQL:
    """One cluster in a folder of its own, run by the user `postgres` when we are root."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="countersign-postgresql-"))
        self._user = "postgres" if os.geteuid() == 0 else None
        self._names = (f"test{number}" for number in count())
        self._process: subprocess.Popen[bytes] | None = None
        self.port = server.free_port()
        if self._user:
            shutil.chown(self._folder, self._user, self._user)
        self.make()
        self.start()
        self.fill()

    def make(self) -> None:
        """Make the cluster's files."""
        options = ["--auth=trust", "--username=countersign", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        self.run(program("initdb"), *options, str(self.data))

    def fill(self) -> None:
        """Make the database that every other is copied from."""
        self._admin(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
        engine = connect(self.url(TEMPLATE))
        upgrade(engine)
        engine.dispose()

    def run(self, *command: str) -> None:
        """Run a command of PostgreSQL's to its end, as its user."""
        log = self._folder.with_suffix(".log")
        with log.open("ab") as out:
            assert server.start(command, log=out, user=self._user, ended_by=signal.SIGTERM).wait() == 0, log.read_text()

    @property
    def data(self) -> Path:
        """Return the folder of the cluster."""
        return self._folder / "data"

    @property
    def pid(self) -> int:
        """Return the process that started the others."""
        assert self._process is not None
        return self._process.pid

    def url(self, name: str) -> str:
        """Return the URL of the database `name`."""
        return f"postgresql+psycopg://countersign@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        settings = [f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self._folder}"]
        with self._folder.with_suffix(".log").open("ab") as log:
            self._process = server.start(
                [program("postgres"), "-D", str(self.data), *(part for each in settings for part in ("-c", each))],
                log=log,
                user=self._user,
                ended_by=FAST,
            )
        server.wait_until(self._answers, seconds=30, what="PostgreSQL answers")

    def stop(self) -> None:
        """Stop the server, breaking the connections; the databases stay."""
        if self._process is not None:
            server.stop(self._process, FAST)
            self._process = None

    def crash(self) -> None:
        """End it in the middle of whatever it does."""
        if self._process is not None:
            server.stop(self._process, IMMEDIATE)
            self._process = None

    def end(self) -> None:
        """Stop the server and remove everything."""
        self.stop()
        shutil.rmtree(self._folder)
        self._folder.with_suffix(".log").unlink()

    def create(self, *, template: str = TEMPLATE) -> str:
        """Make a fresh database, migrated unless `template` says otherwise, and return its name."""
        name = next(self._names)
        self._admin(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected."""
        self._admin(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _admin(self, statement: sql.Composed) -> None:
        with self.connection() as connection:
            connection.execute(statement)

    def connection(self) -> psycopg.Connection:
        """Connect as an administrator; every statement is a transaction."""
        return psycopg.connect(
            f"postgresql://countersign@127.0.0.1:{self.port}/postgres", autocommit=True, connect_timeout=2
        )

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self._folder.with_suffix(".log").read_text()
        try:
            self.connection().close()
        except psycopg.OperationalError:
            return False
        return True


def program(name: str) -> str:
    """Return the path of a program of the newest PostgreSQL here."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return server.find_program(name, package="postgresql", folders=folders)
