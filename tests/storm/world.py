"""One installation to be hurt: the running service on real stores, its agencies and its mail, each to be hurt too."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from idp.assembly import prepare
from idp.settings import load
from tests.storm.line import Line
from tests.storm.person import code_in
from tests.support import server
from tests.support.listener import Listener, answer, listening
from tests.support.mail import Mailbox, mail_server
from tests.support.nodes import Balancer, Node
from tests.support.postgresql import PostgreSQL
from tests.support.postgresql_pair import ReplicatedPostgreSQL
from tests.support.public_app import METADATA
from tests.support.redis import RedisServer
from tests.support.redis_sets import WatchedRedis
from tests.support.service import Service, StorePair, environment, serving

FILES = "sqlite+file"
SERVERS = "postgresql+redis"
NODES = "two nodes"
Serving = Callable[..., AbstractContextManager[Service]]
TOLD = "/told"
"""Where the agency hears that a session is over."""


@dataclass(frozen=True, slots=True)
class Redundant:
    """Two of everything: whatever dies, another takes its place."""

    nodes: tuple[Node, Node]
    proxy: Balancer
    postgresql: ReplicatedPostgreSQL
    redis: WatchedRedis


@dataclass(slots=True)
class World:
    """What runs, and who is registered there."""

    name: str
    folder: Path
    service: Service
    agency: Listener
    mail: Mailbox
    app: str = ""
    """A public client: its refresh tokens rotate."""
    api: tuple[str, str] = ("", "")
    """An API that looks into tokens, and its secret."""
    machine: str = ""
    """A client that proves itself by assertions."""
    key: ECKey = field(
        default_factory=lambda: ECKey.generate_key("P-256", {"kid": "one", "use": "sig", "alg": "ES256"})
    )
    postgresql: PostgreSQL | None = None
    redis: RedisServer | None = None
    database_line: Line | None = None
    redis_line: Line | None = None
    redundant: Redundant | None = None
    closed: tuple[float, float] = (0.0, 0.0)
    """From when to when a store was away for sure, by the monotonic clock."""

    @property
    def database_dsn(self) -> str:
        """Return where PostgreSQL answers itself, not its line."""
        assert self.postgresql is not None
        name = self.service.env["COUNTERSIGN_DATABASE_URL"].rpartition("/")[2]
        return self.postgresql.url(name).replace("+psycopg", "")

    @property
    def base(self) -> str:
        """Return the address of the service."""
        return self.service.base_url

    def code_for(self, email: str) -> str | None:
        """Return the code in the newest letter that came to an address."""
        for letter in reversed(self.mail.letters):
            if letter["To"] == email:
                return code_in(letter.get_content())
        return None

    def register(self) -> None:
        """Register the services of the storm."""
        added = self._add(METADATA | {"backchannel_logout_uri": self.agency.url(TOLD)})
        self.app = added["client_id"]
        api = self._add({"client_name": "API", "grant_types": ["client_credentials"], "introspection": True})
        self.api = (api["client_id"], api["client_secret"])
        keys = {"keys": [self.key.as_dict(private=False)]}
        by_assertion = {"token_endpoint_auth_method": "private_key_jwt", "jwks": keys}
        self.machine = self._add({"client_name": "M", "grant_types": ["client_credentials"], **by_assertion})[
            "client_id"
        ]

    def _add(self, metadata: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = self.service.cli_json("agencies", "add", stdin=metadata)
        return made


def begin_to_hear(agency: Listener) -> None:
    """Let the agency take every word that a session is over."""
    agency.answers[TOLD] = answer(b"")


@contextmanager
def on_files(folder: Path, **options: Any) -> Iterator[World]:
    """Run an installation on SQLite and the shared file."""
    kept = StorePair(f"sqlite:///{folder}/durable.db", f"sqlite:///{folder}/ephemeral.db")
    with _running(FILES, kept, folder, **options) as world:
        yield world


@contextmanager
def on_servers(folder: Path, postgresql: PostgreSQL, redis: RedisServer, **options: Any) -> Iterator[World]:
    """Run an installation on PostgreSQL and Redis, each behind a line."""
    with ExitStack() as stack:
        lines = [Line(postgresql.port), Line(redis.port)]
        for line in lines:
            stack.callback(line.close)
        name = postgresql.create()
        redis.flush()
        kept = StorePair(
            postgresql.url(name).replace(f":{postgresql.port}/", f":{lines[0].port}/"),
            f"redis://127.0.0.1:{lines[1].port}/0",
        )
        world = stack.enter_context(_running(SERVERS, kept, folder, **options))
        world.postgresql, world.redis = postgresql, redis
        world.database_line, world.redis_line = lines
        yield world


@contextmanager
def on_nodes(folder: Path) -> Iterator[World]:
    """Run an installation of two nodes behind a proxy, on PostgreSQL and Redis that fail over."""
    with ExitStack() as stack:
        postgresql, redis = ReplicatedPostgreSQL(), WatchedRedis()
        stack.callback(postgresql.end)
        stack.callback(redis.end)
        made: list[Redundant] = []

        @contextmanager
        def served(kept: StorePair, folder: Path, **settings: str) -> Iterator[Service]:
            port = server.free_port()
            env = environment(kept, port, settings)
            service = Service(port=port, env=env, log=folder / "nobody.log")
            prepare(load(**service.settings()))
            one, two = (Node(server.free_port(), folder / f"{name}.log", env) for name in ("one", "two"))
            proxy = Balancer(folder, port, (one, two))
            stack.callback(proxy.end)
            for node in (one, two):
                stack.callback(node.end)
                node.start()
            for node in (one, two):
                node.wait()
            proxy.wait_for_both()
            made.append(Redundant((one, two), proxy, postgresql, redis))
            yield service

        kept = StorePair(postgresql.url(postgresql.primary.create()), redis.url)
        world = stack.enter_context(_running(NODES, kept, folder, served))
        world.redundant = made[0]
        yield world


@contextmanager
def _running(name: str, kept: StorePair, folder: Path, served: Serving = serving, **options: Any) -> Iterator[World]:
    """Run an installation on these stores, its agencies and its mail."""
    with ExitStack() as stack:
        agency, mail = stack.enter_context(listening()), stack.enter_context(mail_server())
        begin_to_hear(agency)
        given = {"FETCH_ALLOW": agency.address, "MAIL_URL": f"smtp://127.0.0.1:{mail.port}"}
        service = stack.enter_context(served(kept, folder, **(given | options)))
        world = World(name=name, folder=folder, service=service, agency=agency, mail=mail)
        world.register()
        yield world
