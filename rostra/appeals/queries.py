"""SQL of appeals: filing, the list, leases, the outcome. What their reviewers read is in `review_queries`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from rostra.appeals.records import AppealRow, AppealShown, Side
from rostra.kit.db import Reader, Tx, as_records, find_record

_COLUMNS: Final = """
a.id, a.decision_id, a.side, a.account_id, a.report_id, a.text, a.evidence, a.language, a.state, a.filed_at, a.due_at,
  a.assigned_to, a.lease_until, a.decided_by, a.decided_at, a.answer, a.new_decision_id, a.notified_at
"""

# $1 decision, $2 account or null, $3 hash of a legal notice's token or null: the report by which they are concerned.
REPORT_OF: Final = """
select r.id, r.language from decisions d join report_cases rc on rc.case_id = d.case_id
join reports r on r.id = rc.report_id left join legal_notices n on n.report_id = r.id
where d.id = $1 and (r.account_id = $2 or n.token_hash = $3)
order by r.id limit 1
"""

TOLD_REPORTER_AT: Final = "select told_at from reports where id = $1"

LANGUAGE_OF: Final = "select locale from users where account_id = $1"

INSERT: Final = """
insert into appeals (id, decision_id, side, account_id, report_id, text, evidence, language, filed_at, due_at)
values (make_id($8), $1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (decision_id, side) do nothing returning id
"""

APPEAL: Final = f"select {_COLUMNS} from appeals a where a.id = $1"

LOCK: Final = f"select {_COLUMNS} from appeals a where a.id = $1 for update"

OF_DECISION: Final = f"select {_COLUMNS} from appeals a where a.decision_id = $1 and a.side = $2"

OF_DECISIONS: Final = """
select decision_id, state from appeals where decision_id = any($1::bigint[]) and side = 'author'
"""

WAITS_OF_REPORT: Final = """
select exists (select from appeals a where a.report_id = $1 and a.side = 'reporter' and a.decided_at is null)
"""

TOOK_PART: Final = "select took_part($1, $2)"

_SHOWN: Final = """
select a.id, a.decision_id, a.side, a.state, left(a.text, 300) as text, a.language, a.filed_at, a.due_at,
  a.assigned_to, a.lease_until, a.decided_at, d.subject_kind, d.clause, d.outcome, d.automated_decision,
  took_part(a.decision_id, $1) as took_part
from appeals a join decisions d on d.id = a.decision_id
"""

# What is due first comes first.
OPEN: Final = f"""
{_SHOWN} where a.decided_at is null and a.state = $5 and (a.due_at, a.id) > ($2, $3) order by a.due_at, a.id limit $4
"""

DECIDED: Final = f"""
{_SHOWN} where a.decided_at is not null and $5 = '' and (a.decided_at, a.id) < ($2, $3)
order by a.decided_at desc, a.id desc limit $4
"""

COUNTS: Final = """
select count(*) filter (where state = 'filed') as filed, count(*) filter (where state = 'panel') as panel,
  count(*) filter (where due_at < $1) as late
from appeals where decided_at is null
"""

NEXT: Final = """
update appeals set assigned_to = $1, lease_until = $3 where id = (
  select a.id from appeals a
  where a.state = 'filed' and (a.lease_until is null or a.lease_until <= $2 or a.assigned_to = $1)
    and not took_part(a.decision_id, $1)
  order by a.due_at, a.id limit 1 for update of a skip locked)
returning id
"""

LEASE: Final = """
update appeals set assigned_to = $2, lease_until = $4
where id = $1 and state = 'filed' and (lease_until is null or lease_until <= $3 or assigned_to = $2)
returning id
"""

RELEASE: Final = """
update appeals set assigned_to = null, lease_until = null where id = $1 and assigned_to = $2 and decided_at is null
"""

DECIDE: Final = """
update appeals set state = $2, decided_by = $3, decided_at = $4, answer = $5, assigned_to = null, lease_until = null
where id = $1
"""

SEND_TO_PANEL: Final = """
update appeals set state = 'panel', assigned_to = null, lease_until = null where id = $1 and state = 'filed'
"""

BACK_FROM_PANEL: Final = "update appeals set state = 'filed' where id = $1 and state = 'panel'"

NAME_NEW_DECISION: Final = "update appeals set new_decision_id = $2 where id = $1"

MARK_NOTIFIED: Final = """
update appeals set notified_at = $2 where id = $1 and notified_at is null returning id
"""


JOIN_CASE: Final = """
insert into report_cases (case_id, report_id) select $2, rc.report_id from report_cases rc where rc.case_id = $1
on conflict do nothing
"""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What waits: for staff, for panels, and of both what is late."""

    filed: int = 0
    panel: int = 0
    late: int = 0


async def find_report_of(
    conn: Reader, decision_id: int, account_id: int | None, token_hash: bytes | None
) -> tuple[int, str | None] | None:
    """The report, and its language, by which somebody is concerned in what was decided."""
    row = await conn.fetchrow(REPORT_OF, decision_id, account_id, token_hash)
    return None if row is None else (row["id"], row["language"])


async def find_reporter_told_at(conn: Reader, report_id: int) -> datetime | None:
    return await conn.fetchval(TOLD_REPORTER_AT, report_id)


async def find_language(conn: Reader, account_id: int) -> str | None:
    return await conn.fetchval(LANGUAGE_OF, account_id)


async def insert_appeal(tx: Tx, values: Sequence[object]) -> int | None:
    """Write an appeal (decision, side, account, report, text, evidence, language, time, due); None where that side has
    one."""
    return await tx.fetchval(INSERT, *values)


async def find_appeal(conn: Reader, appeal_id: int) -> AppealRow | None:
    return find_record(AppealRow, await conn.fetchrow(APPEAL, appeal_id))


async def lock_appeal(tx: Tx, appeal_id: int) -> AppealRow | None:
    return find_record(AppealRow, await tx.fetchrow(LOCK, appeal_id))


async def find_of_decision(conn: Reader, decision_id: int, side: Side) -> AppealRow | None:
    """The appeal of one side against a decision."""
    return find_record(AppealRow, await conn.fetchrow(OF_DECISION, decision_id, side))


async def find_states(conn: Reader, decision_ids: Sequence[int]) -> dict[int, str]:
    """The states of authors' appeals by the decisions that they are against."""
    return {row["decision_id"]: row["state"] for row in await conn.fetch(OF_DECISIONS, decision_ids)}


async def has_open_of_report(conn: Reader, report_id: int) -> bool:
    """Whether an appeal that was filed by a report waits."""
    return await conn.fetchval(WAITS_OF_REPORT, report_id)


async def took_part(conn: Reader, decision_id: int, account_id: int) -> bool:
    """Whether somebody had a part in what a decision is about."""
    return await conn.fetchval(TOOK_PART, decision_id, account_id)


async def list_open(
    conn: Reader, viewer_id: int, state: str, after: tuple[datetime, int], limit: int
) -> list[AppealShown]:
    return as_records(AppealShown, await conn.fetch(OPEN, viewer_id, *after, limit, state))


async def list_decided(conn: Reader, viewer_id: int, before: tuple[datetime, int], limit: int) -> list[AppealShown]:
    return as_records(AppealShown, await conn.fetch(DECIDED, viewer_id, *before, limit, ""))


async def count_open(conn: Reader, at: datetime) -> Counts:
    return find_record(Counts, await conn.fetchrow(COUNTS, at)) or Counts()


async def lease_next(tx: Tx, account_id: int, at: datetime, until: datetime) -> int | None:
    return await tx.fetchval(NEXT, account_id, at, until)


async def lease(tx: Tx, appeal_id: int, account_id: int, at: datetime, until: datetime) -> bool:
    return await tx.fetchval(LEASE, appeal_id, account_id, at, until) is not None


async def release(tx: Tx, appeal_id: int, account_id: int) -> None:
    await tx.execute(RELEASE, appeal_id, account_id)


async def decide(
    tx: Tx, appeal_id: int, finding: str, actor_id: int | None, at: datetime, answer: dict[str, str]
) -> None:
    await tx.execute(DECIDE, appeal_id, finding, actor_id, at, answer)


async def send_to_panel(tx: Tx, appeal_id: int) -> None:
    await tx.execute(SEND_TO_PANEL, appeal_id)


async def take_back_from_panel(tx: Tx, appeal_id: int) -> None:
    await tx.execute(BACK_FROM_PANEL, appeal_id)


async def name_new_decision(tx: Tx, appeal_id: int, decision_id: int) -> None:
    await tx.execute(NAME_NEW_DECISION, appeal_id, decision_id)


async def mark_notified(tx: Tx, appeal_id: int, at: datetime) -> bool:
    """Note that the outcome is told; False where it was."""
    return await tx.fetchval(MARK_NOTIFIED, appeal_id, at) is not None


async def join_case(tx: Tx, case_id: int, new_case_id: int) -> None:
    """Have the reports of one case wait for another as well."""
    await tx.execute(JOIN_CASE, case_id, new_case_id)
