"""Start a real server for the length of a test run, on a free port, and end it with us."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO


def find_program(name: str, *, package: str, folders: Sequence[Path] = ()) -> str:
    """Return the program's path; a missing one fails the test and names the package that holds it."""
    found = shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")]))
    if found is None:
        raise RuntimeError(f"{name} is missing: apt-get install {package}")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(ready: Callable[[], bool], *, seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} within {seconds} s")
        time.sleep(0.02)


def start(
    command: Sequence[str],
    *,
    log: IO[bytes],
    user: str | None,
    ended_by: signal.Signals,
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a server that gets `ended_by` when this process dies, however it dies."""
    setpriv = find_program("setpriv", package="util-linux")
    become = [f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
    return subprocess.Popen(
        [setpriv, *become, "--pdeathsig", ended_by.name.removeprefix("SIG"), *command],
        stdin=subprocess.DEVNULL,
        env=env,
        stdout=log,
        stderr=subprocess.STDOUT,
    )


def stop(process: subprocess.Popen[bytes], ended_by: signal.Signals) -> None:
    """Ask the server to end, and wait for it."""
    process.send_signal(ended_by)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
