"""By when the sender wants an answer, where the text says so, in English and Italian."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from rostra.notices.formats.records import bounded_term

_NUMBERS: Final = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "ten": 10, "twelve": 12,
    "twenty-four": 24, "forty-eight": 48, "seventy-two": 72,
    "un": 1, "una": 1, "un'": 1, "due": 2, "tre": 3, "quattro": 4, "cinque": 5, "sei": 6, "sette": 7, "dieci": 10,
    "dodici": 12, "ventiquattro": 24, "quarantotto": 48, "settantadue": 72,
}  # fmt: skip
_NUMBER: Final = rf"(?P<number>\d{{1,3}}|{'|'.join(sorted(map(re.escape, _NUMBERS), key=len, reverse=True))})"
_UNIT: Final = r"(?P<unit>minutes?|hours?|hrs?|h|days?|weeks?|minut[oi]|or[ae]|giorn[oi]|settiman[ae])\b"
_PAREN: Final = r"(?:\s*\(\s*\d{1,3}\s*\))?"
# Anything between could be about something else: "was posted within 24 hours of the attack" is not a term.
_TERM: Final = re.compile(
    rf"\b(?:within|in|no later than|entro(?: e non oltre)?)\s+"
    rf"(?:the\s+|a\s+|le\s+|i\s+|l')?(?:next\s+|following\s+|prossim[ei]\s+|successiv[ei]\s+)?"
    rf"{_NUMBER}{_PAREN}[\s-]*(?:business\s+|working\s+|calendar\s+)?{_UNIT}(?!\s+(?:of|after)\s+(?:the\s+)?"
    r"(?:event|attack|post|publication|incident))",
    re.IGNORECASE,
)
_DEADLINE: Final = re.compile(
    r"\b(?:you have|hai|avete|deadline(?: is)?:?|scadenza:?|termine(?: di)?:?|time limit:?)\s+"
    rf"{_NUMBER}{_PAREN}[\s-]*{_UNIT}",
    re.IGNORECASE,
)
_MOMENT: Final = re.compile(
    r"\b(?:by|before|until|no later than|deadline:?|due:?|entro(?: il)?|scadenza:?)\s+(?:the\s+)?"
    r"(?P<day>\d{4}-\d{2}-\d{2})(?:[T ,]{1,2}(?:at\s+|alle\s+|ore\s+)?(?P<time>\d{1,2}:\d{2})(?::\d{2})?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?",
    re.IGNORECASE,
)
_SHORT: Final = re.compile(rf"\s*{_NUMBER}\s*{_UNIT[:-2]}\s*", re.IGNORECASE)
_UNITS: Final = {
    "m": timedelta(minutes=1), "h": timedelta(hours=1), "o": timedelta(hours=1), "d": timedelta(days=1),
    "g": timedelta(days=1), "w": timedelta(weeks=1), "s": timedelta(weeks=1),
}  # fmt: skip


def find_term(text: str) -> timedelta | None:
    """The shortest time for an answer that the text names, as in "within 24 hours"; None where it names none."""
    found = [_length(each) for pattern in (_TERM, _DEADLINE) for each in pattern.finditer(text)]
    terms = [each for each in found if each]
    return bounded_term(min(terms)) if terms else None


def find_moment(text: str) -> datetime | None:
    """The first moment that the text names for an answer ("by 2026-05-04 12:00 UTC"); a day alone means its end."""
    for found in _MOMENT.finditer(text):
        moment = _moment(found["day"], found["time"] or "23:59", found["zone"] or "Z")
        if moment is not None:
            return moment
    return None


def read_due(value: str) -> tuple[timedelta | None, datetime | None]:
    """A field that is a term ("24h") or a moment (ISO 8601), or neither."""
    if found := _SHORT.fullmatch(value):
        term = _length(found)
        return (bounded_term(term) if term else None), None
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None, find_moment(f"by {value}")
    if len(value.strip()) == 10:
        moment = moment.replace(hour=23, minute=59)
    return None, _sane(moment)


def _length(found: re.Match[str]) -> timedelta:
    number = found["number"].lower()
    count = int(number) if number.isdecimal() else _NUMBERS[number]
    return count * _UNITS[found["unit"][0].lower()]


def _moment(day: str, time: str, zone: str) -> datetime | None:
    zone = "+00:00" if zone[0].isalpha() else zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"
    try:
        return _sane(datetime.fromisoformat(f"{day}T{time.zfill(5)}:00{zone}"))
    except ValueError:
        return None


def _sane(moment: datetime) -> datetime | None:
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC) if 2000 <= moment.year <= 2200 else None
    except (OverflowError, ValueError):
        return None
