"""Connections to PostgreSQL: to the server that takes changes, and never waiting for ever for one that stands still."""

from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

SILENT_SECONDS = 6.0
"""Longer than `statement_timeout`, which a server that stands still cannot keep."""


class Answering(psycopg.Connection[Any]):
    """A connection that is closed when its server says nothing at all for too long."""

    silent_seconds: float | None = SILENT_SECONDS

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for an answer; raise psycopg.OperationalError if none comes."""
        try:
            return super().wait(gen, interval, timeout or self.silent_seconds)
        except psycopg.OperationalError:
            if self.info.transaction_status is TransactionStatus.ACTIVE:
                self.pgconn.finish()
            raise


def connector() -> Callable[[Mapping[str, Any]], Answering]:
    """Return what opens connections to the one of several hosts that takes changes, the one found last first.

    A standby is refused even where it is the only host: what was revoked a moment ago is good there still.
    """
    found: list[tuple[str, str]] = []

    def open_connection(named: Mapping[str, Any]) -> Answering:
        hosts, ports = str(named.get("host", "")).split(","), str(named.get("port", "")).split(",")
        places = list(zip(hosts, ports if len(ports) == len(hosts) else ports * len(hosts), strict=True))
        places.sort(key=lambda place: place not in found)
        in_order = {"host": ",".join(host for host, _ in places), "port": ",".join(port for _, port in places)}
        connection = Answering.connect(**{"target_session_attrs": "read-write", **named, **in_order})
        found[:] = [(connection.info.host, str(connection.info.port))]
        return connection

    return open_connection
