"""What a request needs a citizen's agreement to, as the ledger keeps it."""

from collections.abc import Collection

from federation.authorization.claims_parameter import Claims, asked_of_citizen
from federation.authorization.details import Details
from federation.claims import OF_SCOPE

RESOURCE = "resource"
DETAILS = "details"


def items_of(
    scope: Collection[str], claims: Claims, resources: Collection[str] = (), details: Details = ()
) -> frozenset[str]:
    """Return `scope:<name>` for each scope and `claim:<name>` for each claim that no scope of these brings.

    And `resource:<address>` for each API that the service may use in the citizen's name, and `details:<type>` for
    each type of authorization details: those are asked for each time, but can be found and taken back by it.
    """
    brought = {name for each in scope for name in OF_SCOPE.get(each, ())}
    alone = asked_of_citizen(claims) - brought
    return frozenset(
        [
            *(f"scope:{name}" for name in scope),
            *(f"claim:{name}" for name in alone),
            *(f"{RESOURCE}:{address}" for address in resources),
            *(f"{DETAILS}:{each['type']}" for each in details),
        ]
    )
