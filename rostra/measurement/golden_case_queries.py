"""SQL of golden items that come among the cases of the desk."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal

import msgspec

from rostra.kit.db import Reader, Tx, find_record

# How much somebody has done today, by which it is drawn whether their next case is golden; how many they had; and
# whether anything waits that it could be taken for.
STAND: Final = """
select
  (select coalesce(sum(e.items), 0) from exposures e where e.account_id = $1 and e.day = $2)::bigint
    + (select count(*) from decisions d where d.reviewer_id = $1 and d.id >= $3) as done,
  (select count(*) from golden_answers a where a.account_id = $1 and a.turn_id is not null
    and a.given_at >= $2::timestamp at time zone 'UTC') as had,
  exists (select from cases c where c.state = 'queued' and (c.lease_until is null or c.lease_until < $4)) as waits
"""

# One that they have not had, by a hash, of a post by somebody who is here still and is not above them.
DUE: Final = """
select g.id, g.snapshot_id, g.outcome, g.clause, coalesce(jsonb_array_length(n.content -> 'media'), 0) > 0 as has_media
from golden_items g join snapshots n on n.id = g.snapshot_id join accounts w on w.id = g.account_id
where g.retired_at is null and g.account_id <> $1
  and not exists (select from golden_answers a where a.golden_id = g.id and a.account_id = $1)
  and not exists (select from decisions d where d.subject_kind = 'status' and d.subject_id = n.subject_id
    and $1 in (d.reviewer_id, d.reversed_by))
  and not exists (select from reviewers r where r.account_id = $1 and r.languages <> '{}'
    and g.language is not null and g.language <> all(r.languages))
  and not exists (select from reviewers r where r.account_id = $1 and g.clause = any(r.declined))
  and (not $2 or coalesce(jsonb_array_length(n.content -> 'media'), 0) = 0)
order by md5($1::text || '/' || g.id::text) limit 1
"""

GIVE: Final = """
insert into golden_answers (golden_id, account_id, given_at, turn_id) values ($1, $2, $3, make_id($3))
on conflict do nothing returning turn_id
"""

TURN: Final = """
select a.turn_id, a.golden_id, a.given_at, g.snapshot_id, g.outcome, g.clause, g.language, d.clause as doubted,
  c.source
from golden_answers a join golden_items g on g.id = a.golden_id
  left join decisions d on d.id = g.decision_id left join cases c on c.id = d.case_id
where a.turn_id = $1 and a.account_id = $2 and a.outcome is null and a.given_at > $3
"""

ANSWER: Final = """
update golden_answers set outcome = $2, clause = $3, answered_at = $4 where turn_id = $1 and outcome is null
returning golden_id
"""


class Stand(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody has done and had today, and whether anything waits."""

    done: int
    had: int
    waits: bool


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A golden item whose turn it is."""

    id: int
    snapshot_id: int
    outcome: str
    clause: str
    has_media: bool


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """A golden item that somebody has before them as a case. `doubted` is the clause of the decision that it comes
    from, `source` what had opened that case."""

    turn_id: int
    golden_id: int
    given_at: datetime
    snapshot_id: int
    outcome: Literal["violates", "fine"]
    clause: str
    language: str | None
    doubted: str | None
    source: str | None


async def find_stand(conn: Reader, account_id: int, day: date, first_id: int, at: datetime) -> Stand:
    row = await conn.fetchrow(STAND, account_id, day, first_id, at)
    assert row is not None
    return Stand(**dict(row.items()))


async def find_due(conn: Reader, account_id: int, *, only_words: bool) -> Due | None:
    """The item whose turn it is; `only_words`: without pictures."""
    return find_record(Due, await conn.fetchrow(DUE, account_id, only_words))


async def give(tx: Tx, golden_id: int, account_id: int, at: datetime) -> int | None:
    """Note that somebody has it before them; the number of the case that it is shown as."""
    return await tx.fetchval(GIVE, golden_id, account_id, at)


async def find_turn(conn: Reader, turn_id: int, account_id: int, since: datetime) -> Turn | None:
    return find_record(Turn, await conn.fetchrow(TURN, turn_id, account_id, since))


async def answer(tx: Tx, turn_id: int, outcome: str, clause: str, at: datetime) -> bool:
    """Take the answer, once."""
    return await tx.fetchval(ANSWER, turn_id, outcome, clause, at) is not None
