"""Days and moments written out in full, the same on pages, in letters and in statements."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from babel.dates import format_date, format_datetime


@lru_cache(maxsize=4096)
def long_date(day: date, language: str) -> str:
    """`5 March 2026`."""
    return format_date(day, "d MMMM y", locale=language)


@lru_cache(maxsize=4096)
def long_moment(then: datetime, language: str) -> str:
    """`5 March 2026, 10:11 UTC`, of a time in UTC."""
    return format_datetime(then, "d MMMM y, HH:mm 'UTC'", locale=language)
