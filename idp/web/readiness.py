"""Is this installation able to serve? One question, asked by `/readyz`, `serve` and `doctor`."""

from dataclasses import dataclass

from federation.ephemeral import StoreUnavailable
from idp.web.services import Services
from keys.errors import CannotSign, EnvelopeError

PARTS = ("database", "ephemeral", "keys")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is missing, and the command that mends it."""

    part: str
    cause: str
    mend: str
    may_pass: bool = False
    """Whether waiting may mend it."""


def faults(use: Services) -> list[Fault]:
    """Look at the stores, the tables and the keys; return what is missing, worst first."""
    found = [fault for fault in (_database(use), _ephemeral(use)) if fault is not None]
    if any(fault.part == "database" for fault in found):
        return found
    keys = _keys(use)
    return found if keys is None else [*found, keys]


def _database(use: Services) -> Fault | None:
    try:
        migrated = use.database.is_migrated()
    except StoreUnavailable:
        return _silent("database", "COUNTERSIGN_DATABASE_URL")
    if migrated:
        return None
    return Fault(part="database", cause="Its tables are not those of this release.", mend="countersign db upgrade")


def _ephemeral(use: Services) -> Fault | None:
    try:
        use.ephemeral.check_available()
    except StoreUnavailable:
        return _silent("ephemeral", "COUNTERSIGN_EPHEMERAL_URL")
    return None


def _keys(use: Services) -> Fault | None:
    try:
        use.signer.check_ready()
    except CannotSign:
        return Fault(part="keys", cause="No key may sign now.", mend="countersign db upgrade")
    except EnvelopeError:
        return Fault(
            part="keys",
            cause="They do not open with this key-encryption key.",
            mend="export COUNTERSIGN_KEY_ENCRYPTION_KEY=newest,former",
        )
    except StoreUnavailable:
        return _silent("database", "COUNTERSIGN_DATABASE_URL")
    return None


def _silent(part: str, variable: str) -> Fault:
    return Fault(part=part, cause="It does not answer.", mend=f"start it, or mend {variable}", may_pass=True)
