"""What a transparency report counts, as records: read with a statement for each kind of thing."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from rostra.kit.db import Reader, as_records
from rostra.measurement import transparency_count_queries as sql
from rostra.measurement.quality import Recall, recalls


class DecisionCount(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions that are alike; `category`, `illegal` and `language` are those of their statements."""

    origin: str
    clause: str
    outcome: str
    detected: bool
    automated: bool
    category: str
    illegal: bool
    language: str
    reversed_why: str
    decisions: int


class ActionCount(msgspec.Struct, frozen=True, kw_only=True):
    month: str
    origin: str
    clause: str
    category: str
    illegal: bool
    kind: str
    timed: bool
    actions: int
    detected: int
    automated: int


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds to the decision, of one origin, of one month, or of all (both empty)."""

    since: str
    origin: str
    month: str
    decisions: int
    p50: float
    p90: float
    p99: float


class ReportCount(msgspec.Struct, frozen=True, kw_only=True):
    """Reports that are alike, or (`whole`) all of one source, with the seconds until they were answered."""

    whole: bool
    source: str
    category: str
    illegal: bool
    outcome: str
    automated: bool
    reports: int
    acknowledged: int
    p50: float | None
    p90: float | None


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    regime: str
    started: int
    met: int
    missed: int
    p50: float | None
    p90: float | None


class NoticeCount(msgspec.Struct, frozen=True, kw_only=True):
    regime: str
    notices: int
    breached: int
    items: int
    found: int
    p50: float | None
    p90: float | None


class Misuse(msgspec.Struct, frozen=True, kw_only=True):
    illegal_content: int
    unfounded_notices: int


class AppealCount(msgspec.Struct, frozen=True, kw_only=True):
    """Appeals of authors or of those who reported; `automatic`: against what nobody had decided."""

    by: str
    filed: int
    upheld: int
    overturned: int
    modified: int
    waiting: int
    automatic: int
    automatic_turned: int
    p50: float | None
    p90: float | None


class Second(msgspec.Struct, frozen=True, kw_only=True):
    automated: bool
    items: int
    same: int


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What rules had brought to people, and how much of that holds."""

    decided: int
    upheld: int


class Prevalence(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate of samples: the share of views on violations of a clause (empty: of any), and its interval."""

    begins: date
    ends: date
    clause: str
    views: int
    labelled: int
    hits: int
    share: float
    low: float
    high: float
    unknown: float


class Speakers(msgspec.Struct, frozen=True, kw_only=True):
    """Staff who take on a language; empty: any."""

    language: str
    people: int


class Work(msgspec.Struct, frozen=True, kw_only=True):
    staff: int
    deciding: int
    by_people: int
    seconds: int


class Recipients(msgspec.Struct, frozen=True, kw_only=True):
    month: str
    accounts: int


class PolicyUse(msgspec.Struct, frozen=True, kw_only=True):
    policy: str
    decisions: int
    first_at: datetime


class ServerCount(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions on servers that are alike. `ended_why` is empty for those that hold."""

    severity: str
    clause: str
    timed: bool
    ended_why: str
    decisions: int


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """All that the database says of a period."""

    decisions: list[DecisionCount]
    actions: list[ActionCount]
    times: list[Times]
    reports: list[ReportCount]
    deadlines: list[Deadlines]
    notices: list[NoticeCount]
    misuse: Misuse
    appeals: list[AppealCount]
    second: list[Second]
    checked: Checked
    recalls: list[Recall]
    prevalence: list[Prevalence]
    speakers: list[Speakers]
    work: Work
    recipients: list[Recipients]
    policies: list[PolicyUse]
    servers: list[ServerCount]
    unstated: int


async def count(conn: Reader, ids: tuple[int, int], times: tuple[datetime, datetime]) -> Counts:
    """Count a period, given as ids and as times: from the first until before the second. A statement for each kind."""
    return Counts(
        decisions=as_records(DecisionCount, await conn.fetch(sql.DECISIONS, *ids)),
        actions=as_records(ActionCount, await conn.fetch(sql.ACTIONS, *ids)),
        times=as_records(Times, await conn.fetch(sql.TIMES, *ids)),
        reports=as_records(ReportCount, await conn.fetch(sql.REPORTS, *ids)),
        deadlines=as_records(Deadlines, await conn.fetch(sql.DEADLINES, *ids)),
        notices=as_records(NoticeCount, await conn.fetch(sql.NOTICES, *ids)),
        misuse=as_records(Misuse, await conn.fetch(sql.MISUSE, *ids, *times))[0],
        appeals=as_records(AppealCount, await conn.fetch(sql.APPEALS, *ids)),
        second=as_records(Second, await conn.fetch(sql.SECOND, *ids)),
        checked=as_records(Checked, await conn.fetch(sql.CHECKED, *ids))[0],
        recalls=await recalls(conn, times[0].date(), times[1].date()),
        prevalence=as_records(Prevalence, await conn.fetch(sql.PREVALENCE, *times)),
        speakers=as_records(Speakers, await conn.fetch(sql.STAFF)),
        work=as_records(Work, await conn.fetch(sql.WORK, *ids, *times))[0],
        recipients=as_records(Recipients, await conn.fetch(sql.RECIPIENTS, *times)),
        policies=as_records(PolicyUse, await conn.fetch(sql.POLICIES, *ids)),
        servers=as_records(ServerCount, await conn.fetch(sql.SERVERS, *ids)),
        unstated=await conn.fetchval(sql.UNSTATED, *ids),
    )
