"""What a relying party may see and give back of a grant it holds (Grant Management for OAuth 2.0, OpenID FAPI).

Whoever asks has a token of its own, for no citizen: one that a browser or a phone could hold reaches no grant. A
grant of somebody else looks like one that never was, for a grant id is no secret (section 10).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from federation import claims
from federation.errors import UnknownGrant
from federation.tokens.grants.model import Grant
from federation.tokens.grants.store import GrantStore
from federation.tokens.standing import Standing, check_for_itself

QUERY = "grant_management_query"
REVOKE = "grant_management_revoke"
"""Scopes (section 6.1); `claims.OF_SERVICES` keeps them from citizens."""
ACTIONS = ("query", "revoke", "create")
"""Every sign-in makes a grant of its own (`create`); none is added to or replaced."""


def find(grant_id: str, asker: Standing, grants: GrantStore, now: datetime, *, scope: str) -> Grant:
    """Return a grant that stands and is the asker's own; raise InsufficientScope or UnknownGrant (section 6.6)."""
    check_for_itself(asker, scope)
    grant = grants.find(grant_id, now)
    if grant is None or grant.client_id != asker.relying_party.client_id:
        raise UnknownGrant("the grant has ended, never was, or is of another relying party")
    return grant


def describe(grant: Grant) -> Mapping[str, Any]:
    """Return what was granted (section 6.4): no tokens, and nothing that says whose it is."""
    told = {name for place in ("id_token", "userinfo") for name in _names(grant, place)}
    return {
        "scopes": [{"scope": " ".join(grant.scope), **({"resources": grant.resources} if grant.resources else {})}],
        **({"authorization_details": grant.authorization_details} if grant.authorization_details else {}),
        "claims": [name for name in claims.KNOWN if name in told],
        "created_at": int(grant.created_at.timestamp()),
        "expires_at": int(grant.expires_at.timestamp()),
    }


def _names(grant: Grant, place: claims.Place) -> tuple[str, ...]:
    return claims.names(grant.scope, grant.claims, where=place)
