"""A real Redis server on a free port, keeping nothing on disk."""

import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from redis import Redis, RedisError

from tests.support import server


class RedisServer:
    """One server; `stop` and `start` again is a restart that has forgotten everything."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self._folder = Path(tempfile.mkdtemp(prefix="countersign-redis-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = server.free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        program = server.find_program("redis-server", package="redis-server")
        where = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self._folder)]
        with (self._folder / "log").open("ab") as log:
            self._process = server.start([program, *where, *self._options], log=log, user=None, ended_by=signal.SIGTERM)
        server.wait_until(self._answers, seconds=10, what="Redis answers")

    def stop(self) -> None:
        """Stop the server."""
        if self._process is not None:
            server.stop(self._process, signal.SIGTERM)
            self._process = None

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None

    def signal(self, what: signal.Signals) -> None:
        """Hold it up (SIGSTOP), or let it go on (SIGCONT)."""
        if self._process is not None:
            self._process.send_signal(what)

    def end(self) -> None:
        """Stop the server and remove everything."""
        self.stop()
        shutil.rmtree(self._folder)

    def flush(self) -> None:
        """Forget everything."""
        with Redis.from_url(self.url) as connection:
            connection.flushall()

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()
        try:
            with Redis.from_url(self.url, socket_timeout=1) as connection:
                return bool(connection.ping())
        except RedisError:
            return False
