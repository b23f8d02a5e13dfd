"""A sign-up on its way: what has been proved and chosen so far. The citizen is made at the last step, in one go.

Kept in the ephemeral store under the interaction it belongs to, never with a clear secret: the password is
a hash already, the seed and the printed codes are sealed.
"""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from federation.ephemeral import EphemeralStore
from idp.authentication.passwords import StoredPassword
from idp.authentication.sealing import Sealer
from idp.citizens.email import Address
from idp.citizens.registration import draw_citizen_id

KIND = "enrolment"
LIFETIME = timedelta(minutes=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What a sign-up has so far. The address is proved from the start: before that there is no enrolment."""

    address: Address
    citizen_id: str = field(default_factory=draw_citizen_id)
    """Whom the citizen will be: a passkey is made for an id."""
    given_name: str | None = None
    family_name: str | None = None
    password: StoredPassword | None = None
    seed: str | None = None
    """Of a code generator that is shown and perhaps not confirmed yet."""
    confirmed_step: int | None = None
    """The time step of the code which proved that the citizen's generator has the seed."""
    backup_codes: tuple[str, ...] = ()

    @property
    def named(self) -> bool:
        """Whether the name was given."""
        return bool(self.given_name or self.family_name)

    @property
    def needs_second_factor(self) -> bool:
        """Whether the password is too short to be the only factor, and nothing stands beside it yet."""
        return self.password is not None and not self.password.stands_alone and self.confirmed_step is None


def keep(store: EphemeralStore, sealer: Sealer, interaction_id: str, enrolment: Enrolment) -> None:
    """Keep it in the place of what was there."""
    store.put(KIND, interaction_id, _record(enrolment, sealer, interaction_id), LIFETIME)


def find(store: EphemeralStore, sealer: Sealer, interaction_id: str) -> Enrolment | None:
    """Return the sign-up of this interaction, or None."""
    record = store.get(KIND, interaction_id)
    return None if record is None else _enrolment(record, sealer, interaction_id)


def update(store: EphemeralStore, sealer: Sealer, interaction_id: str, **chosen: Any) -> Enrolment | None:
    """Keep what was chosen since and return it all, or None if there is no sign-up here any more."""
    found = find(store, sealer, interaction_id)
    if found is None:
        return None
    changed = replace(found, **chosen)
    kept = store.replace(KIND, interaction_id, _record(changed, sealer, interaction_id), LIFETIME)
    return None if kept is None else changed


def take(store: EphemeralStore, sealer: Sealer, interaction_id: str) -> Enrolment | None:
    """Return it and remove it: of racing callers one makes the citizen."""
    record = store.take(KIND, interaction_id)
    return None if record is None else _enrolment(record, sealer, interaction_id)


def _record(enrolment: Enrolment, sealer: Sealer, interaction_id: str) -> dict[str, Any]:
    secret = json.dumps({"seed": enrolment.seed, "backup_codes": enrolment.backup_codes})
    password = enrolment.password
    return {
        "citizen_id": enrolment.citizen_id,
        "written": enrolment.address.written,
        "canonical": enrolment.address.canonical,
        "given_name": enrolment.given_name,
        "family_name": enrolment.family_name,
        "password": password
        and {
            "encoded": password.encoded,
            "pepper": password.pepper,
            "stands_alone": password.stands_alone,
            "changed_at": password.changed_at.timestamp(),
        },
        "confirmed_step": enrolment.confirmed_step,
        "sealed": sealer.seal(secret.encode(), row=f"{KIND}:{interaction_id}"),
    }


def _enrolment(record: Any, sealer: Sealer, interaction_id: str) -> Enrolment:
    secret = json.loads(sealer.open(record["sealed"], row=f"{KIND}:{interaction_id}"))
    password = record["password"]
    return Enrolment(
        address=Address(written=record["written"], canonical=record["canonical"]),
        citizen_id=record["citizen_id"],
        given_name=record["given_name"],
        family_name=record["family_name"],
        password=password
        and StoredPassword(
            encoded=password["encoded"],
            pepper=password["pepper"],
            stands_alone=password["stands_alone"],
            changed_at=datetime.fromtimestamp(password["changed_at"], UTC),
        ),
        seed=secret["seed"],
        confirmed_step=record["confirmed_step"],
        backup_codes=tuple(secret["backup_codes"]),
    )
