"""countersign serve: N web workers and one background worker, started, watched and stopped together.

Order of calls: the settings are checked; a child process asks the stores whether they are ready, so that no
connection is older than a fork; then granian forks the workers, each of which builds its own application.
SIGTERM lets what is in flight finish.
"""

import ctypes
import gc
import importlib
import os
import signal
import socket
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from threading import Thread
from time import monotonic

import click
from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from federation.ephemeral import StoreUnavailable
from idp import logs
from idp.authentication import passwords
from idp.authentication.breached_passwords import BreachedPasswords, FilterUnreadable
from idp.cli import Refusal
from idp.cli.attendant import STARTING, Attendant
from idp.cli.printing import say
from idp.cli.respawning import Respawned
from idp.settings import Settings, load, variable
from idp.web import gate
from keys.errors import CannotSign

LONGEST_REQUEST_SECONDS = 30
ENDS = (signal.SIGTERM, signal.SIGINT)
CONNECTIONS_A_WORKER = 4096
"""One more would wait unheard, whatever it asks for. Each costs a few kilobytes until it asks."""
MAX_WORKERS = 64
CRASHED_AT_START_SECONDS = 10.0
M_ARENA_MAX = -8
"""As in mallopt(3)."""
NUMBERS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""As in `idp.numbers`, which must not be imported before this is set."""


@click.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=8000, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--workers", type=click.IntRange(1, MAX_WORKERS), default=2, show_default=True)
@click.option("--no-worker", is_flag=True, help="Leave the background worker to `countersign worker` elsewhere.")
def serve(port: int, host: str, workers: int, no_worker: bool) -> None:
    """Serve citizens and agencies until SIGTERM or Ctrl-C."""
    _share_memory()
    logs.configure()
    settings = load()
    _check_breached_passwords(settings)
    _check_free(host, port)
    with tempfile.TemporaryDirectory(prefix="countersign-") as numbers:
        os.environ[NUMBERS_FOLDER] = numbers
        importlib.import_module("idp.app")  # once, here, so that forked workers share the memory
        _check_tracing()
        _refuse_unprepared()
        _announce(settings, host=host, port=port, workers=workers)
        _keep_serving(settings, host=host, port=port, workers=workers, alone=no_worker)


def _share_memory() -> None:
    """Let threads share what malloc holds: glibc would keep some apart for each, and what one frees no other gets."""
    with suppress(AttributeError):  # another C library, which has no mallopt
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def _check_breached_passwords(settings: Settings) -> None:
    try:
        BreachedPasswords(settings.breached_passwords).summary()
    except FilterUnreadable as error:
        raise Refusal(f"{variable('breached_passwords')}: {error}.") from None


def _check_tracing() -> None:
    from idp.web import tracing  # noqa: PLC0415 - as in `application`

    if tracing.is_wanted() and not tracing.is_installed():
        raise Refusal(f"{tracing.VARIABLES[1]} names a collector; what reports to it comes with countersign[tracing].")


def _check_free(host: str, port: int) -> None:
    """Refuse a port that somebody listens on: workers bind with SO_REUSEPORT and would share it unnoticed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refusal(
                f"Cannot listen on {host}:{port}: {error.strerror or error}. Another --port may be free."
            ) from None


def application() -> object:
    """Build the WSGI application of one worker; granian calls this after the fork."""
    from idp.app import create_app  # noqa: PLC0415 - nothing may count before the numbers' folder is named

    logs.configure()
    made = create_app(load())
    Thread(target=_warm, args=[made], name="warm", daemon=True).start()
    return made


def _warm(app: Flask) -> None:
    """Read the keys, and render once what the first citizen would wait for.

    Keys that were never read could not be published while the database is away. What lives then lives as long as the
    process: a full collection would walk all of it, and hold every request for a tenth of a second.
    """
    from idp.web import rendering  # noqa: PLC0415 - as in `application`
    from idp.web.services import services_of  # noqa: PLC0415 - as in `application`

    with suppress(StoreUnavailable, CannotSign):  # the first who asks reads them then
        services_of(app).signer.jwks()
    rendering.warm()
    gc.collect()
    gc.freeze()


def _unprepared() -> list[tuple[bool, str]]:
    from idp.assembly import build  # noqa: PLC0415 - as in `application`
    from idp.web import readiness  # noqa: PLC0415 - as in `application`

    return [
        (fault.may_pass, f"{fault.part}: {fault.cause} Mend it with: {fault.mend}")
        for fault in readiness.faults(build(load()))
    ]


def _refuse_unprepared() -> None:
    """Refuse tables of another release and missing keys; a store that is down may still come up."""
    with ProcessPoolExecutor(1) as child:
        found = child.submit(_unprepared).result()
    for may_pass, sentence in found:
        if not may_pass:
            raise Refusal(sentence)
        say(f"{sentence}. Starting all the same.")


def _announce(settings: Settings, *, host: str, port: int, workers: int) -> None:
    say(f"Countersign serves {settings.issuer} on {host}:{port} with {workers} workers. Ctrl-C ends it.")
    for name in settings.test_settings_on():
        say(f"WARNING: {name} is on. It is for tests and old clients, not for citizens.")


def _keep_serving(settings: Settings, *, host: str, port: int, workers: int, alone: bool) -> None:
    """Serve until asked to end. Granian gives up when a worker ends twice in 5 s; begin again, unless at start."""
    os.register_at_fork(before=_hold_ends, after_in_parent=_let_end, after_in_child=_may_be_ended)
    while True:
        began, server = monotonic(), _server(settings, host=host, port=port, workers=workers)
        if not alone:
            attendant = Attendant()
            server.on_startup(attendant.begin)
            server.on_shutdown(attendant.end)
        try:
            server.serve()
        except SystemExit:
            if server.interrupt_signal or monotonic() - began < CRASHED_AT_START_SECONDS:
                raise
            say("A worker died twice in a row; starting again.")
        else:
            return


def _hold_ends() -> None:
    """Keep signals for later while a process is forked: what comes to a child in the middle of it would be lost."""
    STARTING.acquire()
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)


def _let_end() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)
    STARTING.release()


def _may_be_ended() -> None:
    """Let a signal end a worker that has no handlers of its own yet.

    The parent's would take it and do nothing with it, and the parent then waits as long as for the longest request.
    """
    for ending in ENDS:
        signal.signal(ending, signal.SIG_DFL)
    _let_end()


def _threads(settings: Settings) -> int:
    """Return how many threads a worker may have: for those who wait too, at the gate or for a password's hash."""
    return 2 * settings.places + gate.MOST_WAITING + passwords.MOST_WAITING + gate.RECEPTION


def _server(settings: Settings, *, host: str, port: int, workers: int) -> MPServer:
    made = MPServer(
        "idp.cli.serve:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=workers,
        factory=True,
        blocking_threads=_threads(settings),
        backpressure=CONNECTIONS_A_WORKER,
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=LONGEST_REQUEST_SECONDS,
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=logs.SERVER,
    )
    made.respawned_wrks = Respawned(lambda place: made.wrks[place].inner.exitcode)
    return made
