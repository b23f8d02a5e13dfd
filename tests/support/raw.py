"""Requests byte by byte, past every client that would mend them, to an application in this process."""

import io
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote_to_bytes, urlencode, urlsplit

from tests.support.site import Browser, Site

FORM = "application/x-www-form-urlencoded"
_RANDOM = re.compile(r"[A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """One request. `target` is the path and query as they stand in the request line."""

    method: str = "GET"
    target: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def form(cls, path: str, fields: Mapping[str, str], **headers: str) -> "Raw":
        """Return a form sent with POST."""
        return cls(
            method="POST", target=path, body=urlencode(fields).encode(), headers={"Content-Type": FORM, **headers}
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    @property
    def verdict(self) -> tuple[int, str, str]:
        """Status, error code and where to: what must not depend on the database."""
        return self.status, self.error, _RANDOM.sub("<random>", self.location)

    @property
    def error(self) -> str:
        """The error code told to a machine, or the heading of the page told to a person."""
        if self.headers.get("Content-Type", "").startswith("application/json"):
            told = json.loads(self.body)
            return str(told.get("error", ""))
        if self.location:
            return parse_qs(urlsplit(self.location).query).get("error", [""])[0]
        heading = re.search(rb"<h1[^>]*>(.*?)</h1>", self.body, re.DOTALL)
        return heading[1].decode().strip() if heading else ""


def send(site: Site, request: Raw, browser: Browser | None = None) -> Answer:
    """Have a request answered, with the cookies of `browser` if it has one."""
    path, _, query = request.target.partition("?")
    environ = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "id.example",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "203.0.113.9",
        "HTTP_HOST": "id.example",
        "HTTP_ACCEPT": "text/html",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.input_terminated": True,
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if browser is not None:
        environ["HTTP_COOKIE"] = "; ".join(f"{name}={value}" for name, value in browser.cookies().items())
    if request.body and "Transfer-Encoding" not in request.headers:
        environ["CONTENT_LENGTH"] = str(len(request.body))
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[[bytes], object]:
        started.append((status, headers))
        return len

    chunks = site.app.wsgi_app(environ, start)
    try:
        body = b"".join(chunks)
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    ((status, headers),) = started
    return Answer(int(status[:3]), dict(headers), body)
