"""The answer to an authorization request, as the browser carries it (RFC 6749 section 4.1.2, RFC 9207, JARM)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

from federation.authorization.errors import AuthorizationRefused
from federation.authorization.return_address import ReturnAddress
from federation.client_authentication.encrypted import encrypt
from federation.client_authentication.keys import RelyingPartyKeys
from federation.errors import error_uri
from federation.relying_parties.model import RelyingParty
from federation.relying_parties.response_modes import FORM_POST, FORM_POST_JWT, JWT, QUERY_JWT
from keys.signer import Signer
from keys.states import Purpose

SIGNED_FOR = timedelta(minutes=5)
SIGNED_TYPE = "oauth-authz-resp+jwt"
"""JARM names no type; ours keeps a signed answer from ever being taken for an ID token."""

_FORMS = (FORM_POST, FORM_POST_JWT)
_SIGNED = (QUERY_JWT, FORM_POST_JWT, JWT)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationAnswer:
    """Where the browser goes, and the parameters it takes along."""

    client_id: str
    redirect_uri: str
    response_mode: str
    parameters: Mapping[str, str]

    @property
    def by_form(self) -> bool:
        """Whether the browser posts it instead of following a redirect."""
        return self.response_mode in _FORMS

    @property
    def to_be_signed(self) -> bool:
        """Whether the agency wants it as a JWT."""
        return self.response_mode in _SIGNED

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
    said = {"error": refused.code, "error_description": refused.description}
    return _answer(refused.to, said | {"error_uri": error_uri(issuer, refused.code)}, issuer)


def signed(
    answer: AuthorizationAnswer, relying_party: RelyingParty, *, signer: Signer, keys: RelyingPartyKeys, now: datetime
) -> AuthorizationAnswer:
    """Return the answer with all it says inside one JWT, `response`: signed, and encrypted too if registered so.

    JARM sections 2.1 and 2.2. Raises CannotBeEncrypted: then there is no answer that may leave.
    """
    claims = {**answer.parameters, "aud": answer.client_id, "exp": int((now + SIGNED_FOR).timestamp())}
    response = encrypt(
        signer.sign(Purpose.ID_TOKEN, relying_party.authorization_signed_response_alg, claims, typ=SIGNED_TYPE),
        relying_party,
        keys,
        alg=relying_party.authorization_encrypted_response_alg,
        enc=relying_party.authorization_encrypted_response_enc,
    )
    return replace(answer, parameters={"response": response})


def origin_of(redirect_uri: str) -> str:
    """Return scheme, host and port, or `scheme:` alone where there is no host to name."""
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def _answer(to: ReturnAddress, parameters: Mapping[str, str], issuer: str) -> AuthorizationAnswer:
    state = {} if to.state is None else {"state": to.state}
    return AuthorizationAnswer(
        client_id=to.client_id,
        redirect_uri=to.redirect_uri,
        response_mode=to.response_mode,
        parameters={**parameters, **state, "iss": issuer},
    )
