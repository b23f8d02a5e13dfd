"""What happened to codes, grants and tokens. Never a code or a token itself; the grant's id proves nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRedeemed:
    """A relying party turned a code into tokens."""

    name: ClassVar[str] = "code.redeemed"
    at: datetime
    client_id: str
    citizen_id: str
    grant_id: str
    scope: str
    audience: str
    """Whom the access token is for: us, or the address of an API."""
    acr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeReplayed:
    """A code came a second time, so all it bought was ended."""

    name: ClassVar[str] = "code.replayed"
    at: datetime
    client_id: str
    """Who brought it the second time."""
    grant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRefreshed:
    """A relying party fetched new tokens for a citizen who was away."""

    name: ClassVar[str] = "token.refreshed"
    at: datetime
    client_id: str
    citizen_id: str
    grant_id: str
    scope: str
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenExchanged:
    """A service that was called for a citizen got a token to call another for them."""

    name: ClassVar[str] = "token.exchanged"
    at: datetime
    client_id: str
    citizen_id: str
    grant_id: str
    scope: str
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshReused:
    """An old refresh token came again, so its family was ended."""

    name: ClassVar[str] = "refresh.reused"
    at: datetime
    client_id: str
    grant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRevoked:
    """A relying party gave a token back, and with it the grant."""

    name: ClassVar[str] = "token.revoked"
    at: datetime
    client_id: str
    grant_id: str
    """The grant that ended, or the id of a token that had none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantGivenBack:
    """A relying party gave a grant back by its id."""

    name: ClassVar[str] = "grant.given_back"
    at: datetime
    client_id: str
    grant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentialsIssued:
    """A relying party got an access token for itself."""

    name: ClassVar[str] = "client_credentials.issued"
    at: datetime
    client_id: str
    scope: str
    audience: str
