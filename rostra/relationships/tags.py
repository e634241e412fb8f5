"""Hashtags as somebody sees them: with their last week, and whether they follow them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from rostra.entities.tag import Tag, TagHistory
from rostra.events import Emit, TagUnfollowed
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.kit.paging import Page, Window
from rostra.relationships import tag_queries
from rostra.relationships.tag_queries import TagRow
from rostra.text.entities import Hashtag, find_entities
from rostra.text.urls import Urls

_NONE: Final = [0, 0]


def read_tag(name: str) -> Hashtag:
    """A name from outside, with or without its `#`, as the hashtag that it is in a text. Raises NotFound for what
    could never be one."""
    spans = find_entities("#" + name.strip().removeprefix("#"), domain="").spans
    if len(spans) != 1 or not isinstance(spans[0], Hashtag) or spans[0].end != len(name.strip().removeprefix("#")) + 1:
        raise NotFound
    return spans[0]


def render_history(history: dict[str, list[int]], today: date) -> list[TagHistory]:
    """Seven days, newest first, whether or not anything happened on them."""
    days = [today - timedelta(days=ago) for ago in range(7)]
    return [
        TagHistory(
            day=str(int(datetime.combine(day, time(), UTC).timestamp())),
            accounts=str(history.get(day.isoformat(), _NONE)[0]),
            uses=str(history.get(day.isoformat(), _NONE)[1]),
        )
        for day in days
    ]


def render_tag(row: TagRow, urls: Urls, today: date, *, signed_in: bool) -> Tag:
    """A hashtag as an entity."""
    own = {"following": row.following, "featuring": False} if signed_in else {}
    return Tag(
        id=str(row.id),
        name=row.display_name,
        url=urls.tag(row.name),
        history=render_history(row.history, today),
        **own,
    )


async def hydrate_tags(db: Database, ids: Sequence[int], viewer_id: int | None, urls: Urls, today: date) -> list[Tag]:
    """Tag entities in the order of `ids`, in one statement; unknown ids are left out."""
    if not ids:
        return []
    async with db.read() as conn:
        rows = await tag_queries.find_tags(conn, viewer_id, ids, today)
    return [render_tag(row, urls, today, signed_in=viewer_id is not None) for row in rows]


async def show_tag(db: Database, clock: Clock, urls: Urls, viewer_id: int | None, name: str) -> Tag:
    """A hashtag by name; one that nobody has used has no past. Raises NotFound for what could never be one."""
    hashtag, today = read_tag(name), clock.now().date()
    async with db.read() as conn:
        row = await tag_queries.find_tag(conn, viewer_id, hashtag.tag, today)
    row = row or TagRow(id=0, name=hashtag.tag, display_name=hashtag.name, history={}, following=False)
    return render_tag(row, urls, today, signed_in=viewer_id is not None)


async def follow_tag(db: Database, clock: Clock, viewer_id: int, name: str) -> None:
    """Have public posts with a hashtag come to the viewer's home timeline. Raises NotFound as `show_tag` does."""
    hashtag, at = read_tag(name), clock.now()
    async with db.transaction() as tx:
        tag_id = await tag_queries.ensure_tag(tx, hashtag.tag, hashtag.name, at)
        await tag_queries.insert_tag_follow(tx, viewer_id, tag_id, at)


async def unfollow_tag(db: Database, emit: Emit, viewer_id: int, name: str) -> None:
    """No longer follow a hashtag; not following it is no error. Raises NotFound as `show_tag` does."""
    hashtag = read_tag(name)
    async with db.transaction() as tx:
        tag_id = await tag_queries.delete_tag_follow(tx, viewer_id, hashtag.tag)
        if tag_id is not None:
            await emit(tx, TagUnfollowed(account_id=viewer_id, tag_id=tag_id))


async def followed_tags(db: Database, clock: Clock, urls: Urls, viewer_id: int, window: Window) -> Page[Tag]:
    """A page of the hashtags that the viewer follows, the latest first."""
    today = clock.now().date()
    async with db.read() as conn:
        rows = await tag_queries.find_followed(conn, viewer_id, window, today)
    return Page(
        [render_tag(row, urls, today, signed_in=True) for row in rows],
        newest=rows[0].cursor if rows else None,
        oldest=rows[-1].cursor if rows else None,
        more=len(rows) == window.limit,
    )
