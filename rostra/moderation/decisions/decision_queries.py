"""SQL of decisions, of their strikes, and of what they mean for reports and holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from rostra.kit.db import Reader, Tx, find_record
from rostra.moderation.records import DecisionRow
from rostra.screening.author_queries import strike_points

_COLUMNS: Final = """
id, case_id, subject_kind, subject_id, revision, account_id, reviewer_id, snapshot_id, event_id, policy, clause, rule,
  outcome, reason, facts, confidence, origin, automated_detection, automated_decision, bulk_id, created_at, reversed_at,
  reversed_by, reversed_why
"""

INSERT: Final = """
insert into decisions (id, case_id, subject_kind, subject_id, revision, account_id, reviewer_id, snapshot_id, event_id,
  policy, clause, rule, outcome, reason, facts, confidence, origin, automated_detection, automated_decision, bulk_id,
  created_at)
values (make_id($20), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
returning id
"""

DECISION: Final = f"select {_COLUMNS} from decisions where id = $1"

LOCK: Final = f"select {_COLUMNS} from decisions where id = $1 for update"

REVERSE: Final = """
with turned as (
  update decisions set reversed_at = $2, reversed_by = $3, reversed_why = $4 where id = $1 returning bulk_id)
update bulk_decisions b set reversed = b.reversed + 1 from turned where b.id = turned.bulk_id
"""

STANDING_OF_EVENT: Final = "select exists (select from decisions where event_id = $1)"

STANDING: Final = f"""
select {_COLUMNS} from decisions
where subject_kind = $1 and subject_id = $2 and reversed_at is null and automated_decision = $3 order by id desc
"""

STRIKES: Final = f"select {strike_points('$1', '$2')}"

STRIKES_OF_DECISION: Final = """
select e.id from moderation_events e
where e.account_id = $1 and e.type = 'strike' and e.details ->> 'decision' = $2::text
  and not exists (select from moderation_events r where r.account_id = $1 and r.type = 'strike_lifted'
    and r.details ->> 'event_id' = e.id::text)
"""

OPEN_HOLD: Final = """
select id, event_id, policy, clause, rule, severity, fresh from holds where status_id = $1 and decided_at is null
for update
"""

LATEST_HOLD: Final = "select fresh from holds where status_id = $1 order by id desc limit 1"

DECIDE_HOLD: Final = """
update holds set decided_at = $2, decision = $3, decided_by = $4,
  reason = case when $5::jsonb = '{}' then reason else $5 end
where id = $1
"""

# The author is told why in the same place, whether the post was ever held or not.
INSERT_REFUSED: Final = """
insert into holds (id, status_id, account_id, revision, fresh, event_id, policy, clause, rule, severity, reason,
  created_at, expires_at, expires_to, decided_at, decision, decided_by)
values (make_id($9), $1, $2, $3, false, $4, $5, $6, $7, $8, $10, $9, $9, 'refuse', $9, 'refuse', $11)
"""

# A report has its outcome once all that it names is decided.
_COME_TO: Final = """
select rc.report_id,
  case when bool_and(c.outcome = 'violates') then 'upheld'
    when bool_or(c.outcome in ('violates', 'unclear')) then 'partly'
    when bool_and(c.outcome = 'gone') then 'gone' else 'rejected' end as outcome
from report_cases rc join cases c on c.id = rc.case_id
where rc.report_id in (select x.report_id from report_cases x where x.case_id = $1)
group by rc.report_id having bool_and(c.state = 'closed')
"""

SETTLE_REPORTS: Final = f"""
update reports r set outcome = done.outcome, action_taken_at = $2
from ({_COME_TO}) done where r.id = done.report_id and r.outcome is null
returning r.id, r.account_id, r.muted, r.outcome
"""

COUNT_REPORTERS: Final = """
insert into reporters as r (account_id, upheld, rejected)
select x.id, $2, $3 from unnest($1::bigint[]) x(id) order by x.id
on conflict (account_id) do update set upheld = greatest(r.upheld + $2, 0), rejected = greatest(r.rejected + $3, 0)
"""

# They wait again, until the case is decided anew.
UNSETTLE_REPORTS: Final = """
with was as (
  select r.id, r.outcome from reports r join report_cases rc on rc.report_id = r.id
  where rc.case_id = $1 and r.outcome is not null for update of r)
update reports r set outcome = null, action_taken_at = null, told_at = null
from was where was.id = r.id
returning r.account_id, r.muted, was.outcome as before
"""

SOURCE_OF_CASE: Final = """
select coalesce(max(case r.source when 'trusted' then 3 when 'legal' then 2 else 1 end), 0) as best
from reports r join report_cases rc on rc.report_id = r.id where rc.case_id = $1 and not r.muted
"""


async def insert_decision(tx: Tx, values: Sequence[object]) -> int:
    """Write a decision, its columns in their order without the id; its id."""
    return await tx.fetchval(INSERT, *values)


async def find_decision(conn: Reader, decision_id: int) -> DecisionRow | None:
    return find_record(DecisionRow, await conn.fetchrow(DECISION, decision_id))


async def lock_decision(tx: Tx, decision_id: int) -> DecisionRow | None:
    return find_record(DecisionRow, await tx.fetchrow(LOCK, decision_id))


async def list_standing(conn: Reader, kind: str, subject_id: int, *, automated: bool) -> list[DecisionRow]:
    """Decisions on a subject that were not reversed, the newest first."""
    rows = await conn.fetch(STANDING, kind, subject_id, automated)
    return [DecisionRow(**dict(row.items())) for row in rows]


async def has_decision(conn: Reader, event_id: int) -> bool:
    """Whether a decision was made of that event."""
    return await conn.fetchval(STANDING_OF_EVENT, event_id)


async def mark_reversed(tx: Tx, decision_id: int, at: datetime, actor_id: int | None, why: str) -> None:
    """Note that a locked decision is turned round, there and with those that it was made with."""
    await tx.execute(REVERSE, decision_id, at, actor_id, why)


async def count_strikes(conn: Reader, account_id: int, at: datetime) -> int:
    """The strike points of an account that hold."""
    return await conn.fetchval(STRIKES, account_id, at)


async def list_strikes_of(tx: Tx, account_id: int, decision_id: int) -> list[int]:
    """The strikes that a decision brought and that were not lifted."""
    return [row["id"] for row in await tx.fetch(STRIKES_OF_DECISION, account_id, str(decision_id))]


async def lock_hold(tx: Tx, status_id: int) -> Any:
    """The open hold of a locked status, if there is one."""
    return await tx.fetchrow(OPEN_HOLD, status_id)


async def was_fresh(conn: Reader, status_id: int) -> bool:
    """Whether nobody but its author had ever seen the status when it was last held."""
    return bool(await conn.fetchval(LATEST_HOLD, status_id))


async def decide_hold(
    tx: Tx, hold_id: int, at: datetime, decision: str, actor_id: int | None, reason: dict[str, str]
) -> None:
    await tx.execute(DECIDE_HOLD, hold_id, at, decision, actor_id, reason)


async def insert_refused(tx: Tx, values: Sequence[object]) -> None:
    """Keep why a published post was withdrawn."""
    await tx.execute(INSERT_REFUSED, *values)


async def settle_reports(tx: Tx, case_id: int, at: datetime) -> list[tuple[int, int | None, bool, str]]:
    """Give those of a closed case's reports their outcome that wait for nothing else; (report, reporter, muted,
    outcome) of each."""
    rows = await tx.fetch(SETTLE_REPORTS, case_id, at)
    return [(row["id"], row["account_id"], row["muted"], row["outcome"]) for row in rows]


async def unsettle_reports(tx: Tx, case_id: int) -> list[tuple[int | None, bool, str]]:
    """Take the outcome of a case's reports back; (reporter, muted, outcome before) of each."""
    rows = await tx.fetch(UNSETTLE_REPORTS, case_id)
    return [(row["account_id"], row["muted"], row["before"]) for row in rows]


async def count_reporters(tx: Tx, account_ids: Sequence[int], *, upheld: int, rejected: int) -> None:
    """Add to how often reporters were right and wrong."""
    if account_ids and (upheld or rejected):
        await tx.execute(COUNT_REPORTERS, account_ids, upheld, rejected)


async def find_best_source(conn: Reader, case_id: int) -> str:
    """Whose word started the case: a trusted flagger's, a legal notice's, a report's, or nobody's."""
    best: int = await conn.fetchval(SOURCE_OF_CASE, case_id)
    return ("own", "report", "legal", "trusted")[best]
