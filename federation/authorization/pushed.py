"""Authorization requests that came beforehand, from the relying party itself (RFC 9126).

What was pushed is kept as it came, without the proof of who pushed it, and checked again when the citizen arrives:
what the registry says may have changed. Nothing beside the reference is read then (section 4).
"""

import json
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from federation.authorization import checking, signed_request
from federation.authorization.detail_types import DetailType
from federation.authorization.errors import AuthorizationRefused, NoReturn, PushedRequestGone
from federation.authorization.hinted_subject import HintReader
from federation.authorization.parameters import Parameters
from federation.client_authentication.keys import RelyingPartyKeys
from federation.ephemeral import EphemeralStore
from federation.errors import InvalidRequest, PushedRequestRefused
from federation.hashing import fingerprint
from federation.relying_parties.model import RelyingParty

LIFETIME = timedelta(seconds=90)
LARGEST = 8_192
"""Bytes kept of one request, as of an interaction."""
KIND = "pushed_request"
PREFIX = "urn:ietf:params:oauth:request_uri:"
_PROOF = ("client_secret", "client_assertion", "client_assertion_type")


def push(
    store: EphemeralStore,
    pairs: Iterable[tuple[str, str]],
    relying_party: RelyingParty,
    read_hint: HintReader,
    *,
    keys: RelyingPartyKeys,
    issuer: str,
    pkce: str,
    detail_types: Mapping[str, DetailType],
    dpop_key: str | None,
    now: datetime,
) -> str:
    """Check a request now, keep it for LIFETIME, and return the `request_uri` that stands for it, once.

    `dpop_key` is the key that was proved with it: the code is bound to it (RFC 9449 section 10.1).
    Raises InvalidRequest, InvalidRequestObject (section 3), or PushedRequestRefused with the error that /authorize
    would have told (section 2.3).
    """
    given = Parameters.of((name, value) for name, value in pairs if name not in _PROOF)
    if given.get("request_uri"):
        raise InvalidRequest("a request_uri cannot be pushed")
    signed = given.get("request")
    if signed is not None:
        given = signed_request.read(signed, relying_party, keys, issuer=issuer, now=now)
    elif relying_party.require_signed_request_object:
        raise InvalidRequest("the request must be a signed request object")
    asked = {**given.to_record(), "client_id": relying_party.client_id}
    if dpop_key is not None and asked.setdefault("dpop_jkt", dpop_key) != dpop_key:
        raise InvalidRequest("dpop_jkt is not the key of the DPoP proof")
    if len(json.dumps(asked, ensure_ascii=False).encode("utf-8", "surrogatepass")) > LARGEST:
        raise InvalidRequest("the request is too large to keep")
    try:
        params = Parameters.from_record(asked)
        checking.check(params, relying_party, read_hint, issuer=issuer, pkce=pkce, detail_types=detail_types)
    except (AuthorizationRefused, NoReturn) as error:
        raise PushedRequestRefused(error) from error
    reference = secrets.token_urlsafe(32)
    store.put(KIND, fingerprint(reference), asked, LIFETIME)
    return PREFIX + reference


def is_reference(params: Parameters) -> bool:
    """Whether a request is only the reference to one that was pushed."""
    return (params.get("request_uri") or "").startswith(PREFIX)


def take(store: EphemeralStore, params: Parameters, relying_party: RelyingParty) -> Parameters:
    """Return what this relying party pushed under the reference, once; raise PushedRequestGone.

    Somebody else's is left where it is: who saw the reference pass cannot spend it under another name.
    """
    key = fingerprint((params.get("request_uri") or "").removeprefix(PREFIX))
    found = store.get(KIND, key)
    if found is None or found["client_id"] != relying_party.client_id or store.take(KIND, key) is None:
        raise PushedRequestGone(relying_party)
    return Parameters.from_record(found)
