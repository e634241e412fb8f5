"""SQL of statements of reasons on their way out, and of reports as they were published."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record

# What was undone before anybody was told of it was never stated.
STATEMENTS: Final = """
select s.puid, s.created_at, s.body from statements s join decisions d on d.id = s.decision_id
where (s.created_at, s.puid) > ($1, $2) and s.created_at < $3 and d.reversed_why is distinct from 'undo'
order by s.created_at, s.puid limit $4
"""

WAITING: Final = """
select s.puid, s.created_at, s.body from statements s join decisions d on d.id = s.decision_id
where (s.created_at, s.puid) > ($1, $2) and s.created_at < $3 and d.reversed_why is distinct from 'undo'
  and not exists (select from statement_submissions x where x.puid = s.puid)
order by s.created_at, s.puid limit $4
"""

SUBMITTED: Final = """
insert into statement_submissions (puid, state, uuid, problem, submitted_at)
select x.puid, $2, x.uuid, x.problem, $5 from unnest($1::text[], $3::uuid[], $4::text[]) x(puid, uuid, problem)
on conflict (puid) do nothing
"""

SUBMISSIONS: Final = """
select count(*) filter (where state = 'accepted') as accepted, count(*) filter (where state = 'known') as known,
  count(*) filter (where state = 'refused') as refused, max(submitted_at) as latest
from statement_submissions
"""

INSERT_REPORT: Final = """
insert into transparency_reports (id, period, revision, note, file_key, file_size, sha256, content, event_id, made_at)
values ($1, daterange($2, $3), $4, $5, $6, $7, $8, $9, $10, $11)
"""

NEXT_ID: Final = "select make_id($1)"

LATEST_REVISION: Final = """
select coalesce(max(revision), 0) from transparency_reports where period = daterange($1, $2)
"""

_REPORT: Final = """
id, lower(period) as begins, upper(period) as ends, revision, note, file_key, file_size,
  encode(sha256, 'hex') as sha256, made_at
"""

REPORTS: Final = f"""
select {_REPORT} from transparency_reports order by upper(period) desc, lower(period), revision desc limit $1
"""

REPORT: Final = f"select {_REPORT} from transparency_reports where id = $1"

CONTENT: Final = "select content from transparency_reports where id = $1"

COUNT_RECIPIENTS: Final = """
insert into recipients_by_month (month, accounts, counted_at)
select $1, count(*), $2 from users where last_active_on >= $1
on conflict (month) do update set accounts = greatest(recipients_by_month.accounts, excluded.accounts),
  counted_at = excluded.counted_at
"""

OVERVIEW: Final = "select content, made_at from transparency_overview"

KEEP_OVERVIEW: Final = """
insert into transparency_overview (content, made_at) values ($1, $2)
on conflict (only_one) do update set content = excluded.content, made_at = excluded.made_at
"""


class StatementRow(msgspec.Struct, frozen=True, kw_only=True):
    puid: str
    created_at: datetime
    body: dict[str, Any]


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """A report as it was published. `ends` is the day after its last; `sha256` in hexadecimal."""

    id: int
    begins: date
    ends: date
    revision: int
    note: str
    file_key: str
    file_size: int
    sha256: str
    made_at: datetime


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of the last months, as of last time."""

    content: dict[str, Any]
    made_at: datetime


class Submissions(msgspec.Struct, frozen=True, kw_only=True):
    """How many statements the database took, had already, and refused."""

    accepted: int
    known: int
    refused: int
    latest: datetime | None


async def list_statements(
    conn: Reader, after: tuple[datetime, str], before: datetime, limit: int, *, waiting: bool
) -> list[StatementRow]:
    """The next statements in the order of time; `waiting`: those of which nothing is known yet."""
    return as_records(StatementRow, await conn.fetch(WAITING if waiting else STATEMENTS, *after, before, limit))


async def insert_submissions(tx: Tx, at: datetime, state: str, found: Sequence[tuple[str, UUID | None, str]]) -> None:
    """Keep what became of statements, as (puid, uuid, problem); what is known stays."""
    if found:
        puids, uuids, problems = (list(column) for column in zip(*found, strict=True))
        await tx.execute(SUBMITTED, puids, state, uuids, problems, at)


async def count_submissions(conn: Reader) -> Submissions:
    found = find_record(Submissions, await conn.fetchrow(SUBMISSIONS))
    assert found is not None
    return found


async def make_report_id(tx: Tx, at: datetime) -> int:
    return await tx.fetchval(NEXT_ID, at)


async def find_latest_revision(conn: Reader, begins: date, ends: date) -> int:
    """The number of the last revision of a period's report; 0 where there is none."""
    return await conn.fetchval(LATEST_REVISION, begins, ends)


async def insert_report(tx: Tx, values: Sequence[object]) -> None:
    """Write a report, its columns in their order, the period as two days."""
    await tx.execute(INSERT_REPORT, *values)


async def list_reports(conn: Reader, limit: int = 100) -> list[Published]:
    """What was published, the latest period first."""
    return as_records(Published, await conn.fetch(REPORTS, limit))


async def find_report(conn: Reader, report_id: int) -> Published | None:
    return find_record(Published, await conn.fetchrow(REPORT, report_id))


async def find_content(conn: Reader, report_id: int) -> dict[str, Any] | None:
    """All sections of a report."""
    return await conn.fetchval(CONTENT, report_id)


async def count_recipients(tx: Tx, month: date, at: datetime) -> None:
    """Note how many people have used their account since the month began; the largest count stays."""
    await tx.execute(COUNT_RECIPIENTS, month, at)


async def find_overview(conn: Reader) -> Overview | None:
    return find_record(Overview, await conn.fetchrow(OVERVIEW))


async def keep_overview(tx: Tx, content: dict[str, Any], at: datetime) -> None:
    """Put the numbers in the place of the last."""
    await tx.execute(KEEP_OVERVIEW, content, at)
