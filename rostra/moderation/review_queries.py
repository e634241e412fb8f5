"""SQL of the review list: what is held or wants a look, and what was decided of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal, LiteralString

import msgspec

from rostra.kit.db import Reader, Tx, find_record

_SHOWN: Final = """
  s.id as status_id, s.account_id, s.text, s.spoiler_text, s.visibility, s.language, s.revision, s.created_at,
  s.in_reply_to_id is not null as is_reply,
  a.username, a.domain, a.display_name, a.created_at as joined_at,
  coalesce((select p.options from polls p where p.status_id = s.id), '{}') as poll_options,
  coalesce((select jsonb_agg(jsonb_build_object('key', m.preview_key, 'description', m.description)
      order by m.position, m.id) from media_attachments m where m.status_id = s.id), '[]') as media,
  coalesce((select e.details from moderation_events e where e.id = q.event_id), '{}') as found,
  (select count(*) from moderation_events e where e.account_id = a.id and e.type = 'strike') as strikes
"""

# $1 severity and $2 id of the last one that was shown, $3 how many.
HOLDS: Final = f"""
select q.id, 'hold' as kind, q.clause, q.rule, q.policy, q.severity, q.reason, q.spans, q.fresh, q.expires_at,
  q.expires_to, {_SHOWN}
from holds q join statuses s on s.id = q.status_id join accounts a on a.id = s.account_id
where q.decided_at is null and (q.severity < $1 or (q.severity = $1 and q.id > $2))
order by q.severity desc, q.id limit $3
"""

CASES: Final = f"""
select q.id, 'case' as kind, q.clause, q.rule, q.policy, q.severity, '{{}}'::jsonb as reason, '[]'::jsonb as spans,
  false as fresh, null::timestamptz as expires_at, null::text as expires_to, {_SHOWN}
from cases q join statuses s on s.id = q.subject_id join accounts a on a.id = s.account_id
where q.closed_at is null and q.subject_kind = 'status' and s.withheld is null
  and (q.severity < $1 or (q.severity = $1 and q.id > $2))
order by q.severity desc, q.id limit $3
"""

REFUSED: Final = f"""
select q.id, 'hold' as kind, q.clause, q.rule, q.policy, q.severity, q.reason, q.spans, q.fresh, q.expires_at,
  q.expires_to, {_SHOWN}
from holds q join statuses s on s.id = q.status_id join accounts a on a.id = s.account_id
where q.decision = 'refuse' and s.withheld = 'refused' and q.id < $2 and $1::integer is not null
order by q.id desc limit $3
"""

COUNTS: Final = """
select (select count(*) from holds where decided_at is null) as holds,
  (select count(*) from cases c join statuses s on s.id = c.subject_id
    where c.closed_at is null and c.subject_kind = 'status' and s.withheld is null) as cases,
  (select min(created_at) from holds where decided_at is null) as oldest
"""

HOLD: Final = "select id, status_id, account_id, revision, fresh, policy, clause, rule from holds where id = $1"

LATEST_HOLD: Final = """
select id, status_id, account_id, revision, fresh, policy, clause, rule from holds where status_id = $1
order by id desc limit 1
"""

LOCK_HOLD: Final = "select id from holds where id = $1 and decided_at is null for update"

DECIDE_HOLD: Final = "update holds set decided_at = $2, decision = $3, decided_by = $4 where id = $1"

CASE: Final = """
select id, subject_id as status_id, account_id, 0 as revision, false as fresh, policy, clause, rule from cases
where id = $1 and subject_kind = 'status'
"""

LOCK_CASE: Final = "select id from cases where id = $1 and closed_at is null for update"

# The author is told why in the same place, whether the post was ever held or not.
INSERT_REFUSED: Final = """
insert into holds (id, status_id, account_id, revision, fresh, event_id, policy, clause, rule, severity, reason,
  created_at, expires_at, expires_to, decided_at, decision, decided_by)
values (make_id($9), $1, $2, $3, false, $4, $5, $6, $7, $8, $10, $9, $9, 'refuse', $9, 'refuse', $11)
"""

CLOSE_CASE: Final = "update cases set closed_at = $2, outcome = $3, closed_by = $4 where id = $1"

CLOSE_CASES_OF: Final = """
update cases set closed_at = $2, outcome = $3, closed_by = $4
where subject_kind = 'status' and subject_id = $1 and closed_at is null
"""

DUE: Final = (
    "select id, expires_to from holds where decided_at is null and expires_at <= $1 order by expires_at limit $2"
)

STRIKES_OF: Final = """
select e.id from moderation_events e where e.account_id = $1 and e.type = 'strike' and e.subject_id = $2
  and not exists (select from moderation_events r where r.account_id = $1 and r.type = 'strike_lifted'
    and r.details ->> 'event_id' = e.id::text)
"""

REASON: Final = """
select h.reason, h.spans, h.created_at, h.expires_at, h.expires_to, h.clause, h.decision
from holds h join statuses s on s.id = h.status_id
where h.status_id = $1 and h.account_id = $2 and s.withheld is not null order by h.id desc limit 1
"""


_LISTS: Final[dict[str, LiteralString]] = {"holds": HOLDS, "cases": CASES, "refused": REFUSED}


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A post as a reviewer sees it, why it is here, and what was found in it. `media` are preview keys with their
    descriptions; `spans` are (field, start, end, name)."""

    id: int
    kind: Literal["hold", "case"]
    clause: str
    rule: str
    policy: str
    severity: int
    reason: dict[str, str]
    spans: list[tuple[str, int, int, str]]
    fresh: bool
    expires_at: datetime | None
    expires_to: str | None
    status_id: int
    account_id: int
    text: str
    spoiler_text: str
    visibility: str
    language: str | None
    revision: int
    created_at: datetime
    is_reply: bool
    username: str
    domain: str | None
    display_name: str
    joined_at: datetime
    poll_options: list[str]
    media: list[dict[str, Any]]
    found: dict[str, Any]
    strikes: int


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How much waits, and since when the longest."""

    holds: int
    cases: int
    oldest: datetime | None


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A hold or a case, as far as deciding it is concerned."""

    id: int
    status_id: int
    account_id: int
    revision: int
    fresh: bool
    policy: str
    clause: str
    rule: str


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why an author's own post is withheld."""

    reason: dict[str, str]
    spans: list[tuple[str, int, int, str]]
    created_at: datetime
    expires_at: datetime
    expires_to: str
    clause: str
    decision: str | None


async def list_shown(
    conn: Reader, which: Literal["holds", "cases", "refused"], severity: int, after: int, limit: int
) -> list[Shown]:
    """A page of what is held, wants a look, or was refused."""
    rows = await conn.fetch(_LISTS[which], severity, after, limit)
    return [msgspec.convert(dict(row.items()), Shown) for row in rows]


async def count_waiting(conn: Reader) -> Counts:
    """How much waits."""
    row = await conn.fetchrow(COUNTS)
    assert row is not None
    return Counts(**dict(row.items()))


async def find_hold(conn: Reader, hold_id: int) -> Waiting | None:
    return find_record(Waiting, await conn.fetchrow(HOLD, hold_id))


async def find_latest_hold(conn: Reader, status_id: int) -> Waiting | None:
    return find_record(Waiting, await conn.fetchrow(LATEST_HOLD, status_id))


async def find_case(conn: Reader, case_id: int) -> Waiting | None:
    return find_record(Waiting, await conn.fetchrow(CASE, case_id))


async def lock_hold(tx: Tx, hold_id: int) -> bool:
    """Whether the hold is still open, and ours until the transaction ends."""
    return await tx.fetchval(LOCK_HOLD, hold_id) is not None


async def lock_case(tx: Tx, case_id: int) -> bool:
    """Whether the case is still open, and ours until the transaction ends."""
    return await tx.fetchval(LOCK_CASE, case_id) is not None


async def decide_hold(tx: Tx, hold_id: int, decision: str, actor_id: int | None, at: datetime) -> None:
    await tx.execute(DECIDE_HOLD, hold_id, at, decision, actor_id)


async def close_case(tx: Tx, case_id: int, outcome: str, actor_id: int | None, at: datetime) -> None:
    await tx.execute(CLOSE_CASE, case_id, at, outcome, actor_id)


async def insert_refused(
    tx: Tx,
    case: Waiting,
    revision: int,
    event_id: int,
    severity: int,
    reason: dict[str, str],
    actor_id: int | None,
    at: datetime,
) -> None:
    """Keep why a published post was withdrawn."""
    await tx.execute(
        INSERT_REFUSED, case.status_id, case.account_id, revision, event_id, case.policy, case.clause, case.rule,
        severity, at, reason, actor_id,
    )  # fmt: skip


async def close_cases_of(tx: Tx, status_id: int, outcome: str, actor_id: int | None, at: datetime) -> None:
    """Close what is open of a status: the decision on its hold was a decision on it."""
    await tx.execute(CLOSE_CASES_OF, status_id, at, outcome, actor_id)


async def list_due(conn: Reader, at: datetime, limit: int) -> Sequence[tuple[int, str]]:
    """Holds whose time is over, with what becomes of them."""
    return [(row["id"], row["expires_to"]) for row in await conn.fetch(DUE, at, limit)]


async def list_strikes_of(tx: Tx, account_id: int, status_id: int) -> list[int]:
    """The strikes that a status brought its author and that were not lifted."""
    return [row["id"] for row in await tx.fetch(STRIKES_OF, account_id, status_id)]


async def find_reason(conn: Reader, status_id: int, account_id: int) -> Reason | None:
    """Why the account's own status is withheld."""
    row = await conn.fetchrow(REASON, status_id, account_id)
    return None if row is None else msgspec.convert(dict(row.items()), Reason)
