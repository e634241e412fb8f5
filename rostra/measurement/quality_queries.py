"""SQL of quality: what several people said of the same, how rules fared, how often reviewers were right."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, as_records

# Of each item that two or more have judged, what they said; of a decision, its own answer first.
TOGETHER: Final = """
select i.id, array_agg(said.answer order by said.place) as answers
from label_items i cross join lateral (
  select 0::bigint as place, case d.outcome when 'ok' then 'fine' else 'violates/' || d.clause end as answer
  from decisions d where d.id = i.decision_id
  union all
  select l.id, case l.outcome when 'violates' then 'violates/' || l.clause else l.outcome end
  from item_labels l where l.item_id = i.id) said
where i.created_at >= $1 and i.labels > 1
group by i.id
"""

# Views of the samples on which people found a violation, with what the rules had said of them: the weight is the share
# of its stratum's views that one draw stands for.
FOUND: Final = """
select i.clause, i.rules, i.draws * (p.strata -> i.stratum ->> 'views')::double precision / labelled.draws as weight,
  i.draws
from label_items i
join sample_plans p on p.id = i.plan_id
join lateral (
  select sum(x.draws) as draws from label_items x
  where x.plan_id = i.plan_id and x.stratum = i.stratum and x.outcome in ('violates', 'fine')) labelled on true
where p.days && daterange($1, $2) and i.outcome = 'violates' and labelled.draws > 0
"""

# What people decided on what rules had brought: right where it violates and still holds.
BY_RULE: Final = """
select d.rule, count(*)::integer as decided,
  count(*) filter (where d.outcome = 'violates' and (d.reversed_at is null or d.reversed_why = 'superseded'))::integer
    as upheld
from decisions d
where d.rule <> '' and d.reviewer_id is not null and d.created_at >= $1 and d.outcome in ('violates', 'ok')
  and d.reversed_why is distinct from 'undo'
group by d.rule order by d.rule
"""

HITS: Final = """
select rule, sum(live)::integer as live, sum(shadow)::integer as shadow from rule_hits where day >= $1 group by rule
"""

REVIEWERS: Final = """
select x.account_id, coalesce(r.pseudonym, '') as pseudonym, sum(x.golden)::integer as golden,
  sum(x.right)::integer as right, sum(x.second)::integer as second, sum(x.upheld)::integer as upheld
from (
  select a.account_id, count(*) as golden,
    count(*) filter (where a.outcome = g.outcome and a.clause = g.clause) as right, 0 as second, 0 as upheld
  from golden_answers a join golden_items g on g.id = a.golden_id
  where a.outcome is not null and a.outcome <> 'unclear' and a.answered_at >= $1 group by a.account_id
  union all
  select d.reviewer_id, 0, 0, count(*), count(*) filter (
    where i.outcome = case d.outcome when 'ok' then 'fine' else 'violates' end
      and i.clause = case d.outcome when 'ok' then '' else d.clause end)
  from label_items i join decisions d on d.id = i.decision_id
  where i.state = 'settled' and i.settled_at >= $1 and d.reviewer_id is not null group by d.reviewer_id) x
left join reviewers r on r.account_id = x.account_id
group by 1, 2 order by 2, 1
"""

# Decisions that two others saw otherwise, and that still hold.
DOUBTED: Final = """
select d.id, d.case_id, d.outcome, d.clause, i.outcome as second, i.clause as second_clause, i.settled_at,
  exists (select from golden_items g where g.decision_id = d.id) as is_golden
from label_items i join decisions d on d.id = i.decision_id
where i.state = 'settled' and i.outcome in ('violates', 'fine') and d.reversed_at is null
  and (i.outcome <> case d.outcome when 'ok' then 'fine' else 'violates' end
    or i.clause <> case d.outcome when 'ok' then '' else d.clause end)
order by i.settled_at desc limit $1
"""

# Decisions by week and clause, and how many of them were turned round.
REVERSED: Final = """
select date_trunc('week', d.created_at at time zone 'UTC')::date as week, count(*)::integer as decided,
  count(*) filter (where d.reversed_why = 'appeal')::integer as by_appeal,
  count(*) filter (where d.reversed_why = 'review')::integer as by_review
from decisions d
where d.created_at >= $1 and d.outcome = 'violates' and d.reversed_why is distinct from 'undo'
group by 1 order by 1
"""


class Together(msgspec.Struct, frozen=True, kw_only=True):
    """What people said of an item: "fine", "unclear" or "violates/clause" each."""

    id: int
    answers: list[str]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A sampled post that violates, with the views that it stands for and the rules that had named it."""

    clause: str
    rules: list[str]
    weight: float
    draws: int


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What people decided on what a rule had brought."""

    rule: str
    decided: int
    upheld: int


class Hits(msgspec.Struct, frozen=True, kw_only=True):
    """How often a rule hit; rule "" is all that was judged."""

    rule: str
    live: int
    shadow: int


class ReviewerRow(msgspec.Struct, frozen=True, kw_only=True):
    """Answers of a reviewer to golden items, and decisions of theirs that others looked at again."""

    account_id: int
    pseudonym: str
    golden: int
    right: int
    second: int
    upheld: int


class Doubted(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that those who looked at it again saw otherwise."""

    id: int
    case_id: int | None
    outcome: str
    clause: str
    second: str
    second_clause: str
    settled_at: datetime
    is_golden: bool


class Reversed(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions against content in a week, and how many were turned round."""

    week: date
    decided: int
    by_appeal: int
    by_review: int


async def list_together(conn: Reader, since: datetime) -> list[Together]:
    return as_records(Together, await conn.fetch(TOGETHER, since))


async def list_found(conn: Reader, first: date, until: date) -> list[Found]:
    return as_records(Found, await conn.fetch(FOUND, first, until))


async def list_by_rule(conn: Reader, since: datetime) -> list[Decided]:
    return as_records(Decided, await conn.fetch(BY_RULE, since))


async def list_hits(conn: Reader, since: date) -> list[Hits]:
    return as_records(Hits, await conn.fetch(HITS, since))


async def list_reviewers(conn: Reader, since: datetime) -> list[ReviewerRow]:
    return as_records(ReviewerRow, await conn.fetch(REVIEWERS, since))


async def list_doubted(conn: Reader, limit: int) -> list[Doubted]:
    return as_records(Doubted, await conn.fetch(DOUBTED, limit))


async def list_reversed(conn: Reader, since: datetime) -> list[Reversed]:
    return as_records(Reversed, await conn.fetch(REVERSED, since))
