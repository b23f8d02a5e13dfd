"""Peppers: secrets that are not in the database, without which its password hashes are worth nothing."""

import hmac
from collections.abc import Mapping

SHORTEST = 32
"""Bytes."""


class Peppers:
    """A versioned list. New hashes use the newest; old ones are moved up as citizens sign in."""

    def __init__(self, versions: Mapping[int, bytes]) -> None:
        if not versions or any(len(pepper) < SHORTEST for pepper in versions.values()):
            raise ValueError(f"at least one pepper, each of {SHORTEST} bytes or more")
        self._versions = dict(versions)
        self.newest = max(versions)

    def knows(self, version: int) -> bool:
        """Say whether this version is still in the list."""
        return version in self._versions

    def mac(self, version: int, purpose: str, message: str) -> bytes:
        """Return HMAC-SHA256 of the message (32 bytes), of use for this purpose alone; raise KeyError."""
        text = f"{purpose}\0{message}"
        return hmac.digest(self._versions[version], text.encode(), "sha256")

    def every_mac(self, purpose: str, message: str) -> list[bytes]:
        """Return it under each version: what a stored value may equal."""
        return [self.mac(version, purpose, message) for version in self._versions]
