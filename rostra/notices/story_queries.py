"""SQL of what the answer tells beside the items: acts on accounts, what the policy learnt, why it had not caught it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.notices.records import Answer

ACCOUNT_ACTS: Final = """
select distinct on (a.id) a.account_id, a.kind, a.starts_at, a.ends_at, d.event_id, d.clause
from actions a join decisions d on d.id = a.decision_id
where a.subject_kind = 'account' and a.account_id = any($1::bigint[]) and a.starts_at >= $2 and d.reversed_at is null
  and a.ended_why is distinct from 'reversed'
order by a.id limit 2000
"""

CHANGES: Final = """
select id, type, subject_id, policy, details ->> 'rule' as rule, created_at from moderation_events
where type in ('policy_activated', 'rule_resumed', 'model_promoted') and created_at >= $1 and id >= $2
order by id limit 50
"""

LEARNT: Final = "select count(distinct status_id) from bad_signatures where status_id = any($1::bigint[])"

# What screening said when the post was written: the newest verdict on it.
VERDICTS: Final = """
select s.id as status_id, v.details, v.clause, v.policy, v.id as event_id
from unnest($1::bigint[]) s(id) cross join lateral (
  select e.id, e.details, e.clause, e.policy from moderation_events e
  where e.subject_id = s.id and e.subject_kind = 'status' and e.type = 'verdict' order by e.id desc limit 1) v
"""

INSERT_ANSWER: Final = """
insert into notice_answers (id, notice_id, text, edited_by, drafted_at) values (make_id($4), $1, $2, $3, $4)
returning id
"""

APPROVE: Final = "update notice_answers set approved_by = $2, approved_at = $3 where id = $1"

SENT: Final = "update notice_answers set sent_at = $2, sent_by = $3 where id = $1"

LATEST_ANSWER: Final = """
select id, text, drafted_at, approved_at, sent_at, sent_by from notice_answers where notice_id = $1
order by id desc limit 1
"""

EVENTS: Final = """
select id, type, created_at from moderation_events
where (subject_kind = 'notice' and subject_id = $1 and type like 'notice_%') or id = any($2::bigint[])
order by id limit 5000
"""

SNAPSHOTS_OF: Final = """
select distinct on (d.subject_id) d.subject_id, d.event_id, d.outcome, d.clause, d.rule, d.created_at, s.sha256,
  s.content
from decisions d left join snapshots s on s.id = d.snapshot_id
where d.id = any($1::bigint[]) order by d.subject_id, d.id desc
"""


class AccountAct(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done to an account."""

    account_id: int
    kind: str
    starts_at: datetime
    ends_at: datetime | None
    event_id: int
    clause: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Something that changed in the policy or the model since."""

    id: int
    type: str
    subject_id: int | None
    policy: str
    rule: str | None
    created_at: datetime


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What screening had said of a post."""

    status_id: int
    details: dict[str, Any]
    # Of the rule that decided; an exception has none.
    clause: str
    policy: str
    event_id: int


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    type: str
    created_at: datetime


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with what its reviewer saw."""

    subject_id: int
    event_id: int
    outcome: str
    clause: str
    rule: str
    created_at: datetime
    sha256: bytes | None
    content: dict[str, Any] | None


async def list_account_acts(conn: Reader, account_ids: Sequence[int], since: datetime) -> list[AccountAct]:
    return as_records(AccountAct, await conn.fetch(ACCOUNT_ACTS, account_ids, since))


async def list_changes(conn: Reader, since: datetime, from_id: int) -> list[Change]:
    return as_records(Change, await conn.fetch(CHANGES, since, from_id))


async def count_learnt(conn: Reader, status_ids: Sequence[int]) -> int:
    return await conn.fetchval(LEARNT, status_ids)


async def list_verdicts(conn: Reader, status_ids: Sequence[int]) -> dict[int, Verdict]:
    """The newest verdicts on statuses, by their ids."""
    return {each.status_id: each for each in as_records(Verdict, await conn.fetch(VERDICTS, status_ids))}


async def insert_answer(tx: Tx, notice_id: int, text: str, actor_id: int | None, at: datetime) -> int:
    return await tx.fetchval(INSERT_ANSWER, notice_id, text, actor_id, at)


async def approve_answer(tx: Tx, answer_id: int, actor_id: int, at: datetime) -> None:
    await tx.execute(APPROVE, answer_id, actor_id, at)


async def mark_sent(tx: Tx, answer_id: int, at: datetime, how: str) -> None:
    await tx.execute(SENT, answer_id, at, how)


async def find_answer(conn: Reader, notice_id: int) -> Answer | None:
    """The newest draft of the answer."""
    return find_record(Answer, await conn.fetchrow(LATEST_ANSWER, notice_id))


async def list_events(conn: Reader, notice_id: int, event_ids: Sequence[int]) -> list[EventRow]:
    """Events of the notice, and these."""
    return as_records(EventRow, await conn.fetch(EVENTS, notice_id, event_ids))


async def list_seen(conn: Reader, decision_ids: Sequence[int]) -> dict[int, Seen]:
    """Decisions with what was seen, by their subjects."""
    return {each.subject_id: each for each in as_records(Seen, await conn.fetch(SNAPSHOTS_OF, decision_ids))}
