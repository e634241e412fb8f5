"""SQL of golden items: whose turn one is, what was answered, and how often that was right."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.measurement.label_queries import Given

INSERT: Final = """
insert into golden_items (id, snapshot_id, account_id, language, outcome, clause, origin, decision_id, created_by,
  created_at)
select make_id($1), n.id, n.account_id, nullif(n.content ->> 'language', ''), $3, $4, $5, $6, $7, $1
from snapshots n where n.id = $2 and n.subject_kind = 'status'
on conflict do nothing returning id
"""

# Decisions against posts that an appeal or a review has turned round, as far as what was seen is kept: the post is
# fine, unless it was decided against anew, under another clause.
FROM_REVERSED: Final = """
insert into golden_items (id, snapshot_id, account_id, language, outcome, clause, origin, decision_id, created_at)
select make_id($1), d.snapshot_id, d.account_id, nullif(n.content ->> 'language', ''), 'fine', '', 'appeal', d.id, $1
from decisions d join snapshots n on n.id = d.snapshot_id
where d.reversed_why in ('appeal', 'review') and d.reversed_at >= $2 and d.outcome = 'violates'
  and d.subject_kind = 'status' and not exists (
    select from decisions n where n.subject_kind = d.subject_kind and n.subject_id = d.subject_id and n.id > d.id
      and n.outcome = 'violates' and n.reversed_at is null)
on conflict do nothing
"""

# A decision that others looked at again and agreed on, with what was seen then.
SETTLED: Final = """
select i.id, i.snapshot_id, i.outcome, i.clause from label_items i
where i.decision_id = $1 and i.state = 'settled' and i.outcome in ('violates', 'fine') and i.snapshot_id is not null
  and not exists (select from golden_items g where g.decision_id = i.decision_id)
"""

# What somebody was given and has not answered within the hour comes first; then one that they have not had, by a hash,
# so that each meets them in an order of their own.
DUE: Final = """
select g.id, g.snapshot_id, g.outcome, g.clause
from golden_items g left join golden_answers a on a.golden_id = g.id and a.account_id = $1
where g.retired_at is null and g.account_id <> $1
  and (a.golden_id is null or (a.outcome is null and a.given_at > $2 and a.turn_id is null))
  and not exists (select from decisions d where d.id = g.decision_id and $1 in (d.reviewer_id, d.reversed_by))
  and not exists (select from reviewers r where r.account_id = $1 and r.languages <> '{}'
    and g.language is not null and g.language <> all(r.languages))
order by a.golden_id is null, md5($1::text || '/' || g.id::text) limit 1
"""

GIVE: Final = """
insert into golden_answers (golden_id, account_id, given_at) values ($1, $2, $3)
on conflict (golden_id, account_id) do nothing
"""

GIVEN: Final = """
select g.id, g.snapshot_id, g.outcome, g.clause from golden_items g
join golden_answers a on a.golden_id = g.id
where g.id = $1 and a.account_id = $2 and a.outcome is null and a.turn_id is null
"""

ANSWER: Final = """
update golden_answers set outcome = $3, clause = $4, answered_at = $5
where golden_id = $1 and account_id = $2 and outcome is null and turn_id is null returning golden_id
"""

ANSWERED: Final = """
select golden_id as id, outcome, clause, answered_at as at from golden_answers
where golden_id = $1 and account_id = $2 and answered_at > $3 and turn_id is null
"""

TAKE_BACK: Final = """
update golden_answers set outcome = null, clause = '', answered_at = null, given_at = $3
where golden_id = $1 and account_id = $2
"""

HAS_PENDING: Final = """
select exists (select from golden_answers where account_id = $1 and outcome is null and given_at > $2
  and turn_id is null)
"""

ANSWERS: Final = """
select g.outcome as truth, g.clause as true_clause, a.outcome, a.clause, count(*)::integer as answers
from golden_answers a join golden_items g on g.id = a.golden_id
where a.outcome is not null and a.answered_at >= $1
group by 1, 2, 3, 4
"""

COUNT: Final = "select count(*) from golden_items where retired_at is null"


class Golden(msgspec.Struct, frozen=True, kw_only=True):
    """An item with its answer."""

    id: int
    snapshot_id: int
    outcome: Literal["violates", "fine"]
    clause: str


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """How often people answered so to items of which that is the truth."""

    truth: str
    true_clause: str
    outcome: str
    clause: str
    answers: int


async def insert(
    tx: Tx,
    at: datetime,
    snapshot_id: int,
    *,
    outcome: str,
    clause: str,
    origin: str,
    decision_id: int | None,
    created_by: int | None,
) -> int | None:
    return await tx.fetchval(INSERT, at, snapshot_id, outcome, clause, origin, decision_id, created_by)


async def find_settled(conn: Reader, decision_id: int) -> Golden | None:
    """What others say of a decision, unless it is golden already."""
    return find_record(Golden, await conn.fetchrow(SETTLED, decision_id))


async def insert_reversed(tx: Tx, at: datetime, since: datetime) -> int:
    """Make items of decisions that were turned round since then; how many."""
    return int((await tx.execute(FROM_REVERSED, at, since)).split()[-1])


async def find_due(conn: Reader, account_id: int, since: datetime) -> Golden | None:
    return find_record(Golden, await conn.fetchrow(DUE, account_id, since))


async def give(tx: Tx, golden_id: int, account_id: int, at: datetime) -> None:
    await tx.execute(GIVE, golden_id, account_id, at)


async def find_given(conn: Reader, golden_id: int, account_id: int) -> Golden | None:
    """An item that somebody was given and has not answered."""
    return find_record(Golden, await conn.fetchrow(GIVEN, golden_id, account_id))


async def answer(tx: Tx, golden_id: int, account_id: int, outcome: str, clause: str, at: datetime) -> bool:
    return await tx.fetchval(ANSWER, golden_id, account_id, outcome, clause, at) is not None


async def find_answer(conn: Reader, golden_id: int, account_id: int, since: datetime) -> Given | None:
    """What somebody has answered since then."""
    return find_record(Given, await conn.fetchrow(ANSWERED, golden_id, account_id, since))


async def take_back(tx: Tx, golden_id: int, account_id: int, at: datetime) -> None:
    """Give it to them once more."""
    await tx.execute(TAKE_BACK, golden_id, account_id, at)


async def has_pending(conn: Reader, account_id: int, since: datetime) -> bool:
    return await conn.fetchval(HAS_PENDING, account_id, since)


async def list_answers(conn: Reader, since: datetime) -> list[Answered]:
    return as_records(Answered, await conn.fetch(ANSWERS, since))


async def count(conn: Reader) -> int:
    return await conn.fetchval(COUNT)
