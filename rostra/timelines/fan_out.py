"""Copying a status into the home timelines of those who follow its author or one of its hashtags.

Works in batches of followers, each a transaction of its own; a batch that is done twice changes nothing.
"""

from __future__ import annotations

from typing import Final

from rostra.kit.db import Database
from rostra.timelines import queries

BATCH: Final = 2000


async def fan_out(db: Database, status_id: int) -> None:
    """Copy the status out. A status that was deleted meanwhile is no error."""
    async with db.transaction() as tx:
        subject = await queries.find_subject(tx, status_id)
        if subject is None:
            return
        await queries.insert_own_entry(tx, subject)
        if not subject.is_boost:
            await queries.insert_tag_follower_entries(tx, status_id)
        if subject.merged_on_read:
            return
        after = await queries.insert_follower_entries(tx, subject, after=-1, limit=BATCH)
    while after is not None:
        async with db.transaction() as tx:
            after = await queries.insert_follower_entries(tx, subject, after=after, limit=BATCH)
