"""countersign doctor: one line a check, with the cause and the command that mends it."""

import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.text import Text

from federation.ephemeral import StoreUnavailable
from idp.authentication.breached_passwords import BreachedPasswords, FilterUnreadable
from idp.cli.printing import json_option, print_json
from idp.cli.session import opened
from idp.notices.outbox import waiting
from idp.setting_faults import SettingsFaults
from idp.settings import Settings, load, unknown, variable
from idp.storage.ephemeral import SQLITE
from idp.web import readiness

WARNED, BROKEN = 1, 2
CLOCKS_APART_SECONDS = 5
"""Half of what nodes forgive each other."""
FULL = 0.7
"""Of the memory that Redis may use: above it there is little room for a rush."""

_GOOD = {
    "database": "It answers, with the tables of this release.",
    "ephemeral": "It answers.",
    "keys": "Every purpose and algorithm has a key that may sign now.",
}


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line: what was looked at, how it is, why, and what mends it."""

    name: str
    verdict: Verdict
    cause: str = ""
    mend: str = ""


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
    yield from _clock()
    yield from _durability()
    yield _letters(settings)
    yield _breached_passwords(settings)
    yield from _warnings(settings)
    yield from _redis(settings)


def _readiness() -> Iterator[Check]:
    found = {fault.part: fault for fault in readiness.faults(opened())}
    for part in readiness.PARTS:
        fault = found.get(part)
        if fault is None:
            yield Check(name=part, verdict=Verdict.OK, cause=_GOOD[part])
        else:
            yield Check(name=part, verdict=Verdict.FAULT, cause=fault.cause, mend=fault.mend)


def _clock() -> Iterator[Check]:
    """Compare our clock with the database's, as each node does: so two nodes are compared with each other."""
    use = opened()
    try:
        theirs = use.database.date()
    except StoreUnavailable:
        return
    if theirs is None:
        return
    ahead = (use.clock.now() - theirs).total_seconds()
    if abs(ahead) <= CLOCKS_APART_SECONDS:
        yield Check(name="clock", verdict=Verdict.OK, cause="It agrees with the database's.")
        return
    how = f"{abs(ahead):,.0f} seconds {'ahead of' if ahead > 0 else 'behind'} the database's"
    yield Check(
        name="clock",
        verdict=Verdict.WARNING,
        cause=f"It is {how}: what one node says is not believed by another.",
        mend="timedatectl set-ntp true  # on both machines",
    )


def _durability() -> Iterator[Check]:
    try:
        with_a_crash, with_a_failover = opened().database.may_lose()
    except StoreUnavailable:
        return
    if with_a_crash:
        yield Check(
            name="database",
            verdict=Verdict.FAULT,
            cause="A crash may lose what was acknowledged: synchronous_commit or fsync is off.",
            mend="ALTER SYSTEM SET synchronous_commit = on; ALTER SYSTEM SET fsync = on",
        )
    if with_a_failover:
        yield Check(
            name="database",
            verdict=Verdict.WARNING,
            cause="A standby may take over without what was acknowledged last: nothing waits for it.",
            mend="ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'",
        )


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


def _redis(settings: Settings) -> Iterator[Check]:
    if settings.ephemeral_url.startswith(SQLITE):
        return
    from idp.storage.ephemeral.in_redis import InRedis  # noqa: PLC0415 - loads a client that others need not have

    try:
        store = InRedis(settings.ephemeral_url)
        policy, fill, alone = store.eviction(), store.fill(), store.goes_on_alone()
    except StoreUnavailable:
        return
    if policy != "noeviction":
        yield Check(
            name="ephemeral",
            verdict=Verdict.WARNING,
            cause=f"When it is full it forgets ({policy}): what was used once could be used again.",
            mend="redis-cli CONFIG SET maxmemory-policy noeviction",
        )
    if fill > FULL:
        yield Check(
            name="ephemeral",
            verdict=Verdict.WARNING,
            cause=f"It is {fill:.0%} full; when it is full nobody can sign in.",
            mend="redis-cli CONFIG SET maxmemory ...  # docker/README.md says how much",
        )
    if alone:
        yield Check(
            name="ephemeral",
            verdict=Verdict.WARNING,
            cause="Cut off from its replicas, a server goes on beside its successor: a proof could be used at each.",
            mend="redis-cli CONFIG SET min-replicas-to-write 1",
        )


def _print(check: Check) -> None:
    colour = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAULT: "red"}[check.verdict]
    line = Text.assemble((f"{check.verdict:<8}", colour), f"{check.name:<14}", check.cause)
    if check.mend:
        line.append(f"\n{'':<8}mend it with: {check.mend}")
    Console(soft_wrap=True).print(line, highlight=False)
