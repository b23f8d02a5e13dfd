"""Evaluate what a citizen typed: admit, count, look, compare. In that order, whoever they say they are.

Before anything is counted the request gives its connection back, so that it never waits for a second one
while it holds the first. Call these before the request's first write.

Nobody learns from the answer or its timing whether an address is somebody's: unknown, disabled and
password-less people take the same path with a hash that nothing matches.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from idp.audit.authentication import AuthenticationFailed, AuthenticationThrottled, BackupCodeUsed
from idp.authentication import backup_codes, totp
from idp.authentication.factors import Factor
from idp.authentication.passwords import StoredPassword
from idp.authentication.throttle import BACKUP_CODE, HALF, IN_OWN_BROWSER, Attempt, Throttled, authenticator
from idp.citizens.email import find_canonical
from idp.citizens.model import Citizen
from idp.notices.letters import CredentialChanged, send
from idp.web import known_browsers
from idp.web.services import services
from idp.web.stores import Stores
from idp.web.transaction import stores, undo

_RECORDED_EVERY = timedelta(days=1)
"""How often the refusals of an authenticator are recorded, while no further attempt of it is counted."""


def prove_password(email: str, password: str) -> Citizen | None:
    """Return the citizen who has this address and this password, or None.

    Raises `TooBusy`, with nothing counted, and `Throttled`, with nothing compared. No connection is held
    while hashing.
    """
    undo()
    use = services()
    now = use.clock.now()
    with use.hashing.admitted():
        citizen, stored = _count_password(email, now)
        verdict = use.hashing.compare(stored, password)
        if citizen is None or stored is None or not verdict.matches:
            _record_failure(citizen, Factor.PASSWORD, now)
            return None
        if verdict.outdated:
            fresh = use.hashing.hash(password, stands_alone=stored.stands_alone, now=stored.changed_at)
            stores().credentials.rehash_password(citizen.citizen_id, stored, fresh)
    forget_failures(citizen.citizen_id)
    return citizen


def forget_failures(citizen_id: str) -> None:
    """Begin the counts of a citizen's password anew, after a success or with a new one."""
    for kind in (Factor.PASSWORD, IN_OWN_BROWSER):
        stores().failures.reset(authenticator(kind, citizen_id))


def prove_totp(citizen: Citizen, code: str) -> bool:
    """Use up a code of the citizen's generator; say whether it was right. Raises `Throttled`."""
    use = services()
    now = use.clock.now()
    typed = "".join(code.split())
    return _prove_code(
        citizen, Factor.TOTP, lambda own: totp.spend(own.credentials, use.sealer, citizen.citizen_id, typed, now)
    )


def prove_backup_code(citizen: Citizen, code: str) -> bool:
    """Use up a printed code; say whether it was right. Raises `Throttled`."""
    use = services()
    now = use.clock.now()
    whose = citizen.citizen_id

    def spend(own: Stores) -> bool:
        if not backup_codes.spend(own.credentials, use.hashing.peppers, whose, code, now):
            return False
        left = own.credentials.factors(whose).backup_codes
        own.audit.record(BackupCodeUsed(at=now, citizen_id=whose, left=left))
        letter = CredentialChanged(to=citizen.email, language=citizen.locale, at=now, change="backup_code_used")
        send(own.outbox, use.sealer, letter, now)
        return True

    return _prove_code(citizen, BACKUP_CODE, spend)


def _count_password(email: str, now: datetime) -> tuple[Citizen | None, StoredPassword | None]:
    with services().database.work() as own:
        found = own.citizens.find_by_email(email)
        stored = own.credentials.find_password(found.citizen_id if found else "")
        kind = IN_OWN_BROWSER if found and known_browsers.is_known(found.citizen_id) else Factor.PASSWORD
        name = authenticator(kind, found.citizen_id if found else None, otherwise=find_canonical(email) or "")
        attempt = own.failures.count(name, now, HALF)
    if not attempt.admitted:
        raise _throttled(attempt, name, found, Factor.PASSWORD, now)
    return (found, stored) if found is not None and found.active else (None, None)


def _prove_code(citizen: Citizen, method: str, spend: Callable[[Stores], bool]) -> bool:
    """Count and spend in one transaction, committed before anybody hears of the outcome."""
    undo()
    now = services().clock.now()
    name = authenticator(method, citizen.citizen_id)
    with services().database.work() as own:
        attempt = own.failures.count(name, now)
        right = attempt.admitted and spend(own)
        if right:
            own.failures.reset(name)
        elif attempt.admitted:
            own.audit.record(AuthenticationFailed(at=now, citizen_id=citizen.citizen_id, method=method))
    if not attempt.admitted:
        raise _throttled(attempt, name, citizen, method, now)
    return right


def _throttled(attempt: Attempt, name: str, citizen: Citizen | None, method: str, now: datetime) -> Throttled:
    """Return what to raise; the first refusal after each counted attempt is recorded, the rest anybody may repeat."""
    interval = f"{name}:{attempt.retry_at.isoformat()}"
    if services().ephemeral.add("throttled", interval, {}, _RECORDED_EVERY):
        citizen_id = citizen.citizen_id if citizen else None
        event = AuthenticationThrottled(at=now, citizen_id=citizen_id, method=method, failures=attempt.failures)
        with services().database.work() as own:
            own.audit.record(event)
    return Throttled(attempt)


def _record_failure(citizen: Citizen | None, method: str, now: datetime) -> None:
    citizen_id = citizen.citizen_id if citizen else None
    with services().database.work() as own:
        own.audit.record(AuthenticationFailed(at=now, citizen_id=citizen_id, method=method))
