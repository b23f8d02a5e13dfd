"""The background worker that comes along with `serve`: started with it, started again when it dies, ended with it."""

import os
import subprocess
import sys
from threading import Event, Lock, Thread

import structlog

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
END_WITHIN_SECONDS = 10.0
STARTING = Lock()
"""Held while a process is started, here or by a fork. A web worker forked in between would keep open the pipe on which
`Popen` waits for the command to begin, and the attendant would wait as long as that worker lives."""
COMMAND = (sys.executable, "-m", "idp.cli", "worker", "--child-of")

_log = structlog.get_logger("attendant")


class Attendant:
    """Keeps one `countersign worker` process running between `begin` and `end`."""

    def __init__(self) -> None:
        self._ending = Event()
        self._watcher = Thread(target=self._watch, name="attendant", daemon=True)

    def begin(self) -> None:
        """Start the worker and the thread that watches it."""
        if not self._watcher.is_alive():
            self._watcher.start()

    def end(self) -> None:
        """Let the worker finish the job in hand, and wait for it; a job it drops is claimed again later."""
        self._ending.set()
        self._watcher.join(END_WITHIN_SECONDS * 2)

    def _watch(self) -> None:
        pause, command = FIRST_PAUSE_SECONDS, (*COMMAND, str(os.getpid()))
        while not self._ending.is_set():
            with STARTING:
                process = subprocess.Popen(command, start_new_session=True)  # noqa: S603 - our own command, no shell
            while process.poll() is None and not self._ending.wait(0.5):
                pass
            if self._ending.is_set():
                _stop(process)
                return
            _log.warning("background worker ended", exit_code=process.returncode, again_in_seconds=pause)
            self._ending.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
