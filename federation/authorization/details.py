"""Authorization details: what a citizen is asked to allow, in full (RFC 9396)."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from federation.authorization.detail_types import DetailType
from federation.errors import InvalidAuthorizationDetails
from federation.hashing import fingerprint
from federation.relying_parties.model import RelyingParty
from federation.strict_json import NotStrictJson, parse_list

LONGEST = 4_096
"""Bytes of UTF-8."""
MOST = 5

Detail = Mapping[str, Any]
"""One JSON object with a `type`, as the agency wrote it."""
Details = tuple[Detail, ...]


def check(text: str | None, relying_party: RelyingParty, types: Mapping[str, DetailType]) -> Details:
    """Return what is asked for; raise InvalidAuthorizationDetails unless its type knows every field (section 5)."""
    if text is None:
        return ()
    found = _parse(text)
    check_each(found, relying_party, types)
    return found


def check_each(found: Details, relying_party: RelyingParty, types: Mapping[str, DetailType]) -> None:
    """Check what is asked for against the types and the registration of now; raise InvalidAuthorizationDetails."""
    for each in found:
        _check_one(each, relying_party, types)


def still_fit(granted: Details, relying_party: RelyingParty, types: Mapping[str, DetailType]) -> Details:
    """Return those of the details granted that could be asked for now: types and rights to them may have changed."""
    kept = []
    for each in granted:
        with suppress(InvalidAuthorizationDetails):
            _check_one(each, relying_party, types)
            kept.append(each)
    return tuple(kept)


def narrowed(text: str | None, granted: Details) -> Details:
    """Return what a token request wants of the details granted, all when silent (section 6).

    Each must be one of them as it is: what is less than another is for the API to say, not for us.
    """
    if text is None:
        return granted
    wanted = {canonical(each) for each in _parse(text)}
    if not wanted.issubset(canonical(each) for each in granted):
        raise InvalidAuthorizationDetails("authorization_details has what was not granted")
    return tuple(each for each in granted if canonical(each) in wanted)


def canonical(detail: Detail) -> str:
    """Return the one text that stands for equal objects."""
    return json.dumps(detail, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def marks(details: Sequence[Detail]) -> tuple[str, ...]:
    """Return what the audit log keeps of them: by it what was agreed to can be proved, and not be read."""
    return tuple(fingerprint(canonical(each)) for each in details)


def _parse(text: str) -> Details:
    encoded = text.encode("utf-8", "surrogatepass")
    if len(encoded) > LONGEST:
        raise InvalidAuthorizationDetails("longer than allowed")
    try:
        found = parse_list(encoded)
    except NotStrictJson as error:
        raise InvalidAuthorizationDetails(str(error)) from error
    if not 0 < len(found) <= MOST:
        raise InvalidAuthorizationDetails("not a short list")
    if not all(isinstance(each, dict) and isinstance(each.get("type"), str) for each in found):
        raise InvalidAuthorizationDetails("not a list of objects with a type")
    if len({canonical(each) for each in found}) != len(found):
        raise InvalidAuthorizationDetails("one stands twice")
    return tuple(found)


def _check_one(detail: Detail, relying_party: RelyingParty, types: Mapping[str, DetailType]) -> None:
    detail_type = types.get(detail["type"])
    if detail_type is None or detail["type"] not in relying_party.authorization_details_types:
        raise InvalidAuthorizationDetails("a type is unknown or not registered for this relying party")
    _check_fields(detail, detail_type)


def _check_fields(detail: Detail, detail_type: DetailType) -> None:
    told = {name: value for name, value in detail.items() if name != "type"}
    if not detail_type.fields.keys() >= told.keys():
        raise InvalidAuthorizationDetails("a field is unknown to the type")
    if any(field.required and name not in told for name, field in detail_type.fields.items()):
        raise InvalidAuthorizationDetails("a field that the type requires is missing")
    if not all(detail_type.fields[name].admits(value) for name, value in told.items()):
        raise InvalidAuthorizationDetails("a field has a value that the type does not admit")
