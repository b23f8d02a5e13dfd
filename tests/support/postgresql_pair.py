"""Two real PostgreSQL servers: one takes changes, the other has whatever was acknowledged and can take its place."""

import shutil

from tests.support import server
from tests.support.postgresql import PostgreSQL, program


class _Standby(PostgreSQL):
    """A server that follows another and takes no changes until it is promoted."""

    def __init__(self, of: PostgreSQL) -> None:
        self.of = of
        super().__init__()

    def make(self) -> None:
        """Copy the other, and begin to follow it."""
        follow(self, self.of)

    def fill(self) -> None:
        """Have what the other has."""


class ReplicatedPostgreSQL:
    """A primary that acknowledges nothing its standby has not written down."""

    def __init__(self) -> None:
        self.primary = PostgreSQL()
        self.standby: PostgreSQL = _Standby(self.primary)
        self._hosts = "&".join(f"host=127.0.0.1:{each.port}" for each in (self.primary, self.standby))
        self._rest_on_standby()

    def url(self, name: str) -> str:
        """Return a URL that names both."""
        return f"postgresql+psycopg://countersign@/{name}?{self._hosts}"

    def fail_over(self) -> None:
        """End the primary at any step of what it does, and put the standby in its place."""
        self.primary.crash()
        self.primary, self.standby = self.standby, self.primary
        with self.primary.connection() as connection:
            connection.execute("SELECT pg_promote(true, 30)")

    def rejoin(self) -> None:
        """Let the one that ended follow the other."""
        follow(self.standby, self.primary)
        self.standby.start()
        self._rest_on_standby()

    def end(self) -> None:
        """Stop both and remove everything."""
        self.standby.end()
        self.primary.end()

    def _rest_on_standby(self) -> None:
        with self.primary.connection() as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")
        server.wait_until(self._is_level, seconds=20, what="the standby follows")

    def _is_level(self) -> bool:
        with self.primary.connection() as connection:
            states = connection.execute("SELECT sync_state FROM pg_stat_replication").fetchall()
        return states == [("sync",)]


def follow(one: PostgreSQL, other: PostgreSQL) -> None:
    """Make a server's files anew, as those of a standby that follows another."""
    shutil.rmtree(one.data, ignore_errors=True)
    source = f"host=127.0.0.1 port={other.port} user=countersign"
    one.run(program("pg_basebackup"), "-d", source, "-D", str(one.data), "-R", "--checkpoint=fast", "--no-sync")
    (one.data / "postgresql.auto.conf").write_text(_without_standby((one.data / "postgresql.auto.conf").read_text()))


def _without_standby(settings: str) -> str:
    """Return the settings of one that would wait for nobody if it were promoted."""
    return "".join(line for line in settings.splitlines(True) if "synchronous_standby_names" not in line)
