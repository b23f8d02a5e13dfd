"""What `doctor` looks at in the stores, beyond whether they answer: what would lose promises unnoticed."""

from collections.abc import Iterator

from federation.ephemeral import StoreUnavailable
from idp.audit import noted_head
from idp.cli.checks import Check, Verdict
from idp.cli.session import opened
from idp.settings import Settings
from idp.storage.ephemeral import SQLITE

CLOCKS_APART_SECONDS = 5
"""Half of what nodes forgive each other."""
FULL = 0.7
"""Of the memory that Redis may use: above it there is little room for a rush."""


def clock() -> Iterator[Check]:
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


def durability() -> Iterator[Check]:
    """Say what the database may lose of what it acknowledged."""
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


def audit_log() -> Iterator[Check]:
    """Compare the end of the log with what was noted outside of the database."""
    use = opened()
    try:
        if not use.database.is_migrated():
            return
        before = noted_head.noted(use.ephemeral)
        with use.database.work() as stores:
            head = stores.audit.head()
    except StoreUnavailable:
        return
    if before is None or not noted_head.is_behind(head, before):
        yield Check(name="audit log", verdict=Verdict.OK, cause=f"It ends at entry {head.sequence:,}.")
        return
    cause = (
        f"It ends at entry {head.sequence:,}, and had {before.sequence:,}: the database is older than it was, and what"
        " was revoked or disabled since works again."
    )
    mend = f"countersign audit verify --head {before.sequence}:{before.hash}  # and do that again"
    yield Check(name="audit log", verdict=Verdict.WARNING, cause=cause, mend=mend)


def redis(settings: Settings) -> Iterator[Check]:
    """Look whether Redis forgets, is nearly full or has others beside it."""
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
