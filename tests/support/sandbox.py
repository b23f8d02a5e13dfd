"""The real `countersign sandbox`, started as a process on free ports: a provider, two agencies, an outbox."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

START_WITHIN = 240
END_WITHIN = 20
OPTIONS = ("--port", "--parking-port", "--fishing-port", "--outbox-port")


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: `url(0)` is the provider, 1 and 2 the agencies, 3 the outbox."""

    process: "subprocess.Popen[bytes]"
    ports: tuple[int, ...]
    log: Path
    folder: Path

    def url(self, number: int) -> str:
        return f"http://localhost:{self.ports[number]}"

    def said(self) -> str:
        return self.log.read_text("utf-8")

    def settings(self) -> Mapping[str, str]:
        """Return the settings of the installation, as the banner tells operators to load them."""
        lines = (self.folder / "settings.env").read_text("utf-8").splitlines()
        return {name: value.strip("'") for name, _, value in (line.partition("=") for line in lines)}

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(END_WITHIN)


def free_ports(count: int) -> tuple[int, ...]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = tuple(probe.getsockname()[1] for probe in probes)
    for probe in probes:
        probe.close()
    return ports


def start(folder: Path, ports: tuple[int, ...], log: Path) -> Sandbox:
    command = [sys.executable, "-m", "idp.cli", "sandbox", "--folder", str(folder)]
    for option, port in zip(OPTIONS, ports, strict=True):
        command += [option, str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    return Sandbox(process, ports, log, folder)


def await_banner(sandbox: Sandbox) -> None:
    deadline = time.monotonic() + START_WITHIN
    while "Ctrl-C ends everything" not in sandbox.said():
        assert sandbox.process.poll() is None, sandbox.said()
        assert time.monotonic() < deadline, sandbox.said()
        time.sleep(0.1)
