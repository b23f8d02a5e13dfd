"""countersign db: the tables, the first keys and the installation's secrets."""

import click

from idp.assembly import prepare
from idp.cli import Refusal
from idp.cli.printing import say
from idp.settings import load
from idp.storage.sql.migrate import TablesInUse


@click.group()
def db() -> None:
    """Prepare the stores."""


@db.command()
def upgrade() -> None:
    """Bring the tables to this release and make what is missing: first keys, standbys, secrets. Safe to repeat."""
    try:
        prepare(load())
    except TablesInUse as error:
        raise Refusal(str(error)) from error
    say("The database is ready: tables, keys and secrets are there.")
