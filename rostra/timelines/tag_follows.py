"""The home timeline after a hashtag is no longer followed."""

from __future__ import annotations

from typing import Final

from rostra.kit.db import Database

# Stays what is there for another reason: one's own posts, a followed author, another followed hashtag.
TAKE_OUT_TAG: Final = """
delete from home_entries e using status_tags st
where e.account_id = $1 and st.tag_id = $2 and st.status_id = e.status_id and e.author_id <> $1
  and not exists (select from follows f where f.account_id = $1 and f.target_id = e.author_id)
  and not exists (select from status_tags other join tag_follows tf on tf.tag_id = other.tag_id
    where other.status_id = e.status_id and tf.account_id = $1)
"""


async def take_out_tag(db: Database, account_id: int, tag_id: int) -> None:
    """Take posts out of a home timeline that only a hashtag brought there, unless it is followed again by now."""
    async with db.transaction() as tx:
        await tx.execute(TAKE_OUT_TAG, account_id, tag_id)
