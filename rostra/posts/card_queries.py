"""SQL of link previews.

Rows are locked in one order: the card, then the statuses that show it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx, find_record

LINKED: Final = """
select s.text, s.revision, s.card_id, exists (select from media_attachments m where m.status_id = s.id
    and m.removed_at is null) as has_media
from statuses s where s.id = $1
"""

# The update changes nothing but locks the row: whoever fetches it now will see the status that is linked here.
CARD_OF: Final = """
insert into preview_cards (id, url) values (make_id($2), $1)
on conflict (url) do update set url = excluded.url
returning id, url, image_key, fetched_at, usable
"""

CARD: Final = "select id, url, image_key, fetched_at, usable from preview_cards where id = $1"

LINK: Final = """
update statuses set card_id = $2, rendered_for = case when $4 then 0 else rendered_for end
where id = $1 and revision = $3
"""

STORE: Final = """
update preview_cards set title = $2, description = $3, language = $4, type = $5, author_name = $6, author_url = $7,
  provider_name = $8, provider_url = $9, image_key = $10, image_description = $11, width = $12, height = $13,
  blurhash = $14, published_at = $15, fetched_at = $16, usable = true
where id = $1
"""

TOUCH: Final = "update preview_cards set fetched_at = $2 where id = $1"

STALE: Final = """
with shown as materialized (select id from statuses where card_id = $1 order by id for no key update)
update statuses s set rendered_for = 0 from shown where s.id = shown.id
"""


class Linked(msgspec.Struct, frozen=True, kw_only=True):
    """A status as one that may have a card."""

    text: str
    revision: int
    card_id: int | None
    has_media: bool


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A page that somebody has linked to. Without `fetched_at` nobody has looked at it yet."""

    id: int
    url: str
    image_key: str | None
    fetched_at: datetime | None
    usable: bool


class CardContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a page says of itself, and its picture as it is stored here."""

    title: str
    description: str
    language: str | None
    type: str
    author_name: str
    author_url: str
    provider_name: str
    provider_url: str
    image_key: str | None
    image_description: str
    width: int
    height: int
    blurhash: str | None
    published_at: datetime | None


async def find_linked(db: Reader, status_id: int) -> Linked | None:
    """The status, unless it is gone."""
    return find_record(Linked, await db.fetchrow(LINKED, status_id))


async def lock_card_of(tx: Tx, url: str, at: datetime) -> Card:
    """The card of a page, made where there is none, locked until the transaction ends."""
    card = find_record(Card, await tx.fetchrow(CARD_OF, url, at))
    assert card is not None
    return card


async def find_card(db: Reader, card_id: int) -> Card | None:
    """The card, unless it is gone."""
    return find_record(Card, await db.fetchrow(CARD, card_id))


async def link(tx: Tx, status_id: int, card: Card, revision: int) -> None:
    """Give a status its card, unless it was edited since."""
    await tx.execute(LINK, status_id, card.id, revision, card.usable)


async def store(tx: Tx, card_id: int, content: CardContent, at: datetime) -> None:
    """Write a card, and have the statuses that show it rendered anew when they are next read."""
    await tx.execute(STORE, card_id, *(getattr(content, name) for name in CardContent.__struct_fields__), at)
    await tx.execute(STALE, card_id)


async def touch(tx: Tx, card_id: int, at: datetime) -> None:
    """Note that the page was looked at and gave nothing new."""
    await tx.execute(TOUCH, card_id, at)
