"""countersign worker: the background worker on its own, for installations where `serve --no-worker` runs elsewhere."""

import os
import signal
from threading import Event, Thread

import click

from idp import logs
from idp.cli.session import opened
from idp.worker import run

PARENT_SECONDS = 1.0


@click.command()
@click.option(
    "--child-of", type=int, metavar="PID", hidden=True, help="End when that process, which started this, has."
)
def worker(*, child_of: int | None) -> None:
    """Deliver letters, seal the audit log, advance keys and purge, until SIGTERM or Ctrl-C."""
    logs.configure()
    stopping = Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: stopping.set())
    if child_of is not None:
        Thread(target=_follow, args=(child_of, stopping), daemon=True).start()
    run(opened(), stopping)


def _follow(parent: int, stopping: Event) -> None:
    while not stopping.wait(PARENT_SECONDS):
        if os.getppid() != parent:
            stopping.set()
