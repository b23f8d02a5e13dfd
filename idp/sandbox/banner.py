"""What the sandbox shows when it is ready: where to go, who to be, and what is not safe about it."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from idp.sandbox.personas import PERSONAS
from idp.sandbox.sample_agencies import SampleAgency

INSECURE = (
    "http instead of https, on this machine only",
    "the key that wraps all secrets lies in a file beside the database",
    "everybody's password is printed here and the same on every machine",
    "passwords that were stolen elsewhere are accepted: no list comes along",
    "letters stay here for anyone to read (COUNTERSIGN_MAIL_URL=screen:)",
    "the sample agencies may be called on localhost (COUNTERSIGN_FETCH_ALLOW)",
)


def show(console: Console, *, issuer: str, agencies: Sequence[SampleAgency], outbox: str, folder: Path) -> None:
    """Print the banner."""
    places = Table(box=None, show_header=False, pad_edge=False)
    for agency in agencies:
        places.add_row(f"{agency.agency}: {agency.service}", Text(agency.url, style="bold"))
    places.add_row("Letters that would have been sent", Text(outbox, style="bold"))
    places.add_row("Countersign itself", Text(issuer, style="bold"))
    people = Table(box=None, pad_edge=False, header_style="bold")
    people.add_column("Email", no_wrap=True)
    people.add_column("Password", no_wrap=True)
    people.add_column("Invented, to try")
    for persona in PERSONAS:
        people.add_row(persona.email, persona.password, persona.about)
    seeds = [f"{persona.email} {persona.totp_secret}" for persona in PERSONAS if persona.totp_secret]
    unsafe = Text("\n".join(f"- {line}" for line in INSECURE))
    console.print()
    console.print(Panel(Group("Open a sample agency in your browser:", "", places), title="Countersign sandbox"))
    console.print(people)
    console.print(Panel(unsafe, title="Not safe, and only so in the sandbox", border_style="yellow"))
    console.print("Seeds for a code app (or read the codes beside the letters):", *seeds, sep="\n  ")
    console.print(f"State and logs: {folder}")
    command, settings = (os.path.relpath(path) for path in (Path(sys.executable).with_name("countersign"), folder))
    console.print("Other commands:", f"set -a; . {settings}/settings.env; set +a; {command} keys list", sep="\n  ")
    console.print("Ctrl-C ends everything.", style="bold")
