"""The one guarded fetcher: every request we make to an address that an agency gave us.

What holds for each: https (http only to an address the operator named); public addresses only, checked
after the name is resolved and connected to as checked, so that neither another spelling nor a second
answer of the name service leads elsewhere; no proxy or credentials from the environment; no redirect
followed; no compression; one deadline over name service, handshake, headers and body; a cap on bytes.

RFC 9700 section 4.11. The address tables and the check are those of microsoft-antissrf.
"""

import re
import socket
import ssl
import threading
from collections.abc import Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from AntiSSRF import (  # type: ignore[import-untyped]  # ships no types
    AntiSSRFError,
    AntiSSRFPolicy,
    PolicyConfigOptions,
)
from requests import PreparedRequest, Request, RequestException, Response
from requests.adapters import DEFAULT_CA_BUNDLE_PATH, HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

DEADLINE_SECONDS = 5.0
AT_ONCE = 8
"""Fetches a process makes at the same time; more wait, within their deadline."""
LONGEST_URL = 2_000
_PIECE = 8_192
_DEFAULT_PORTS = {"https": 443, "http": 80}
_PRINTABLE = re.compile(r"[\x21\x23-\x5b\x5d\x5f\x61-\x7a\x7e]+")
_REDIRECTS = range(300, 400)


class FetchRefused(Exception):
    """The address may not be fetched from, or it sent us elsewhere."""


class FetchFailed(Exception):
    """The address did not answer properly in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An answer that is not a redirect."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class Fetcher:
    """Makes requests to addresses that others chose."""

    def __init__(
        self,
        *,
        allow: Collection[str] = (),
        extra_ca: Path | None = None,
        deadline: float = DEADLINE_SECONDS,
    ) -> None:
        """Take `allow`, a list of `host:port` as URLs spell them, for addresses trusted although private or http."""
        self._allow = frozenset(address.lower() for address in allow)
        self._deadline = deadline
        self._tls = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
        if extra_ca is not None:
            self._tls.load_verify_locations(cafile=str(extra_ca))
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="outbound")

    def get(self, url: str, *, max_bytes: int, accept: str) -> Fetched:
        """Return the answer; raise FetchRefused or FetchFailed."""
        return self._within_deadline("GET", url, None, max_bytes, accept)

    def post(self, url: str, form: Mapping[str, str], *, max_bytes: int = _PIECE) -> Fetched:
        """Send a form and return the answer; raise FetchRefused or FetchFailed."""
        return self._within_deadline("POST", url, form, max_bytes, "*/*")

    def _within_deadline(
        self, method: str, url: str, form: Mapping[str, str] | None, max_bytes: int, accept: str
    ) -> Fetched:
        parts = _split(url)
        trusted = _address(parts) in self._allow
        if parts.scheme != "https" and not trusted:
            raise FetchRefused("only https addresses are fetched from")
        headers = {"Accept": accept, "Accept-Encoding": "identity", "User-Agent": "Countersign", "Connection": "close"}
        wanted = Request(method, url, headers=headers, data=form)
        brake = _Brake()
        adapter = _Adapter(None if trusted else _public_only(), self._tls, brake)
        answer: Future[Fetched] = self._threads.submit(_fetch, wanted, adapter, max_bytes, self._deadline)
        if not wait([answer], timeout=self._deadline).done:
            answer.cancel()
            brake.pull()
            raise FetchFailed(f"no whole answer within {self._deadline:g} seconds")
        return answer.result()


def _fetch(wanted: Request, adapter: HTTPAdapter, max_bytes: int, deadline: float) -> Fetched:
    """Use the adapter itself: a Session would read the environment, and a redirect's body to its end."""
    try:
        with adapter.send(wanted.prepare(), stream=True, timeout=deadline) as response:
            return _answer(response, max_bytes)
    except AntiSSRFError:
        raise FetchRefused("the address is not a public one") from None
    except (RequestException, HTTPError, OSError, ValueError) as error:
        raise FetchFailed(f"no proper answer ({type(error).__name__})") from error
    finally:
        adapter.close()


class _Brake:
    """Ends whatever a fetch's connection is waiting for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[socket.socket] = []
        self._pulled = False

    def hold(self, connected: socket.socket) -> None:
        """Keep a second handle on a connection: TLS takes the first one over."""
        with self._lock:
            self._held.append(connected.dup())
        if self._pulled:
            self.pull()

    def pull(self) -> None:
        """End the connection, and any made later."""
        self._pulled = True
        self.release(end=True)

    def release(self, *, end: bool = False) -> None:
        """Let go of the handles."""
        with self._lock:
            held, self._held = self._held, []
        for handle in held:
            if end:
                with suppress(OSError):
                    handle.shutdown(socket.SHUT_RDWR)
            handle.close()


class _Adapter(HTTPAdapter):
    """Connects to the address that the guard has checked, over connections that can be braked."""

    def __init__(self, guard: HTTPAdapter | None, tls: ssl.SSLContext, brake: _Brake) -> None:
        super().__init__()
        self._guard = guard
        self._tls = tls
        self._brake = brake
        self.poolmanager.pool_classes_by_scheme = _pools(brake)

    def build_connection_pool_key_attributes(
        self, request: PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        """Ask the guard, which puts the checked address in the place of the name."""
        build = super().build_connection_pool_key_attributes
        if self._guard is not None:
            build = self._guard.build_connection_pool_key_attributes
        host, pool = build(request, verify, cert)
        request.headers["Host"] = urlsplit(request.url or "").netloc
        if host["scheme"] == "https":
            return host, {name: value for name, value in pool.items() if name != "ca_certs"} | {
                "ssl_context": self._tls
            }
        return host, pool

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave the connection's context as it is: it requires a certificate and knows the authorities."""

    def close(self) -> None:
        """Close the connections and let go of their second handles."""
        super().close()
        self._brake.release()


def _pools(brake: _Brake) -> dict[str, type[HTTPConnectionPool]]:
    class PlainConnection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            connected = super()._new_conn()
            brake.hold(connected)
            return connected

    class TlsConnection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            connected = super()._new_conn()
            brake.hold(connected)
            return connected

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = TlsConnection

    return {"http": PlainPool, "https": TlsPool}


def _public_only() -> HTTPAdapter:
    policy = AntiSSRFPolicy(PolicyConfigOptions.EXTERNAL_ONLY_LATEST)
    policy.add_xff_header = False
    guard: HTTPAdapter = policy.get_antissrf_session().get_adapter("https://")
    return guard


def _split(url: str) -> SplitResult:
    if not 0 < len(url) <= LONGEST_URL or not _PRINTABLE.fullmatch(url):
        raise FetchRefused("the address is not a URL of plain characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise FetchRefused("the address cannot be read") from None
    if port == 0:
        raise FetchRefused("the address has no port to connect to")
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc or "#" in url:
        raise FetchRefused("the address is not a plain https URL")
    return parts


def _address(parts: SplitResult) -> str:
    host = parts.hostname or ""
    return f"{f'[{host}]' if ':' in host else host}:{parts.port or _DEFAULT_PORTS[parts.scheme]}"


def _answer(response: Response, max_bytes: int) -> Fetched:
    """Read an answer piece by piece, never more than `max_bytes`."""
    if response.status_code in _REDIRECTS:
        raise FetchRefused("the address redirects; give the final one")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FetchFailed("the answer is compressed although that was not asked for")
    body = bytearray()
    for piece in response.raw.stream(_PIECE, decode_content=False):
        body += piece
        if len(body) > max_bytes:
            raise FetchFailed(f"the answer is longer than {max_bytes} bytes")
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Fetched(status=response.status_code, headers=headers, body=bytes(body))
