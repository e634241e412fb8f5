"""SQL of what comes to its end by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

import msgspec

from rostra.kit.db import Reader, as_records
from rostra.moderation.records import ActionRow

# While somebody looks at it, the clock waits.
DUE_HOLDS: Final = """
select h.status_id, h.clause, h.rule, h.reason, h.expires_to from holds h
where h.decided_at is null and h.expires_at <= $1
  and not exists (select from cases c where c.subject_kind = 'status' and c.subject_id = h.status_id
    and c.state <> 'closed' and c.lease_until > $1)
order by h.expires_at limit $2
"""

DUE_ACTIONS: Final = """
select id, decision_id, kind, subject_kind, subject_id, account_id, detail, starts_at, ends_at, ended_at, ended_why
from actions where ended_at is null and ends_at <= $1 order by ends_at limit $2
"""

CLAUSE: Final = "select clause from decisions where id = $1"


class DueHold(msgspec.Struct, frozen=True, kw_only=True):
    """A held post whose time is over, and what becomes of it."""

    status_id: int
    clause: str
    rule: str
    reason: dict[str, str]
    expires_to: Literal["release", "refuse"]


async def list_due_holds(conn: Reader, at: datetime, limit: int) -> list[DueHold]:
    return as_records(DueHold, await conn.fetch(DUE_HOLDS, at, limit))


async def list_due_actions(conn: Reader, at: datetime, limit: int) -> list[ActionRow]:
    return as_records(ActionRow, await conn.fetch(DUE_ACTIONS, at, limit))


async def find_clause(conn: Reader, decision_id: int) -> str:
    """The clause of a decision."""
    return await conn.fetchval(CLAUSE, decision_id) or ""
