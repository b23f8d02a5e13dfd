"""How small secrets are kept: wrapped with a key that is not in the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Sealer(Protocol):
    """Wraps bytes for one row, so that an envelope copied to another row does not open."""

    def seal(self, clear: bytes, *, row: str) -> str:
        """Return an envelope of `clear` bound to `row`, for example `totp:<citizen id>`."""

    def open(self, envelope: str, *, row: str) -> bytes:
        """Return what was sealed; raise `keys.errors.EnvelopeError` for a wrong key, row or envelope."""

    def rewrap(self, envelope: str, *, row: str) -> str:
        """Return the same secret under the newest key-encryption key; the same envelope if it is already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationSecrets:
    """What this installation alone knows: made once by `db upgrade`, kept wrapped, never shown."""

    pairwise_salt: bytes = field(repr=False)
    """Never rotates: every pairwise subject depends on it."""
    token_secret: bytes = field(repr=False)
    peppers: Mapping[int, bytes] = field(repr=False)
    """By version; the highest is the newest."""
