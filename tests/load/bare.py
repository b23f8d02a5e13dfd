"""The least a WSGI application can be, served as ours is: it answers with as many bytes as our keys take."""

from collections.abc import Callable, Iterable
from typing import Any

BODY = b'{"keys":[' + b" " * 400 + b"]}"
_HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))]


def application(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer (PEP 3333)."""
    start_response("200 OK", _HEADERS)
    return [BODY]
