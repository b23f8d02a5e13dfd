"""How small secrets are kept: wrapped with a key that is not in the database."""

from typing import Protocol


class Sealer(Protocol):
    """Wraps bytes for one row, so that an envelope copied to another row does not open."""

    def seal(self, clear: bytes, *, row: str) -> str:
        """Return an envelope of `clear` bound to `row`, for example `totp:<citizen id>`."""

    def open(self, envelope: str, *, row: str) -> bytes:
        """Return what was sealed; raise `keys.errors.EnvelopeError` for a wrong key, row or envelope."""
