"""SQL of apps, tokens and authorization codes."""

from __future__ import annotations

from datetime import date
from typing import Final

import asyncpg

from rostra.kit.db import Reader, Tx

# What a request must know of the person behind it; joined to tokens here and to sessions in `accounts`.
TOKEN_OWNER: Final = """
select t.id as token_id, t.app_id, t.scopes, t.last_used_on, t.account_id,
  a.username, u.role, u.locale, u.theme, u.default_visibility, u.default_sensitive, u.default_language,
  u.filters_revision, u.last_active_on,
  case when a.suspended_at is not null then 'suspended' when u.disabled_at is not null then 'disabled'
    when u.confirmed_at is null then 'unconfirmed' when u.approved_at is null then 'pending' end as obstacle
from access_tokens t
left join users u on u.account_id = t.account_id
left join accounts a on a.id = t.account_id
where t.token_hash = $1
"""

TOUCH_TOKEN: Final = """
with token as (update access_tokens set last_used_on = $2 where id = $1 returning account_id)
update users u set last_active_on = $2 from token where u.account_id = token.account_id
"""


async def find_token_owner(db: Reader, token_hash: bytes) -> asyncpg.Record | None:
    """The token with this SHA-256 hash, its app and its person, as one row."""
    return await db.fetchrow(TOKEN_OWNER, token_hash)


async def touch_token(tx: Tx, token_id: int, day: date) -> None:
    """Note that a token and its person were active on `day`."""
    await tx.execute(TOUCH_TOKEN, token_id, day)
