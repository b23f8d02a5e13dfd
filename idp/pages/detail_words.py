"""Authorization details as citizens read them: every field of every object, in words, never as JSON (RFC 9396)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel.numbers import format_currency
from flask_babel import get_locale
from flask_babel import gettext as _

from federation.authorization.detail_types import DetailType, Field, Words
from federation.authorization.details import Detail
from idp.web.dates import day


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """One thing a citizen is asked to allow."""

    title: str
    rows: tuple[dict[str, str], ...]


def in_words(detail: Detail, detail_type: DetailType) -> Allowed:
    """Return one object as the page shows it, in the order of its type."""
    told = [field for name, field in detail_type.fields.items() if name in detail]
    return Allowed(
        title=said(detail_type.words),
        rows=tuple({"key": said(field.words), "value": _written(detail[field.name], field)} for field in told),
    )


def said(words: Words) -> str:
    """Return words in the language of the page."""
    locale = get_locale()
    return words.get(locale.language if locale else "en", words["en"])


def _written(value: Any, field: Field) -> str:
    if field.kind == "choice":
        return said(field.choices[value])
    if field.kind == "choices":
        return "; ".join(said(field.choices[each]) for each in value)
    if field.kind == "amount":
        return _amount(value)
    if field.kind == "date":
        return day(date.fromisoformat(value))
    if field.kind == "flag":
        return str(_("Yes") if value else _("No"))
    return str(value)


def _amount(value: Mapping[str, str]) -> str:
    """Return a sum to the last digit that was asked for: none is rounded away."""
    amount = Decimal(value["amount"])
    return format_currency(amount, value["currency"], locale=get_locale() or "en", decimal_quantization=False)
