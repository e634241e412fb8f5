"""What administrators measure: numbers by day, rankings, and how many of those who came are still here.

From rows that are there, with one statement for each key; keys that are not known are left out, as Mastodon does.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Final, Literal

import msgspec
from babel import Locale
from msgspec import UNSET

from rostra import __version__
from rostra.entities.account import timestamp
from rostra.entities.admin import AdminCohort, AdminDimension, AdminMeasure, CohortPeriod, DimensionRow, MeasuredDay
from rostra.instance import dimension_queries, measure_queries
from rostra.instance.dimension_queries import RANKINGS, Ranked
from rostra.instance.measure_queries import MEASURES, Counted, Span
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader
from rostra.kit.errors import Invalid
from rostra.kit.ids import first_id_at

Frequency = Literal["day", "month"]

# Who was here on which day is kept for that long.
_KEPT: Final = timedelta(days=400)
_MOST_DAYS: Final = 3 * 366
_MOST_PERIODS: Final = 100
_MOST_ROWS: Final = 100
_BYTES: Final = frozenset({"instance_media_attachments"})
_HUMAN: Final = {"postgresql": "PostgreSQL", "media": "Media", "web": "Website", "und": "Unknown"}


class Subjects(msgspec.Struct, frozen=True, kw_only=True):
    """What keys are about that need to be told: hashtags and domains, by key."""

    tags: Mapping[str, int] = {}
    domains: Mapping[str, str] = {}

    def of(self, key: str) -> tuple[int | str, ...] | None:
        """The further values of a key's statement; None where it needs one and was not told."""
        if not key.startswith(("tag_", "instance_")):
            return ()
        value = self.tags.get(key) if key.startswith("tag_") else self.domains.get(key)
        return None if value is None else (value,)


def span_of(start: date, end: date) -> Span:
    """The days from `start` to `end`, both counted. Raises Invalid for none, or for too many."""
    if end < start:
        raise Invalid("end_at", "is before start_at")
    if (end - start).days >= _MOST_DAYS:
        raise Invalid("start_at", "is too far from end_at")
    length = end - start + timedelta(days=1)
    return Span(
        before=start - length,
        first=start,
        last=end,
        first_id=first_id_at(_midnight(start - length)),
        end_id=first_id_at(_midnight(end + timedelta(days=1))),
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


async def measure(db: Database, keys: Sequence[str], span: Span, subjects: Subjects) -> list[AdminMeasure]:
    """Numbers by day. One statement for each key."""
    shown: list[AdminMeasure] = []
    async with db.read() as conn:
        for key in dict.fromkeys(keys):
            more = subjects.of(key)
            if key in MEASURES and more is not None:
                shown.append(_render(key, span, await measure_queries.measure(conn, MEASURES[key], span, *more)))
    return shown


def _render(key: str, span: Span, counted: Counted) -> AdminMeasure:
    days = [span.first + timedelta(days=number) for number in range(len(counted.by_day))]
    return AdminMeasure(
        key=key,
        unit="bytes" if key in _BYTES else None,
        total=str(counted.total),
        human_value=spell_bytes(counted.total) if key in _BYTES else UNSET,
        previous_total=UNSET if counted.previous is None else str(counted.previous),
        data=[
            MeasuredDay(date=timestamp(_midnight(day)), value=str(value))
            for day, value in zip(days, counted.by_day, strict=True)
        ],
    )


async def rank(
    db: Database, keys: Sequence[str], span: Span, subjects: Subjects, *, limit: int, own_domain: str
) -> list[AdminDimension]:
    """Rankings, each of at most `limit` rows. One statement for each key."""
    # The ids of the period before are not wanted here.
    span = msgspec.structs.replace(span, first_id=first_id_at(_midnight(span.first)))
    shown: list[AdminDimension] = []
    async with db.read() as conn:
        for key in dict.fromkeys(keys):
            rows = await _rank(conn, key, span, subjects, min(max(limit, 1), _MOST_ROWS), own_domain)
            if rows is not None:
                shown.append(AdminDimension(key=key, data=rows))
    return shown


async def _rank(
    conn: Reader, key: str, span: Span, subjects: Subjects, limit: int, own_domain: str
) -> list[DimensionRow] | None:
    if key == "software_versions":
        database = await dimension_queries.find_database_version(conn)
        versions = {"rostra": __version__, "python": platform.python_version(), "postgresql": database}
        return [DimensionRow(key=name, human_key=_human(key, name), value=text) for name, text in versions.items()]
    if key == "space_usage":
        return [
            DimensionRow(
                key=row.key, human_key=_human(key, row.key), value=str(row.value), unit="bytes",
                human_value=spell_bytes(row.value),
            )
            for row in await dimension_queries.measure_space(conn)
        ]  # fmt: skip
    more = subjects.of(key)
    if key not in RANKINGS or more is None:
        return None
    rows = await dimension_queries.rank(conn, RANKINGS[key], span, limit, *more)
    return [_row(key, row, own_domain) for row in rows]


def _row(key: str, row: Ranked, own_domain: str) -> DimensionRow:
    name = row.key or own_domain
    return DimensionRow(key=name, human_key=_human(key, name), value=str(row.value))


def _human(key: str, name: str) -> str:
    if key.endswith("languages"):
        return Locale("en").languages.get(name.partition("-")[0].lower(), _HUMAN.get(name, name))
    if key == "software_versions":
        return {"postgresql": "PostgreSQL"}.get(name, name.capitalize())
    return _HUMAN.get(name, name) if key in ("sources", "space_usage") else name


def spell_bytes(count: int) -> str:
    """A number of bytes as people say it: `1.5 MB`."""
    amount = float(count)
    for unit in ("Bytes", "KB", "MB", "GB"):
        if amount < 1024:
            return f"{round(amount, 1):g} {unit}"
        amount /= 1024
    return f"{round(amount, 1):g} TB"


async def retention(db: Database, start: date, end: date, frequency: Frequency) -> list[AdminCohort]:
    """Those who came in each period, and how many of them were here in that and every later one. Raises Invalid."""
    if end < start:
        raise Invalid("end_at", "is before start_at")
    first, last = _begin(start, frequency), _begin(end, frequency)
    count = (last - first).days if frequency == "day" else (last.year - first.year) * 12 + last.month - first.month
    if count >= _MOST_PERIODS:
        raise Invalid("start_at", "is too far from end_at")
    async with db.read() as conn:
        periods = await measure_queries.count_retention(conn, frequency, first, last)
    return [
        AdminCohort(
            period=timestamp(_midnight(cohort)),
            frequency=frequency,
            data=[
                CohortPeriod(
                    date=timestamp(_midnight(period.day)),
                    rate=period.here / period.size if period.size else 0.0,
                    value=str(period.here),
                )
                for period in some
            ],
        )
        for cohort, some in groupby(periods, key=lambda period: period.cohort)
    ]


def _begin(day: date, frequency: Frequency) -> datetime:
    return datetime.combine(day if frequency == "day" else day.replace(day=1), time())


async def forget_activity(db: Database, clock: Clock) -> None:
    """Forget who was here on days that nobody measures any more; for a periodic job."""
    async with db.transaction() as tx:
        await measure_queries.forget_activity(tx, clock.now().date() - _KEPT)
