"""The token endpoint's decision, top to bottom (RFC 6749 section 3.2)."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from federation.authorization.parameters import Parameters
from federation.errors import InvalidRequest, UnauthorizedClient, UnsupportedGrantType
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.rules import DEVICE_CODE, TOKEN_EXCHANGE
from federation.tokens.desk import Answer, Desk
from federation.tokens.grants import authorization_code, client_credentials, device_code, refresh_token, token_exchange

Redeem = Callable[[Parameters, RelyingParty, Desk, datetime], Answer]

GRANT_TYPES: Mapping[str, Redeem] = MappingProxyType(
    {
        "authorization_code": authorization_code.redeem,
        "refresh_token": refresh_token.redeem,
        "client_credentials": client_credentials.redeem,
        DEVICE_CODE: device_code.redeem,
        TOKEN_EXCHANGE: token_exchange.redeem,
    }
)


def decide(form: Parameters, relying_party: RelyingParty, desk: Desk, now: datetime) -> Answer:
    """Answer one token request of a relying party that has proved itself; raise a ProtocolError."""
    grant_type = form.get("grant_type")
    if not grant_type:
        raise InvalidRequest("grant_type is missing")
    redeem = GRANT_TYPES.get(grant_type)
    if redeem is None:
        raise UnsupportedGrantType("grant_type is not one of ours")
    if grant_type not in relying_party.grant_types:
        raise UnauthorizedClient("the relying party is not registered for this grant_type")
    return redeem(form, relying_party, desk, now)
