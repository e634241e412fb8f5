"""SQL of what reviewers of appeals read, whom outcomes are told, and how often decisions are overturned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, LiteralString

import msgspec

from rostra.appeals.records import Rate, Side
from rostra.kit.db import Reader, as_records, find_record

# What those who reported it wrote, and what colleagues noted; without names.
SAID: Final = """
select x.kind, x.text, x.created_at from (
  select 'report' as kind, r.comment as text, r.created_at from decisions d
  join report_cases rc on rc.case_id = d.case_id join reports r on r.id = rc.report_id
  where d.id = $1 and r.comment <> ''
  union all
  select 'note', n.text, n.created_at from decisions d join case_notes n on n.case_id = d.case_id where d.id = $1
  union all
  select 'appeal', a.text, a.filed_at from decisions d join appeals a on a.decision_id = d.id
  where d.id = $1 and a.side <> $2) x
order by x.created_at limit 100
"""

BEFORE: Final = """
select x.id, x.outcome, x.clause, x.created_at, x.reversed_why, x.automated_decision
from decisions d join decisions x on x.subject_kind = d.subject_kind and x.subject_id = d.subject_id and x.id <> d.id
where d.id = $1 order by x.id desc limit 20
"""

# Whom the outcome concerns: who appealed, with an address; of a legal notice, who sent it.
APPELLANT: Final = """
select coalesce(u.email, n.email) as email, coalesce(x.username, n.name) as name,
  coalesce(u.locale, a.language) as locale, u.confirmed_at is not null or n.email is not null as reachable
from appeals a left join users u on u.account_id = a.account_id left join accounts x on x.id = a.account_id
left join legal_notices n on a.account_id is null and n.report_id = a.report_id
where a.id = $1
"""

# Whoever reported what a case is about, and lives here.
REPORTERS: Final = """
select distinct on (u.account_id) u.email, a.username as name, u.locale, true as reachable
from report_cases rc join reports r on r.id = rc.report_id join users u on u.account_id = r.account_id
join accounts a on a.id = u.account_id
where rc.case_id = $1 and not r.muted and u.confirmed_at is not null and a.suspended_at is null
order by u.account_id limit $2
"""

HAD_PANEL: Final = "select exists (select from panels where appeal_id = $1 and state = 'decided')"


def _rates(key: LiteralString, more: LiteralString = "") -> LiteralString:
    return f"""
select {key} as key, count(*) as decided, count(*) filter (where a.state = 'overturned') as overturned,
  count(*) filter (where a.state = 'modified') as modified
from appeals a join decisions d on d.id = a.decision_id {more}
where a.decided_at >= $1 and a.side = 'author' and {key} is not null and {key} <> ''
group by {key} order by decided desc, key limit 100
"""


RATES: Final[dict[str, LiteralString]] = {
    "clause": _rates("d.clause"),
    "rule": _rates("d.rule"),
    # Null where a rule decided.
    "reviewer": _rates("v.pseudonym", "join reviewers v on v.account_id = d.reviewer_id"),
    "language": _rates("c.language", "join cases c on c.id = d.case_id"),
}

RATE_OF_ALL: Final = """
select a.side as key, count(*) as decided, count(*) filter (where a.state = 'overturned') as overturned,
  count(*) filter (where a.state = 'modified') as modified
from appeals a where a.decided_at >= $1 group by a.side order by a.side
"""


class Appellant(msgspec.Struct, frozen=True, kw_only=True):
    """Who is answered. `email` None: nobody can be written to."""

    email: str | None
    name: str | None
    locale: str
    reachable: bool


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wrote about the subject: kind is report, note or appeal (of the other side)."""

    kind: str
    text: str
    created_at: datetime


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """Another decision on the same subject."""

    id: int
    outcome: str
    clause: str
    created_at: datetime
    reversed_why: str | None
    automated_decision: bool


async def list_said(conn: Reader, decision_id: int, side: Side) -> list[Said]:
    return as_records(Said, await conn.fetch(SAID, decision_id, side))


async def list_before(conn: Reader, decision_id: int) -> list[Before]:
    return as_records(Before, await conn.fetch(BEFORE, decision_id))


async def find_appellant(conn: Reader, appeal_id: int) -> Appellant | None:
    return find_record(Appellant, await conn.fetchrow(APPELLANT, appeal_id))


async def list_reporters(conn: Reader, case_id: int, limit: int) -> list[Appellant]:
    """Those of this server who reported what a case is about."""
    return as_records(Appellant, await conn.fetch(REPORTERS, case_id, limit))


async def had_panel(conn: Reader, appeal_id: int) -> bool:
    """Whether a panel has decided it."""
    return await conn.fetchval(HAD_PANEL, appeal_id)


async def list_rates(conn: Reader, since: datetime) -> dict[str, list[Rate]]:
    """How authors' appeals that were decided since then ended: by clause, rule, reviewer (pseudonym), language; and
    by side."""
    found: dict[str, list[Rate]] = {"side": _as_rates(await conn.fetch(RATE_OF_ALL, since))}
    for by, statement in RATES.items():
        found[by] = _as_rates(await conn.fetch(statement, since))
    return found


def _as_rates(rows: Sequence[Any]) -> list[Rate]:
    return as_records(Rate, rows)
