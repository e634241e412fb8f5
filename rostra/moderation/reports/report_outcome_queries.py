"""SQL of what those who report hear: whom to tell, and the reports as who made them sees them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.moderation.records import Category

_HOW: Final = """
cross join lateral (
  select coalesce(bool_or(d.automated_detection), false) as detected,
    coalesce(bool_or(d.automated_decision), false) as automated,
    coalesce(bool_or(d.outcome <> 'violates' and d.reversed_at is null), false) as dismissed
  from report_cases rc join cases c on c.id = rc.case_id join decisions d on d.id = c.decision_id
  where rc.report_id = r.id) how
"""

# Those of the reports whose outcome who made them does not know. $2: the decision by which they have it, or null.
# Who appealed successfully, so that it was decided anew, has a letter about that already.
UNTOLD: Final = f"""
select r.id, r.account_id, r.created_at, r.outcome, r.told_outcome, cardinality(r.status_ids) as posts,
  coalesce(t.username || coalesce('@' || t.domain, ''), '') as who, a.username as name,
  coalesce(u.email, n.email, '') as email, coalesce(u.locale, r.language, 'en') as locale,
  n.report_id is not null as is_legal, coalesce(n.token_sealed, '') as token_sealed,
  (case when n.report_id is null then u.confirmed_at is not null and a.suspended_at is null
    else n.email <> '' end) is true as reachable,
  exists (select from appeals x where x.report_id = r.id and x.side = 'reporter'
    and x.new_decision_id = $2) as appealed,
  how.detected, how.automated, how.dismissed
from reports r
left join accounts t on t.id = r.target_id
left join accounts a on a.id = r.account_id
left join users u on u.account_id = r.account_id
left join legal_notices n on n.report_id = r.id
{_HOW}
where r.id = any($1::bigint[]) and r.outcome is not null and not r.muted
  and (r.told_at is null or r.told_outcome is distinct from r.outcome)
order by r.id for update of r
"""

MARK_TOLD: Final = "update reports set told_at = $2, told_outcome = outcome where id = any($1::bigint[])"

# Of a decision that was turned round: the reports of which something else was told.
OF_DECISION: Final = """
select r.id from decisions d join report_cases rc on rc.case_id = d.case_id join reports r on r.id = rc.report_id
where d.id = $1 and r.outcome is not null and r.told_at is null and r.told_outcome is not null
"""

# $1 the time.
_SEEN: Final = f"""
r.id, r.target_id, r.status_ids, r.rule_ids, r.category, r.reason, r.comment, r.forward, r.created_at, r.muted,
  r.outcome, r.action_taken_at, r.told_at, how.detected, how.automated,
  exists (select from report_cases rc join cases c on c.id = rc.case_id where rc.report_id = r.id
    and (c.state = 'escalated' or (c.state = 'queued' and c.lease_until > $1))) as looked_at
from reports r {_HOW}
"""

# What an account has reported, the latest first.
OWN: Final = f"select {_SEEN} where r.account_id = $2 and r.id < $3 order by r.id desc limit $4"

OWN_ONE: Final = f"select {_SEEN} where r.account_id = $2 and r.id = $3"

PARTS: Final = """
select c.id as case_id, c.subject_kind, c.subject_id, c.state, c.outcome, d.id as decision_id,
  d.outcome as decided, d.created_at as decided_at, d.reversed_at is not null as reversed
from report_cases rc join cases c on c.id = rc.case_id left join decisions d on d.id = c.decision_id
where rc.report_id = $1 order by c.id
"""


class Untold(msgspec.Struct, frozen=True, kw_only=True):
    """A report and whom to tell what came of it. `dismissed`: something of it was found to be nothing."""

    id: int
    account_id: int | None
    created_at: datetime
    outcome: str
    told_outcome: str | None
    posts: int
    who: str
    name: str | None
    email: str
    locale: str
    is_legal: bool
    token_sealed: str
    reachable: bool
    appealed: bool
    detected: bool
    automated: bool
    dismissed: bool


class OwnReport(msgspec.Struct, frozen=True, kw_only=True):
    """A report as who made it sees it."""

    id: int
    target_id: int
    status_ids: list[int]
    rule_ids: list[int]
    category: Category
    reason: str
    comment: str
    forward: bool
    created_at: datetime
    muted: bool
    outcome: str | None
    action_taken_at: datetime | None
    told_at: datetime | None
    detected: bool
    automated: bool
    looked_at: bool


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a report is about, and what was decided of it."""

    case_id: int
    subject_kind: str
    subject_id: int
    state: str
    outcome: str | None
    decision_id: int | None
    decided: str | None
    decided_at: datetime | None
    reversed: bool | None


async def lock_untold(tx: Tx, report_ids: Sequence[int], decision_id: int | None) -> list[Untold]:
    """Those of the reports whose outcome is to be told."""
    return as_records(Untold, await tx.fetch(UNTOLD, report_ids, decision_id))


async def mark_told(tx: Tx, report_ids: Sequence[int], at: datetime) -> None:
    await tx.execute(MARK_TOLD, report_ids, at)


async def list_of_decision(conn: Reader, decision_id: int) -> list[int]:
    """The reports of a decision of which something was told that may not hold any more."""
    return [row["id"] for row in await conn.fetch(OF_DECISION, decision_id)]


async def list_own(conn: Reader, account_id: int, below: int, limit: int, at: datetime) -> list[OwnReport]:
    return as_records(OwnReport, await conn.fetch(OWN, at, account_id, below, limit))


async def find_own(conn: Reader, account_id: int, report_id: int, at: datetime) -> OwnReport | None:
    return find_record(OwnReport, await conn.fetchrow(OWN_ONE, at, account_id, report_id))


async def list_parts(conn: Reader, report_id: int) -> list[Part]:
    """What a report is about, with what was decided."""
    return as_records(Part, await conn.fetch(PARTS, report_id))
