"""Trends: what many different people use, share and like these days, counted now and then and read as it stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import msgspec

from rostra.entities.status import RawStatus
from rostra.entities.tag import Tag
from rostra.entities.trends import TrendingLink
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.ids import first_id_at
from rostra.kit.remembered import Remembered
from rostra.posts.hydrate import StatusReader
from rostra.posts.render import render_card
from rostra.relationships.tags import hydrate_tags, render_history
from rostra.search import trend_queries as queries
from rostra.text.urls import Urls

# One person makes no trend; on a small server two can.
_PEOPLE: Final = 2
_KEPT: Final = 200
_COUNTED: Final = timedelta(days=3)
_SHOWN: Final = timedelta(days=7)
_BESIDE: Final = 5
_BESIDE_FOR: Final = timedelta(seconds=10)


async def count_trends(db: Database, clock: Clock) -> None:
    """Count hashtags, links and posts anew, each in a transaction of its own; readers see the old or the new."""
    at = clock.now()
    since, week = first_id_at(at - _COUNTED), first_id_at(at - _SHOWN)
    async with db.transaction() as tx:
        await queries.count_tags(tx, since, at, _PEOPLE, _KEPT)
    async with db.transaction() as tx:
        await queries.count_links(tx, since, at, _PEOPLE, _KEPT, week)
    async with db.transaction() as tx:
        await queries.count_statuses(tx, since, at, _PEOPLE, _KEPT, week)


async def trending_tags(
    db: Database, clock: Clock, urls: Urls, viewer_id: int | None, *, limit: int, offset: int
) -> list[Tag]:
    """Hashtags, best first."""
    async with db.read() as conn:
        ids = await queries.find_tags(conn, limit, offset)
    return await hydrate_tags(db, ids, viewer_id, urls, clock.now().date())


class TrendsBeside:
    """One process's memory of the few hashtags beside every page, as they are for everybody. Ten seconds old at most:
    they are counted every few minutes, and one that is taken out is to be gone soon."""

    def __init__(self, clock: Clock, urls: Urls) -> None:
        self._clock = clock
        self._urls = urls
        self._tags: Remembered[list[dict[str, Any]]] = Remembered(clock, _BESIDE_FOR)

    async def get(self, db: Database) -> list[dict[str, Any]]:
        """Tag entities as plain mappings, as pages take them, best first. Not to be changed."""

        async def read() -> list[dict[str, Any]]:
            found = await trending_tags(db, self._clock, self._urls, None, limit=_BESIDE, offset=0)
            return msgspec.json.decode(msgspec.json.encode(found), type=list[dict[str, Any]])

        return await self._tags.get(read)


async def trending_statuses(
    db: Database, clock: Clock, reader: StatusReader, viewer_id: int | None, *, limit: int, offset: int
) -> list[RawStatus]:
    """Posts that the viewer may and wants to see, best first."""
    async with db.read() as conn:
        ids = await queries.find_statuses(conn, viewer_id, clock.now(), limit, offset)
    return await reader.by_ids(ids, "public")


async def trending_links(db: Database, clock: Clock, urls: Urls, *, limit: int, offset: int) -> list[TrendingLink]:
    """Links, best first."""
    today = clock.now().date()
    async with db.read() as conn:
        cards = await queries.find_links(conn, limit, offset)
    return [
        TrendingLink(**msgspec.structs.asdict(render_card(card, urls)), history=render_history(card.history, today))
        for card in cards
    ]
