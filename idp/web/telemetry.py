"""What the running service tells its operators: one log line and three numbers a request, nothing about anyone.

Order of calls: `install` puts `_begin` before every request and `_end` after it. A line holds the endpoint's
name, never its path or query: those carry interaction ids, codes and login hints. Numbers are labelled with
endpoint, method and status class alone, so a stranger cannot make the list grow.
"""

from functools import cache
from http import HTTPMethod
from secrets import token_hex
from time import perf_counter

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

from idp.numbers import REGISTRY

HEADER = "X-Request-ID"
_METHODS = frozenset(HTTPMethod)
_log = structlog.get_logger("request")

_requests = Counter(
    "countersign_requests_total", "Requests answered.", ["endpoint", "method", "status"], registry=REGISTRY
)
_seconds = Histogram(
    "countersign_request_seconds",
    "Time from reading a request to having its answer.",
    ["endpoint"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.6, 1.0, 2.5, 10.0),
    registry=REGISTRY,
)


def install(app: Flask) -> None:
    """Make every request of `app` counted, timed and logged under an id of its own."""
    app.before_request(_begin)
    app.after_request(_end)


def count(endpoint: str, method: str, status: int) -> None:
    """Count one answer."""
    method = method if method in _METHODS else "other"
    _counter(endpoint, method, status // 100).inc()


@cache
def _counter(endpoint: str, method: str, hundreds: int) -> Counter:
    return _requests.labels(endpoint, method, f"{hundreds}xx")


@cache
def _timer(endpoint: str) -> Histogram:
    return _seconds.labels(endpoint)


def request_id() -> str:
    """Return the id under which this request is logged; error pages show it as their reference."""
    found: str | None = g.get("request_id")
    if found is None:
        found = g.request_id = token_hex(16)
    return found


def _begin() -> None:
    g.began = perf_counter()


def _end(response: Response) -> Response:
    now = perf_counter()
    name, seconds = request_id(), now - g.get("began", now)
    answered = request._get_current_object()  # type: ignore[attr-defined]  # the proxy asks again at every look
    endpoint, method = answered.endpoint or "unknown", answered.method
    response.headers.add(HEADER, name)
    count(endpoint, method, response.status_code)
    _timer(endpoint).observe(seconds)
    _log.info(
        "request",
        request_id=name,
        endpoint=endpoint,
        method=method,
        status=response.status_code,
        milliseconds=round(seconds * 1000, 1),
    )
    return response
