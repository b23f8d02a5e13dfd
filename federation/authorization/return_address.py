"""Where the answer to an authorization request goes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnAddress:
    """A redirect URI that was found among those its relying party registered, and what the answer carries back."""

    client_id: str
    redirect_uri: str
    response_mode: str
    state: str | None
