"""The conversation around a status, as far as the viewer may and wants to see it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from rostra.entities.status import Context
from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.posts import thread_queries
from rostra.posts.hydrate import StatusReader


class Reach(msgspec.Struct, frozen=True):
    """How much of a thread is shown: how many before, how many after, and how deep."""

    ancestors: int
    descendants: int
    depth: int


FOR_VISITORS: Final = Reach(40, 60, 20)
FOR_PEOPLE: Final = Reach(4096, 4096, 4096)


async def get_context(
    db: Database, reader: StatusReader, *, viewer_id: int | None, status_id: int, at: datetime
) -> Context:
    """What a status answers, the first first, and what answers it, in the order of reading. Raises NotFound.

    Two statements, whatever the thread's length. Visitors get less of a long one (FOR_VISITORS).
    """
    reach = FOR_VISITORS if viewer_id is None else FOR_PEOPLE
    async with db.read() as conn:
        places = await thread_queries.find_thread(
            conn,
            viewer_id,
            at,
            status_id,
            ancestors=reach.ancestors,
            descendants=reach.descendants,
            depth=reach.depth,
        )
    if not places:
        raise NotFound
    shown = await reader.by_id([place.id for place in places if place.place != 0], "thread")
    return Context(
        ancestors=[shown[place.id] for place in places if place.place < 0 and place.id in shown],
        descendants=[shown[place.id] for place in places if place.place > 0 and place.id in shown],
    )
