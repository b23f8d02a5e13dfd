"""A TCP proxy before a store: it delays, holds everything back, cuts, or leads to another server from now on."""

import socket
import threading
import time
from contextlib import suppress

CHUNK = 65_536


class Line:
    """Listens on a port of its own and carries octets both ways, as it is told to."""

    def __init__(self, upstream: int) -> None:
        """Lead to `upstream`, a port of this machine."""
        self.upstream = upstream
        self.delay = 0.0
        """Seconds before each chunk goes on, either way."""
        self._flows = threading.Event()
        self._flows.set()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def hold(self) -> None:
        """Take connections and octets, and hand nothing on."""
        self._flows.clear()

    def release(self) -> None:
        """Hand on what was held back, and all that comes."""
        self._flows.set()

    def cut(self) -> None:
        """End every connection."""
        with self._lock:
            ending = list(self._open)
        for each in ending:
            _end(each)

    def lead_to(self, upstream: int) -> None:
        """Lead to another server from now on, and end the connections to the one before."""
        self.upstream = upstream
        self.cut()

    def close(self) -> None:
        """End everything."""
        self._listening.close()
        self._flows.set()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=[near], daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self.upstream), timeout=5)
        except OSError:
            _end(near)
            return
        far.settimeout(None)
        for each in (near, far):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._open |= {near, far}
        threading.Thread(target=self._carry, args=[near, far], daemon=True).start()
        self._carry(far, near)

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while octets := source.recv(CHUNK):
                if self.delay:
                    time.sleep(self.delay)
                self._flows.wait()
                target.sendall(octets)
        _end(source)
        _end(target)
        with self._lock:
            self._open -= {source, target}


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
