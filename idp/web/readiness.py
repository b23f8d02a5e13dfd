"""Is this installation able to serve? One question, asked by `/readyz`, `serve` and `doctor`."""

import json
from dataclasses import dataclass

from federation.ephemeral import StoreUnavailable
from idp.web.services import Services


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
    return [fault for check in (_database, _ephemeral, _keys) if (fault := check(use)) is not None]


def _database(use: Services) -> Fault | None:
    try:
        migrated = use.database.is_migrated()
    except StoreUnavailable:
        return Fault(
            part="database",
            cause="It does not answer.",
            mend="start it, or mend COUNTERSIGN_DATABASE_URL",
            may_pass=True,
        )
    if migrated:
        return None
    return Fault(part="database", cause="Its tables are not those of this release.", mend="countersign db upgrade")


def _ephemeral(use: Services) -> Fault | None:
    try:
        use.ephemeral.get("probe", "probe")
    except StoreUnavailable:
        return Fault(
            part="ephemeral",
            cause="It does not answer.",
            mend="start it, or mend COUNTERSIGN_EPHEMERAL_URL",
            may_pass=True,
        )
    return None


def _keys(use: Services) -> Fault | None:
    try:
        found = json.loads(use.signer.jwks().body)["keys"]
    except StoreUnavailable:
        found = []
    return None if found else Fault(part="keys", cause="No key is published.", mend="countersign db upgrade")
