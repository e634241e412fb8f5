"""Taking a status out of sight, and putting it back: what moderation does, and an edit that is judged otherwise.

A withheld status is for its author only and counts nowhere. Putting it back is publishing it: the same event, whose
handlers bear being repeated. Who decides, and that it is written down, is the callers' business.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from rostra.events import Emit, StatusesImported, StatusPublished, StatusWithheld
from rostra.kit.db import Tx
from rostra.posts import queries, withhold_queries
from rostra.posts.withhold_queries import Subject


async def lock_status(tx: Tx, status_id: int) -> Subject | None:
    """Lock a status with all that its being seen changes; None where it is gone. To be called before anything else in
    the transaction is locked."""
    parent_id = await withhold_queries.find_parent_id(tx, status_id)
    await withhold_queries.lock_counts(tx, [status_id, *([parent_id] if parent_id else [])])
    return await withhold_queries.lock(tx, status_id)


async def withhold(tx: Tx, emit: Emit, status: Subject, state: Literal["review", "refused"]) -> None:
    """Have a locked status seen by its author only."""
    await withhold_queries.set_withheld(tx, status, state)
    if status.withheld is None:
        await emit(tx, StatusWithheld(status_id=status.id, account_id=status.account_id))


async def put_back(tx: Tx, emit: Emit, status: Subject, at: datetime, *, fresh: bool) -> None:
    """Have a locked status seen by all whom it is for; `fresh` where nobody but its author has ever seen it."""
    if status.withheld is None:
        return
    await withhold_queries.set_withheld(tx, status, None)
    if status.is_imported:
        await emit(tx, StatusesImported(account_id=status.account_id, status_ids=[status.id]))
        return
    if fresh and status.is_listed and status.tags:
        await queries.count_tag_uses(tx, status.tags, account_id=status.account_id, at=at)
    await emit(
        tx,
        StatusPublished(
            status_id=status.id,
            account_id=status.account_id,
            visibility=status.visibility,
            has_mentions=status.has_mentions,
            is_reply=status.in_reply_to_id is not None,
            has_links=True,
            poll_id=status.id if status.has_poll else None,
            rings=status.rings,
        ),
    )
