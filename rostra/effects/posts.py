"""Posts: into timelines and the index, with their cards, polls, times and views."""

from __future__ import annotations

from typing import Final

import asyncpg
import structlog

from rostra.effects.reactions import HANDLERS, Tick, emit, every, on
from rostra.events import (
    MediaJudged,
    ProfileChanged,
    StatusEdited,
    StatusesImported,
    StatusPublished,
    StatusWithheld,
)
from rostra.kit.jobs import Kind, enqueue
from rostra.posts.card import FETCH_CARD, CardWanted, fetch_card, link_card
from rostra.posts.once import forget_keys
from rostra.posts.schedule import PUBLISH_SCHEDULED, TimeHasCome, publish_scheduled
from rostra.posts.views import rerank_cases, sweep_views
from rostra.posts.vote import CLOSE_POLL, PollEnds, close_poll
from rostra.resources import Resources
from rostra.search.index import index, reopen, take_out_of_search
from rostra.search.trends import count_trends
from rostra.timelines.fan_out import fan_out

log = structlog.get_logger(__name__)

INDEX: Final = Kind("search.index", StatusPublished)


async def _fan_out(event: StatusPublished, res: Resources) -> None:
    """Into the home timelines, and into the index: a job for each would cost nearly as much as what it does."""
    is_boost = event.reblog_of_id is not None
    await fan_out(res.db, event.status_id, is_boost=is_boost)
    if is_boost:
        return
    try:
        await _index(event, res)
    except asyncpg.PostgresError as error:
        # It goes its own way from here: what is in the timelines need not come there again.
        log.warning("a status is not findable yet", status_id=event.status_id, error=repr(error))
        async with res.db.transaction() as tx:
            await enqueue(tx, [INDEX.job(event)])


async def _index(event: StatusPublished | StatusEdited | MediaJudged, res: Resources) -> None:
    await index(res.db, [event.status_id])


async def _take_out_of_search(event: StatusWithheld, res: Resources) -> None:
    await take_out_of_search(res.db, event.status_id)


async def _reopen(event: ProfileChanged, res: Resources) -> None:
    await reopen(res.db, event.account_id)


async def _count_trends(_: Tick, res: Resources) -> None:
    await count_trends(res.db, res.clock)


async def _link_card(event: StatusPublished | StatusEdited, res: Resources) -> None:
    await link_card(res.db, res.clock, res.urls, event.status_id)


async def _fetch_card(wanted: CardWanted, res: Resources) -> None:
    await fetch_card(res.db, res.clock, res.http, res.store, res.images, res.screen, wanted)


async def _close_poll(ends: PollEnds, res: Resources) -> None:
    await close_poll(res.db, res.clock, emit, ends.poll_id)


async def _publish_scheduled(due: TimeHasCome, res: Resources) -> None:
    await publish_scheduled(res.db, res.clock, res.urls, emit, res.screen, due.scheduled_id)


async def _forget_keys(_: Tick, res: Resources) -> None:
    await forget_keys(res.db, res.clock)


async def _rerank(_: Tick, res: Resources) -> None:
    async with res.db.transaction() as tx:
        await rerank_cases(tx, res.clock.now())


async def _rerank_due(_: Tick, res: Resources) -> None:
    async with res.db.transaction() as tx:
        await rerank_cases(tx, res.clock.now(), only_due=True)


async def _sweep_views(_: Tick, res: Resources) -> None:
    await sweep_views(res.db, res.clock)


async def _index_imported(event: StatusesImported, res: Resources) -> None:
    await index(res.db, event.status_ids)


on(StatusPublished, "timelines.fan_out", _fan_out, priority=10)
on(StatusPublished, "posts.link_card", _link_card, when=lambda event: event.has_links, priority=-5)
on(StatusEdited, "posts.link_edited", _link_card, when=lambda event: event.has_links, priority=-5)
HANDLERS.add(FETCH_CARD, _fetch_card, attempts=3, concurrency=8)
HANDLERS.add(CLOSE_POLL, _close_poll)
HANDLERS.add(PUBLISH_SCHEDULED, _publish_scheduled)
HANDLERS.add(INDEX, _index)
on(StatusEdited, "search.edited", _index)
on(MediaJudged, "search.judged", _index)
on(StatusesImported, "search.index_imported", _index_imported)
on(StatusWithheld, "search.withheld", _take_out_of_search)
on(ProfileChanged, "search.reopen", _reopen, when=lambda event: event.searchable_changed, timeout=600)
every("17 * * * *", "posts.forget_keys", _forget_keys)
every("*/10 * * * *", "search.trends", _count_trends, timeout=300)
every("*/5 * * * *", "posts.rerank_cases", _rerank, timeout=120)
every("* * * * *", "posts.rerank_due", _rerank_due, timeout=50)
every("29 2 * * *", "posts.sweep_views", _sweep_views, timeout=3600)
