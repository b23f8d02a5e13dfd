"""A password proved, a second factor still missing: no session yet, only this note in the interaction.

Bound to the interaction, and through it to the browser; short, because between the two pages the citizen
only fetches a code.
"""

from dataclasses import dataclass
from datetime import timedelta

from federation.ephemeral import EphemeralStore

KIND = "first_proof"
LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstProof:
    """Who proved what, and in which access epoch of theirs: in another one it proves nothing."""

    citizen_id: str
    amr: tuple[str, ...]
    access_epoch: int


def keep(store: EphemeralStore, interaction_id: str, proof: FirstProof) -> None:
    """Keep it in the place of an earlier one."""
    record = {"citizen_id": proof.citizen_id, "amr": list(proof.amr), "epoch": proof.access_epoch}
    store.put(KIND, interaction_id, record, LIFETIME)


def find(store: EphemeralStore, interaction_id: str) -> FirstProof | None:
    """Return the proof waiting in this interaction, or None."""
    record = store.get(KIND, interaction_id)
    if record is None:
        return None
    return FirstProof(citizen_id=record["citizen_id"], amr=tuple(record["amr"]), access_epoch=record["epoch"])


def spend(store: EphemeralStore, interaction_id: str) -> bool:
    """Remove it; of racing callers one is told True and may begin the session."""
    return store.take(KIND, interaction_id) is not None
