"""Which of the scopes asked for a request has (OIDC Core section 3.1.2.1)."""

from collections.abc import Collection

from federation.claims import OF_SERVICES, OFFLINE
from federation.relying_parties.model import RelyingParty


def usable_scope(asked: Collection[str], relying_party: RelyingParty) -> tuple[str, ...]:
    """Return what is asked and registered, empty without `openid`; others are ignored (OIDC Core section 3.1.2.1).

    `offline_access` stays only for those that may use a refresh token. It needs consent like any
    scope, so it is never given silently the first time (section 11).
    """
    if "openid" not in asked or "openid" not in relying_party.scope:
        return ()
    unusable = OF_SERVICES | (set() if "refresh_token" in relying_party.grant_types else {OFFLINE})
    return tuple(scope for scope in asked if scope in relying_party.scope and scope not in unusable)
