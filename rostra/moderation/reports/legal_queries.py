"""SQL of legal notices (Regulation (EU) 2022/2065, Article 16): what their addresses name, who sent them, how long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx, find_record

# Of a boost what it boosts. Whether anybody may see it is nothing to this: whoever got it may complain of it.
STATUSES: Final = """
select s.id, s.account_id from statuses x join statuses s on s.id = coalesce(x.reblog_of_id, x.id)
where x.id = any($1::bigint[])
"""

ACCOUNTS: Final = "select a.id from accounts a where lower(a.username) = any($1::text[]) and a.domain is null"

FILES: Final = """
select m.status_id, m.account_id from media_attachments m
where m.original_key = any($1::text[]) or m.preview_key = any($1::text[])
"""

INSERT_REPORT: Final = """
insert into reports (id, account_id, target_id, category, created_at, reason, source, acknowledged_at, language)
values (make_id($1), null, null, 'legal', $1, $2, 'legal', $1, $3) returning id
"""

INSERT_NOTICE: Final = """
insert into legal_notices (report_id, name, email, urls, explanation, law, good_faith, token_hash, token_sealed,
  created_at)
values ($1, $2, $3, $4, $5, $6, true, $7, $8, $9)
"""

LOCK: Final = """
select r.id, r.reason, n.urls, n.created_at, n.resolved_at
from legal_notices n join reports r on r.id = n.report_id where n.report_id = $1 for update
"""

RESOLVE: Final = """
with resolved as (update legal_notices set resolved_at = $2 where report_id = $1)
update reports set target_id = $3, status_ids = $4, snapshot_ids = $5 where id = $1
"""

BY_TOKEN: Final = """
select r.id, r.created_at, r.reason, r.outcome, r.action_taken_at, r.told_at, n.urls, n.explanation, n.law,
  n.appealed_at, a.*
from legal_notices n join reports r on r.id = n.report_id
cross join lateral (
  select coalesce(bool_or(d.automated_detection), false) as detected,
    coalesce(bool_or(d.automated_decision), false) as automated,
    coalesce(array_agg(d.id order by d.id) filter (where d.outcome <> 'violates'), '{}') as dismissed
  from report_cases rc join cases c on c.id = rc.case_id join decisions d on d.id = c.decision_id
  where rc.report_id = r.id) a
where n.token_hash = $1
"""

MARK_APPEALED: Final = "update legal_notices set appealed_at = $2 where report_id = $1 and appealed_at is null"

# Nothing was found at the addresses: whoever asks for another look says more, and it waits again.
ASK_AGAIN: Final = """
with asked as (
  update legal_notices set explanation = left(explanation || E'\n\n— ' || $3, 20000), appealed_at = $2
  where report_id = $1 and appealed_at is null returning report_id)
update reports r set outcome = null, action_taken_at = null, told_at = null, told_outcome = null
from asked where r.id = asked.report_id returning r.id
"""

LOCK_UNFOUND: Final = """
select r.id from reports r
where r.id = $1 and r.source = 'legal' and r.outcome is null
  and not exists (select from report_cases rc where rc.report_id = r.id)
for update
"""

CLOSE_UNFOUND: Final = "update reports set outcome = 'gone', action_taken_at = $2 where id = $1"

# What the sender wrote in an appeal goes with who they were.
FORGET: Final = """
with gone as (
  delete from legal_notices where report_id in (
    select r.id from legal_notices n join reports r on r.id = n.report_id
    where n.created_at < $1 and r.action_taken_at < $1
      and not exists (select from appeals a where a.report_id = r.id and (a.decided_at is null or a.decided_at >= $1))
    order by n.created_at limit $2)
  returning report_id),
silenced as (
  update appeals set text = '', evidence = '' where account_id is null and report_id in (select report_id from gone))
select count(*) from gone
"""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A notice whose addresses are to be looked up."""

    id: int
    reason: str
    urls: list[str]
    created_at: datetime
    resolved_at: datetime | None


class NoticeState(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a legal notice. `dismissed` are decisions that found nothing wrong; `outcome` None: none yet."""

    id: int
    created_at: datetime
    reason: str
    outcome: str | None
    action_taken_at: datetime | None
    told_at: datetime | None
    urls: list[str]
    explanation: str
    law: str
    appealed_at: datetime | None
    detected: bool
    automated: bool
    dismissed: list[int]


async def find_statuses(conn: Reader, ids: Sequence[int]) -> dict[int, int]:
    """Whose those of the statuses are that exist, by their ids."""
    return {row["id"]: row["account_id"] for row in await conn.fetch(STATUSES, ids)} if ids else {}


async def find_accounts(conn: Reader, names: Sequence[str]) -> list[int]:
    """The local accounts with these names, in lower case."""
    return [row["id"] for row in await conn.fetch(ACCOUNTS, names)] if names else []


async def find_files(conn: Reader, keys: Sequence[str]) -> list[tuple[int | None, int]]:
    """The post, where there is one, and the account that files belong to."""
    return [(row["status_id"], row["account_id"]) for row in await conn.fetch(FILES, keys)] if keys else []


async def insert_report(tx: Tx, at: datetime, reason: str, language: str) -> int:
    """Write the report of a notice; its id."""
    return await tx.fetchval(INSERT_REPORT, at, reason, language)


async def insert_notice(tx: Tx, values: Sequence[object]) -> None:
    """Write who sent it: report, name, e-mail, addresses, explanation, law, hash and seal of the token, time."""
    await tx.execute(INSERT_NOTICE, *values)


async def lock_waiting(tx: Tx, report_id: int) -> Waiting | None:
    return find_record(Waiting, await tx.fetchrow(LOCK, report_id))


async def mark_resolved(
    tx: Tx,
    report_id: int,
    at: datetime,
    target_id: int | None,
    status_ids: Sequence[int],
    snapshot_ids: Sequence[int],
) -> None:
    """Note what the addresses name."""
    await tx.execute(RESOLVE, report_id, at, target_id, status_ids, snapshot_ids)


async def find_by_token(conn: Reader, token_hash: bytes) -> NoticeState | None:
    return find_record(NoticeState, await conn.fetchrow(BY_TOKEN, token_hash))


async def mark_appealed(tx: Tx, report_id: int, at: datetime) -> None:
    await tx.execute(MARK_APPEALED, report_id, at)


async def ask_again(tx: Tx, report_id: int, at: datetime, text: str) -> bool:
    """Have a notice wait again; False where that was asked before."""
    return await tx.fetchval(ASK_AGAIN, report_id, at, text) is not None


async def lock_unfound(tx: Tx, report_id: int) -> bool:
    """Lock a notice that waits and of which nothing was found; False where it is no such notice."""
    return await tx.fetchval(LOCK_UNFOUND, report_id) is not None


async def close_unfound(tx: Tx, report_id: int, at: datetime) -> None:
    await tx.execute(CLOSE_UNFOUND, report_id, at)


async def forget(tx: Tx, before: datetime, limit: int) -> int:
    """Delete who sent notices that were closed before then; how many."""
    return await tx.fetchval(FORGET, before, limit)
