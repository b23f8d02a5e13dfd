"""Several real Redis servers that stand in for each other: a master that Sentinels watch, and a Cluster."""

import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from redis import Redis, RedisError

from tests.support import server
from tests.support.redis import RedisServer

NAME = "countersign"
SENTINELS = 3
CLUSTER_MASTERS = 3
NOTICED_MILLISECONDS = 500
"""After which a server that does not answer is taken for dead."""


class WatchedRedis:
    """A master and two replicas; Sentinels put a replica in the place of a master that does not answer."""

    def __init__(self) -> None:
        first = RedisServer()
        follow = ["--replicaof", "127.0.0.1", str(first.port), "--repl-diskless-sync-delay", "0"]
        self.servers = [first, RedisServer(*follow), RedisServer(*follow)]
        server.wait_until(lambda: _knows(first, "connected_slaves:2"), seconds=20, what="the replicas follow")
        self._folder = Path(tempfile.mkdtemp(prefix="countersign-sentinels-"))
        self.ports = [server.free_port() for _ in range(SENTINELS)]
        self._processes = [self._watch(port, first.port) for port in self.ports]
        server.wait_until(self._agree, seconds=20, what="the Sentinels know each other and the replicas")

    @property
    def url(self) -> str:
        """Return the URL that names the Sentinels."""
        return "redis+sentinel://" + ",".join(f"127.0.0.1:{port}" for port in self.ports) + f"/{NAME}/0"

    @property
    def master(self) -> RedisServer:
        """Return the server that the first Sentinel takes for the master."""
        with Redis(port=self.ports[0], decode_responses=True) as sentinel:
            _, port = sentinel.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)
        return next(each for each in self.servers if each.port == int(port))

    def flush(self) -> None:
        """Forget everything."""
        self.master.flush()

    def wait_for_another(self, than: RedisServer) -> None:
        """Wait until another server is the master and says so itself."""
        server.wait_until(lambda: self.master is not than, seconds=30, what="another master")
        server.wait_until(lambda: _knows(self.master, "role:master"), seconds=10, what="it knows")

    def end(self) -> None:
        """Stop everything and remove it."""
        for process in self._processes:
            server.stop(process, signal.SIGTERM)
        for each in self.servers:
            each.signal(signal.SIGCONT)
            each.end()
        shutil.rmtree(self._folder)

    def _watch(self, port: int, master: int) -> subprocess.Popen[bytes]:
        settings = self._folder / f"{port}.conf"
        settings.write_text(
            f"port {port}\nbind 127.0.0.1\n"
            f"sentinel monitor {NAME} 127.0.0.1 {master} 2\n"
            f"sentinel down-after-milliseconds {NAME} {NOTICED_MILLISECONDS}\n"
            f"sentinel failover-timeout {NAME} 5000\n"
        )
        program = server.find_program("redis-server", package="redis-server")
        with settings.with_suffix(".log").open("ab") as log:
            return server.start([program, str(settings), "--sentinel"], log=log, user=None, ended_by=signal.SIGTERM)

    def _agree(self) -> bool:
        return all(self._sees_all(port) for port in self.ports)

    def _sees_all(self, port: int) -> bool:
        try:
            with Redis(port=port, decode_responses=True) as sentinel:
                told = sentinel.execute_command("SENTINEL", "MASTER", NAME)
        except RedisError:
            return False
        told = told if isinstance(told, dict) else dict(zip(told[::2], told[1::2], strict=True))
        return (str(told["num-slaves"]), str(told["num-other-sentinels"])) == ("2", str(SENTINELS - 1))


class RedisCluster:
    """Three masters, each with a replica that takes its place."""

    def __init__(self) -> None:
        options = ["--cluster-enabled", "yes", "--cluster-node-timeout", str(NOTICED_MILLISECONDS)]
        self.servers = [
            RedisServer(*options, "--cluster-port", str(server.free_port()), "--repl-diskless-sync-delay", "0")
            for _ in range(2 * CLUSTER_MASTERS)
        ]
        addresses = [f"127.0.0.1:{each.port}" for each in self.servers]
        self._ask("create", *addresses, "--cluster-replicas", "1", "--cluster-yes")
        self.url = "redis+cluster://" + ",".join(addresses[:2])
        server.wait_until(self.is_whole, seconds=30, what="the Cluster is whole")

    @property
    def masters(self) -> list[RedisServer]:
        """Return the servers that answer and are masters."""
        return [each for each in self.servers if _knows(each, "role:master")]

    def is_whole(self) -> bool:
        """Say whether every slot is served, and every master that lives has a replica that is level."""
        return all(_knows(each, "cluster_state:ok") for each in self.masters) and all(
            _knows(each, "connected_slaves:1") for each in self.servers[:CLUSTER_MASTERS]
        )

    def flush(self) -> None:
        """Forget everything."""
        for each in self.masters:
            each.flush()

    def move_slots(self) -> None:
        """Have the first master hand a third of its slots to the second."""
        giver, taker = (self._id_of(each) for each in self.masters[:2])
        how = ["--cluster-from", giver, "--cluster-to", taker, "--cluster-slots", "1800", "--cluster-yes"]
        self._ask("reshard", f"127.0.0.1:{self.masters[0].port}", *how)

    def _ask(self, *what: str) -> None:
        program = server.find_program("redis-cli", package="redis-tools")
        subprocess.run([program, "--cluster", *what], check=True, stdout=subprocess.DEVNULL)

    def _id_of(self, one: RedisServer) -> str:
        with Redis.from_url(one.url, decode_responses=True) as connection:
            return str(connection.execute_command("CLUSTER MYID"))

    def end(self) -> None:
        """Stop everything and remove it."""
        for each in self.servers:
            each.end()


def _knows(one: RedisServer, line: str) -> bool:
    """Say whether a line is in what a server tells of its replicas, or of its Cluster."""
    what = "CLUSTER INFO" if line.startswith("cluster_") else "INFO replication"
    try:
        with Redis.from_url(one.url, socket_timeout=1) as connection:
            connection.set_response_callback("CLUSTER INFO", bytes)
            return line in connection.execute_command(what).decode().splitlines()
    except RedisError:
        return False
