"""A connection to PostgreSQL that does not wait for ever for a server that stands still."""

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
