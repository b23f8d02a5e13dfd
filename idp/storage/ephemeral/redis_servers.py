"""Which Redis or Valkey server keeps a record: the only one, the master that Sentinels name, or a node of a Cluster.

Records are spread over shards. A Cluster keeps every shard whole on one node, because the number of the shard is the
hash tag of its names; elsewhere there is one shard. Where a server was is remembered until it fails.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from redis.backoff import NoBackoff
from redis.connection import Connection, SSLConnection, parse_url
from redis.crc import key_slot
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import RedisError
from redis.retry import Retry
from redis.sentinel import Sentinel

TIMEOUT_SECONDS = 1.0
SENTINEL_TIMEOUT_SECONDS = 0.3
"""A Sentinel that hangs is passed over for the next within the second in which a request is answered."""
CLUSTER_SHARDS = 64
"""More than any Cluster here has masters, and few enough to look at each."""
PORTS = {"sentinel": 26379, "cluster": 6379}

Address = tuple[str, int]


def names(shard: int) -> str:
    """Return how every name in a shard begins. In braces: what a Cluster tells the node by."""
    return f"countersign:{{{shard}}}:"


class Servers(Protocol):
    """Where shards are kept."""

    shards: int

    def address(self, shard: int) -> Address:
        """Return where a shard is kept. Raises RedisError while nobody knows."""

    def connection(self, address: Address) -> Any:
        """Return a new connection of the client library, not opened yet."""

    def forget(self) -> None:
        """Ask again where servers are: one did not answer as it should."""


def servers_of(url: str) -> Servers:
    """Read `redis://host:port/number`, `redis+sentinel://host:port,.../name/number` or `redis+cluster://host:port,...`.

    `rediss` in the place of `redis` speaks TLS, with Sentinels too. Raises ValueError for what cannot be read.
    """
    match urlsplit(url).scheme:
        case "redis" | "rediss" | "unix":
            return _One(url)
        case "redis+sentinel" | "rediss+sentinel":
            return _BySentinels(url)
        case "redis+cluster" | "rediss+cluster":
            return _InCluster(url)
    raise ValueError("an ephemeral store is sqlite:///path, redis://, redis+sentinel:// or redis+cluster://")


class _One:
    shards = 1

    def __init__(self, url: str) -> None:
        self._options: dict[str, Any] = dict(parse_url(url))  # type: ignore[no-untyped-call]  # the library has types for some
        self._class = self._options.pop("connection_class", Connection)

    def address(self, _: int) -> Address:
        return "", 0

    def connection(self, _: Address) -> Any:
        return self._class(**self._options, **_bounds(TIMEOUT_SECONDS))

    def forget(self) -> None:
        pass


class _Several:
    """What Sentinels and a Cluster share: several addresses in one URL, and servers that are found by asking."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        who, _, hosts = parts.netloc.rpartition("@")
        self._path = [unquote(part) for part in parts.path.split("/")[1:]]
        self._query = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        tls, _, how = parts.scheme.partition("+")
        self.seeds = [_address(host, PORTS[how]) for host in hosts.split(",")]
        self._class = SSLConnection if tls == "rediss" else Connection
        username, _, password = who.partition(":")
        given = {"username": unquote(username), "password": unquote(password)}
        self.options: dict[str, Any] = {name: value for name, value in given.items() if value}

    def connection(self, address: Address) -> Any:
        host, port = address
        return self._class(host=host, port=port, **self.options, **_bounds(TIMEOUT_SECONDS))


class _BySentinels(_Several):
    shards = 1

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._name, *number = self._path or [""]
        if not self._name or len(number) > 1 or not set(self._query) <= {"sentinel_password"}:
            raise ValueError("Sentinels are redis+sentinel://host:port,host:port/name/number")
        self.options["db"] = int(number[0]) if number else 0
        told: dict[str, Any] = {"ssl": self._class is SSLConnection, **_bounds(SENTINEL_TIMEOUT_SECONDS)}
        if "sentinel_password" in self._query:
            told["password"] = self._query["sentinel_password"]
        self._sentinel: Any = Sentinel(self.seeds, sentinel_kwargs=told)  # type: ignore[no-untyped-call]  # as above
        self._master: Address | None = None

    def address(self, _: int) -> Address:
        if (known := self._master) is None:
            host, port = self._sentinel.discover_master(self._name)
            known = self._master = (host, int(port))
        return known

    def forget(self) -> None:
        self._master = None


class _InCluster(_Several):
    shards = CLUSTER_SHARDS

    def __init__(self, url: str) -> None:
        super().__init__(url)
        if any(self._path) or self._query:
            raise ValueError("a Cluster is redis+cluster://host:port,host:port, without a number")
        self._masters: Mapping[int, Address] | None = None

    def address(self, shard: int) -> Address:
        if (known := self._masters) is None:
            known = self._masters = self._ask()
        return known[shard]

    def forget(self) -> None:
        self._masters = None

    def _ask(self) -> Mapping[int, Address]:
        """Return the master of every shard, as the first node tells that answers and knows them all."""
        slots = {shard: key_slot(names(shard).encode()) for shard in range(self.shards)}
        for seed in self.seeds:
            try:
                ranges = list(self._told_by(seed))
            except (RedisError, OSError):
                continue
            found = {
                shard: master
                for shard, slot in slots.items()
                for first, last, master in ranges
                if first <= slot <= last
            }
            if len(found) == self.shards:
                return found
        raise NotConnected("no node of the Cluster knows where every shard is")

    def _told_by(self, seed: Address) -> Iterator[tuple[int, int, Address]]:
        connection = self.connection(seed)
        try:
            connection.connect()
            connection.send_command("CLUSTER", "SLOTS")
            for first, last, (host, port, *_), *_ in connection.read_response():
                yield int(first), int(last), (host.decode() if host else seed[0], int(port))
        finally:
            connection.disconnect()


def _address(text: str, port: int) -> Address:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError("every address needs a host")
    return parts.hostname, parts.port or port


def _bounds(seconds: float) -> dict[str, Any]:
    """Bound every wait, and repeat nothing: a change that timed out may have happened."""
    return {
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "retry": Retry(NoBackoff(), 0),
    }
