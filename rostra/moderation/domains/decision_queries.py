"""SQL of decisions on servers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.moderation.domains.domain_queries import DomainBlock, Severity

_COLUMNS: Final = """
d.id, d.domain, d.block_id, d.event_id, d.policy, d.clause, d.severity, d.reject_media, d.reject_reports,
  d.private_comment, d.public_comment, d.obfuscate, d.created_at, d.ends_at, d.ended_at, d.ended_why, d.before_id,
  r.pseudonym as reviewer
"""
_FROM: Final = "domain_decisions d left join reviewers r on r.account_id = d.reviewer_id"

INSERT: Final = """
insert into domain_decisions (id, domain, block_id, event_id, reviewer_id, policy, clause, severity, reject_media,
  reject_reports, private_comment, public_comment, obfuscate, created_at, ends_at, before_id)
values (make_id($13), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) returning id
"""

HOLDING: Final = f"select {_COLUMNS} from {_FROM} where d.domain = $1 and d.ended_at is null"

ENDS: Final = """
select domain, ends_at from domain_decisions where ended_at is null and ends_at is not null and domain = any($1::text[])
"""

ONE: Final = f"select {_COLUMNS} from {_FROM} where d.id = $1"

LOCK: Final = "select id from domain_decisions where id = $1 for update"

LIST: Final = f"select {_COLUMNS} from {_FROM} where d.id < $1 order by d.id desc limit $2"

END: Final = """
update domain_decisions set ended_at = $2, ended_why = $3, ended_by = $4 where id = $1 and ended_at is null returning id
"""

HOLD_AGAIN: Final = """
update domain_decisions set ended_at = null, ended_why = null, ended_by = null where id = $1
"""

DUE: Final = f"""
select {_COLUMNS} from {_FROM} where d.ended_at is null and d.ends_at <= $1 order by d.ends_at limit $2
"""


class DomainDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision on a server: the rule as it was decided, why, for how long. `reviewer` is a pseudonym; `before_id` the
    decision that it took the place of."""

    id: int
    domain: str
    block_id: int
    event_id: int
    policy: str
    clause: str
    severity: Severity
    reject_media: bool
    reject_reports: bool
    private_comment: str
    public_comment: str
    obfuscate: bool
    created_at: datetime
    ends_at: datetime | None
    ended_at: datetime | None
    ended_why: Literal["expired", "reversed", "superseded"] | None
    before_id: int | None
    reviewer: str | None


async def insert(
    tx: Tx,
    block: DomainBlock,
    *,
    event_id: int,
    actor_id: int | None,
    policy: str,
    clause: str,
    at: datetime,
    ends_at: datetime | None,
    before_id: int | None,
) -> int:
    """Write a decision that makes or changes a rule; its id."""
    return await tx.fetchval(
        INSERT, block.domain, block.id, event_id, actor_id, policy, clause, block.severity, block.reject_media,
        block.reject_reports, block.private_comment, block.public_comment, block.obfuscate, at, ends_at, before_id,
    )  # fmt: skip


async def find_holding(conn: Reader, domain: str) -> DomainDecision | None:
    """The decision that holds for exactly this domain."""
    return find_record(DomainDecision, await conn.fetchrow(HOLDING, domain))


async def list_ends(conn: Reader, domains: Sequence[str]) -> dict[str, datetime]:
    """When what was decided of these servers ends, where it does."""
    return {row["domain"]: row["ends_at"] for row in await conn.fetch(ENDS, list(domains))}


async def find_decision(conn: Reader, decision_id: int) -> DomainDecision | None:
    return find_record(DomainDecision, await conn.fetchrow(ONE, decision_id))


async def lock(tx: Tx, decision_id: int) -> DomainDecision | None:
    """The same, held until the transaction ends."""
    if await tx.fetchval(LOCK, decision_id) is None:
        return None
    return await find_decision(tx, decision_id)


async def list_decisions(conn: Reader, below: int, limit: int) -> list[DomainDecision]:
    """Decisions on servers, the latest first."""
    return as_records(DomainDecision, await conn.fetch(LIST, below, limit))


async def end(tx: Tx, decision_id: int, at: datetime, why: str, by: int | None) -> bool:
    """Have it hold no more; False where it did not."""
    return await tx.fetchval(END, decision_id, at, why, by) is not None


async def hold_again(tx: Tx, decision_id: int) -> None:
    await tx.execute(HOLD_AGAIN, decision_id)


async def list_due(conn: Reader, at: datetime, limit: int) -> list[DomainDecision]:
    """Those whose time is over."""
    return as_records(DomainDecision, await conn.fetch(DUE, at, limit))
