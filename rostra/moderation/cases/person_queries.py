"""SQL of how somebody stands with moderation: strikes, reports, open cases."""

from __future__ import annotations

from datetime import datetime
from typing import Final, LiteralString

import msgspec

from rostra.kit.db import Reader, as_records, find_record

# What is counted stops here.
_MOST: Final[LiteralString] = "1000"

STRIKES: Final = """
select e.id, e.clause, (e.details ->> 'points')::integer as points, e.created_at,
  (e.details ->> 'expires_at')::timestamptz as expires_at, d.case_id
from moderation_events e left join decisions d on d.id = (e.details ->> 'decision')::bigint
where e.account_id = $1 and e.type = 'strike' and (e.details ->> 'expires_at')::timestamptz > $2
  and not exists (select from moderation_events r where r.account_id = $1 and r.type = 'strike_lifted'
    and r.details ->> 'event_id' = e.id::text)
order by e.id desc limit 100
"""

_TALLY: Final = """count(*) as number, count(*) filter (where outcome in ('upheld', 'partly')) as upheld,
  count(*) filter (where outcome = 'rejected') as rejected, count(*) filter (where outcome is null) as open"""

STANDING: Final = f"""
select b.number as about, b.upheld as about_upheld, b.rejected as about_rejected, b.open as about_open,
  m.number as made, m.open as made_open, coalesce(w.upheld, 0) as made_upheld, coalesce(w.rejected, 0) as made_rejected,
  w.muted_at, w.trusted_at,
  (select count(*) from (select from cases c where c.account_id = $1 and c.state <> 'closed' limit {_MOST}) x)
    as open_cases
from (select 1) one
  cross join (select {_TALLY} from (
    select r.outcome from reports r where r.target_id = $1 and not r.muted order by r.id desc limit {_MOST}) x) b
  cross join (select {_TALLY} from (
    select r.outcome from reports r where r.account_id = $1 order by r.id desc limit {_MOST}) x) m
  left join reporters w on w.account_id = $1
"""

# The latest few of both kinds, $2 of each.
REPORTS: Final = """
(select r.id, r.category, r.created_at, r.outcome, r.muted, true as is_about, a.id as other_id, a.username, a.domain
  from reports r left join accounts a on a.id = r.account_id where r.target_id = $1 order by r.id desc limit $2)
union all
(select r.id, r.category, r.created_at, r.outcome, r.muted, false, a.id, a.username, a.domain
  from reports r left join accounts a on a.id = r.target_id where r.account_id = $1 order by r.id desc limit $2)
"""


class Strike(msgspec.Struct, frozen=True, kw_only=True):
    """A strike that holds; `case_id` is the case that it came of, where there was one."""

    id: int
    clause: str
    points: int
    created_at: datetime
    expires_at: datetime
    case_id: int | None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How many reports there are about somebody (but for those of muted reporters) and by them, and what became of
    them; whether they are heard."""

    about: int
    about_upheld: int
    about_rejected: int
    about_open: int
    made: int
    made_upheld: int
    made_rejected: int
    made_open: int
    muted_at: datetime | None
    trusted_at: datetime | None
    open_cases: int


class ReportOf(msgspec.Struct, frozen=True, kw_only=True):
    """A report about somebody or by them. The other is who reported, or who was reported; None where nobody was."""

    id: int
    category: str
    created_at: datetime
    outcome: str | None
    muted: bool
    is_about: bool
    other_id: int | None
    username: str | None
    domain: str | None

    @property
    def other(self) -> str:
        """The other's `user` or `user@domain`, "" where there is nobody."""
        return f"{self.username}@{self.domain}" if self.domain else self.username or ""


async def list_strikes(conn: Reader, account_id: int, at: datetime) -> list[Strike]:
    """Strikes that hold at a moment, the latest first."""
    return as_records(Strike, await conn.fetch(STRIKES, account_id, at))


async def get_standing(conn: Reader, account_id: int) -> Standing:
    """How somebody stands."""
    found = find_record(Standing, await conn.fetchrow(STANDING, account_id))
    assert found is not None
    return found


async def list_reports_of(conn: Reader, account_id: int, limit: int) -> list[ReportOf]:
    """The latest reports about somebody and by them."""
    return as_records(ReportOf, await conn.fetch(REPORTS, account_id, limit))
