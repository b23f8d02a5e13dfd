"""Two nodes of one installation, and the shipped HAProxy before them."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.support import server
from tests.support.https import SHIPPED
from tests.support.service import ROOT

WHOSE = "import idp; print(idp.__file__)"


@dataclass
class Node:
    """One `serve`, of the release whose code is in `tree`."""

    port: int
    log: Path
    env: Mapping[str, str]
    workers: int = 1
    process: subprocess.Popen[bytes] | None = None

    def start(self, tree: Path = ROOT) -> None:
        """Start it."""
        env = {**self.env, "PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1"}
        runs = subprocess.run([sys.executable, "-c", WHOSE], env=env, capture_output=True, text=True, check=True)
        assert Path(runs.stdout.strip()).parents[1] == tree
        command = [sys.executable, "-m", "idp.cli", "serve", "--port", str(self.port), "--workers", str(self.workers)]
        with self.log.open("ab") as log:
            self.process = server.start(command, log=log, user=None, ended_by=signal.SIGTERM, env=env)

    def wait(self) -> None:
        """Return when it is ready."""
        server.wait_until(self._is_ready, seconds=60, what="a node is ready")

    def end(self) -> int:
        """End it as a service manager does."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        code, self.process = self.process.wait(40), None
        return code

    def kill(self) -> None:
        """Kill every process of it at once."""
        assert self.process is not None
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        for pid in [self.process.pid, *(int(pid) for each in tasks for pid in each.read_text().split())]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-4000:]
        try:
            return requests.get(f"http://localhost:{self.port}/readyz", timeout=2).status_code == 200
        except requests.RequestException:
            return False


class Balancer:
    """HAProxy with the shipped file before both nodes, without TLS."""

    def __init__(self, folder: Path, port: int, nodes: tuple[Node, Node]) -> None:
        shipped = SHIPPED.read_text()
        text = shipped.replace('bind "${LISTEN}" ssl crt "${CERTIFICATE}" alpn h2,http/1.1', 'bind "${LISTEN}"')
        assert text != shipped
        self._socket = folder / "proxy.socket"
        configuration = folder / "haproxy.cfg"
        configuration.write_text(text.replace("global\n", f"global\n    stats socket {self._socket}\n", 1))
        one, two = (f"127.0.0.1:{node.port}" for node in nodes)
        env = {"LISTEN": f"127.0.0.1:{port}", "COUNTERSIGN": one, "COUNTERSIGN_TWO": two}
        haproxy = server.find_program("haproxy", package="haproxy", folders=[Path("/usr/sbin")])
        command = [haproxy, "-db", "-f", str(configuration)]
        with (folder / "haproxy.log").open("ab") as log:
            self._process = server.start(command, log=log, user=None, ended_by=signal.SIGTERM, env=env)

    @property
    def pid(self) -> int:
        """Return its process."""
        return self._process.pid

    def wait_for_both(self) -> None:
        """Return when it has found both nodes ready: what one of them is, it learns at its next look."""
        server.wait_until(lambda: self._ready() == 2, seconds=40, what="the proxy sees both nodes")

    def end(self) -> None:
        """Stop it."""
        server.stop(self._process, signal.SIGTERM)

    def _ready(self) -> int:
        if not self._socket.exists():
            return 0
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(str(self._socket))
            asked.sendall(b"show stat\n")
            told = b"".join(iter(lambda: asked.recv(65_536), b"")).decode()
        return len(re.findall(r"^countersign,(?:one|two),.*,UP,", told, re.MULTILINE))
