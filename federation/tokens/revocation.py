"""Take a token back (RFC 7009). One rule: whatever token of a grant is revoked, the whole grant ends with it."""

from collections.abc import Mapping
from datetime import datetime

from federation.errors import InvalidGrant, InvalidRequest, InvalidToken
from federation.relying_parties.model import RelyingParty
from federation.tokens import access_token, refresh_token
from federation.tokens.desk import Desk


def revoke(form: Mapping[str, str], relying_party: RelyingParty, desk: Desk, now: datetime) -> str | None:
    """End what `token` belongs to and return the id of what ended, or None if there was nothing to end.

    `token_type_hint` only says where to look first (section 2.1): our tokens tell by themselves.
    """
    token = form.get("token")
    if not token:
        raise InvalidRequest("token is missing")
    found = _find_refresh(token, desk, now) or _find_access(token, desk, now)
    if found is None:
        return None
    owner, ending = found
    if owner != relying_party.client_id:
        raise InvalidGrant("the token was issued to another relying party")
    desk.grants.end(ending, now)
    return ending


def _find_refresh(token: str, desk: Desk, now: datetime) -> tuple[str, str] | None:
    grant_id = refresh_token.grant_of(desk.token_secret, token)
    grant = None if grant_id is None else desk.grants.find(grant_id, now)
    return None if grant is None else (grant.client_id, grant.grant_id)


def _find_access(token: str, desk: Desk, now: datetime) -> tuple[str, str] | None:
    try:
        found = access_token.read(desk.signer, desk.store, token, issuer=desk.issuer, now=now)
    except InvalidToken:
        return None
    return found.client_id, found.revocation_id
