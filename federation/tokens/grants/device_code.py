"""The device grant: what a citizen agreed to elsewhere, handed to the device that asked (RFC 8628 section 3.4)."""

from datetime import datetime

from federation.authorization import device
from federation.authorization.parameters import Parameters
from federation.client_authentication.encrypted import check_possible
from federation.errors import InvalidRequest
from federation.relying_parties.model import RelyingParty
from federation.tokens.desk import Answer, Desk
from federation.tokens.grants.authorization_code import hand_over


def redeem(form: Parameters, relying_party: RelyingParty, desk: Desk, now: datetime) -> Answer:
    """Hand over the tokens a device code stands for, once; until the citizen has answered, say so."""
    device_code = form.get("device_code")
    if not device_code:
        raise InvalidRequest("device_code is missing")
    check_possible(relying_party, desk.keys, alg=relying_party.id_token_encrypted_response_alg)
    authorised = device.collect(desk.store, device_code, relying_party, now)
    return hand_over(authorised, device_code, relying_party, desk, form=form, now=now)
