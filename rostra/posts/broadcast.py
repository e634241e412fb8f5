"""One status for many viewers, as streaming needs it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from rostra.entities.status import RawStatus
from rostra.filters.match import Filters
from rostra.kit.db import Database
from rostra.posts.hydrate import StatusReader
from rostra.text.urls import Urls


async def render_for(
    db: Database,
    urls: Urls,
    status_id: int,
    filters: Mapping[int, Filters],
    *,
    contexts: Mapping[int, str],
    at: datetime,
) -> Mapping[int, RawStatus]:
    """The status for each viewer (a key of `filters`) who may see it and does not hide it in their context."""
    rendered: dict[int, RawStatus] = {}
    for viewer_id, own in filters.items():
        reader = StatusReader(db, urls, viewer_id, at, own)
        for status in await reader.by_ids([status_id], contexts[viewer_id]):
            rendered[viewer_id] = status
    return rendered
