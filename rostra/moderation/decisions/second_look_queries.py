"""SQL of who looks at a bulk decision before it is carried out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from rostra.accounts.records import Role
from rostra.kit.db import Reader, Tx, as_records

LIMIT: Final = "select second_look_over from desk_settings"

SET_LIMIT: Final = "update desk_settings set second_look_over = $1 where second_look_over <> $1 returning true"

_AT_WORK: Final = "u.confirmed_at is not null and u.disabled_at is null and a.suspended_at is null"

HAS_ANOTHER: Final = f"""
select exists (
  select from users u join accounts a on a.id = u.account_id
  where u.role = any($1::text[]) and u.account_id <> $2 and {_AT_WORK})
"""

ROLE: Final = (
    f"select u.role from users u join accounts a on a.id = u.account_id where u.account_id = $1 and {_AT_WORK}"
)

APPROVE: Final = """
update bulk_decisions set state = 'running', approved_by = $2, approved_at = $3 where id = $1 and state = 'waiting'
returning true
"""

WAITING: Final = """
select b.id, b.actor_id, coalesce(a.username, '') as username, b.total, b.created_at
from bulk_decisions b left join accounts a on a.id = b.actor_id
where b.state = 'waiting' order by b.id limit $1
"""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A bulk decision that waits for a second person, and who ordered it."""

    id: int
    actor_id: int | None
    username: str
    total: int
    created_at: datetime


async def find_limit(conn: Reader) -> int:
    """Over how many a bulk decision waits; 0: none does."""
    return await conn.fetchval(LIMIT)


async def set_limit(tx: Tx, limit: int) -> bool:
    """Whether that was a change."""
    return await tx.fetchval(SET_LIMIT, limit) is not None


async def has_another(conn: Reader, roles: Sequence[Role], but: int) -> bool:
    """Whether somebody else here who can sign in has one of the roles."""
    return await conn.fetchval(HAS_ANOTHER, roles, but)


async def find_role(conn: Reader, account_id: int) -> Role | None:
    """The role of somebody who can sign in."""
    return await conn.fetchval(ROLE, account_id)


async def approve(tx: Tx, bulk_id: int, actor_id: int, at: datetime) -> bool:
    """Let it go ahead; whether it waited."""
    return await tx.fetchval(APPROVE, bulk_id, actor_id, at) is not None


async def list_waiting(conn: Reader, limit: int) -> list[Waiting]:
    """What waits for a second person, the oldest first."""
    return as_records(Waiting, await conn.fetch(WAITING, limit))
