"""What commands print: a table for people, JSON for machines. Sentences for people go to stderr."""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")


def print_json(value: Any) -> None:
    """Print a JSON value; instants and other plain objects as text."""
    click.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def print_rows(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Print a table whose columns are keys of every row; no cell is read as markup."""
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(Text("" if row[column] is None else str(row[column])) for column in columns))
    Console(width=None if Console().is_terminal else 200).print(table)


def iso(seconds: int) -> str:
    """Return an instant of the protocols, in seconds since 1970, as people read it: ISO 8601, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def say(sentence: str) -> None:
    """Tell the person at the terminal something, out of the way of what is piped on; a full disk there ends nothing."""
    with suppress(OSError):
        click.echo(sentence, err=True)
