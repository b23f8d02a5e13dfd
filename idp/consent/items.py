"""What a request needs a citizen's agreement to, as the ledger keeps it."""

from collections.abc import Collection

from federation.authorization.claims_parameter import Claims, asked_of_citizen
from federation.claims import OF_SCOPE


def items_of(scope: Collection[str], claims: Claims) -> frozenset[str]:
    """Return `scope:<name>` for each scope, and `claim:<name>` for each claim that no scope of these brings."""
    brought = {name for each in scope for name in OF_SCOPE.get(each, ())}
    alone = asked_of_citizen(claims) - brought
    return frozenset([*(f"scope:{name}" for name in scope), *(f"claim:{name}" for name in alone)])
