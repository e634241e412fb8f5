"""SQL of reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx
from rostra.moderation.records import ReportRecord
from rostra.posts.access import VISIBLE_STATUS

# Those of $3 that are the account $2's and that the reporter $1 may see.
REPORTABLE: Final = f"""
select s.id from statuses s join accounts a on a.id = s.account_id
where s.id = any($3::bigint[]) and s.account_id = $2 and {VISIBLE_STATUS}
"""

VALID_RULES: Final = "select id from rules where id = any($1::bigint[]) and deleted_at is null"

INSERT_REPORT: Final = """
insert into reports (id, account_id, target_id, status_ids, rule_ids, category, comment, forward, created_at, reason,
  snapshot_ids, weight, muted, acknowledged_at)
values (make_id($8), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $8) returning id
"""

REPORTER: Final = """
select coalesce(r.upheld, 0) as upheld, coalesce(r.rejected, 0) as rejected, r.muted_at is not null as muted,
  r.trusted_at is not null as trusted
from (select $1::bigint as id) one left join reporters r on r.account_id = one.id
"""

REPORTED_BEFORE: Final = """
select c.subject_id, c.id from cases c
where c.subject_kind = $2 and c.subject_id = any($3::bigint[]) and c.state <> 'closed'
  and exists (select from report_cases rc join reports r on r.id = rc.report_id
    where rc.case_id = c.id and r.account_id = $1)
"""

LINK_CASES: Final = """
insert into report_cases (case_id, report_id) select x.id, $1 from unnest($2::bigint[]) x(id) on conflict do nothing
"""

MARK_TRUSTED: Final = "update reports set source = 'trusted' where id = $1"


class Reporter(msgspec.Struct, frozen=True, kw_only=True):
    """How often somebody's reports were right and wrong."""

    upheld: int
    rejected: int
    muted: bool
    trusted: bool


async def find_reportable(db: Reader, reporter_id: int, target_id: int, status_ids: Sequence[int]) -> set[int]:
    """Those of the statuses that are the target's and that the reporter may see."""
    return {row["id"] for row in await db.fetch(REPORTABLE, reporter_id, target_id, status_ids)}


async def find_valid_rules(db: Reader, rule_ids: Sequence[int]) -> set[int]:
    """Those of the rules that are in force."""
    return {row["id"] for row in await db.fetch(VALID_RULES, rule_ids)}


async def find_reporter(conn: Reader, account_id: int) -> Reporter:
    """How often somebody's reports were right, also where they never made one."""
    row = await conn.fetchrow(REPORTER, account_id)
    assert row is not None
    return Reporter(**dict(row.items()))


async def insert_report(
    tx: Tx, report: ReportRecord, *, snapshot_ids: Sequence[int], weight: float, muted: bool, at: datetime
) -> int:
    """Write a report and return its id."""
    return await tx.fetchval(
        INSERT_REPORT, report.account_id, report.target_id, report.status_ids, report.rule_ids, report.category,
        report.comment, report.forward, at, report.reason, snapshot_ids, weight, muted,
    )  # fmt: skip


async def find_reported_before(conn: Reader, reporter_id: int, kind: str, subject_ids: Sequence[int]) -> dict[int, int]:
    """Those of the subjects whose open case the reporter is part of already, with that case."""
    rows = await conn.fetch(REPORTED_BEFORE, reporter_id, kind, subject_ids)
    return {row["subject_id"]: row["id"] for row in rows}


async def link_cases(tx: Tx, report_id: int, case_ids: Sequence[int]) -> None:
    """Make a report part of cases."""
    await tx.execute(LINK_CASES, report_id, case_ids)


async def mark_trusted(tx: Tx, report_id: int) -> None:
    """Note that a trusted flagger made the report."""
    await tx.execute(MARK_TRUSTED, report_id)
