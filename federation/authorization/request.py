"""The authorization request, checked (RFC 6749 section 4.1.1, OIDC Core section 3.1.2.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from federation.authorization.details import Details
from federation.authorization.return_address import ReturnAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationRequest:
    """What an agency asks for one citizen. Made by `checking.check` alone, so it cannot exist unchecked."""

    client_id: str
    redirect_uri: str
    response_mode: str = "query"
    """One of `response_modes.MODES`."""
    state: str | None = None
    scope: tuple[str, ...]
    """Without those the relying party is not registered for; always with `openid`."""
    nonce: str | None = None
    code_challenge: str | None = None
    """Always of method S256."""
    dpop_jkt: str | None = None
    """Thumbprint of the DPoP key that will redeem the code (RFC 9449 section 10)."""
    prompt: tuple[str, ...] = ()
    max_age: int | None = None
    """Seconds; never more than the relying party's own record says."""
    acr_values: tuple[str, ...] = ()
    """Wanted levels; the relying party's own default where the request is silent."""
    vtr: tuple[str, ...] = ()
    """Vectors of trust, any of which will do (RFC 8485)."""
    login_hint: str | None = None
    ui_locales: tuple[str, ...] = ()
    claims: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The claims parameter as checked (OIDC Core section 5.5): {"id_token": {...}, "userinfo": {...}}."""
    authorization_details: Details = ()
    """What the citizen is asked to allow, in full (RFC 9396)."""
    resources: tuple[str, ...] = ()
    """The APIs of agencies that access tokens may be for (RFC 8707), by address."""
    hinted_subject: str | None = None
    """The one subject the answer may be about: from id_token_hint, or `sub` in the claims parameter."""

    pushed_as: str | None = None
    """The key under which it was pushed (`pushed.find`)."""

    @property
    def return_address(self) -> ReturnAddress:
        """Where the answer goes."""
        return ReturnAddress(
            client_id=self.client_id,
            redirect_uri=self.redirect_uri,
            response_mode=self.response_mode,
            state=self.state,
        )

    @property
    def silent(self) -> bool:
        """Whether the citizen must not be shown anything."""
        return "none" in self.prompt
