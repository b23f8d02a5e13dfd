"""Days and moments as people here write them, in the language of the page: 2 November 1975, 21:42 UTC."""

from datetime import date, datetime

from flask_babel import format_date, format_datetime


def day(when: date) -> str:
    """Return a day in words."""
    return str(format_date(when, "d MMMM y"))


def moment(when: datetime) -> str:
    """Return an instant in words, in UTC."""
    return str(format_datetime(when, "d MMMM y, HH:mm 'UTC'"))
