"""The states of a signing key, and the only moves between them.

There is no way back. A key is seen by agencies (PUBLISHED) long before it signs (ACTIVE), and
still verifies (RETIRING) until the last token it signed has ended.
"""

from collections.abc import Mapping
from enum import StrEnum

from keys.errors import MoveRefused


class Purpose(StrEnum):
    """What a key signs. A token signed for one purpose never verifies for another."""

    ID_TOKEN = "id_token"
    ACCESS_TOKEN = "access_token"


class State(StrEnum):
    """Where a key stands in its life."""

    GENERATED = "generated"
    PUBLISHED = "published"
    ACTIVE = "active"
    RETIRING = "retiring"
    RETIRED = "retired"
    REVOKED = "revoked"
    DESTROYED = "destroyed"


ALGORITHMS = ("ES256", "RS256", "EdDSA")

PAIRS = tuple((purpose, alg) for purpose in Purpose for alg in ALGORITHMS)
"""Every purpose and algorithm: each has one ACTIVE key and one standby."""

MOVES: Mapping[State, frozenset[State]] = {
    State.GENERATED: frozenset({State.PUBLISHED, State.REVOKED}),
    State.PUBLISHED: frozenset({State.ACTIVE, State.REVOKED}),
    State.ACTIVE: frozenset({State.RETIRING, State.REVOKED}),
    State.RETIRING: frozenset({State.RETIRED, State.REVOKED}),
    State.RETIRED: frozenset({State.DESTROYED, State.REVOKED}),
    State.REVOKED: frozenset(),
    State.DESTROYED: frozenset(),
}

SERVED = frozenset({State.PUBLISHED, State.ACTIVE, State.RETIRING})
"""In the JWKS, and believed. PUBLISHED too: another node may have activated it a moment before this one hears."""

ERASED = frozenset({State.REVOKED, State.DESTROYED})
"""Without a private half: it is erased in the same move, or, of a key that is held, when it is released."""

REMOVED = frozenset({State.RETIRED, State.DESTROYED})
"""Where a key that is held does not go."""


def check_move(before: State, after: State) -> None:
    """Raise `MoveRefused` unless the table has this move."""
    if after not in MOVES[before]:
        raise MoveRefused(f"A key that is {before} cannot become {after}.")
