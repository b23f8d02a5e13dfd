"""Server-Timing (W3C): what a request took in each kind of work, shown by every browser's tools.

For the sandbox alone: how long a look-up took tells strangers what was found.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from flask import Flask, Response, g, has_request_context

HEADER = "Server-Timing"


@contextmanager
def during(kind: str) -> Iterator[None]:
    """Add to what this request spent on a kind of work."""
    began = perf_counter()
    try:
        yield
    finally:
        if has_request_context():
            kinds: dict[str, tuple[int, float]] = g.setdefault("server_timing", {})
            times, seconds = kinds.get(kind, (0, 0.0))
            kinds[kind] = times + 1, seconds + perf_counter() - began


def install(app: Flask) -> None:
    """Tell it with every answer."""

    @app.before_request
    def begin() -> None:
        g.timed_from = perf_counter()

    @app.after_request
    def tell(response: Response) -> Response:
        kinds: dict[str, tuple[int, float]] = g.get("server_timing", {})
        told = [f'{kind};dur={1000 * seconds:.2f};desc="{times}"' for kind, (times, seconds) in kinds.items()]
        whole = 1000 * (perf_counter() - g.get("timed_from", perf_counter()))
        response.headers[HEADER] = ", ".join([f"total;dur={whole:.2f}", *told])
        return response
