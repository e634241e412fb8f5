"""What a restore asks the restored database."""

from __future__ import annotations

from typing import Final

import asyncpg

from rostra.continuity.restore.records import LastPost

LIST_WANTED: Final = """
select id, key, size, sha256 from stored_objects
where gone_at is null and not exists (select from unnest($1::text[]) as left_out where starts_with(key, left_out))
order by id desc
"""

HAS_REGISTER: Final = "select to_regclass('stored_objects') is not null"

NEWEST_CHANGE: Final = "select coalesce(max(id), 0) from stored_objects"

LIST_GONE_SINCE: Final = "select key from stored_objects where id > $1 and gone_at is not null"

# Ids grow with time.
LAST_POST: Final = """
select status.id::text as id, account.username as author, status.created_at
from statuses as status join accounts as account on account.id = status.account_id
where account.domain is null
order by status.id desc limit 1
"""


async def find_last_post(connection: asyncpg.Connection) -> LastPost | None:
    """The newest post of somebody of this server."""
    row = await connection.fetchrow(LAST_POST)
    if row is None:
        return None
    return LastPost(id=row["id"], author=f"@{row['author']}", created_at=row["created_at"])
