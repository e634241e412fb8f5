"""SQL of what may trend: hashtags with what is said of them, links and their publishers, posts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from rostra.kit.db import Reader, Tx, as_records
from rostra.kit.paging import Window, both_orders
from rostra.search.trend_queries import TrendingCard

Kind = Literal["status", "link", "publisher"]

_TAG: Final = "id, name, display_name, trendable, usable, listable, reviewed_at"

TAGS: Final = both_orders(f"select {_TAG} from tags where id < $1 and id > $2 order by id desc /*page*/ limit $3")

TAGS_OF: Final = f"select {_TAG} from tags where id = any($1::bigint[])"

TRENDING_TAGS: Final = "select tag_id as id from trending_tags order by score desc, tag_id desc limit $1 offset $2"

LOCK_TAG: Final = f"select {_TAG} from tags where id = $1 for update"

UPDATE_TAG: Final = """
update tags set display_name = $2, trendable = $3, usable = $4, listable = $5, reviewed_at = $6 where id = $1
"""

TRENDING_STATUSES: Final = """
select x.status_id as id, r.status_id is null as is_new
from trending_statuses x left join (select subject_id as status_id from trend_reviews where kind = 'status') r
  on r.status_id = x.status_id
order by x.score desc, x.status_id desc limit $1 offset $2
"""

_CARD: Final = """
c.url, c.title, c.description, c.language, c.type, c.author_name, c.author_url, c.provider_name, c.provider_url,
  c.image_key, c.image_description, c.width, c.height, c.blurhash, c.published_at, coalesce(x.history, '{}') as history,
  c.id, not exists (select from trend_reviews r where (r.kind = 'link' and r.subject_id = c.id)
    or (r.kind = 'publisher' and r.subject_id = c.publisher_id)) as is_new
"""

TRENDING_LINKS: Final = f"""
select {_CARD} from trending_links x join preview_cards c on c.id = x.card_id and c.usable
order by x.score desc, c.id desc limit $1 offset $2
"""

LINK: Final = f"select {_CARD} from preview_cards c left join trending_links x on x.card_id = c.id where c.id = $1"

_PUBLISHER: Final = """
select p.id, p.domain, p.created_at, r.allowed, r.reviewed_at
from link_publishers p left join trend_reviews r on r.kind = 'publisher' and r.subject_id = p.id
"""

PUBLISHERS: Final = both_orders(f"{_PUBLISHER} where p.id < $1 and p.id > $2 order by p.id desc /*page*/ limit $3")

PUBLISHER: Final = f"{_PUBLISHER} where p.id = $1"

REVIEW: Final = """
insert into trend_reviews (kind, subject_id, allowed, reviewer_id, reviewed_at) values ($1, $2, $3, $4, $5)
on conflict (kind, subject_id) do update set allowed = excluded.allowed, reviewer_id = excluded.reviewer_id,
  reviewed_at = excluded.reviewed_at
"""


class TagState(msgspec.Struct, frozen=True, kw_only=True):
    """What staff says of a hashtag."""

    id: int
    name: str
    display_name: str
    trendable: bool
    usable: bool
    listable: bool
    reviewed_at: datetime | None


class ReviewedCard(TrendingCard, frozen=True, kw_only=True):
    """A link, and whether nobody has looked at it or its publisher."""

    id: int
    is_new: bool


class Publisher(msgspec.Struct, frozen=True, kw_only=True):
    """A site; `allowed` None: nobody has looked at it."""

    id: int
    domain: str
    created_at: datetime
    allowed: bool | None
    reviewed_at: datetime | None


async def list_tags(db: Reader, window: Window) -> list[TagState]:
    """A page of all hashtags."""
    rows = await db.fetch(window.choose(TAGS), window.below, window.above, window.limit)
    return as_records(TagState, rows)


async def find_tags(db: Reader, ids: Sequence[int]) -> dict[int, TagState]:
    """These hashtags, by id."""
    return {tag.id: tag for tag in as_records(TagState, await db.fetch(TAGS_OF, ids))}


async def lock_tag(tx: Tx, tag_id: int) -> TagState | None:
    """One of them, held until the transaction ends."""
    rows = as_records(TagState, await tx.fetch(LOCK_TAG, tag_id))
    return rows[0] if rows else None


async def update_tag(tx: Tx, tag: TagState) -> None:
    """Write what is said of a hashtag."""
    await tx.execute(UPDATE_TAG, tag.id, tag.display_name, tag.trendable, tag.usable, tag.listable, tag.reviewed_at)


async def list_trending_tags(db: Reader, limit: int, offset: int) -> list[int]:
    """Hashtags that trend or would, best first."""
    return [row["id"] for row in await db.fetch(TRENDING_TAGS, limit, offset)]


async def list_trending_statuses(db: Reader, limit: int, offset: int) -> dict[int, bool]:
    """Posts that trend or would, best first; whether nobody has looked at each."""
    return {row["id"]: row["is_new"] for row in await db.fetch(TRENDING_STATUSES, limit, offset)}


async def list_trending_links(db: Reader, limit: int, offset: int) -> list[ReviewedCard]:
    """Links that trend or would, best first."""
    rows = await db.fetch(TRENDING_LINKS, limit, offset)
    return [msgspec.convert(dict(row.items()), ReviewedCard) for row in rows]


async def find_link(db: Reader, card_id: int) -> ReviewedCard | None:
    """One link, whether it trends or not."""
    row = await db.fetchrow(LINK, card_id)
    return None if row is None else msgspec.convert(dict(row.items()), ReviewedCard)


async def list_publishers(db: Reader, window: Window) -> list[Publisher]:
    """A page of publishers."""
    return as_records(Publisher, await db.fetch(window.choose(PUBLISHERS), window.below, window.above, window.limit))


async def find_publisher(db: Reader, publisher_id: int) -> Publisher | None:
    """One publisher."""
    rows = as_records(Publisher, await db.fetch(PUBLISHER, publisher_id))
    return rows[0] if rows else None


async def review(tx: Tx, kind: Kind, subject_id: int, reviewer_id: int, at: datetime, *, allowed: bool) -> None:
    """Write whether something may trend."""
    await tx.execute(REVIEW, kind, subject_id, allowed, reviewer_id, at)
