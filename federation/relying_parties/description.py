"""A relying party in the words of RFC 7591: what registration answers and `agencies show` prints."""

from dataclasses import fields
from typing import Any

from federation.relying_parties.model import RelyingParty
from federation.relying_parties.registration import Registered

_OURS = frozenset({"client_secret_hash", "created_at", "enabled_at", "scope", "may_ask", "revision"})


def describe(relying_party: RelyingParty) -> dict[str, Any]:
    """Return all that is registered, defaults included, as JSON values. The secret's hash stays out.

    A scope has one name at least (RFC 6749 section 3.3): with none it is left out, so that it can be said again.
    """
    issued = relying_party.created_at
    described: dict[str, Any] = {"client_id": relying_party.client_id}
    if issued is not None:
        described["client_id_issued_at"] = int(issued.timestamp())
    for field in fields(relying_party):
        value = getattr(relying_party, field.name)
        if field.name not in _OURS and value is not None:
            described[field.name] = list(value) if isinstance(value, tuple) else value
    if relying_party.scope:
        described["scope"] = " ".join(relying_party.scope)
    return described


def describe_new(registered: Registered) -> dict[str, Any]:
    """Return the same with the secret, if there is one: the only time it is told (RFC 7591 section 3.2.1)."""
    described = describe(registered.relying_party)
    if registered.client_secret is not None:
        described |= {"client_secret": registered.client_secret, "client_secret_expires_at": 0}
    return described
