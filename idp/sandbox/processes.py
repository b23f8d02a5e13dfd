"""The processes of the sandbox: started together, watched, and ended together whatever happens."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import requests

COUNTERSIGN = (sys.executable, "-m", "idp.cli")
READY_WITHIN_SECONDS = 60.0
END_WITHIN_SECONDS = 12.0
LAST_LINES = 15


class SandboxFault(Exception):
    """The sandbox cannot go on; the argument says why and what to do."""


@dataclass(frozen=True, slots=True)
class Child:
    """One process and the file that holds what it says."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path


class Processes:
    """Every child of the sandbox; leaving the `with` block ends them all, the last started first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        """Begin with no children."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ask every child to end, wait, and kill what does not."""
        for child in reversed(self._children):
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + END_WITHIN_SECONDS
        for child in self._children:
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start a child in a session of its own, so that Ctrl-C reaches only us."""
        log = self._folder / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
                list(command),
                env={**outside(), **environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self._children.append(Child(name, process, log))

    def await_answer(self, url: str) -> None:
        """Wait until `url` answers 200; raise SandboxFault when a child ends first or time is up."""
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        with requests.Session() as session:
            session.trust_env = False
            while time.monotonic() < deadline:
                self.check_all_alive()
                with suppress(requests.RequestException):
                    if session.get(url, timeout=2).status_code == requests.codes.ok:
                        return
                time.sleep(0.05)
        raise SandboxFault(f"{url} did not answer within {READY_WITHIN_SECONDS:.0f} s. Read the logs in {self._folder}")

    def check_all_alive(self) -> None:
        """Raise SandboxFault, with its last words, if a child has ended."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                said = "\n".join(child.log.read_text("utf-8", errors="replace").splitlines()[-LAST_LINES:])
                raise SandboxFault(f"{child.name} ended by itself (exit code {code}). It said last:\n{said}")


def outside() -> dict[str, str]:
    """Return our environment without settings of another installation and without a way past localhost."""
    foreign = foreign_settings()
    kept = {name: value for name, value in os.environ.items() if name not in foreign}
    return {**kept, "NO_PROXY": "localhost,127.0.0.1", "no_proxy": "localhost,127.0.0.1", "PYTHONUNBUFFERED": "1"}


def foreign_settings() -> list[str]:
    """Return the names of variables that would set up another installation than the sandbox's."""
    return [name for name in os.environ if name.startswith(("COUNTERSIGN_", "AGENCY_"))]


def check_free(port: int, what: str, option: str) -> None:
    """Raise SandboxFault if somebody listens on `port` already."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise SandboxFault(
                f"Port {port} ({what}) is in use. End the program that has it (perhaps another sandbox; "
                f"`lsof -i :{port}` names it), or choose another port: countersign sandbox {option} N."
            ) from None
