"""SQL of taking a status out of sight and of putting it back. What is withheld counts nowhere.

Locks are taken in the order that `queries` explains: counts, the oldest status first; then statuses; then accounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from rostra.entities.account import Visibility
from rostra.kit.db import Reader, Tx, find_record

PARENT: Final = "select in_reply_to_id from statuses where id = $1 and reblog_of_id is null"

LOCK_COUNTS: Final = """
select status_id from status_stats where status_id = any($1::bigint[]) order by status_id for update
"""

LOCK: Final = "select id from statuses where id = $1 and reblog_of_id is null for no key update"

# Read once the lock is held: a statement that waits for a lock sees the rest as it was before it waited.
LOCKED: Final = """
select s.id, s.account_id, s.visibility, s.in_reply_to_id, s.withheld, s.has_poll, s.revision,
  exists (select from mentions m where m.status_id = s.id) as has_mentions,
  exists (select from follows f where f.target_id = s.account_id and f.notify) as rings,
  exists (select from imported_statuses i where i.status_id = s.id) as is_imported,
  array(
    select t.name from status_tags st join tags t on t.id = st.tag_id where st.status_id = s.id order by t.id) as tags
from statuses s where s.id = $1
"""

SET_WITHHELD: Final = "update statuses set withheld = $2 where id = $1"

# $2 is 1 or -1.
COUNT_FOR_AUTHOR: Final = "update account_stats set statuses_count = statuses_count + $2 where account_id = $1"

COUNT_FOR_PARENT: Final = "update status_stats set replies_count = replies_count + $2 where status_id = $1"


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """A locked status, as far as its being seen is concerned. `tags` are normalised names."""

    id: int
    account_id: int
    visibility: Visibility
    in_reply_to_id: int | None
    withheld: Literal["review", "refused"] | None
    has_poll: bool
    revision: int
    has_mentions: bool
    rings: bool
    # Whether it was first posted elsewhere, and so is no news to anybody.
    is_imported: bool
    tags: list[str]

    @property
    def is_listed(self) -> bool:
        """Whether everybody may see it, once it is not withheld."""
        return self.visibility in ("public", "unlisted")


async def find_parent_id(conn: Reader, status_id: int) -> int | None:
    """What a status answers."""
    return await conn.fetchval(PARENT, status_id)


async def lock_counts(tx: Tx, status_ids: Sequence[int]) -> None:
    """Lock the counts of these statuses."""
    await tx.fetch(LOCK_COUNTS, status_ids)


async def lock(tx: Tx, status_id: int) -> Subject | None:
    """Lock a status, whose counts and whose parent's counts are locked; None where it is gone, or a boost."""
    if await tx.fetchval(LOCK, status_id) is None:
        return None
    return find_record(Subject, await tx.fetchrow(LOCKED, status_id))


async def set_withheld(tx: Tx, status: Subject, withheld: Literal["review", "refused"] | None) -> None:
    """Take a status out of sight or put it back, and have it counted nowhere or everywhere."""
    await tx.execute(SET_WITHHELD, status.id, withheld)
    if (withheld is None) == (status.withheld is None):
        return
    step = 1 if withheld is None else -1
    if status.in_reply_to_id is not None and status.is_listed:
        await tx.execute(COUNT_FOR_PARENT, status.in_reply_to_id, step)
    if status.visibility != "direct":
        await tx.execute(COUNT_FOR_AUTHOR, status.account_id, step)
