"""Days that a text names, English and Italian: `19 January`, `il 19 gennaio`, `1/19`, `next Friday`, `fra 3 giorni`.

A day without a year is the next such day; what is over (`yesterday`, `last Friday`, `lunedì scorso`) is no day to come
and is left out. Numbers with a slash count only where something says that they are a day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan gennaio gen",
            "february feb febbraio",
            "march mar marzo",
            "april apr aprile",
            "may maggio mag",
            "june jun giugno giu",
            "july jul luglio lug",
            "august aug agosto ago",
            "september sept sep settembre set sett",
            "october oct ottobre ott",
            "november nov novembre",
            "december dec dicembre dic",
        ),
        start=1,
    )
    for name in names.split()
}
_DAYS: Final = {
    name: number
    for number, names in enumerate(
        (
            "monday lunedi",
            "tuesday martedi",
            "wednesday mercoledi",
            "thursday giovedi",
            "friday venerdi",
            "saturday sabato",
            "sunday domenica",
        )
    )
    for name in names.split()
}
_NEAR: Final = {
    "today": 0,
    "tonight": 0,
    "oggi": 0,
    "stasera": 0,
    "stanotte": 0,
    "tomorrow": 1,
    "tmrw": 1,
    "tomorow": 1,
    "domani": 1,
    "dopodomani": 2,
}
_NUMBERS: Final = {
    "a": 1,
    "one": 1,
    "un": 1,
    "una": 1,
    "two": 2,
    "due": 2,
    "three": 3,
    "tre": 3,
    "four": 4,
    "quattro": 4,
}
_NUMBERS.update({"five": 5, "cinque": 5, "six": 6, "sei": 6, "seven": 7, "sette": 7, "ten": 10, "dieci": 10})
_SPANS: Final = {"day": 1, "days": 1, "giorno": 1, "giorni": 1, "week": 7, "weeks": 7, "settimana": 7, "settimane": 7}

# A text that has none of these names no day.
WORDS: Final = frozenset(_MONTHS) | frozenset(_DAYS) | frozenset(_NEAR) | frozenset(_SPANS) | {"primo"}

_MONTH: Final = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY: Final = "|".join(_DAYS)
_WRITTEN: Final = re.compile(
    r"\b(?P<iso>20\d\d)-(?P<iso_month>\d\d)-(?P<iso_day>\d\d)\b"
    # 19 January 2027, the 19th of January, il 19 gennaio, il primo maggio
    r"|\b(?P<day>\d{1,2}|primo)(?:st|nd|rd|th|o)?(?:\s{1,2}(?:of|di))?\s{0,2}[-/]?\s{0,2}"
    rf"(?P<month>{_MONTH})\b\.?(?:\s?,?\s{{1,2}}(?:del\s|dell'\s?)?(?P<year>20\d\d))?"
    # January 19th, 2027
    rf"|\b(?P<month2>{_MONTH})\b\.?\s{{1,2}}(?:the\s)?(?P<day2>\d{{1,2}})(?P<th>st|nd|rd|th)?\b(?!\s?(?:[:%]|am\b|pm\b)|\d)"
    r"(?:\s?,?\s{1,2}(?P<year2>20\d\d))?"
    # on 1/19, il 19/01, dal 3.5
    r"|(?P<lead>\b(?:on|by|for|until|till|since|before|after|from|il|del|dal|al|entro|per)\s{1,2}(?:il\s)?|^|[(,:;-]\s?)"
    r"(?P<a>\d{1,2})[/.](?P<b>\d{1,2})(?:[/.](?P<c>20\d\d|\d\d))?(?![\d/]|\.\d|%)"
    # 19-01-2027
    r"|(?<![\d/.])(?P<a3>\d{1,2})[/.-](?P<b3>\d{1,2})[/.-](?P<c3>20\d\d|\d\d)(?![\d/])"
    # 19/01 wherever it stands
    r"|(?<![\d/.])(?P<a2>0\d|[12]\d|3[01])/(?P<b2>0\d|[12]\d|3[01])(?![\d/])",
    re.MULTILINE,
)
_RELATIVE: Final = re.compile(
    rf"\b(?P<near>{'|'.join(_NEAR)})\b"
    r"|\bday after (?P<after>tomorrow)\b"
    r"|\b(?:in|tra|fra)\s(?P<count>\d{1,2}|[a-z]{1,7})\s(?P<span>days?|giorn[oi]|weeks?|settiman[ae])\b"
    r"|(?P<before>\b(?:last|every|each|past|ogni|tutti i|tutte le|the other)\s)?"
    rf"\b(?P<weekday>{_DAY})\b(?P<s>s\b)?(?P<then>\s(?:scors[oa]|passat[oa]|ago))?"
)
_ITALIAN: Final = re.compile(r"\b(?:il|di|alle|ore|che|tutti|del|della|per|con|non|sono|piazza|ci|vediamo|venite)\b")
_ARTICLES: Final = (["il"], ["del"], ["dal"], ["al"], ["entro", "il"], ["per", "il"])
# Fractions, scores of ten, and what everybody says: 24/7, 9/11, 50/50.
_NO_DAY: Final = frozenset(
    {(24, 7), (9, 11), (7, 7), (10, 10), (1, 2), (1, 3), (2, 3), (1, 4), (3, 4), (1, 6), (1, 5), (50, 50)}
)
_MOST: Final = 10


def find_dates(text: str, written_on: date | None) -> tuple[str, ...]:
    """ISO days in the order of the text, each once, at most ten. Without `written_on`, only those with a year."""
    found = dict.fromkeys(day.isoformat() for day in _days(text, written_on))
    return tuple(found)[:_MOST]


def _days(text: str, written_on: date | None) -> Iterator[date]:
    for found in _WRITTEN.finditer(text):
        yield from _written(found, text, written_on)
    if written_on is None:
        return
    for found in _RELATIVE.finditer(text):
        day = _relative(found, written_on)
        if day:
            yield day


def _written(found: re.Match[str], text: str, today: date | None) -> Iterator[date]:
    if found["iso"]:
        yield from _day(int(found["iso"]), int(found["iso_month"]), int(found["iso_day"]), today)
    elif found["month"]:
        number = 1 if found["day"] == "primo" else int(found["day"])
        yield from _day(_year(found["year"]), _MONTHS[found["month"]], number, today)
    elif found["month2"]:
        # "may 5 people come" is no day; "may 5th" and "january 5" are.
        if (
            found["month2"] not in {"may", "march", "mar", "set", "sett", "mag", "gen", "dic"}
            or found["th"]
            or found["year2"]
        ):
            yield from _day(_year(found["year2"]), _MONTHS[found["month2"]], int(found["day2"]), today)
        elif re.match(r"\s*(?:[.,!?;:)]|$|at\b|in\b)", text[found.end() :]):
            yield from _day(None, _MONTHS[found["month2"]], int(found["day2"]), today)
    else:
        yield from _numbers(found, text, today)


def _numbers(found: re.Match[str], text: str, today: date | None) -> Iterator[date]:
    first, second = int(found["a"] or found["a2"] or found["a3"]), int(found["b"] or found["b2"] or found["b3"])
    year = _year(found["c"] or found["c3"])
    # "10.30" is a time of day unless an article makes it a day.
    dotted = "." in found.group() and (found["lead"] or "").split() not in _ARTICLES
    if year is None and ((first, second) in _NO_DAY or dotted):
        return
    if first > 12 or _ITALIAN.search(text):
        yield from _day(year, second, first, today)
    elif second > 12:
        yield from _day(year, first, second, today)
    else:
        # Nobody can say which: both days are kept, and the nearer one is watched first.
        yield from _day(year, first, second, today)
        yield from _day(year, second, first, today)


def _relative(found: re.Match[str], today: date) -> date | None:
    if found["near"]:
        return today + timedelta(days=_NEAR[found["near"]])
    if found["after"]:
        return today + timedelta(days=2)
    if found["count"]:
        count = int(found["count"]) if found["count"].isdecimal() else _NUMBERS.get(found["count"])
        return today + timedelta(days=count * _SPANS[found["span"]]) if count else None
    if found["s"] or found["then"] or found["before"]:
        return None
    return today + timedelta(days=(_DAYS[found["weekday"]] - today.weekday() - 1) % 7 + 1)


def _year(written: str | None) -> int | None:
    if not written:
        return None
    return int(written) if len(written) == 4 else 2000 + int(written)


def _day(year: int | None, month: int, day: int, today: date | None) -> Iterator[date]:
    """The day, or the next such day from `today` on; nothing where there is none."""
    if year is None and today is None:
        return
    # The 29th of February is at most eight years away.
    years = (year,) if year is not None else range(today.year, min(today.year + 9, 10000)) if today else ()
    for candidate in years:
        try:
            named = date(candidate, month, day)
        except ValueError:
            continue
        if year is not None or today is None or named >= today:
            yield named
            return
