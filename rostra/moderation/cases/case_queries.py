"""SQL of cases: finding, locking, leasing, closing them, and their clocks."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from rostra.accounts.records import Role
from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.moderation.records import CaseRow, SubjectKind

_COLUMNS: Final = """
id, subject_kind, subject_id, account_id, state, source, policy, clause, rule, severity, assigned_to, lease_until,
  opened_at
"""

CASE: Final = f"select {_COLUMNS} from cases where id = $1"

LOCK: Final = f"select {_COLUMNS} from cases where id = $1 for update"

OPEN_OF: Final = "select id from cases where subject_kind = $1 and subject_id = $2 and state <> 'closed'"

CLOSE: Final = """
update cases set state = 'closed', closed_at = $2, closed_by = $3, outcome = $4, decision_id = $5,
  assigned_to = null, lease_until = null, reserved_for = null, reserved_until = null
where id = $1
"""

REOPEN: Final = """
update cases set state = 'queued', closed_at = null, closed_by = null, outcome = null, decision_id = null
where id = $1 and state = 'closed'
  and not exists (select from cases o where o.subject_kind = cases.subject_kind and o.subject_id = cases.subject_id
    and o.state <> 'closed')
returning id
"""

SET_OUTCOME: Final = "update cases set outcome = $2 where id = $1 and state = 'closed'"

# What a subject is: whose it is, its revision, and what role they have here.
SUBJECT_STATUS: Final = """
select s.account_id, s.revision, u.role, a.domain is null as is_local
from statuses s join accounts a on a.id = s.account_id left join users u on u.account_id = a.id
where s.id = $1 and s.reblog_of_id is null
"""

SUBJECT_ACCOUNT: Final = """
select a.id as account_id, 0 as revision, u.role, a.domain is null as is_local
from accounts a left join users u on u.account_id = a.id where a.id = $1
"""

INSERT_DEADLINE: Final = """
insert into deadlines (id, case_id, regime, notice_id, starts_at, due_at) values (make_id($4), $1, $2, $3, $4, $5)
"""

# Met in time, or marked as missed for ever.
MEET_DEADLINES: Final = """
update deadlines set met_at = $2, missed_at = case when missed_at is null and due_at < $2 then $2 else missed_at end
where case_id = $1 and met_at is null
"""

MISS_DEADLINES: Final = """
update deadlines set missed_at = $1
where id in (select id from deadlines where met_at is null and missed_at is null and due_at < $1 limit 1000)
returning id, case_id, regime
"""

INSERT_NOTE: Final = """
insert into case_notes (id, case_id, author_id, text, created_at) values (make_id($4), $1, $2, $3, $4) returning id
"""

NOTES: Final = """
select n.id, n.text, n.created_at, a.username from case_notes n left join accounts a on a.id = n.author_id
where n.case_id = $1 order by n.id
"""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What a colleague wrote down."""

    id: int
    text: str
    created_at: datetime
    username: str | None


async def find_case(conn: Reader, case_id: int) -> CaseRow | None:
    return find_record(CaseRow, await conn.fetchrow(CASE, case_id))


async def lock_case(tx: Tx, case_id: int) -> CaseRow | None:
    """The case, ours until the transaction ends. What is of its post must be locked before."""
    return find_record(CaseRow, await tx.fetchrow(LOCK, case_id))


async def find_open(conn: Reader, kind: SubjectKind, subject_id: int) -> int | None:
    """The open case of a subject."""
    return await conn.fetchval(OPEN_OF, kind, subject_id)


async def close_case(
    tx: Tx, case_id: int, at: datetime, *, actor_id: int | None, outcome: str, decision_id: int | None
) -> None:
    """Close it, and meet its clocks."""
    await tx.execute(CLOSE, case_id, at, actor_id, outcome, decision_id)
    await tx.execute(MEET_DEADLINES, case_id, at)


async def reopen_case(tx: Tx, case_id: int) -> bool:
    """Open a closed case again; False where another is open of its subject."""
    return await tx.fetchval(REOPEN, case_id) is not None


async def set_outcome(tx: Tx, case_id: int, outcome: str) -> None:
    """What a closed case has come to after all."""
    await tx.execute(SET_OUTCOME, case_id, outcome)


async def find_subject(conn: Reader, kind: SubjectKind, subject_id: int) -> tuple[int, int, Role | None, bool] | None:
    """Whose a subject is, its revision, their role here, and whether they live here; None where it is gone."""
    row = await conn.fetchrow(SUBJECT_STATUS if kind == "status" else SUBJECT_ACCOUNT, subject_id)
    return None if row is None else (row["account_id"], row["revision"], row["role"], row["is_local"])


async def insert_deadline(
    tx: Tx, case_id: int, regime: str, *, notice_id: int | None, starts_at: datetime, due_at: datetime
) -> None:
    await tx.execute(INSERT_DEADLINE, case_id, regime, notice_id, starts_at, due_at)


async def miss_deadlines(tx: Tx, at: datetime) -> list[tuple[int, int, str]]:
    """Mark what ran out, as (deadline, case, regime)."""
    return [(row["id"], row["case_id"], row["regime"]) for row in await tx.fetch(MISS_DEADLINES, at)]


async def insert_note(tx: Tx, case_id: int, author_id: int | None, text: str, at: datetime) -> int:
    return await tx.fetchval(INSERT_NOTE, case_id, author_id, text, at)


async def list_notes(conn: Reader, case_id: int) -> list[Note]:
    return as_records(Note, await conn.fetch(NOTES, case_id))
