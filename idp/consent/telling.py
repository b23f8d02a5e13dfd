"""What an agency would be told of a citizen, item by item, before they agree to it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from federation.claims import KNOWN, OF_SCOPE
from idp.citizens.attributes import TOLD
from idp.consent.items import DETAILS, RESOURCE

NEVER_SHOWN = frozenset({"email_verified", "phone_number_verified", "updated_at"})
"""Facts about other facts, which a scope brings along with those."""
SAID_IN_WORDS = frozenset({"scope:openid", "scope:offline_access"})
"""Items for which the page has a sentence instead of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What agreeing to some items means."""

    facts: Mapping[str, Any]
    """By claim, in the order in which they are told; None where nothing is known today, but may be later."""
    permissions: tuple[str, ...]
    """Scopes that tell nothing and permit something."""


def told(items: Collection[str], known: Mapping[str, Any]) -> Told:
    """Return what these items of a consent bring, out of all that is known.

    It is reckoned from what the ledger will keep and nothing else: values wished for in one
    request bind no later one, so they hide nothing here.
    """
    shown = [item for item in items if item not in SAID_IN_WORDS and kind_of(item) not in (RESOURCE, DETAILS)]
    names = {name for item in shown for name in facts_in(item)}
    ordered = [*KNOWN, *sorted(names.difference(KNOWN))]
    return Told(
        facts={name: known.get(name) for name in ordered if name in names},
        permissions=tuple(sorted(name_in(item) for item in shown if not facts_in(item))),
    )


def kind_of(item: str) -> str:
    """Return what an item is: `scope`, `claim`, `resource` or `details`."""
    return item.partition(":")[0]


def name_in(item: str) -> str:
    """Return which one it is: a name, or the address of an API."""
    return item.partition(":")[2]


def facts_in(item: str) -> tuple[str, ...]:
    """Return the claims that an item stands for, without those that go along with others."""
    kind, _, name = item.partition(":")
    if kind == "claim":
        return (name,)
    if kind != "scope":
        return ()
    brought = tuple(each for each in OF_SCOPE.get(name, ()) if each not in NEVER_SHOWN)
    return tuple(each for each in brought if each in TOLD) or brought
