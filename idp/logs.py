"""Structured logs: one JSON object a line on standard error.

Whoever logs passes named values and none of these: a secret, code, token, email, subject, path or query.
"""

import logging
import sys
from contextlib import suppress
from typing import TextIO

import structlog

SERVER = {
    "filters": {"expected": {"()": "idp.logs.Unexpected"}},
    "formatters": {"generic": {"()": "idp.logs.JsonLines"}, "access": {"()": "idp.logs.JsonLines"}},
    "handlers": {
        "console": {
            "formatter": "generic",
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stderr",
            "filters": ["expected"],
        },
        "access": {"formatter": "access", "class": "logging.StreamHandler", "stream": "ext://sys.stderr"},
    },
}
"""The web server's own lines, in the shape of ours (merged by granian into its logging configuration)."""


def configure() -> None:
    """Send our lines and the libraries' warnings to standard error, as JSON."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(Lossy(sys.stderr)),  # type: ignore[arg-type]  # all it is used for
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


class Lossy:
    """A stream that drops what cannot be written: a full disk under the log may fail nobody's request."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write it if that is possible."""
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        """Hand on what is buffered if that is possible; it is tried again with the next line."""
        with suppress(OSError):
            self._stream.flush()


class Unexpected(logging.Filter):
    """Leaves out the server's warning of many threads: all but a few of them sleep at the gate (`idp.web.gate`)."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether an operator should read it."""
        return "Python threads" not in record.getMessage()


class JsonLines(logging.Formatter):
    """Writes a library's record in the shape of ours."""

    def __init__(self) -> None:
        super().__init__()
        self._render = structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
            ],
        )

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        return self._render.format(record)
