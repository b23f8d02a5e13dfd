"""countersign sandbox: a provider, two sample agencies and an outbox on this machine, ready to be tried.

Order of calls: ports are checked, what is missing is made with the same commands operators use, the
processes are started and waited for, the banner is shown; then we only watch, until Ctrl-C.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.resources import files
from pathlib import Path
from types import FrameType

import click
from rich.console import Console

from idp.sandbox import banner
from idp.sandbox.commands import Commands
from idp.sandbox.personas import PERSONAS
from idp.sandbox.processes import COUNTERSIGN, Processes, SandboxFault, check_free
from idp.sandbox.sample_agencies import PROGRAM, SampleAgency, sample_agencies
from idp.sandbox.state import State

WATCH_SECONDS = 0.5
Port = click.IntRange(1, 65_535)


@click.command()
@click.option("--port", type=Port, default=8000, show_default=True, help="Of Countersign itself.")
@click.option("--parking-port", type=Port, default=8001, show_default=True, help="Of the first sample agency.")
@click.option("--fishing-port", type=Port, default=8002, show_default=True, help="Of the second sample agency.")
@click.option("--outbox-port", type=Port, default=8003, show_default=True, help="Of the page with the letters.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".countersign"),
    show_default=True,
    help="Where everything is kept; delete it to begin anew.",
)
def sandbox(port: int, parking_port: int, fishing_port: int, outbox_port: int, folder: Path) -> None:
    """Start everything needed to try Countersign on this machine. Not for real people."""
    _end_on_signals()
    console = Console(file=sys.stdout, soft_wrap=True, highlight=False)
    try:
        check_free(port, "Countersign", "--port")
        check_free(parking_port, "the first sample agency", "--parking-port")
        check_free(fishing_port, "the second sample agency", "--fishing-port")
        check_free(outbox_port, "the outbox", "--outbox-port")
        run(console, State(folder), port, sample_agencies(parking_port, fishing_port), outbox_port)
    except SandboxFault as fault:
        raise click.ClickException(str(fault)) from None
    except KeyboardInterrupt:
        console.print("\nEverything has ended. `make run` goes on where you left it.")


def run(console: Console, state: State, port: int, agencies: tuple[SampleAgency, ...], outbox_port: int) -> None:
    """Make what is missing, start everything and watch it until interrupted."""
    issuer, outbox = f"http://localhost:{port}", f"http://localhost:{outbox_port}"
    environment = settings(state, issuer, agencies)
    state.write("settings.env", "".join(f"{name}={value!r}\n" for name, value in environment.items()))
    countersign = click.get_current_context().find_root().command
    if not isinstance(countersign, click.Group):
        raise TypeError("the sandbox is a command of `countersign`, not a program of its own")
    prepare(console, state, Commands(countersign, environment), agencies)
    with Processes(state.folder) as processes, ExitStack() as stack:
        with _step(console, "Starting"):
            serve = [*COUNTERSIGN, "serve", "--port", str(port), "--workers", "1", "--no-worker"]
            processes.start("countersign", serve, environment)
            for agency in agencies:
                own = agency.environment(issuer, state.find(_registered(agency)), state.secret("cookie_secret"))
                processes.start(agency.look, [sys.executable, str(PROGRAM)], own)
            from idp.sandbox.outbox import serving  # noqa: PLC0415 - imported while the others start

            stack.enter_context(serving(outbox_port, environment))
            for url in (f"{issuer}/readyz", *(agency.url for agency in agencies)):
                processes.await_answer(url)
        processes.start("worker", [*COUNTERSIGN, "worker", "--child-of", str(os.getpid())], environment)
        banner.show(console, issuer=issuer, agencies=agencies, outbox=outbox, folder=state.folder)
        while True:
            time.sleep(WATCH_SECONDS)
            processes.check_all_alive()


def settings(state: State, issuer: str, agencies: tuple[SampleAgency, ...]) -> dict[str, str]:
    """Return the environment of the provider and of every command run on it."""
    return {
        "COUNTERSIGN_ISSUER": issuer,
        "COUNTERSIGN_DATABASE_URL": f"sqlite:///{state.folder / 'countersign.db'}",
        "COUNTERSIGN_EPHEMERAL_URL": f"sqlite:///{state.folder / 'ephemeral.db'}",
        "COUNTERSIGN_KEY_ENCRYPTION_KEY": state.secret("key_encryption_key"),
        "COUNTERSIGN_MAIL_URL": "screen:",
        "COUNTERSIGN_SERVER_TIMING": "on",
        "COUNTERSIGN_FETCH_ALLOW": ",".join(f"localhost:{agency.port}" for agency in agencies),
    }


def prepare(console: Console, state: State, commands: Commands, agencies: tuple[SampleAgency, ...]) -> None:
    """Make tables, keys, agencies and personas that are not there yet; each is remembered once it is made."""
    if state.find("migrations") != _migrations():
        with _step(console, "Making tables and keys"):
            commands.run("db", "upgrade")
            state.keep("migrations", _migrations())
    for agency in agencies:
        if state.find(_registered(agency)) is None:
            with _step(console, f"Registering {agency.agency}: {agency.service}"):
                given = json.loads(commands.run("agencies", "add", "--json", told=json.dumps(agency.metadata())))
                state.keep(_registered(agency), {name: given[name] for name in ("client_id", "client_secret")})
    for persona in PERSONAS:
        if state.find(f"persona {persona.email}") is None:
            with _step(console, f"Inventing {persona.email}"):
                made = commands.run("citizens", *persona.arguments())
                state.keep(f"persona {persona.email}", json.loads(made)["citizen_id"])


def _migrations() -> list[str]:
    """Return the names of all migrations, so that a start after an upgrade runs the new ones."""
    versions = files("idp.storage.sql.migrations").joinpath("versions")
    return sorted(file.name for file in versions.iterdir() if file.name.endswith(".py"))


def _registered(agency: SampleAgency) -> str:
    """Return the name its registration is kept under: another port is another registration."""
    return f"agency {agency.url}"


@contextmanager
def _step(console: Console, what: str) -> Iterator[None]:
    began = time.monotonic()
    with console.status(f"{what} ..."):
        yield
    console.print(f"[green]done[/green] {what} ({time.monotonic() - began:.1f} s)")


def _end_on_signals() -> None:
    """End tidily on Ctrl-C, when the terminal closes, and when somebody ends us."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
