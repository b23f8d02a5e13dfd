"""What our vectors of trust mean (RFC 8485 section 2): the page /help/trust says it to people.

`P0` to `P3`: how sure we are who a citizen is, each more than the one before. `Cl`: signed in. `Cl.Cm`: with two
factors. Other parts mean nothing here, so a vector that has one is never met.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from idp.authentication.levels import AAL1, AAL2, at_least

CONFIDENCES = ("P0", "P1", "P2", "P3")
"""Least first."""
_LEVEL_OF = {"Cl": AAL1, "Cm": AAL2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What one vector asks for."""

    confidence: str | None
    """None where it does not say."""
    level: str


def least(vectors: Iterable[str]) -> Trust | None:
    """Return what the most modest of the vectors asks for, identity before authentication; None if none can be met.

    Whoever meets it meets the request. A citizen who would meet another alone, with more known of them and less
    proved, is asked for more proof: they can give that, but not become better known in a minute.
    """
    known = [trust for vector in vectors if (trust := _read(vector)) is not None]
    return min(known, key=lambda trust: (trust.confidence or CONFIDENCES[0], trust.level), default=None)


def covers(have: str | None, want: str | None) -> bool:
    """Say whether a confidence is enough; one we do not know is enough for nothing."""
    if want is None:
        return True
    return have in CONFIDENCES and CONFIDENCES.index(have) >= CONFIDENCES.index(want)


def vector(acr: str, confidence: str | None) -> str:
    """Return the `vot` of a sign-in: what was proved and is known, never more (RFC 8485 section 3.1)."""
    parts = [] if confidence is None else [confidence]
    return ".".join([*parts, "Cl", *(["Cm"] if at_least(acr, AAL2) else [])])


def _read(vector: str) -> Trust | None:
    parts = vector.split(".")
    levels = [_LEVEL_OF[part] for part in parts if part in _LEVEL_OF]
    confidences = [part for part in parts if part in CONFIDENCES]
    if len(levels) + len(confidences) != len(parts) or len(confidences) > 1:
        return None
    return Trust(confidence=next(iter(confidences), None), level=max(levels, default=AAL1))
