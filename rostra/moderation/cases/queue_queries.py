"""SQL of the queue: pages of cases in the order of expected harm, the next one for a reviewer, leases."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final, Literal

import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.moderation.records import SubjectKind

# $1 clause or its first part, $2 language, $3 exposure, $4 source: empty or null where they do not matter.
_WANTED: Final = """
  ($1 = '' or c.clause = $1 or c.clause like replace(replace($1, '\\', '\\\\'), '%', '\\%') || '.%')
  and ($2 = '' or c.language = $2) and ($3::smallint is null or c.exposure = $3) and ($4 = '' or c.source = $4)
"""

_SHOWN: Final = """
  c.id, c.subject_kind, c.subject_id, c.account_id, c.state, c.source, c.clause, c.rule, c.severity, c.p, c.views,
  c.rank, c.opened_at, c.due_at, c.language, c.exposure, c.reports_count, c.assigned_to, c.lease_until, c.outcome,
  c.reserved_for, c.reserved_until, c.closed_at, a.username, a.domain, s.withheld, h.expires_at as decides_at,
  h.expires_to as then,
  left(coalesce(nullif(s.text, ''), s.spoiler_text, a.display_name), 300) as excerpt,
  c.subject_kind = 'account' and exists (select from moderation_events e
    where e.id = c.event_id and e.details ->> 'action' = 'reject') as refused
"""
_JOINED: Final = """
cases c join accounts a on a.id = c.account_id left join statuses s on c.subject_kind = 'status' and s.id = c.subject_id
  left join holds h on h.status_id = s.id and h.decided_at is null and s.withheld = 'review'
"""

# $5 and $6: rank and id of the last one that was shown; $7 how many; $8 the state.
WAITING: Final = f"""
select {_SHOWN} from {_JOINED}
where c.state = $8 and {_WANTED} and (c.rank, -c.id) < ($5::double precision, -$6::bigint)
order by c.rank desc, c.id limit $7
"""
QUEUED: Final = WAITING.replace("c.state = $8", "c.state = 'queued' and $8 = 'queued'")
ESCALATED: Final = WAITING.replace("c.state = $8", "c.state = 'escalated' and $8 = 'escalated'")

# The same, by when they were closed: $5 is unused, $6 the id, $9 the time of the last one that was shown.
CLOSED: Final = f"""
select {_SHOWN} from {_JOINED}
where c.state = 'closed' and {_WANTED} and (c.closed_at, c.id) < ($8::timestamptz, $6::bigint)
  and $5::float8 is not null
order by c.closed_at desc, c.id desc limit $7
"""

ONE: Final = f"select {_SHOWN} from {_JOINED} where c.id = $1"

# $5 the reviewer, $6 now, $7 the lease's end, $8 languages, $9 what the reviewer declines, $10 the highest exposure,
# $11 what was skipped.
NEXT: Final = f"""
update cases set assigned_to = $5, lease_until = $7 where id = (
  select c.id from cases c
  where c.state = 'queued' and {_WANTED} and c.account_id <> $5
    and (c.lease_until is null or c.lease_until <= $6 or c.assigned_to = $5)
    and (c.reserved_until is null or c.reserved_until <= $6 or c.reserved_for = $5)
    and (cardinality($8::text[]) = 0 or c.language is null or c.language = any($8))
    and not (c.clause = any($9::text[]) or split_part(c.clause, '.', 1) = any($9))
    and c.exposure <= $10 and c.id <> all($11::bigint[])
  order by c.rank desc, c.id limit 1 for update of c skip locked)
returning id
"""

TAKE: Final = """
update cases set assigned_to = $2, lease_until = $4
where id = $1 and state <> 'closed' and (lease_until is null or lease_until <= $3 or assigned_to = $2)
returning id
"""

RENEW: Final = """
update cases set lease_until = $4 where id = $1 and assigned_to = $2 and lease_until > $3 and state <> 'closed'
returning id
"""

RELEASE: Final = """
update cases set assigned_to = null, lease_until = null where id = $1 and assigned_to = $2 and state <> 'closed'
returning id
"""

HAND_OVER: Final = """
update cases set assigned_to = null, lease_until = null, reserved_for = $3, reserved_until = $4
where id = $1 and state <> 'closed' and (assigned_to is null or assigned_to = $2 or lease_until <= $5)
returning id
"""

ESCALATE: Final = """
update cases set state = 'escalated', escalated_by = $2, escalated_at = $3, assigned_to = null, lease_until = null
where id = $1 and state = 'queued' and (assigned_to is null or assigned_to = $2 or lease_until <= $3)
returning id
"""

REVIEWER: Final = """
select r.languages, r.declined, r.most_exposure, r.blur, r.greyscale, r.resting_until, r.pseudonym
from reviewers r where r.account_id = $1
"""

KEEP_REVIEWER: Final = """
insert into reviewers (account_id, pseudonym, languages, declined, most_exposure, blur, greyscale)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (account_id) do update set languages = excluded.languages, declined = excluded.declined,
  most_exposure = excluded.most_exposure, blur = excluded.blur, greyscale = excluded.greyscale
"""

EXPOSURES: Final = "select exposure, items, seconds from exposures where account_id = $1 and day = $2"

ADD_EXPOSURE: Final = """
insert into exposures as e (account_id, day, exposure, items, seconds) values ($1, $2, $3, 1, $4)
on conflict (account_id, day, exposure) do update set items = e.items + 1, seconds = e.seconds + excluded.seconds
"""


class CaseShown(msgspec.Struct, frozen=True, kw_only=True):
    """A case in a list. `excerpt` is of the text as it is now; None where the post is gone. Of what is held back,
    `decides_at` is when the clock decides if nobody does, and `then` what."""

    id: int
    subject_kind: SubjectKind
    subject_id: int
    account_id: int
    state: Literal["queued", "escalated", "closed"]
    source: str
    clause: str
    rule: str
    severity: int
    p: float
    views: float
    rank: float
    opened_at: datetime
    due_at: datetime | None
    language: str | None
    exposure: int
    reports_count: int
    assigned_to: int | None
    lease_until: datetime | None
    outcome: str | None
    closed_at: datetime | None
    username: str
    domain: str | None
    withheld: str | None
    excerpt: str | None
    decides_at: datetime | None = None
    then: Literal["release", "refuse"] | None = None
    # Of an account: it wanted to say something and was told not to.
    refused: bool = False
    # Whom a colleague has handed it to, and until when it is kept for them.
    reserved_for: int | None = None
    reserved_until: datetime | None = None


class ReviewerRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a reviewer takes on. `most_exposure`: 0 mild words, 1 harsh words, 2 pictures, 3 harsh pictures."""

    languages: list[str] = []
    declined: list[str] = []
    most_exposure: int = 3
    blur: bool = True
    greyscale: bool = True
    resting_until: datetime | None = None
    pseudonym: str = ""


async def list_waiting(
    conn: Reader, state: str, wanted: tuple[object, ...], rank: float, last: int, limit: int
) -> list[CaseShown]:
    """A page of open cases, the most urgent first."""
    statement = QUEUED if state == "queued" else ESCALATED
    return as_records(CaseShown, await conn.fetch(statement, *wanted, rank, last, limit, state))


async def list_closed(
    conn: Reader, wanted: tuple[object, ...], before: datetime, last: int, limit: int
) -> list[CaseShown]:
    """A page of closed cases, the latest first."""
    return as_records(CaseShown, await conn.fetch(CLOSED, *wanted, 0.0, last, limit, before))


async def find_shown(conn: Reader, case_id: int) -> CaseShown | None:
    """One case, as lists show it."""
    return find_record(CaseShown, await conn.fetchrow(ONE, case_id))


async def lease_next(
    tx: Tx, wanted: tuple[object, ...], reviewer_id: int, at: datetime, until: datetime, limits: tuple[object, ...]
) -> int | None:
    """Lease the most urgent case that the reviewer may take; None where there is none."""
    return await tx.fetchval(NEXT, *wanted, reviewer_id, at, until, *limits)


async def lease(tx: Tx, case_id: int, reviewer_id: int, at: datetime, until: datetime) -> bool:
    return await tx.fetchval(TAKE, case_id, reviewer_id, at, until) is not None


async def renew(tx: Tx, case_id: int, reviewer_id: int, at: datetime, until: datetime) -> bool:
    return await tx.fetchval(RENEW, case_id, reviewer_id, at, until) is not None


async def release(tx: Tx, case_id: int, reviewer_id: int) -> bool:
    return await tx.fetchval(RELEASE, case_id, reviewer_id) is not None


async def hand_over(tx: Tx, case_id: int, reviewer_id: int, to: int, until: datetime, at: datetime) -> bool:
    return await tx.fetchval(HAND_OVER, case_id, reviewer_id, to, until, at) is not None


async def escalate(tx: Tx, case_id: int, reviewer_id: int, at: datetime) -> bool:
    return await tx.fetchval(ESCALATE, case_id, reviewer_id, at) is not None


async def find_reviewer(conn: Reader, account_id: int) -> ReviewerRow:
    """What a reviewer takes on; everything, where they have said nothing."""
    row = await conn.fetchrow(REVIEWER, account_id)
    return ReviewerRow() if row is None else ReviewerRow(**dict(row.items()))


async def keep_reviewer(tx: Tx, account_id: int, pseudonym: str, kept: ReviewerRow) -> None:
    await tx.execute(
        KEEP_REVIEWER, account_id, pseudonym, kept.languages, kept.declined, kept.most_exposure, kept.blur,
        kept.greyscale,
    )  # fmt: skip


async def list_exposures(conn: Reader, account_id: int, day: date) -> dict[int, tuple[int, int]]:
    """What a reviewer has looked at that day: items and seconds by exposure."""
    rows: list[Any] = await conn.fetch(EXPOSURES, account_id, day)
    return {row["exposure"]: (row["items"], row["seconds"]) for row in rows}


async def add_exposure(tx: Tx, account_id: int, day: date, exposure: int, seconds: int) -> None:
    await tx.execute(ADD_EXPOSURE, account_id, day, exposure, seconds)
