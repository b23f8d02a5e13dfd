"""What the capacity page rests on, measured: CPU time of service and database, and room for what is kept."""

import logging
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import structlog
from redis import Redis

from idp.settings import load
from tests.load import people, processes, scenarios, targets
from tests.load.driver import Operation, drive
from tests.load.growth import Country
from tests.load.plan import POSTGRESQL
from tests.load.report import machine, say
from tests.load.scenarios import Target
from tests.load.targets import Stores
from tests.support import server
from tests.support.counting import cost_of_sign_in
from tests.support.nodes import Balancer, Node
from tests.support.service import Service, environment
from tests.support.visitor import PASSWORD

SECONDS = 6.0
CITIZENS = 50_000
ENTRIES_A_SIGN_IN = 2
DONE = {
    "SSO sign-in": scenarios.sign_in,
    "password sign-in": people.password_sign_in,
    "passkey sign-in": people.passkey_sign_in,
    "introspection": scenarios.introspection,
}
_SIZES = """
SELECT relname, pg_total_relation_size(c.oid)::float / GREATEST(reltuples, 1), reltuples
FROM pg_class c WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
_KEPT_OF_A_CITIZEN = ("citizens", "passwords", "passkeys", "subjects", "consents")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All of them."""

    at: str
    machine: str
    service_ms: dict[str, float]
    """CPU time of one of each, by what is done, in all processes of one worker."""
    database_ms: dict[str, float]
    sign_in_ms: dict[str, float]
    """CPU time of an SSO sign-in in the service, by how many workers and nodes there are."""
    bytes_a_citizen: float
    bytes_a_sign_in: float
    rows_a_sign_in: float
    bytes_an_interaction: float
    connections_a_worker: int
    worker_megabytes: float


def measure() -> Figures:
    """Measure all of it; about four minutes."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    service_ms, database_ms = {}, {}
    with tempfile.TemporaryDirectory(prefix="countersign-capacity-") as name, targets.stores() as kept:
        folder = Path(name)
        with targets.ours(POSTGRESQL, kept.pair(), folder) as running, processes.on_core(processes.DRIVER_CORE):
            for what, of in DONE.items():
                service_ms[what], database_ms[what] = _cost(running.target, of(running.target), [running.process], kept)
                say(f"{what}: {service_ms[what]:.2f} ms in the service, {database_ms[what]:.2f} ms in PostgreSQL")
            interaction = _bytes_of_begun(running.target, kept)
            megabytes = processes.resident_megabytes(running.worker)
        apart = {"with one worker": service_ms["SSO sign-in"]}
        for workers, nodes, told in ((2, 1, "with two"), (1, 2, "on two nodes with the HAProxy before them")):
            with _on_nodes(folder, kept, workers, nodes) as (target, started):
                apart[told] = _cost(target, scenarios.sign_in(target), started, kept)[0]
                say(f"SSO sign-in {told}: {apart[told]:.2f} ms")
        pair = kept.pair()
        rows = cost_of_sign_in(pair.database_url, pair.ephemeral_url)[0].rows
        sizes = _sizes(kept)
        settings = load(**Service(port=1, env=environment(pair, 1, {}), log=folder).settings())
    return Figures(
        at=f"{datetime.now(UTC):%Y-%m-%d}",
        machine=machine(),
        service_ms=service_ms,
        database_ms=database_ms,
        sign_in_ms=apart,
        bytes_a_citizen=sum(sizes[table] for table in _KEPT_OF_A_CITIZEN),
        bytes_a_sign_in=ENTRIES_A_SIGN_IN * sizes["audit_events"],
        rows_a_sign_in=rows,
        bytes_an_interaction=interaction,
        connections_a_worker=2 * settings.places + 1,
        worker_megabytes=megabytes,
    )


def _cost(target: Target, operation: Operation, service: list[int], kept: Stores) -> tuple[float, float]:
    """Return the CPU time in ms of one operation, in the service and in PostgreSQL."""
    drive(target.port, operation, SECONDS / 3)
    every = [[each for pid in service for each in processes.family(pid)], processes.family(kept.database.pid)]
    before = [processes.cpu_seconds(pids) for pids in every]
    done = len(drive(target.port, operation, SECONDS).latencies)
    service_ms, database_ms = (
        1000 * (processes.cpu_seconds(pids) - then) / done for pids, then in zip(every, before, strict=True)
    )
    return service_ms, database_ms


def _bytes_of_begun(target: Target, kept: Stores) -> float:
    """Return what Redis takes for a sign-in that is begun and left."""
    with Redis.from_url(kept.redis.url) as connection:
        before = connection.info("memory")["used_memory_dataset"]
        done = len(drive(target.port, people.begun(target), SECONDS).latencies)
        return float(connection.info("memory")["used_memory_dataset"] - before) / done


def _sizes(kept: Stores) -> dict[str, float]:
    """Return the bytes of one citizen's rows in each table, with their indexes."""
    say(f"Filling a database with {CITIZENS:,} citizens")
    name = kept.database.create()
    Country.founded(CITIZENS, kept.database.url(name), kept.redis.url)
    with psycopg.connect(kept.database.url(name).replace("+psycopg", "")) as connection:
        each = {table: (size, rows) for table, size, rows in connection.execute(_SIZES)}
    return {table: size if table == "audit_events" else size * rows / CITIZENS for table, (size, rows) in each.items()}


@contextmanager
def _on_nodes(folder: Path, kept: Stores, workers: int, nodes: int) -> Iterator[tuple[Target, list[int]]]:
    """Run so many nodes of so many workers each; give a target, and the processes that started the others."""
    with ExitStack() as stack:
        port = server.free_port()
        env = environment(kept.pair(), port, {})
        service = Service(port=port, env=env, log=folder / "nobody.log")
        service.cli("db", "upgrade")
        ports = [server.free_port() for _ in range(nodes)] if nodes > 1 else [port]
        running = [Node(each, folder / f"{each}.log", env, workers=workers) for each in ports]
        for node in running:
            stack.callback(node.end)
            node.start()
        for node in running:
            node.wait()
        started = [node.process.pid for node in running if node.process is not None]
        if nodes > 1:
            one, two = running
            proxy = Balancer(folder, port, (one, two))
            stack.callback(proxy.end)
            proxy.wait_for_both()
            started.append(proxy.pid)
        yield _target(service), started


def _target(service: Service) -> Target:
    service.cli("citizens", "add", "--email", targets.EMAIL, "--password", PASSWORD, "--given-name", "Ada")
    metadata = {"client_name": "Capacity", "redirect_uris": [scenarios.BACK]}
    made = service.cli_json("agencies", "add", stdin=metadata | {"token_endpoint_auth_method": "client_secret_basic"})
    return replace(targets.signed_in(service.base_url, made), people=())
