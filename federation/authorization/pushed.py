"""Authorization requests that came beforehand, from the relying party itself (RFC 9126).

What was pushed is kept as it came, without the proof of who pushed it, and checked again when the citizen arrives:
what the registry says may have changed. Nothing beside the reference is read then (section 4).

A reference may be opened more than once while it lives, by software that looks ahead, or by reloading, and leads to one
code at most (FAPI 2.0 section 5.3.2.2 note 3). Who opens it either has the answer at once (`spend`), or begins an
interaction (`begin`) that has it later (`spend_begun`).
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
ANSWERED = "pushed_answered"
"""Kind of the marks that say that one of the interactions which began by a reference has its answer."""
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
    """Check a request now, keep it for LIFETIME, and return the `request_uri` that stands for it.

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
    record = {"asked": asked, "until": (now + LIFETIME).timestamp(), "begun": False}
    store.put(KIND, fingerprint(reference), record, LIFETIME)
    return PREFIX + reference


def is_reference(params: Parameters) -> bool:
    """Whether a request is only the reference to one that was pushed."""
    return (params.get("request_uri") or "").startswith(PREFIX)


def find(store: EphemeralStore, params: Parameters, relying_party: RelyingParty) -> tuple[Parameters, str]:
    """Return what this relying party pushed under the reference, and the key of it; raise PushedRequestGone.

    Somebody else's is left where it is: who saw the reference pass cannot use it under another name.
    """
    key = fingerprint((params.get("request_uri") or "").removeprefix(PREFIX))
    found = store.get(KIND, key)
    if found is None or found["asked"]["client_id"] != relying_party.client_id:
        raise PushedRequestGone(relying_party)
    return Parameters.from_record(found["asked"]), key


def begin(store: EphemeralStore, key: str, now: datetime) -> bool:
    """Note that an interaction begins by a reference; say whether nobody has had its answer yet."""
    found = store.get(KIND, key)
    if found is None:
        return False
    left = timedelta(seconds=found["until"] - now.timestamp())
    return left > timedelta(0) and store.replace(KIND, key, {**found, "begun": True}, left) is not None


def spend(store: EphemeralStore, key: str, remember: timedelta) -> bool:
    """Say whether the reference leads to an answer at once: of any number of callers, to one.

    `remember` is how long an interaction may take that began by it before.
    """
    found = store.take(KIND, key)
    return found is not None and (not found["begun"] or store.add(ANSWERED, key, {}, remember))


def spend_begun(store: EphemeralStore, key: str, remember: timedelta) -> bool:
    """Say the same for an interaction that began by the reference, which may be gone by now."""
    first = store.add(ANSWERED, key, {}, remember)
    store.take(KIND, key)
    return first
