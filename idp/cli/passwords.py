"""`countersign passwords`: make the file by which breached passwords are known."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from idp.authentication import breached_passwords
from idp.authentication.breached_passwords import DEFAULT_RATE, KEY_BYTES, NoEntries, key_of
from idp.cli import Refusal
from idp.cli.printing import json_option, print_json, say
from idp.settings import variable

_LINE = re.compile(rb"([0-9A-Fa-f]{40})(?::[0-9]+)?[ \t]*")
_LINES_BETWEEN_NEWS = 65_536


@click.group()
def passwords() -> None:
    """Make the file by which breached passwords are known and refused."""


@passwords.command(
    epilog="""\b
Examples:
  countersign passwords build pwned-passwords.txt --to breached.filter
  zcat pwned-passwords.txt.gz | countersign passwords build - --to breached.filter"""
)
@click.argument("source", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--to", "path", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to make.")
@click.option("--plain", is_flag=True, help="Each line of SOURCE is a password, not the SHA-1 of one.")
@click.option(
    "--rate",
    type=click.FloatRange(1e-9, 0.1),
    default=DEFAULT_RATE,
    show_default=True,
    help="Share of good passwords refused by mistake; a tenth of it makes the file a third larger.",
)
@json_option
def build(source: Path, path: Path, rate: float, *, plain: bool, as_json: bool) -> None:
    """Build a filter from SOURCE, a file or - for standard input: a line SHA1HEX or SHA1HEX:COUNT for each password.

    That is the form of the public Pwned Passwords lists. While it works it takes 16 bytes for each line beside FILE,
    and as much memory as FILE is long: 1.8 bytes for each line at the default rate. FILE appears when it is complete;
    one that is there already serves until then.
    """
    if not path.parent.is_dir():
        raise Refusal(f"There is no folder {path.parent}; nothing was written.")
    try:
        with click.open_file(str(source), "rb") as lines, _progress(source) as (read, added):
            summary = breached_passwords.build(_keys(lines, str(source), plain, read), path, rate=rate, told=added)
    except NoEntries:
        raise Refusal(f"{source} has no entries; nothing was written.") from None
    except OSError as error:
        raise Refusal(f"{error.filename or path}: {error.strerror}; nothing was written.") from None
    if as_json:
        print_json({"file": str(path), "entries": summary.entries, "rate": summary.rate, "bytes": summary.size})
    else:
        say(f"{path} has {summary.entries:,} entries in {summary.size:,} bytes.")
        say(f"To refuse them: export {variable('breached_passwords')}={path.absolute()}")


def _keys(lines: Iterable[bytes], source: str, plain: bool, read: Callable[[int], None]) -> Iterator[bytes]:
    """Give the key of each line; raise `Refusal` with the number of the first that is none. `read` hears of bytes."""
    done = 0
    for number, line in enumerate(lines, 1):
        done += len(line)
        if number % _LINES_BETWEEN_NEWS == 0:
            read(done)
        content = line.rstrip(b"\r\n")
        if not content:
            continue
        if plain:
            yield key_of(content)
        elif _LINE.fullmatch(content):
            yield bytes.fromhex(content[: 2 * KEY_BYTES].decode())
        else:
            raise Refusal(
                f"Line {number} of {source} is not SHA1HEX or SHA1HEX:COUNT, 40 hexadecimal digits; nothing was "
                "written. --plain takes passwords themselves."
            )


@contextmanager
def _progress(source: Path) -> Iterator[tuple[Callable[[int], None], Callable[[int, int], None]]]:
    """Show how far it is, on stderr; give what hears of bytes read, and of entries added out of all."""
    size = None if str(source) == "-" else source.stat().st_size
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Reading", total=size)

        def read(done: int) -> None:
            progress.update(task, completed=done)

        def added(done: int, total: int) -> None:
            progress.update(task, description="Building", completed=done, total=total)

        yield read, added
