"""The answer to an authorization request, as the browser carries it (RFC 6749 section 4.1.2, RFC 9207)."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from federation.authorization.errors import AuthorizationRefused
from federation.authorization.return_address import ReturnAddress

QUERY = "query"
FORM_POST = "form_post"
MODES = (QUERY, FORM_POST)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationAnswer:
    """Where the browser goes, and the parameters it takes along."""

    redirect_uri: str
    response_mode: str
    parameters: Mapping[str, str]

    @property
    def location(self) -> str:
        """The redirect URI with the answer in its query; what it had there of its own is kept."""
        return address_with(self.redirect_uri, self.parameters)

    @property
    def origin(self) -> str:
        """What CSP's `form-action` must allow for this answer: an origin, or a scheme of a native app."""
        return origin_of(self.redirect_uri)


def address_with(uri: str, parameters: Mapping[str, str]) -> str:
    """Return `uri` with more parameters in its query, UTF-8 and percent-encoded."""
    joint = "&" if urlsplit(uri).query else "?"
    return uri.rstrip("?&") + joint + urlencode(parameters, quote_via=quote)


def with_code(to: ReturnAddress, code: str, *, issuer: str) -> AuthorizationAnswer:
    """Return the answer the agency hopes for."""
    return _answer(to, {"code": code}, issuer)


def with_error(refused: AuthorizationRefused, *, issuer: str) -> AuthorizationAnswer:
    """Return the answer that says why not."""
    return _answer(refused.to, {"error": refused.code, "error_description": refused.description}, issuer)


def origin_of(redirect_uri: str) -> str:
    """Return scheme, host and port, or `scheme:` alone where there is no host to name."""
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def _answer(to: ReturnAddress, parameters: Mapping[str, str], issuer: str) -> AuthorizationAnswer:
    state = {} if to.state is None else {"state": to.state}
    return AuthorizationAnswer(
        redirect_uri=to.redirect_uri,
        response_mode=to.response_mode,
        parameters={**parameters, **state, "iss": issuer},
    )
