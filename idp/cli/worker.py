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
@click.option("--until-orphaned", is_flag=True, hidden=True, help="End when the process that started this one has.")
def worker(*, until_orphaned: bool) -> None:
    """Deliver letters, seal the audit log, advance keys and purge, until SIGTERM or Ctrl-C."""
    logs.configure()
    stopping = Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: stopping.set())
    if until_orphaned:
        Thread(target=_follow, args=(os.getppid(), stopping), daemon=True).start()
    run(opened(), stopping)


def _follow(parent: int, stopping: Event) -> None:
    while not stopping.wait(PARENT_SECONDS):
        if os.getppid() != parent:
            stopping.set()
