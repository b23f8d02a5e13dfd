"""How an access token is brought along: in the header or in a form, never in a URL (RFC 6750 section 2)."""

import re
from collections.abc import Mapping

from federation.errors import InvalidRequest, InvalidToken, TokenMissing

_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def presented(authorization: str | None, form: Mapping[str, str]) -> str:
    """Return the one token that came; raise TokenMissing, or InvalidRequest when it came two ways."""
    scheme, _, in_header = (authorization or "").partition(" ")
    if authorization is not None and scheme.lower() != "bearer":
        raise TokenMissing("the Authorization header is not of the scheme Bearer")
    in_form = form.get("access_token", "")
    if in_header and in_form:
        raise InvalidRequest("the access token came two ways")
    token = in_header.strip() or in_form
    if not token:
        raise TokenMissing("no access token came")
    if not _TOKEN.fullmatch(token):
        raise InvalidToken("not the form of an access token")
    return token
