"""What a developer reads of an error: what it means, what to look at, and where it is defined."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_ADDRESSES: Mapping[str, str] = {
    "OpenID Connect Core 1.0": "https://openid.net/specs/openid-connect-core-1_0.html#rfc.section.",
    "OpenID Connect Core Unmet Authentication Requirements 1.0": (
        "https://openid.net/specs/openid-connect-unmet-authentication-requirements-1_0.html#rfc.section."
    ),
}


@dataclass(frozen=True, slots=True)
class Explained:
    """One error code, in words that fit every case of it: the page says nothing about anybody's own."""

    section: str
    """Document and section: `RFC 6749 section 5.2`."""
    meaning: str
    check: str

    @property
    def address(self) -> str:
        """Where the section can be read."""
        document, _, number = self.section.rpartition(" section ")
        rfc = re.fullmatch(r"RFC (\d+)", document)
        base = _ADDRESSES[document] if rfc is None else f"https://www.rfc-editor.org/rfc/rfc{rfc[1]}#section-"
        return base + number
