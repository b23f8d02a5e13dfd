"""Whose tokens are all to be revoked: what a service with the right to ask says (Global Token Revocation, draft 06)."""

from federation.errors import InvalidRequest, UnknownSubject
from federation.relying_parties.rules import REVOKES_ALL
from federation.strict_json import NotStrictJson, parse_object

SCOPE = REVOKES_ALL
"""The right: an operator registers it, and a token of the service's own carries it (section 7.1)."""
FORMAT = "iss_sub"
LONGEST = 255
"""Characters of a subject (OIDC Core section 2)."""


def named(body: bytes, *, issuer: str) -> str:
    """Return the subject that a request names, as the asking service knows it; raise InvalidRequest or UnknownSubject.

    Of the subject identifiers of RFC 9493 only `iss_sub` is understood: by an address anybody's account could be found.
    """
    try:
        asked = parse_object(body).get("sub_id")
    except NotStrictJson as error:
        raise InvalidRequest(f"not one JSON object: {error}") from error
    if not isinstance(asked, dict) or asked.get("format") != FORMAT:
        raise InvalidRequest("sub_id is no subject identifier of the format iss_sub")
    subject = asked.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST or not subject.isascii():
        raise InvalidRequest("sub_id has no sub")
    if not isinstance(asked.get("iss"), str):
        raise InvalidRequest("sub_id has no iss")
    if asked["iss"] != issuer:
        raise UnknownSubject("sub_id names another issuer")
    return subject
