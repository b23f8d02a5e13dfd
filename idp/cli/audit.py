"""`countersign audit`: read the audit log, and prove that nobody has changed it."""

import json
from typing import Any

import click

from idp.audit.chain import find_break
from idp.audit.log import Entry, Head
from idp.cli import Refusal
from idp.cli.printing import json_option, print_json, print_rows, say
from idp.cli.session import opened

BROKEN = 1
_HASH_DIGITS = 64


@click.group()
def audit() -> None:
    """Read the audit log, and prove that nobody has changed it."""


@audit.command(name="list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
def list_(limit: int, *, as_json: bool) -> None:
    """Show the latest events, newest first; those without a number wait to be sealed."""
    with opened().database.work() as stores:
        rows = [_shown(entry) for entry in stores.audit.latest(limit)]
    if as_json:
        print_json(rows)
        return
    print_rows(
        ["sequence", "at", "name", "what"],
        [row | {"what": " ".join(f"{name}={value}" for name, value in row["fields"].items())} for row in rows],
    )


@audit.command()
@click.option("--head", "noted", metavar="NUMBER:HASH", help="A head noted earlier: it must still be in the chain.")
@json_option
@click.pass_context
def verify(ctx: click.Context, noted: str | None, *, as_json: bool) -> None:
    """Check every link of the chain; exit code 1 and the place if it is broken.

    Note the head that is printed somewhere else: whoever can rewrite the whole database
    can rewrite the whole chain, but not your note.
    """
    wanted = None if noted is None else _head(noted)
    with opened().database.work() as stores:
        head = stores.audit.head()
        found = find_break(stores.audit.sealed(), head, wanted)
        waiting = stores.audit.unsealed(1_000)
    if as_json:
        broken = None if found is None else {"sequence": found.sequence, "reason": found.reason}
        tail = [entry.entry_id for entry in waiting]
        print_json({"intact": found is None, "head": f"{head.sequence}:{head.hash}", "break": broken, "unsealed": tail})
    elif found is not None:
        say(f"BROKEN: entry {found.sequence} {found.reason}.")
    else:
        say(f"Intact: {head.sequence} entries. Head {head.sequence}:{head.hash}")
        if waiting:
            say(f"Not sealed yet: {len(waiting)} entries, the oldest of {waiting[0].at.isoformat()}.")
    if found is not None:
        ctx.exit(BROKEN)


def _head(noted: str) -> Head:
    sequence, _, digest = noted.partition(":")
    if not sequence.isascii() or not sequence.isdigit() or len(digest) != _HASH_DIGITS:
        raise Refusal("--head is NUMBER:HASH, as `countersign audit verify` prints it.")
    return Head(int(sequence), digest.lower())


def _shown(entry: Entry) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "at": entry.at.isoformat(),
        "name": entry.name,
        "fields": json.loads(entry.body),
    }
