"""SQL of simulations: setting up, and reading what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from rostra.kit.db import Reader, Tx

FOLLOWERS: Final = """
update account_stats s set followers_count = given.number
from unnest($1::bigint[], $2::bigint[]) as given(id, number) where s.account_id = given.id
"""

DAILY_SAMPLE: Final = "update measurement_settings set daily_sample = $1"

OLDEST: Final = """
select id, subject_id from cases where state = 'queued' and not id = any($1::bigint[]) order by opened_at, id limit 1
"""

OPEN_REPORTS: Final = "select count(*) from reports where outcome is null"

BARRED: Final = "select id from accounts where frozen_at is not null or suspended_at is not null"

REVISION: Final = "select revision, text from statuses where id = $1"

SUBJECT_OF: Final = "select subject_id from cases where id = $1 and subject_kind = 'status'"

IN_SIGHT: Final = """
select id from statuses where id = any($1::bigint[]) and withheld is distinct from 'refused' order by id
"""

SHOWN: Final = """
select s.id from statuses s join accounts a on a.id = s.account_id
where s.id = any($1::bigint[]) and s.withheld is null and a.suspended_at is null order by s.id
"""

# Of the posts, and of the notice's copies, those that nobody has decided on.
UNDECIDED: Final = """
select count(*) from cases c where c.state <> 'closed' and c.subject_kind = 'status'
  and (c.subject_id = any($1::bigint[])
    or exists (select from deadlines d where d.case_id = c.id and d.notice_id = $2))
"""

# When each post was put out of sight by a decision, and when it came back.
REMOVALS: Final = """
select x.subject_id, x.starts_at, x.ended_at, d.automated_decision, d.bulk_id
from actions x join decisions d on d.id = x.decision_id
where x.kind = 'remove' and x.subject_kind = 'status' order by x.id
"""

SUSPENSIONS: Final = """
select subject_id, starts_at, coalesce(ended_at, ends_at) as ended_at from actions where kind = 'suspend'
"""

HOLDS: Final = "select status_id, created_at, decided_at, decision from holds where fresh order by id"

UNSTATED: Final = """
select count(*) from decisions d join accounts a on a.id = d.account_id
where a.domain is null and exists (select from actions x where x.decision_id = d.id and x.kind <> 'warn')
  and not exists (select from statements s where s.decision_id = d.id)
"""

COUNTS: Final = """
select (select count(*) from decisions) as decisions, (select count(*) from statements) as statements,
  (select count(*) from reports) as reports, (select count(*) from moderation_events) as events,
  (select count(*) from cases where state <> 'closed') as open_cases
"""

ALARMS: Final = """
select created_at from moderation_events where type = 'prevalence_alarm' order by id
"""


async def set_followers(tx: Tx, account_ids: Sequence[int], numbers: Sequence[int]) -> None:
    await tx.execute(FOLLOWERS, account_ids, numbers)


async def set_daily_sample(tx: Tx, views: int) -> None:
    await tx.execute(DAILY_SAMPLE, views)


async def find_oldest(conn: Reader, but: Sequence[int]) -> tuple[int, int] | None:
    """The case that was opened first, with its subject."""
    row = await conn.fetchrow(OLDEST, but)
    return None if row is None else (row["id"], row["subject_id"])


async def count_open_reports(conn: Reader) -> int:
    return await conn.fetchval(OPEN_REPORTS)


async def list_barred(conn: Reader) -> set[int]:
    """Accounts that may not post now."""
    return {row["id"] for row in await conn.fetch(BARRED)}


async def find_revision(conn: Reader, status_id: int) -> tuple[int, str] | None:
    row = await conn.fetchrow(REVISION, status_id)
    return None if row is None else (row["revision"], row["text"])


async def find_subject_of(conn: Reader, case_id: int) -> int | None:
    """The post that a case is about; None where it is about an account."""
    return await conn.fetchval(SUBJECT_OF, case_id)


async def list_in_sight(conn: Reader, status_ids: Sequence[int]) -> list[int]:
    """Those of the posts that were not removed."""
    return [row["id"] for row in await conn.fetch(IN_SIGHT, status_ids)]


async def list_shown(conn: Reader, status_ids: Sequence[int]) -> list[int]:
    """Those of the posts that others can see, in the order of their ids."""
    return [row["id"] for row in await conn.fetch(SHOWN, status_ids)]


async def count_undecided(conn: Reader, status_ids: Sequence[int], notice_id: int | None) -> int:
    """How much of a letter waits for a decision."""
    return await conn.fetchval(UNDECIDED, status_ids, notice_id)


async def list_removals(conn: Reader) -> Sequence[Any]:
    return await conn.fetch(REMOVALS)


async def list_suspensions(conn: Reader) -> Sequence[Any]:
    return await conn.fetch(SUSPENSIONS)


async def list_holds(conn: Reader) -> Sequence[Any]:
    return await conn.fetch(HOLDS)


async def count_unstated(conn: Reader) -> int:
    """Decisions that restrict somebody and have no statement of reasons."""
    return await conn.fetchval(UNSTATED)


async def count_all(conn: Reader) -> dict[str, int]:
    row = await conn.fetchrow(COUNTS)
    assert row is not None
    return dict(row.items())


async def list_alarms(conn: Reader) -> list[datetime]:
    return [row["created_at"] for row in await conn.fetch(ALARMS)]
