"""E-mail addresses: what is accepted, and the one form by which two spellings are the same address."""

import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

LONGEST = 254
"""Characters (RFC 5321 section 4.5.3.1.3, erratum 1690)."""
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})


class InvalidEmail(ValueError):
    """The text is not an address we could write to."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address in its two forms."""

    written: str
    """As the citizen wrote it, without the spaces around it: where letters go."""
    canonical: str
    """What is compared: never shown, never written to."""


def parse(text: str) -> Address:
    """Return both forms of an address; raise `InvalidEmail`.

    The canonical form is NFKC, case-folded, with its domain in A-labels, and refuses what PRECIS
    (RFC 8264 section 9) disallows in identifiers: controls, format characters, spaces, unassigned.
    It is computed here because each database folds case its own way.
    """
    text = text.strip(" \t\r\n")
    if not text or len(text) > LONGEST:
        raise InvalidEmail("empty or too long")
    folded = _fold(text)
    if any(unicodedata.category(character) in _REFUSED_CATEGORIES for character in text + folded):
        raise InvalidEmail("a character that no address has")
    try:
        written = validate_email(text, check_deliverability=False, test_environment=True).normalized
        checked = validate_email(folded, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise InvalidEmail(str(error)) from error
    return Address(written=written, canonical=f"{checked.local_part}@{checked.ascii_domain}".casefold())


def find_canonical(text: str) -> str | None:
    """Return the canonical form, or None for what is no address and so can be nobody's."""
    try:
        return parse(text).canonical
    except InvalidEmail:
        return None


def _fold(text: str) -> str:
    """Fold until nothing changes: case folding can undo normalisation once."""
    for _ in range(4):
        folded = unicodedata.normalize("NFKC", text).casefold()
        if folded == text:
            break
        text = folded
    return text
