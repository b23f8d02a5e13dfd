"""What `doctor` says of one thing it looked at."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line: what was looked at, how it is, why, and what mends it."""

    name: str
    verdict: Verdict
    cause: str = ""
    mend: str = ""
