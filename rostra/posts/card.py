"""Link previews: the first link of a post is looked at in the background, and the post shows what it found.

A page has one card, whoever links to it. It is linked at once and shown when it was fetched; a card counts as fresh for
two weeks. Failures are quiet: a post without a preview is whole.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import msgspec
import structlog

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Invalid, Upstream
from rostra.kit.http import HttpClient
from rostra.kit.jobs import Kind, enqueue
from rostra.kit.objectstore import ObjectStore
from rostra.media.account_images import store_card_image
from rostra.media.attach import delete_objects
from rostra.media.image import CARD_LIMITS
from rostra.media.records import StoredCardImage
from rostra.media.workers import ImageWorkers
from rostra.posts import card_queries
from rostra.posts.card_queries import Card, CardContent
from rostra.posts.gate import card_subject
from rostra.screening.record import record_card
from rostra.screening.screen import Screen
from rostra.text.entities import Entities, find_entities
from rostra.text.preview import Preview, parse_preview
from rostra.text.urls import Urls

FRESH_FOR: Final = timedelta(days=14)
_ATTEMPTS: Final = 3
_RETRY_AFTER: Final = timedelta(minutes=2)
_PAGE_BYTES: Final = 4 << 20
_PAGE_SECONDS: Final = 10.0
_IMAGE_SECONDS: Final = 15.0
_HEADERS: Final = {"accept": "text/html,application/xhtml+xml;q=0.9"}
_TOO_MANY: Final = 429

log = structlog.get_logger()


class CardWanted(msgspec.Struct, frozen=True):
    """The payload of the job that looks at a page."""

    card_id: int
    attempt: int = 1


FETCH_CARD: Final = Kind("posts.fetch_card", CardWanted, priority=-5)


def find_card_link(entities: Entities, urls: Urls) -> str | None:
    """The address whose preview a post shows: its first link that leads elsewhere."""
    for link in entities.links:
        if urlsplit(link.url).netloc.lower() != urls.domain:
            return link.url.partition("#")[0]
    return None


async def link_card(db: Database, clock: Clock, urls: Urls, status_id: int) -> None:
    """Give a status the card of its first link, and have the page looked at unless that was done lately."""
    async with db.read() as conn:
        status = await card_queries.find_linked(conn, status_id)
    if status is None or status.has_media:
        return
    url = find_card_link(find_entities(status.text, domain=urls.domain), urls)
    if url is None:
        return
    async with db.transaction() as tx:
        card = await card_queries.lock_card_of(tx, url, clock.now())
        await card_queries.link(tx, status_id, card, status.revision)
        if not _is_fresh(card, clock):
            await _want(tx, CardWanted(card.id), clock)


async def fetch_card(
    db: Database,
    clock: Clock,
    http: HttpClient,
    store: ObjectStore,
    images: ImageWorkers,
    screen: Screen,
    wanted: CardWanted,
) -> None:
    """Look at a card's page and keep what it says of itself, unless the policy would not have it said; a server that
    fails is asked again a few times."""
    async with db.read() as conn:
        card = await card_queries.find_card(conn, wanted.card_id)
    if card is None or _is_fresh(card, clock):
        return
    try:
        preview = await _read_page(http, card.url)
    except Upstream as error:
        await _give_up_or_retry(db, clock, wanted, error)
        return
    judgement = image = None
    if preview is not None:
        image = await _store_image(http, store, images, preview)
        judgement = await screen.judge(db, card_subject(preview, image))
        if judgement.rejected:
            preview = None
            await delete_objects(store, [image.key if image else None])
    async with db.transaction() as tx:
        if judgement is not None:
            await record_card(tx, judgement, clock.now(), card.id)
        if preview is None:
            await card_queries.touch(tx, card.id, clock.now())
        else:
            await card_queries.store(tx, card.id, _content(preview, image), clock.now())
    if preview is not None:
        await delete_objects(store, [card.image_key])


def _is_fresh(card: Card, clock: Clock) -> bool:
    return card.fetched_at is not None and card.fetched_at > clock.now() - FRESH_FOR


async def _want(tx: Tx, wanted: CardWanted, clock: Clock) -> None:
    """Queue the look at a page, once however many link to it at the same time."""
    late = _RETRY_AFTER * 2 ** (wanted.attempt - 2) if wanted.attempt > 1 else timedelta()
    job = FETCH_CARD.job(
        wanted,
        run_at=clock.now() + late if late else None,
        dedupe_key=f"card {wanted.card_id} {wanted.attempt}",
    )
    await enqueue(tx, [job])


async def _give_up_or_retry(db: Database, clock: Clock, wanted: CardWanted, error: Upstream) -> None:
    log.info("a page could not be previewed", attempt=wanted.attempt, reason=error.operator_text)
    async with db.transaction() as tx:
        if wanted.attempt < _ATTEMPTS:
            await _want(tx, CardWanted(wanted.card_id, wanted.attempt + 1), clock)
        else:
            await card_queries.touch(tx, wanted.card_id, clock.now())


async def _read_page(http: HttpClient, url: str) -> Preview | None:
    """The page's preview, or None where it has none. Raises Upstream for what may go better another time."""
    answer = await http.get(url, headers=_HEADERS, max_bytes=_PAGE_BYTES, deadline=_PAGE_SECONDS)
    if answer.status >= 500 or answer.status == _TOO_MANY:
        raise Upstream(f"{urlsplit(url).netloc} answers {answer.status}")
    if answer.status != 200:
        return None
    kind = answer.headers.get("content-type", "")
    return await asyncio.to_thread(parse_preview, answer.body, kind, answer.url)


async def _store_image(
    http: HttpClient, store: ObjectStore, images: ImageWorkers, preview: Preview
) -> StoredCardImage | None:
    """The page's picture, kept here; None where there is none that can be used."""
    if preview.image_url is None:
        return None
    try:
        answer = await http.get(preview.image_url, max_bytes=CARD_LIMITS.size, deadline=_IMAGE_SECONDS)
        return await store_card_image(store, images, answer.body) if answer.status == 200 else None
    except (Upstream, Invalid):
        return None


def _content(preview: Preview, image: StoredCardImage | None) -> CardContent:
    return CardContent(
        title=preview.title,
        description=preview.description,
        language=preview.language,
        type=preview.type,
        author_name=preview.author_name,
        author_url=preview.author_url or "",
        provider_name=preview.provider_name,
        provider_url=preview.provider_url,
        image_key=image.key if image else None,
        image_description=preview.image_description if image else "",
        width=image.width if image else 0,
        height=image.height if image else 0,
        blurhash=image.blurhash if image else None,
        published_at=preview.published_at,
    )
