"""SQL of the public log of decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, LiteralString

import msgspec

from rostra.kit.db import Reader, as_records

# A day of the log, as days since 1970 in UTC: the first bits of an id. Indexed as it stands here.
_DAY: Final[LiteralString] = "((d.id >> 16) / 86400000)"

_ENTRY: Final[LiteralString] = "left(encode(sha256(convert_to(d.id || $1, 'UTF8')), 'hex'), 24)"

# What somebody may have read who was not asked: a post that everybody could see, or an account. Of a post that is gone,
# the evidence says who could see it; where nothing says so, it is not listed.
_PUBLIC: Final[LiteralString] = """
d.outcome = 'violates' and (d.subject_kind = 'account' or coalesce(
  (select s.visibility from statuses s where s.id = d.subject_id),
  (select sn.content ->> 'visibility' from snapshots sn where sn.id = d.snapshot_id), '') in ('public', 'unlisted'))
"""

# Within a day the order is that of a keyed hash. $1: the key; $2: the first day that is not over; $3 and $4: what the
# page before ended with.
PAGE: Final[LiteralString] = f"""
select p.day, p.entry, p.clause, p.subject_kind, p.account_id, p.origin, p.automated_detection,
  p.automated_decision, p.policy, p.reversed_why, l.leaf_hash as leaf, p.server, p.obfuscate,
  coalesce(p.actions, (select coalesce(jsonb_agg(jsonb_build_object('kind', a.kind, 'on', a.subject_kind, 'until',
    a.ends_at::date) order by a.id), '[]') from actions a where a.decision_id = p.id)) as actions
from (
  (select {_DAY} as day, {_ENTRY} as entry, d.id, d.clause, d.subject_kind, d.account_id, d.origin,
    d.automated_detection, d.automated_decision, d.policy, d.reversed_why, d.event_id, null as server,
    false as obfuscate, null::jsonb as actions
  from decisions d
  where {_PUBLIC} and {_DAY} < $2 and {_DAY} <= $3
    and ({_DAY} < $3 or {_ENTRY} > $4)
  order by {_DAY} desc, entry limit $5)
  union all
  (select {_DAY}, {_ENTRY}, d.id, d.clause, 'server', null, 'own', false, false, d.policy,
    case d.ended_why when 'reversed' then 'review' when 'superseded' then 'superseded' end, d.event_id, d.domain,
    d.obfuscate, jsonb_build_array(jsonb_build_object('kind',
      case d.severity when 'suspend' then 'suspend' else 'limit' end, 'on', 'server', 'until', d.ends_at::date))
  from domain_decisions d
  where d.severity <> 'noop' and {_DAY} < $2 and {_DAY} <= $3 and ({_DAY} < $3 or {_ENTRY} > $4)
  order by 1 desc, 2 limit $5)
) p left join ledger_leaves l on l.event_id = p.event_id
order by p.day desc, p.entry limit $5
"""

# By month, those that are listed and those that are not. A rule for a server that limits nobody is not.
COUNTS: Final[LiteralString] = f"""
select to_char(d.created_at, 'YYYY-MM') as month, count(*)::integer as decisions,
  count(*) filter (where {_PUBLIC})::integer as listed
from (
  select d.id, d.created_at, d.outcome, d.subject_kind, d.subject_id, d.snapshot_id from decisions d
  where d.outcome = 'violates' and d.id >= $1 and d.id < $2
  union all
  select d.id, d.created_at, 'violates', case d.severity when 'noop' then 'status' else 'account' end, 0, null
  from domain_decisions d where d.id >= $1 and d.id < $2) d
group by 1 order by 1
"""


class LogRow(msgspec.Struct, frozen=True, kw_only=True):
    """A decision as it is read for the log; `day` is counted from 1970."""

    day: int
    entry: str
    clause: str
    subject_kind: str
    account_id: int | None
    origin: str
    automated_detection: bool
    automated_decision: bool
    policy: str
    reversed_why: str | None
    leaf: bytes | None
    actions: list[dict[str, Any]]
    server: str | None
    obfuscate: bool


class MonthCount(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions of a month, and how many of them are listed one by one."""

    month: str
    decisions: int
    listed: int


async def list_page(conn: Reader, key: str, today: int, after: tuple[int, str], limit: int) -> Sequence[LogRow]:
    """The next entries after one (day, entry), the latest day first. `today` is the first day that is not over."""
    return as_records(LogRow, await conn.fetch(PAGE, key, today, *after, limit))


async def count_months(conn: Reader, first_id: int, below_id: int) -> list[MonthCount]:
    return as_records(MonthCount, await conn.fetch(COUNTS, first_id, below_id))
