"""SQL of deleting a status and setting right all that had counted it.

Locks are taken in the order that `queries` explains: counts, the oldest status first; then statuses; then accounts.
"""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx, find_record

OWN: Final = """
select id, in_reply_to_id, reblog_of_id, conversation_id, visibility, text, withheld is not null as withheld
from statuses
where id = $1 and account_id = $2
"""

LOCK_COUNTS: Final = """
select status_id from status_stats where status_id = any($1::bigint[]) order by status_id for update
"""

LOCK_STATUS: Final = "select id from statuses where id = $1 for update"

BOOSTS: Final = "select id from statuses where reblog_of_id = $1 order by id"

# The author's one, and one for each boost.
UNCOUNT_AUTHORS: Final = """
with fewer as (
  select account_id, count(*) as number
  from (select account_id from statuses where reblog_of_id = $1 union all select $2::bigint where $3) written
  group by account_id),
locked as materialized (
  select account_id from account_stats where account_id in (select account_id from fewer)
  order by account_id for update)
update account_stats st set statuses_count = st.statuses_count - fewer.number
from fewer join locked on locked.account_id = fewer.account_id where st.account_id = fewer.account_id
"""

UNCOUNT_REPLY: Final = "update status_stats set replies_count = replies_count - 1 where status_id = $1"

# Replies stay, and no longer say to what.
ORPHAN_REPLIES: Final = """
with replies as materialized (select id from statuses where in_reply_to_id = $1 order by id for no key update)
update statuses s set in_reply_to_id = null, rendered_for = 0 from replies where s.id = replies.id
"""

DELETE_STATUS: Final = "delete from statuses where id = $1"

DELETE_CONVERSATION: Final = """
delete from conversations c where c.id = $1 and not exists (select from statuses s where s.conversation_id = c.id)
"""


class OwnStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A status as its author deletes it."""

    id: int
    in_reply_to_id: int | None
    reblog_of_id: int | None
    conversation_id: int
    visibility: str
    text: str
    withheld: bool

    @property
    def is_listed(self) -> bool:
        """Whether everybody may see it."""
        return self.visibility in ("public", "unlisted") and not self.withheld


async def find_own(db: Reader, status_id: int, account_id: int) -> OwnStatus | None:
    """The account's own status."""
    return find_record(OwnStatus, await db.fetchrow(OWN, status_id, account_id))


async def lock_for_deletion(tx: Tx, status: OwnStatus) -> bool:
    """Lock a status with its counts and its parent's; False where it is gone meanwhile."""
    await tx.fetch(LOCK_COUNTS, [status.id, *([status.in_reply_to_id] if status.in_reply_to_id else [])])
    return await tx.fetchval(LOCK_STATUS, status.id) is not None


async def find_boosts(tx: Tx, status_id: int) -> list[int]:
    """The ids of all boosts of a status."""
    return [row["id"] for row in await tx.fetch(BOOSTS, status_id)]


async def uncount(tx: Tx, status: OwnStatus, author_id: int) -> None:
    """Set the counts right of the author, of all who boosted the status, and of its parent."""
    await tx.execute(UNCOUNT_AUTHORS, status.id, author_id, status.visibility != "direct" and not status.withheld)
    if status.in_reply_to_id is not None and status.is_listed:
        await tx.execute(UNCOUNT_REPLY, status.in_reply_to_id)


async def delete_status(tx: Tx, status: OwnStatus) -> None:
    """Delete a status and all that hangs on it; its conversation too where it was the last of it."""
    await tx.execute(ORPHAN_REPLIES, status.id)
    await tx.execute(DELETE_STATUS, status.id)
    await tx.execute(DELETE_CONVERSATION, status.conversation_id)
