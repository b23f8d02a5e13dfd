"""By which way an authorization request comes: pushed beforehand, signed, or plain in the browser's address."""

from datetime import datetime

from federation.authorization import checking, pushed, signed_request
from federation.authorization.errors import PushingRequired, RequestObjectRefused, SigningRequired
from federation.authorization.parameters import Parameters
from federation.client_authentication.keys import RelyingPartyKeys
from federation.ephemeral import EphemeralStore
from federation.errors import InvalidRequestObject
from federation.relying_parties.model import RelyingParty


def parameters_of(
    given: Parameters,
    relying_party: RelyingParty,
    *,
    store: EphemeralStore,
    keys: RelyingPartyKeys,
    issuer: str,
    everybody_pushes: bool,
    now: datetime,
) -> tuple[Parameters, str | None]:
    """Return what is asked, wherever it stands, and the key of what was pushed.

    What was pushed was signed then, if it had to be. Raises PushedRequestGone or an AuthorizationRefused.
    """
    if pushed.is_reference(given):
        return pushed.find(store, given, relying_party)
    if everybody_pushes or relying_party.must_push:
        raise PushingRequired(checking.return_address(given, relying_party))
    signed = given.get("request")
    if signed is None:
        if relying_party.require_signed_request_object:
            raise SigningRequired(checking.return_address(given, relying_party))
        return given, None
    try:
        return signed_request.read(signed, relying_party, keys, issuer=issuer, now=now), None
    except InvalidRequestObject as error:
        raise RequestObjectRefused(checking.return_address(given, relying_party), str(error)) from error
