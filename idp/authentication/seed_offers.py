"""The seed of a code generator that is shown to a signed-in citizen and not confirmed yet. Sealed, for half an hour."""

from datetime import timedelta

from federation.ephemeral import EphemeralStore
from idp.authentication import totp
from idp.authentication.sealing import Sealer

KIND = "seed_offer"
LIFETIME = timedelta(minutes=30)


def offer(store: EphemeralStore, sealer: Sealer, session_id: str) -> str:
    """Return the seed shown in this session; reloading shows the same."""
    sealed = sealer.seal(totp.new_seed().encode(), row=_row(session_id))
    store.add(KIND, session_id, {"sealed": sealed}, LIFETIME)
    return find(store, sealer, session_id) or offer(store, sealer, session_id)


def find(store: EphemeralStore, sealer: Sealer, session_id: str) -> str | None:
    """Return the seed that was shown, or None."""
    record = store.get(KIND, session_id)
    return None if record is None else sealer.open(record["sealed"], row=_row(session_id)).decode()


def take(store: EphemeralStore, session_id: str) -> bool:
    """Remove it; of racing callers one is told True."""
    return store.take(KIND, session_id) is not None


def _row(session_id: str) -> str:
    return f"{KIND}:{session_id}"
