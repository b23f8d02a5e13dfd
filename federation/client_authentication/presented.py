"""What a request brings to prove who sends it, read into exactly one method (RFC 6749 section 2.3)."""

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from federation.client_authentication.assertion import ASSERTION_TYPE, read_assertion, subject_of
from federation.client_authentication.certificates import ClientCertificate
from federation.client_authentication.signed_jwt import SignedJwt
from federation.errors import InvalidClient, InvalidRequest

LONGEST_HEADER = 2_048
LONGEST_SECRET = 512
_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,200}")
_NOT_ENCODED = re.compile(r"[^%]*(?:%[0-9A-Fa-f]{2}[^%]*)*")


@dataclass(frozen=True, slots=True)
class Presented:
    """The parts of a request that can hold a proof, free of any web framework."""

    authorization: str | None
    """The Authorization header."""
    form: Mapping[str, str] = field(repr=False)
    """The form in the body; never the query (RFC 6749 section 2.3.1)."""
    certificate: ClientCertificate | None = None
    """What a proxy of ours saw in the TLS handshake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """One claim to be a relying party, and the proof brought for it; nothing is checked yet."""

    method: str
    client_id: str
    secret: str = field(default="", repr=False)
    assertion: SignedJwt | None = field(default=None, repr=False)


def read_credentials(presented: Presented) -> Credentials:
    """Return the one method used; raise InvalidRequest for two, InvalidClient for none or an unreadable one."""
    named, secret, assertion, assertion_type = (
        presented.form.get(name, "")
        for name in ("client_id", "client_secret", "client_assertion", "client_assertion_type")
    )
    by_assertion = bool(assertion or assertion_type)
    if [presented.authorization is not None, bool(secret), by_assertion].count(True) > 1:
        raise InvalidRequest("more than one way of client authentication in one request")
    if presented.authorization is not None:
        found = _basic(presented.authorization)
    elif by_assertion:
        found = _assertion(assertion, assertion_type)
    else:
        found = Credentials(method="client_secret_post" if secret else "none", client_id=named, secret=secret)
    if named and named != found.client_id:
        raise InvalidRequest("client_id is not the one that the proof is for")
    if not _CLIENT_ID.fullmatch(found.client_id) or len(found.secret) > LONGEST_SECRET:
        raise InvalidClient("no client_id, or one that cannot be ours")
    return found


def _assertion(text: str, kind: str) -> Credentials:
    if kind != ASSERTION_TYPE:
        raise InvalidClient("client_assertion_type is not that of a JWT")
    assertion = read_assertion(text)
    return Credentials(method="private_key_jwt", client_id=subject_of(assertion), assertion=assertion)


def _basic(authorization: str) -> Credentials:
    """Read the Basic scheme. Id and secret are form-encoded before they are joined; what needs no encoding passes."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic" or len(authorization) > LONGEST_HEADER:
        raise InvalidClient("the Authorization header is not of the scheme Basic")
    try:
        joined = b64decode(encoded.strip(), validate=True).decode("utf-8")
    except ValueError:
        raise InvalidClient("the Basic credentials are not base64 of UTF-8") from None
    name, colon, secret = joined.partition(":")
    if not colon or not secret:
        raise InvalidClient("the Basic credentials hold no secret")
    return Credentials(method="client_secret_basic", client_id=_form_decoded(name), secret=_form_decoded(secret))


def _form_decoded(text: str) -> str:
    if not _NOT_ENCODED.fullmatch(text):
        raise InvalidClient("the Basic credentials are not form-encoded")
    try:
        return unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        raise InvalidClient("the Basic credentials are not form-encoded UTF-8") from None
