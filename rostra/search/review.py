"""Looking through what trends: staff sees also what nobody has looked at yet, or what was refused, and says which may.

What nobody has said anything of may trend; whatever was refused leaves the lists at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

from rostra.accounts.audit_queries import insert_audit_event
from rostra.entities.account import timestamp
from rostra.entities.admin import AdminTag, AdminTrendingLink, LinkPublisher
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Invalid, NotFound
from rostra.kit.paging import Page, Window
from rostra.posts.hydrate import StatusReader
from rostra.posts.render import render_card
from rostra.relationships.tags import hydrate_tags, render_history
from rostra.search import review_queries as queries
from rostra.search.review_queries import Publisher, ReviewedCard, TagState
from rostra.text.entities import normalise_tag
from rostra.text.urls import Urls

_ALLOWED: Final = {True: "allowed", False: "refused"}


class TagChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said of a hashtag; what is UNSET stays."""

    display_name: str | UnsetType = UNSET
    trendable: bool | UnsetType = UNSET
    usable: bool | UnsetType = UNSET
    listable: bool | UnsetType = UNSET


async def list_tags(db: Database, clock: Clock, urls: Urls, window: Window) -> Page[AdminTag]:
    """A page of all hashtags, the latest first."""
    async with db.read() as conn:
        states = await queries.list_tags(conn, window)
    states.sort(key=lambda tag: tag.id, reverse=True)
    shown = await _hydrate_tags(db, clock, urls, states)
    return Page(
        shown,
        newest=states[0].id if states else None,
        oldest=states[-1].id if states else None,
        more=len(states) == window.limit,
    )


async def get_tag(db: Database, clock: Clock, urls: Urls, tag_id: int) -> AdminTag:
    """One hashtag. Raises NotFound."""
    async with db.read() as conn:
        found = await queries.find_tags(conn, [tag_id])
    shown = await _hydrate_tags(db, clock, urls, list(found.values()))
    if not shown:
        raise NotFound
    return shown[0]


async def change_tag(db: Database, clock: Clock, actor_id: int, tag_id: int, change: TagChange) -> None:
    """Say something of a hashtag, which counts as having looked at it. Raises NotFound, and Invalid for a name to show
    that would be another hashtag."""
    at = clock.now()
    async with db.transaction() as tx:
        tag = await queries.lock_tag(tx, tag_id)
        if tag is None:
            raise NotFound
        name = tag.display_name if change.display_name is UNSET else change.display_name.strip().removeprefix("#")
        if normalise_tag(name) != tag.name:
            raise Invalid("display_name", "may differ in letter case and accents only")
        given = {key: value for key, value in msgspec.structs.asdict(change).items() if value is not UNSET}
        await queries.update_tag(tx, msgspec.structs.replace(tag, **{**given, "display_name": name, "reviewed_at": at}))
        await insert_audit_event(tx, actor_id=actor_id, action="tag.changed", subject=str(tag_id), details=given, at=at)


async def trending_tags(db: Database, clock: Clock, urls: Urls, *, limit: int, offset: int) -> list[AdminTag]:
    """Hashtags that trend or would, best first."""
    async with db.read() as conn:
        ids = await queries.list_trending_tags(conn, limit, offset)
        states = await queries.find_tags(conn, ids)
    return await _hydrate_tags(db, clock, urls, [states[tag_id] for tag_id in ids if tag_id in states])


async def _hydrate_tags(db: Database, clock: Clock, urls: Urls, states: Sequence[TagState]) -> list[AdminTag]:
    tags = await hydrate_tags(db, [tag.id for tag in states], None, urls, clock.now().date())
    by_id = {int(tag.id): tag for tag in tags}
    return [
        AdminTag(
            id=by_id[tag.id].id,
            name=by_id[tag.id].name,
            url=by_id[tag.id].url,
            history=by_id[tag.id].history,
            trendable=tag.trendable,
            usable=tag.usable,
            listable=tag.listable,
            requires_review=tag.reviewed_at is None,
        )
        for tag in states
        if tag.id in by_id
    ]


async def trending_statuses(db: Database, reader: StatusReader, *, limit: int, offset: int) -> list[Raw]:
    """Posts that trend or would, best first, each with `requires_review`."""
    async with db.read() as conn:
        found = await queries.list_trending_statuses(conn, limit, offset)
    shown = await reader.by_id(list(found))
    return [_mark(shown[status_id], is_new=is_new) for status_id, is_new in found.items() if status_id in shown]


async def review_status(
    db: Database, clock: Clock, reader: StatusReader, actor_id: int, status_id: int, *, allowed: bool
) -> Raw:
    """Say whether a post may trend. Raises NotFound."""
    status = await reader.get(status_id)
    await _review(db, clock, "status", status_id, actor_id, allowed=allowed)
    return _mark(status, is_new=False)


def _mark(status: Raw, *, is_new: bool) -> Raw:
    return Raw(bytes(status)[:-1] + b',"requires_review":' + (b"true}" if is_new else b"false}"))


async def trending_links(db: Database, clock: Clock, urls: Urls, *, limit: int, offset: int) -> list[AdminTrendingLink]:
    """Links that trend or would, best first."""
    async with db.read() as conn:
        cards = await queries.list_trending_links(conn, limit, offset)
    return [_render_link(card, clock, urls) for card in cards]


async def review_link(
    db: Database, clock: Clock, urls: Urls, actor_id: int, card_id: int, *, allowed: bool
) -> AdminTrendingLink:
    """Say whether a link may trend, whatever is said of its publisher. Raises NotFound."""
    async with db.read() as conn:
        card = await queries.find_link(conn, card_id)
    if card is None:
        raise NotFound
    await _review(db, clock, "link", card_id, actor_id, allowed=allowed)
    return _render_link(msgspec.structs.replace(card, is_new=False), clock, urls)


def _render_link(card: ReviewedCard, clock: Clock, urls: Urls) -> AdminTrendingLink:
    shown = msgspec.structs.asdict(render_card(card, urls))
    history = render_history(card.history, clock.now().date())
    return AdminTrendingLink(**shown, history=history, id=str(card.id), requires_review=card.is_new)


async def list_publishers(db: Database, window: Window) -> Page[LinkPublisher]:
    """A page of the sites whose pages have trended, the latest first."""
    async with db.read() as conn:
        found = await queries.list_publishers(conn, window)
    found.sort(key=lambda publisher: publisher.id, reverse=True)
    return Page(
        [_render_publisher(publisher) for publisher in found],
        newest=found[0].id if found else None,
        oldest=found[-1].id if found else None,
        more=len(found) == window.limit,
    )


async def review_publisher(
    db: Database, clock: Clock, actor_id: int, publisher_id: int, *, allowed: bool
) -> LinkPublisher:
    """Say whether pages of a site may trend. Raises NotFound."""
    async with db.read() as conn:
        publisher = await queries.find_publisher(conn, publisher_id)
    if publisher is None:
        raise NotFound
    at = await _review(db, clock, "publisher", publisher_id, actor_id, allowed=allowed)
    return _render_publisher(msgspec.structs.replace(publisher, allowed=allowed, reviewed_at=at))


def _render_publisher(publisher: Publisher) -> LinkPublisher:
    return LinkPublisher(
        id=str(publisher.id),
        domain=publisher.domain,
        trendable=publisher.allowed,
        reviewed_at=timestamp(publisher.reviewed_at) if publisher.reviewed_at else None,
        requested_review_at=timestamp(publisher.created_at),
        requires_review=publisher.allowed is None,
    )


async def _review(
    db: Database, clock: Clock, kind: queries.Kind, subject_id: int, actor_id: int, *, allowed: bool
) -> datetime:
    at = clock.now()
    async with db.transaction() as tx:
        await queries.review(tx, kind, subject_id, actor_id, at, allowed=allowed)
        await insert_audit_event(
            tx, actor_id=actor_id, action=f"trend.{_ALLOWED[allowed]}", subject=f"{kind}:{subject_id}", details={},
            at=at,
        )  # fmt: skip
    return at
