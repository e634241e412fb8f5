"""SQL of reports as staff sees and handles them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.kit.paging import Window
from rostra.moderation.records import Category

# $1 the time. Whoever has a case of it has the report; what was done last is its decision.
_REPORT: Final = """
select r.id, r.account_id, r.target_id, r.status_ids, r.rule_ids, r.category, r.comment, r.forward, r.created_at,
  r.action_taken_at,
  case when c.state <> 'closed' and c.lease_until > $1 then c.assigned_to end as assigned_to,
  case when r.action_taken_at is not null then coalesce(d.reviewer_id, c.closed_by) end as handled_by
from reports r
left join lateral (
  select c.state, c.lease_until, c.assigned_to, c.closed_by, c.decision_id
  from report_cases rc join cases c on c.id = rc.case_id where rc.report_id = r.id
  order by c.state = 'closed', c.lease_until desc nulls last, c.closed_at desc, c.id limit 1) c on true
left join decisions d on d.id = c.decision_id
"""

REPORT: Final = f"{_REPORT} where r.id = $2 and r.target_id is not null"

LOCK_REPORT: Final = f"{_REPORT} where r.id = $2 and r.target_id is not null for update of r"

OPEN_CASES: Final = """
select c.id, c.clause, case when c.subject_kind = 'status' then (
  select s.revision from statuses s where s.id = c.subject_id) end as revision
from report_cases rc join cases c on c.id = rc.case_id and c.state <> 'closed' where rc.report_id = $1 order by c.id
"""

RULES: Final = "select id, text, hint from rules where id = any($1::bigint[]) order by position, id"

VALID_RULES: Final = "select count(*) from rules where id = any($1::bigint[]) and deleted_at is null"

UPDATE_REPORT: Final = "update reports set category = $2, rule_ids = $3 where id = $1"

CLOSE_REPORT: Final = "update reports set action_taken_at = coalesce(action_taken_at, $2) where id = $1"

REOPEN_REPORT: Final = "update reports set action_taken_at = null, outcome = null where id = $1"

ADD_CASE: Final = "insert into report_cases (case_id, report_id) values ($2, $1) on conflict do nothing"

_PLACES: Final[tuple[LiteralString, ...]] = ("$5", "$6", "$7")


class ReportFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which reports. `resolved` None: all."""

    resolved: bool | None = False
    account_id: int | None = None
    target_id: int | None = None
    target_domain: str | None = None


class OpenCase(msgspec.Struct, frozen=True, kw_only=True):
    """An open case of a report. `revision` is that of the post which it is about."""

    id: int
    clause: str
    revision: int | None


class StaffReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report with who has it and who dealt with it."""

    id: int
    account_id: int | None
    target_id: int
    status_ids: list[int]
    rule_ids: list[int]
    category: Category
    comment: str
    forward: bool
    created_at: datetime
    action_taken_at: datetime | None
    assigned_to: int | None
    handled_by: int | None


class ReportRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of the house that a report names."""

    id: int
    text: str
    hint: str


def page_statement(wanted: ReportFilter, *, oldest_first: bool) -> tuple[LiteralString, list[Any]]:
    """The statement that reads a page ($1 the time; $2, $3, $4 the window), and its further values."""
    # Tools know no reports of nobody: legal notices that name nothing of ours are on the page of reports only.
    conditions: list[LiteralString] = ["r.id < $2", "r.id > $3", "r.target_id is not null"]
    values: list[Any] = []
    if wanted.resolved is not None:
        conditions.append("r.action_taken_at is not null" if wanted.resolved else "r.action_taken_at is null")
    further: list[tuple[LiteralString, Any]] = [
        ("r.account_id = ?", wanted.account_id),
        ("r.target_id = ?", wanted.target_id),
        ("r.target_id in (select a.id from accounts a where a.domain = ?)", wanted.target_domain),
    ]
    for condition, value in further:
        if value is not None:
            conditions.append(condition.replace("?", _PLACES[len(values)]))
            values.append(value)
    order: LiteralString = "order by r.id limit $4" if oldest_first else "order by r.id desc limit $4"
    return f"{_REPORT} where {' and '.join(conditions)} {order}", values


async def list_reports(db: Reader, wanted: ReportFilter, window: Window, at: datetime) -> list[StaffReport]:
    """A page of reports, from the window's end."""
    statement, values = page_statement(wanted, oldest_first=window.oldest_first)
    rows = await db.fetch(statement, at, window.below, window.above, window.limit, *values)
    return as_records(StaffReport, rows)


async def find_report(db: Reader, report_id: int, at: datetime) -> StaffReport | None:
    """One report."""
    return find_record(StaffReport, await db.fetchrow(REPORT, at, report_id))


async def lock_report(tx: Tx, report_id: int, at: datetime) -> StaffReport | None:
    """The same, held until the transaction ends."""
    return find_record(StaffReport, await tx.fetchrow(LOCK_REPORT, at, report_id))


async def list_open_cases(db: Reader, report_id: int) -> list[OpenCase]:
    """The open cases of a report, one for each of its posts or one for its account."""
    return as_records(OpenCase, await db.fetch(OPEN_CASES, report_id))


async def list_rules(db: Reader, ids: Sequence[int]) -> dict[int, ReportRule]:
    """Rules by id, also those that are no longer in force."""
    return {rule.id: rule for rule in as_records(ReportRule, await db.fetch(RULES, ids))}


async def are_rules(db: Reader, ids: Sequence[int]) -> bool:
    """Whether all of these are rules in force."""
    return await db.fetchval(VALID_RULES, ids) == len(ids)


async def update_report(tx: Tx, report_id: int, category: Category, rule_ids: Sequence[int]) -> None:
    """Write what a report is about."""
    await tx.execute(UPDATE_REPORT, report_id, category, rule_ids)


async def close_report(tx: Tx, report_id: int, at: datetime) -> None:
    """Note that a report was dealt with."""
    await tx.execute(CLOSE_REPORT, report_id, at)


async def reopen_report(tx: Tx, report_id: int, case_id: int) -> None:
    """Have a report wait again, in this case."""
    await tx.execute(REOPEN_REPORT, report_id)
    await tx.execute(ADD_CASE, report_id, case_id)
