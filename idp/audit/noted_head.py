"""A note of the end of the audit log outside of the database: by it a restored database is known to be an older one."""

from datetime import timedelta

from federation.ephemeral import EphemeralStore
from idp.audit.log import Head

KIND, KEY = "audit_head", "newest"
KEPT = timedelta(days=30)


def note(store: EphemeralStore, head: Head) -> None:
    """Note the end of the log, unless a later one was noted: an older database does not unsay it.

    Raises StoreUnavailable.
    """
    before = noted(store)
    if before is None or before.sequence <= head.sequence:
        store.put(KIND, KEY, {"sequence": head.sequence, "hash": head.hash}, KEPT)


def noted(store: EphemeralStore) -> Head | None:
    """Return the latest end that was noted, or None; raise StoreUnavailable."""
    found = store.get(KIND, KEY)
    return None if found is None else Head(found["sequence"], found["hash"])


def is_behind(head: Head, before: Head | None) -> bool:
    """Say whether a log that ends at `head` has lost what was noted; it cannot be told once it is longer again."""
    return before is not None and (head.sequence < before.sequence or _is_another(head, before))


def _is_another(head: Head, before: Head) -> bool:
    return head.sequence == before.sequence and head.hash != before.hash
