"""SQL of reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.kit.paging import Window
from rostra.moderation.records import Category, FiledReport
from rostra.posts.access import VISIBLE_STATUS

# Those of $3 that are the account $2's and that the reporter $1 may see.
REPORTABLE: Final = f"""
select s.id from statuses s join accounts a on a.id = s.account_id
where s.id = any($3::bigint[]) and s.account_id = $2 and {VISIBLE_STATUS}
"""

VALID_RULES: Final = "select id from rules where id = any($1::bigint[]) and deleted_at is null"

REPORTS: Final = """
select id, account_id, target_id, status_ids, rule_ids, category, comment, forward, created_at, action_taken_at
from reports where (action_taken_at is not null) = $4 and id < $1 and id > $2 order by id desc limit $3
"""

REPORT: Final = """
select id, account_id, target_id, status_ids, rule_ids, category, comment, forward, created_at, action_taken_at
from reports where id = $1
"""

INSERT_REPORT: Final = """
insert into reports (id, account_id, target_id, status_ids, rule_ids, category, comment, forward, created_at)
values (make_id($8), $1, $2, $3, $4, $5, $6, $7, $8) returning id
"""


async def find_reportable(db: Reader, reporter_id: int, target_id: int, status_ids: Sequence[int]) -> set[int]:
    """Those of the statuses that are the target's and that the reporter may see."""
    return {row["id"] for row in await db.fetch(REPORTABLE, reporter_id, target_id, status_ids)}


async def find_valid_rules(db: Reader, rule_ids: Sequence[int]) -> set[int]:
    """Those of the rules that are in force."""
    return {row["id"] for row in await db.fetch(VALID_RULES, rule_ids)}


async def insert_report(
    tx: Tx,
    reporter_id: int,
    target_id: int,
    *,
    status_ids: Sequence[int],
    rule_ids: Sequence[int],
    category: Category,
    comment: str,
    forward: bool,
    at: datetime,
) -> int:
    """Write a report and return its id."""
    return await tx.fetchval(
        INSERT_REPORT, reporter_id, target_id, status_ids, rule_ids, category, comment, forward, at
    )


async def list_reports(db: Reader, window: Window, *, resolved: bool) -> list[FiledReport]:
    """A page of reports, the newest first."""
    return as_records(FiledReport, await db.fetch(REPORTS, window.below, window.above, window.limit, resolved))


async def find_report(db: Reader, report_id: int) -> FiledReport | None:
    """One report."""
    return find_record(FiledReport, await db.fetchrow(REPORT, report_id))
