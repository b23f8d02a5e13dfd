"""A fixed number of tries within a time: each takes a slot of its own, so racing tries never share one."""

from datetime import timedelta

from federation.ephemeral import EphemeralStore


def take_one(store: EphemeralStore, kind: str, name: str, *, of: int, within: timedelta) -> bool:
    """Take one of the slots of `name`; say whether one was free. Slots come back one by one, each after `within`."""
    return take_slot(store, kind, name, of=of, within=within) is not None


def take_slot(store: EphemeralStore, kind: str, name: str, *, of: int, within: timedelta) -> str | None:
    """Do the same and return the slot, which `give_back` takes; None if none was free."""
    slots = (f"{name}:{slot}" for slot in range(of))
    return next((slot for slot in slots if store.add(kind, slot, {}, within)), None)


def give_back(store: EphemeralStore, kind: str, slot: str) -> None:
    """Let a slot be taken again: the try was right."""
    store.take(kind, slot)
