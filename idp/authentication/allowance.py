"""A fixed number of tries within a time: each takes a slot of its own, so racing tries never share one."""

from datetime import timedelta

from federation.ephemeral import EphemeralStore


def take_one(store: EphemeralStore, kind: str, name: str, *, of: int, within: timedelta) -> bool:
    """Take one of the slots of `name`; say whether one was free. Slots come back one by one, each after `within`."""
    return any(store.add(kind, f"{name}:{slot}", {}, within) for slot in range(of))
