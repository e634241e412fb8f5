"""SQL of telling authors: whom, once, and the lists of decisions that they read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.moderation.records import DecisionRow

_DECISION: Final = """
d.id, d.case_id, d.subject_kind, d.subject_id, d.revision, d.account_id, d.reviewer_id, d.snapshot_id, d.event_id,
  d.policy, d.clause, d.rule, d.outcome, d.reason, d.facts, d.confidence, d.origin, d.automated_detection,
  d.automated_decision, d.bulk_id, d.created_at, d.reversed_at, d.reversed_by, d.reversed_why
"""

# Held, so that a reversal waits until it was told, and then knows that it has to be told as well.
LOCK: Final = f"select {_DECISION} from decisions d where d.id = $1 for share"

RECIPIENT: Final = """
select a.username, u.email, u.locale, u.confirmed_at is not null as confirmed
from users u join accounts a on a.id = u.account_id where u.account_id = $1
"""

INSERT_NOTICE: Final = """
insert into author_notices (decision_id, about, account_id, told_at) values ($1, $2, $3, $4)
on conflict do nothing returning decision_id
"""

LETTERS_SINCE: Final = "select count(*) from author_notices where account_id = $1 and told_at > $2"

NOTIFIED: Final = "update statements set notified_at = coalesce(notified_at, $2) where decision_id = $1"

TOLD_AT: Final = "select told_at from author_notices where decision_id = $1 and about = 'decision'"

# What does something to somebody is theirs to know. $2: below which id.
OF_AUTHOR: Final = f"""
select {_DECISION} from decisions d
where d.account_id = $1 and d.id < $2 and d.outcome = 'violates'
  and exists (select from actions x where x.decision_id = d.id)
order by d.id desc limit $3
"""

ONE_OF_AUTHOR: Final = f"""
select {_DECISION} from decisions d
where d.id = $1 and d.account_id = $2 and d.outcome = 'violates'
  and exists (select from actions x where x.decision_id = d.id)
"""

STATEMENT: Final = "select body from statements where decision_id = $1 and account_id = $2"

STRIKES: Final = """
select (e.details ->> 'points')::int as points, (e.details ->> 'expires_at')::timestamptz as expires_at,
  exists (select from moderation_events r where r.account_id = $1 and r.type = 'strike_lifted'
    and r.details ->> 'event_id' = e.id::text) as lifted
from moderation_events e
where e.account_id = $1 and e.type = 'strike' and e.details ->> 'decision' = $2::text
"""

SANCTIONS: Final = """
select a.frozen_at, a.suspended_at, a.silenced_at, a.sensitized_at,
  (select x.decision_id from actions x where x.subject_kind = 'account' and x.subject_id = a.id and x.ended_at is null
    and x.kind in ('suspend', 'freeze') order by x.kind desc, x.id desc limit 1) as decision_id,
  (select case when bool_or(x.ends_at is null) then null else max(x.ends_at) end from actions x
    where x.subject_kind = 'account' and x.subject_id = a.id and x.ended_at is null
      and x.kind = case when a.suspended_at is null then 'freeze' else 'suspend' end) as ends_at
from accounts a where a.id = $1
"""


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """Who is written to."""

    username: str
    email: str
    locale: str
    confirmed: bool


class StrikeRow(msgspec.Struct, frozen=True, kw_only=True):
    """Points that a decision brought."""

    points: int
    expires_at: datetime
    lifted: bool


class Sanctions(msgspec.Struct, frozen=True, kw_only=True):
    """What holds of an account now. `decision_id` is the one that suspended or froze it; `ends_at` None is for good."""

    frozen_at: datetime | None = None
    suspended_at: datetime | None = None
    silenced_at: datetime | None = None
    sensitized_at: datetime | None = None
    decision_id: int | None = None
    ends_at: datetime | None = None


async def lock_decision(tx: Tx, decision_id: int) -> DecisionRow | None:
    """A decision that is not reversed meanwhile."""
    return find_record(DecisionRow, await tx.fetchrow(LOCK, decision_id))


async def find_recipient(conn: Reader, account_id: int) -> Recipient | None:
    return find_record(Recipient, await conn.fetchrow(RECIPIENT, account_id))


async def insert_notice(tx: Tx, decision_id: int, about: str, account_id: int, at: datetime) -> bool:
    """Note that somebody is told; False where they were."""
    return await tx.fetchval(INSERT_NOTICE, decision_id, about, account_id, at) is not None


async def count_letters(conn: Reader, account_id: int, since: datetime) -> int:
    """How often somebody was told of a decision since then."""
    return await conn.fetchval(LETTERS_SINCE, account_id, since)


async def mark_notified(tx: Tx, decision_id: int, at: datetime) -> None:
    await tx.execute(NOTIFIED, decision_id, at)


async def find_told_at(conn: Reader, decision_id: int) -> datetime | None:
    """When the author was told of a decision."""
    return await conn.fetchval(TOLD_AT, decision_id)


async def list_of_author(conn: Reader, account_id: int, below: int, limit: int) -> list[DecisionRow]:
    """Decisions on what is somebody's, the newest first."""
    return as_records(DecisionRow, await conn.fetch(OF_AUTHOR, account_id, below, limit))


async def find_of_author(conn: Reader, decision_id: int, account_id: int) -> DecisionRow | None:
    return find_record(DecisionRow, await conn.fetchrow(ONE_OF_AUTHOR, decision_id, account_id))


async def find_statement(conn: Reader, decision_id: int, account_id: int) -> dict[str, object] | None:
    """The body of the statement of reasons, as it was made."""
    return await conn.fetchval(STATEMENT, decision_id, account_id)


async def list_strikes(conn: Reader, account_id: int, decision_id: int) -> Sequence[StrikeRow]:
    return as_records(StrikeRow, await conn.fetch(STRIKES, account_id, str(decision_id)))


async def find_sanctions(conn: Reader, account_id: int) -> Sanctions:
    """What holds of an account."""
    return find_record(Sanctions, await conn.fetchrow(SANCTIONS, account_id)) or Sanctions()
