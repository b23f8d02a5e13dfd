"""How an access token is brought along: in the header or in a form, never in a URL (RFC 6750 section 2)."""

import re
from collections.abc import Mapping

from federation.errors import InvalidRequest, InvalidToken, TokenMissing

SCHEMES = ("bearer", "dpop")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def presented(authorization: str | None, form: Mapping[str, str]) -> tuple[str, str]:
    """Return the one token that came and its scheme, `bearer` or `dpop` (RFC 9449 section 7.1).

    Raises TokenMissing, or InvalidRequest when a token came two ways.
    """
    scheme, _, in_header = (authorization or "bearer").partition(" ")
    scheme = scheme.lower()
    if scheme not in SCHEMES:
        raise TokenMissing("the Authorization header is of another scheme")
    in_form = form.get("access_token", "")
    if in_header and in_form:
        raise InvalidRequest("the access token came two ways")
    token = in_form if authorization is None else in_header.strip()
    if not token:
        raise TokenMissing("no access token came")
    if not _TOKEN.fullmatch(token):
        raise InvalidToken("not the form of an access token")
    return token, scheme


def plain(authorization: str) -> str:
    """Return a token that is bound to nothing, in the header alone; raise TokenMissing or InvalidToken."""
    token, scheme = presented(authorization, {})
    if scheme != "bearer":
        raise TokenMissing("the Authorization header is not of the scheme Bearer")
    return token
