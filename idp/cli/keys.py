"""countersign keys: see the signing keys, and move them through their life."""

import getpass
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from idp.audit.keys import events
from idp.cli import TAKES_ID
from idp.cli.printing import json_option, print_json, print_rows, say
from idp.cli.session import opened
from idp.web.services import Services
from keys import rotation
from keys.errors import KeysChanged, KeysError, TooEarly
from keys.keyset import Change, Key, KeySet
from keys.rotation import Pair, Rules
from keys.states import ALGORITHMS, PAIRS, Purpose
from keys.store import KeyStore

HELD = "held_because"
"""Told of keys that are held alone."""
FIELDS = ("kid", "purpose", "alg", "state", "published_at", "activated_at", HELD)
_LOOK_AGAIN_SECONDS = 1.0

Move = Callable[[KeyStore, datetime], Change]

_purpose = click.option(
    "--purpose", type=click.Choice([purpose.value for purpose in Purpose]), help="Only keys of this purpose."
)
_alg = click.option("--alg", type=click.Choice(ALGORITHMS), help="Only keys of this algorithm.")


@click.group()
def keys() -> None:
    """See the signing keys and move them: published, active, retiring, retired.

    Agencies see a key long before it signs and for two weeks after; `rotate` does it all in order.
    """


@keys.command("list")
@_purpose
@_alg
@json_option
def list_keys(purpose: str | None, alg: str | None, as_json: bool) -> None:
    """List the keys and where each stands."""
    with opened().database.work() as stores:
        found = stores.keys.read()
    _print([key for key in found.keys if key.pair in _pairs(purpose, alg)], as_json)


@keys.command()
@_purpose
@_alg
@json_option
def publish(purpose: str | None, alg: str | None, as_json: bool) -> None:
    """Publish a standby wherever one is missing."""
    use = opened()
    changed = _move(use, lambda store, now: rotation.publish(store, use.key_provider, _pairs(purpose, alg), now))
    if not changed:
        say("Nothing to do: every purpose and algorithm asked for has its standby.")
    _print(changed, as_json)


@keys.command(context_settings=TAKES_ID)
@click.argument("kid")
@json_option
def activate(kid: str, as_json: bool) -> None:
    """Let the published key KID sign, and retire the one that signs now."""
    use = opened()
    changed = _move(use, lambda store, now: rotation.activate(store, use.key_provider, kid, _rules(use), now))
    _print(changed, as_json)


@keys.command(context_settings=TAKES_ID)
@click.argument("kid")
@click.option("--early-because", metavar="REASON", help="Do it although tokens it signed may still be in use.")
@json_option
def retire(kid: str, early_because: str | None, as_json: bool) -> None:
    """Take the retiring key KID out of the published set."""
    use = opened()
    changed = _move(
        use, lambda store, now: rotation.retire(store, use.key_provider, kid, now, early_because=early_because)
    )
    _print(changed, as_json)


@keys.command(context_settings=TAKES_ID)
@click.argument("kid")
@click.option("--reason", required=True, help="Why; whoever is refused reads it.")
@json_option
def hold(kid: str, reason: str, as_json: bool) -> None:
    """Keep key KID from being retired and destroyed, until it is released. It can be revoked all the same."""
    _print(_move(opened(), lambda store, now: rotation.hold(store, kid, reason, now)), as_json)


@keys.command(context_settings=TAKES_ID)
@click.argument("kid")
@json_option
def release(kid: str, as_json: bool) -> None:
    """Let the held key KID go the way of all others."""
    _print(_move(opened(), lambda store, now: rotation.release(store, kid, now)), as_json)


@keys.command(context_settings=TAKES_ID)
@click.argument("kid")
@click.option("--reason", required=True, help="Why, for the record.")
@json_option
def revoke(kid: str, reason: str, as_json: bool) -> None:
    """Stop believing key KID now. If it signs, its standby signs at once. There is no way back."""
    use = opened()
    changed = _move(use, lambda store, now: rotation.revoke(store, use.key_provider, kid, reason, now))
    say("Tokens it signed no longer verify here; agencies stop believing it when they next fetch the keys.")
    _print(changed, as_json)


@keys.command()
@_purpose
@_alg
@click.option("--wait", is_flag=True, help="If a standby is too fresh, wait until agencies have it, then rotate.")
@json_option
def rotate(purpose: str | None, alg: str | None, wait: bool, as_json: bool) -> None:
    """Let every standby sign, retire the keys that signed, publish new standbys. All at once, or nothing."""
    use = opened()
    pairs, rules = _pairs(purpose, alg), _rules(use)

    def step(store: KeyStore, now: datetime) -> Change:
        return rotation.rotate(store, use.key_provider, pairs, rules, now)

    if not wait:
        try:
            _print(_move(use, step), as_json)
        except click.ClickException as error:
            if isinstance(error.__cause__, TooEarly):
                raise click.ClickException(f"{error.message} `--wait` waits for it.") from error.__cause__
            raise
        return
    _print(_rotate_when_ready(use, step), as_json)


def _rotate_when_ready(use: Services, step: Move) -> list[Key]:
    while True:
        try:
            return _moved(use, step)
        except TooEarly as error:
            _wait_until(use, error.earliest)
        except KeysChanged:
            time.sleep(_LOOK_AGAIN_SECONDS)
        except KeysError as error:
            raise click.ClickException(str(error)) from error


def _wait_until(use: Services, when: datetime) -> None:
    began = use.clock.now()
    whole = (when - began).total_seconds()
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(f"Waiting until agencies have the standby ({when:%Y-%m-%d %H:%M:%S} UTC)", total=whole)
        while (left := (when - use.clock.now()).total_seconds()) > 0:
            progress.update(task, completed=whole - left)
            time.sleep(min(left, _LOOK_AGAIN_SECONDS))
        progress.update(task, completed=whole)


def _move(use: Services, step: Move) -> list[Key]:
    try:
        return _moved(use, step)
    except KeysError as error:
        raise click.ClickException(str(error)) from error


def _moved(use: Services, step: Move) -> list[Key]:
    """Do one step and record it, in one transaction; return the keys it touched, as they are now."""
    with use.database.work() as stores:
        change = step(stores.keys, use.clock.now())
        for event in events(change, _operator()):
            stores.audit.record(event)
        return _touched(stores.keys.read(), change)


def _operator() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "nameless account"


def _touched(now: KeySet, change: Change) -> list[Key]:
    return [now.by_kid[kid] for kid in change.kids]


def _pairs(purpose: str | None, alg: str | None) -> tuple[Pair, ...]:
    return tuple(pair for pair in PAIRS if purpose in (None, pair[0]) and alg in (None, pair[1]))


def _rules(use: Services) -> Rules:
    return Rules(prepublish=use.settings.key_prepublish)


def _print(found: Iterable[Key], as_json: bool) -> None:
    rows = [_row(key) for key in sorted(found, key=lambda key: (*key.pair, key.created_at))]
    if as_json:
        print_json([{name: value for name, value in row.items() if name != HELD or value} for row in rows])
    else:
        print_rows(FIELDS, rows)


def _row(key: Key) -> dict[str, Any]:
    row = {field: getattr(key, field) for field in FIELDS}
    return {
        name: value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
        for name, value in row.items()
    }
