"""A real HTTP server on loopback that answers as it is told and remembers who called."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import BinaryIO

Answer = Callable[[BinaryIO], None]


def answer(body: bytes, *, status: int = 200, headers: str = "") -> Answer:
    """Return an answer that is sent whole."""

    def send(out: BinaryIO) -> None:
        out.write(f"HTTP/1.1 {status} -\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body)

    return send


class Listener(ThreadingHTTPServer):
    """Answers by path with `answers`, with its query or without, 404 elsewhere."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Answer] = {}
        self.calls: list[tuple[str, dict[str, str], bytes]] = []

    @property
    def address(self) -> str:
        """Return `host:port`, as the fetcher's allow-list names it."""
        return f"localhost:{self.server_port}"

    def url(self, path: str) -> str:
        return f"http://{self.address}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.calls.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        answers, page = self.server.answers, self.path.partition("?")[0]
        found = answers.get(self.path) or answers.get(page) or answer(b"", status=404)
        try:
            found(self.wfile)  # type: ignore[arg-type]  # a BufferedIOBase
        except OSError:
            self.close_connection = True

    do_POST = do_GET  # noqa: N815 - the name that http.server calls

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def listening() -> Iterator[Listener]:
    with Listener() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
