"""SQL of whom to tell of levers."""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.kit.db import Reader, as_records

STAFF: Final = """
select u.email, u.locale from users u join accounts a on a.id = u.account_id
where u.role in ('owner', 'admin', 'moderator') and u.confirmed_at is not null and u.disabled_at is null
  and a.suspended_at is null and a.id is distinct from $1
order by u.account_id
"""


class Staff(msgspec.Struct, frozen=True):
    """Somebody to write to."""

    email: str
    locale: str


async def list_staff(conn: Reader, but: int | None) -> list[Staff]:
    """Owner, administrators and moderators, but one."""
    return as_records(Staff, await conn.fetch(STAFF, but))
