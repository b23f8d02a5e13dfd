"""countersign doctor: one line a check, with the cause and the command that mends it."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.text import Text

from federation.ephemeral import StoreUnavailable
from idp.authentication.breached_passwords import BreachedPasswords, FilterUnreadable
from idp.cli import store_checks
from idp.cli.checks import Check, Verdict
from idp.cli.printing import json_option, print_json
from idp.cli.session import opened
from idp.notices.outbox import waiting
from idp.setting_faults import SettingsFaults
from idp.settings import Settings, load, unknown, variable
from idp.web import readiness

WARNED, BROKEN = 1, 2
_GOOD = {
    "database": "It answers, with the tables of this release.",
    "ephemeral": "It answers.",
    "keys": "Every purpose and algorithm has a key that may sign now.",
}


@click.command()
@json_option
def doctor(*, as_json: bool) -> None:
    """Check this installation. Exit code 0: all is well; 1: warnings; 2: it cannot serve."""
    checks = list(examine())
    if as_json:
        print_json([asdict(check) for check in checks])
    else:
        for check in checks:
            _print(check)
    verdicts = {check.verdict for check in checks}
    sys.exit(BROKEN if Verdict.FAULT in verdicts else WARNED if Verdict.WARNING in verdicts else 0)


def examine() -> Iterator[Check]:
    """Run every check; those that need sound settings are left out while the settings have faults."""
    try:
        settings = load()
    except SettingsFaults as error:
        for fault in error.faults:
            name = fault.split(" ", 1)[0]
            yield Check(name="settings", verdict=Verdict.FAULT, cause=fault, mend=f"export {name}=...")
        return
    yield Check(name="settings", verdict=Verdict.OK, cause=f"The issuer is {settings.issuer}.")
    yield from _readiness()
    yield from store_checks.clock()
    yield from store_checks.audit_log()
    yield from store_checks.durability()
    yield _letters(settings)
    yield _breached_passwords(settings)
    yield from _warnings(settings)
    yield from store_checks.redis(settings)


def _readiness() -> Iterator[Check]:
    found = {fault.part: fault for fault in readiness.faults(opened())}
    for part in readiness.PARTS:
        fault = found.get(part)
        if fault is not None:
            yield Check(name=part, verdict=Verdict.FAULT, cause=fault.cause, mend=fault.mend)
        elif part != "keys" or "database" not in found:  # without their tables keys are not looked at
            yield Check(name=part, verdict=Verdict.OK, cause=_GOOD[part])


def _letters(settings: Settings) -> Check:
    """Say how many messages wait, logout notices too; without a mail server every letter does."""
    waiting = _waiting()
    if settings.mail_url is None:
        cause = f"No mail server is set, so nobody can sign up. {waiting}"
        mend = f"export {variable('mail_url')}=smtp://..."
        return Check(name="letters", verdict=Verdict.WARNING, cause=cause, mend=mend)
    return Check(name="letters", verdict=Verdict.OK, cause=waiting)


def _waiting() -> str:
    database = opened().database
    try:
        if database.is_migrated():
            with database.work() as stores:
                return f"Messages that wait to be delivered: {waiting(stores.outbox):,}."
    except StoreUnavailable:
        pass
    return "It cannot be seen how many wait to be delivered."


def _breached_passwords(settings: Settings) -> Check:
    mend = f"countersign passwords build SOURCE --to FILE && export {variable('breached_passwords')}=FILE"
    try:
        summary = BreachedPasswords(settings.breached_passwords).summary()
    except FilterUnreadable as error:
        return Check(name="passwords", verdict=Verdict.FAULT, cause=f"{error}.", mend=mend)
    if summary is None:
        cause = "Breached passwords are not refused, only those that are easily guessed."
        return Check(name="passwords", verdict=Verdict.WARNING, cause=cause, mend=mend)
    return Check(name="passwords", verdict=Verdict.OK, cause=f"{summary.entries:,} breached ones are refused.")


def _warnings(settings: Settings) -> Iterator[Check]:
    for name in settings.test_settings_on():
        yield Check(
            name="test settings", verdict=Verdict.WARNING, cause=f"{name} is on.", mend=f"unset {name}  # for citizens"
        )
    for name in unknown():
        yield Check(
            name="settings", verdict=Verdict.WARNING, cause=f"{name} is not a setting.", mend="countersign settings"
        )
    if urlsplit(settings.issuer).scheme == "http":
        yield Check(
            name="issuer",
            verdict=Verdict.WARNING,
            cause="It is http: good for this machine only.",
            mend="export COUNTERSIGN_ISSUER=https://...",
        )


def _print(check: Check) -> None:
    colour = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAULT: "red"}[check.verdict]
    line = Text.assemble((f"{check.verdict:<8}", colour), f"{check.name:<14}", check.cause)
    if check.mend:
        line.append(f"\n{'':<8}mend it with: {check.mend}")
    Console(soft_wrap=True).print(line, highlight=False)
