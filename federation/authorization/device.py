"""Device authorization: a service on a device asks, its citizen answers in a browser elsewhere (RFC 8628).

What is kept of it lies under the hash of the device code: the request, the one answer, how often the device may ask.
The user code leads to it until a browser takes it up, once.
"""

import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from federation.authorization import codes, details, resources
from federation.authorization.codes import AuthorizationCode
from federation.authorization.detail_types import DetailType
from federation.authorization.details import Details
from federation.authorization.parameters import Parameters
from federation.authorization.scope import usable_scope
from federation.ephemeral import EphemeralStore
from federation.errors import (
    AuthorizationPending,
    CitizenRefused,
    ExpiredDeviceCode,
    InvalidGrant,
    InvalidScope,
    SlowDown,
    UnauthorizedClient,
)
from federation.hashing import fingerprint
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.rules import DEVICE_CODE

LIFETIME = timedelta(minutes=15)
KEPT = 2 * LIFETIME
"""A device that comes late is told that it is late."""
PACE = timedelta(seconds=5)
"""How long a device waits between two questions; each that comes too soon makes it as much longer (section 3.5)."""
EARLY = timedelta(seconds=1)
"""So much too soon is the network's doing."""
DIGITS = 9
"""30 bits (section 6.1): guesses are limited, and a right one only lets somebody answer a stranger's device."""
LONGEST_TYPED = 100
_DRAWS = 10

REQUEST = "device_request"
USER_CODE = "device_user_code"
ANSWER = "device_answer"
ASKED = "device_asked"
PACES = "device_pace"
"""Kinds of the ephemeral records."""
_SPENT = {"spent": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRequest:
    """What a device waits for."""

    key: str
    """The hash of the device code: names the request to us, proves nothing."""
    client_id: str
    scope: tuple[str, ...]
    resources: tuple[str, ...]
    authorization_details: Details
    user_code: str
    """Digits alone."""
    expires_at: datetime


def begin(
    store: EphemeralStore,
    params: Parameters,
    relying_party: RelyingParty,
    *,
    issuer: str,
    detail_types: Mapping[str, DetailType],
    now: datetime,
) -> tuple[str, str]:
    """Check a request, keep it, and return its device code and its user code (section 3.2).

    Raises UnauthorizedClient, InvalidScope, InvalidTarget or InvalidAuthorizationDetails. Without a scope only
    `openid` is asked for.
    """
    if DEVICE_CODE not in relying_party.grant_types:
        raise UnauthorizedClient("the relying party is not registered for the device grant")
    scope = usable_scope(params.words("scope") or ("openid",), relying_party)
    if not scope:
        raise InvalidScope("the scope has no openid, or the relying party is not registered for it")
    wanted = resources.check(params.resources, relying_party, issuer=issuer)
    in_detail = details.check(params.get("authorization_details"), relying_party, detail_types)
    device_code = secrets.token_urlsafe(32)
    key = fingerprint(device_code)
    user_code = _draw_user_code(store, key)
    record = {
        "client_id": relying_party.client_id,
        "scope": scope,
        "resources": wanted,
        "authorization_details": in_detail,
        "user_code": user_code,
        "expires_at": (now + LIFETIME).isoformat(),
    }
    store.put(REQUEST, key, record, KEPT)
    return device_code, user_code


def written(user_code: str) -> str:
    """Return a user code as people read it, in threes: `123-456-789`."""
    return "-".join(user_code[start : start + 3] for start in range(0, len(user_code), 3))


def read_user_code(typed: str) -> str | None:
    """Return the digits of a user code, whatever stands between them and in whichever script; None if it is none."""
    if len(typed) > LONGEST_TYPED:
        return None
    digits = "".join(str(unicodedata.decimal(sign)) for sign in typed if sign.isdecimal())
    return digits if len(digits) == DIGITS else None


def find(store: EphemeralStore, user_code: str, now: datetime) -> DeviceRequest | None:
    """Return the request that waits under a user code, or None."""
    lead = store.get(USER_CODE, user_code)
    return None if lead is None else find_by_key(store, lead["device"], now)


def find_by_key(store: EphemeralStore, key: str, now: datetime) -> DeviceRequest | None:
    """Return a request while it can be answered, or None."""
    record = store.get(REQUEST, key)
    if record is None or now >= datetime.fromisoformat(record["expires_at"]):
        return None
    return _request(key, record)


def take_up(store: EphemeralStore, waiting: DeviceRequest) -> bool:
    """Use up the user code; of any number of browsers, one is told True."""
    return store.take(USER_CODE, waiting.user_code) is not None


def allow(store: EphemeralStore, key: str, granted: AuthorizationCode, now: datetime) -> bool:
    """Answer with what a citizen agreed to, for the same relying party; say whether this is the answer."""
    waiting = find_by_key(store, key, now)
    if waiting is None or waiting.client_id != granted.client_id:
        return False
    return store.add(ANSWER, key, {"granted": codes.to_record(granted)}, KEPT)


def refuse(store: EphemeralStore, key: str, now: datetime) -> bool:
    """Answer no; say whether this is the answer."""
    return find_by_key(store, key, now) is not None and store.add(ANSWER, key, {"refused": True}, KEPT)


def collect(store: EphemeralStore, device_code: str, relying_party: RelyingParty, now: datetime) -> AuthorizationCode:
    """Hand over what was granted, once, to the relying party that asked (sections 3.4 and 3.5).

    Raises InvalidGrant for a device code that is unknown, spent or another's; ExpiredDeviceCode; CitizenRefused;
    and while there is no answer AuthorizationPending, or SlowDown for a device that asks too often.
    """
    key = fingerprint(device_code)
    record = store.get(REQUEST, key)
    if record is None or record["client_id"] != relying_party.client_id:
        raise InvalidGrant("the device code is unknown, or another relying party's")
    if now >= datetime.fromisoformat(record["expires_at"]):
        raise ExpiredDeviceCode("the device code has expired")
    answer = store.get(ANSWER, key)
    if answer is None:
        _check_pace(store, key)
        raise AuthorizationPending("the citizen has not answered yet")
    if "refused" in answer:
        raise CitizenRefused("the citizen said no")
    spent = store.replace(ANSWER, key, _SPENT, KEPT)
    if spent is None or "granted" not in spent:
        raise InvalidGrant("the device code was used before")
    return codes.from_record(spent["granted"])


def _check_pace(store: EphemeralStore, key: str) -> None:
    kept = store.get(PACES, key)
    pace = PACE if kept is None else timedelta(seconds=kept["seconds"])
    if store.add(ASKED, key, {}, pace - EARLY):
        return
    slower = pace + PACE
    store.put(PACES, key, {"seconds": slower.total_seconds()}, KEPT)
    store.put(ASKED, key, {}, slower - EARLY)
    raise SlowDown("the device asks too often")


def _draw_user_code(store: EphemeralStore, key: str) -> str:
    for _ in range(_DRAWS):
        drawn = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        if store.add(USER_CODE, drawn, {"device": key}, LIFETIME):
            return drawn
    raise RuntimeError("no free user code was drawn")


def _request(key: str, record: Mapping[str, Any]) -> DeviceRequest:
    return DeviceRequest(
        key=key,
        client_id=record["client_id"],
        scope=tuple(record["scope"]),
        resources=tuple(record["resources"]),
        authorization_details=tuple(record["authorization_details"]),
        user_code=record["user_code"],
        expires_at=datetime.fromisoformat(record["expires_at"]),
    )
