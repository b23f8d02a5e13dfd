"""Sentences for attempts that were not evaluated: alike for everybody, whether they exist or not."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from math import ceil

from flask_babel import gettext as _
from flask_babel import ngettext

from idp.authentication.passwords import TooBusy
from idp.authentication.throttle import Throttled

WRONG = HTTPStatus.UNPROCESSABLE_ENTITY
"""What was typed is missing or wrong: the page comes back with it, and says which."""
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Refusal:
    """How an attempt that nobody evaluated is answered."""

    sentence: str
    status: HTTPStatus
    headers: dict[str, str]


def of(error: Throttled | TooBusy, now: datetime) -> Refusal:
    """Return the answer: 429 for too many attempts, 503 when this worker is busy, both with Retry-After."""
    if isinstance(error, TooBusy):
        sentence = _(
            "A lot of people are signing in right now. Nothing counts against you: wait a moment and try again."
        )
        return Refusal(sentence, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": str(error.retry_after)})
    seconds = max(1, ceil((error.attempt.retry_at - now).total_seconds()))
    return Refusal(_too_many(seconds), HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(seconds)})


def _too_many(seconds: int) -> str:
    if seconds < _MINUTE:
        return str(
            ngettext(
                "There were too many attempts. Wait %(num)d second, then try again.",
                "There were too many attempts. Wait %(num)d seconds, then try again.",
                seconds,
            )
        )
    return str(
        ngettext(
            "There were too many attempts. Wait %(num)d minute, then try again, or sign in another way.",
            "There were too many attempts. Wait %(num)d minutes, then try again, or sign in another way.",
            ceil(seconds / _MINUTE),
        )
    )
