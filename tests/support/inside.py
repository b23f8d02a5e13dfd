"""Addresses that lead inside, in every spelling, and a canary that notices whoever goes there."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PRIVATE = [
    "127.0.0.1",
    "127.1",
    "0",
    "0.0.0.0",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "[::1]",
    "[::]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[fd00::1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "2852039166",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "%6c%6fcalhost",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
]


class Canary:
    """Listens on every address of this machine; a connection is enough, whatever is said on it."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port: int = self._socket.getsockname()[1]
        self.calls = 0

    def listen(self) -> None:
        """Count until `end`."""
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            self.calls += 1
            line.close()

    def end(self) -> None:
        """Stop."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@contextmanager
def watching() -> Iterator[Canary]:
    """Have a canary for a while."""
    canary = Canary()
    thread = threading.Thread(target=canary.listen, daemon=True)
    thread.start()
    try:
        yield canary
    finally:
        canary.end()
        thread.join(5)
