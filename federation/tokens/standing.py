"""Whether an access token still stands: its relying party active, its grant, citizen and session not ended."""

from datetime import datetime

from federation.errors import InvalidToken
from federation.relying_parties.registry import RelyingPartyRegistry
from federation.tokens.access_token import AccessToken
from federation.tokens.grants.model import Grant
from federation.tokens.grants.store import GrantStore


def check_standing(
    token: AccessToken, *, grants: GrantStore, registry: RelyingPartyRegistry, now: datetime
) -> Grant | None:
    """Return the grant a genuine token stands on, None where no citizen is involved; raise InvalidToken."""
    if registry.find(token.client_id) is None:
        raise InvalidToken("the relying party of the token is disabled")
    if token.grant_id is None:
        if grants.is_ended(token.token_id):
            raise InvalidToken("the access token was revoked")
        return None
    grant = grants.find(token.grant_id, now)
    if grant is None:
        raise InvalidToken("the grant of the token has ended")
    return grant
