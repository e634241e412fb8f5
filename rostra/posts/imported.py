"""Writing posts that were first posted elsewhere, at the time when they were posted. They are judged like any other,
and are no news: no home timeline, no stream, no notification, no count of what is talked about now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from rostra.accounts.queries import Emoji
from rostra.entities.account import Visibility
from rostra.events import Emit, StatusesImported
from rostra.kit.db import Database, Tx
from rostra.posts import imported_queries, queries
from rostra.posts.compose import Composed
from rostra.posts.imported_queries import Known, NewOrigin, Origin
from rostra.posts.publish_queries import insert_status
from rostra.posts.records import MediaPart, StatusParts
from rostra.posts.render import render_static
from rostra.screening.judgement import Judgement
from rostra.screening.near_queries import stored_form
from rostra.screening.record import follow_verdict, status_entry
from rostra.text.urls import Urls


class EndedPoll(msgspec.Struct, frozen=True, kw_only=True):
    """A poll that is over, with its votes."""

    options: list[str]
    votes: list[int]
    voters: int
    multiple: bool
    ended_at: datetime


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """A post that was read, composed and judged. `reply_to` is the address of what it answers, which is followed where
    that is a post of the same account."""

    id: int
    uri: str
    url: str
    created_at: datetime
    edited_at: datetime | None
    composed: Composed
    visibility: Visibility
    sensitive: bool
    language: str | None
    reply_to: str | None
    media: list[MediaPart]
    poll: EndedPoll | None
    judgement: Judgement


async def find_post_origin(db: Database, status_id: int) -> Origin | None:
    """Where a post was first posted, where that was elsewhere."""
    async with db.read() as conn:
        return await imported_queries.find_origin(conn, status_id)


async def write_imported(
    tx: Tx,
    urls: Urls,
    emit: Emit,
    *,
    account_id: int,
    username: str,
    import_id: int,
    proven: bool,
    posts: Sequence[Imported],
    known: Mapping[str, Known],
    emojis: Sequence[Emoji],
    at: datetime,
) -> None:
    """Write posts, the oldest first; `known` are those here already that they may answer, by address. `at` is now.

    The statements per post are those of publishing it; what concerns all of them is written at once.
    """
    there = dict(known)
    origins: list[NewOrigin] = []
    for post in posts:
        parent = there.get(post.reply_to or "")
        answers_url = None if parent else post.reply_to
        origins.append(NewOrigin(status_id=post.id, uri=post.uri, url=post.url, answers_url=answers_url))
        await _write_one(tx, urls, account_id, username, post, parent, emojis, at)
        there[post.uri] = Known(
            uri=post.uri,
            id=post.id,
            account_id=account_id,
            conversation_id=parent.conversation_id if parent else post.id,
            visibility=post.visibility,
        )
    if posts:
        await imported_queries.insert_origins(tx, account_id, import_id, origins, proven=proven)
        await imported_queries.set_edited(tx, {post.id: post.edited_at for post in posts if post.edited_at})
    shown = [post for post in posts if post.judgement.withheld is None]
    if shown:
        restricted = [post.id for post in shown if post.judgement.restricts]
        ids = [post.id for post in shown]
        await emit(tx, StatusesImported(account_id=account_id, status_ids=ids, restricted=restricted))


async def _write_one(
    tx: Tx,
    urls: Urls,
    account_id: int,
    username: str,
    post: Imported,
    parent: Known | None,
    emojis: Sequence[Emoji],
    at: datetime,
) -> None:
    judgement, verdict = post.judgement, post.judgement.verdict
    listed = post.visibility in ("public", "unlisted") and judgement.withheld is None
    if parent is not None and not await queries.count_reply(tx, parent.id, listed=listed):
        parent = None
    parts = _parts(urls, username, post, parent)
    row = await insert_status(
        tx,
        parts,
        account_id=account_id,
        conversation_id=parent.conversation_id if parent else None,
        app_id=None,
        rendered=render_static(parts, emojis, urls),
        fingerprint=urls.fingerprint,
        withheld=judgement.withheld,
        limited=verdict.limited,
        interaction_off=verdict.interaction_off,
        at=at,
        verdict=status_entry(judgement, post.id, account_id),
        signature=stored_form(judgement.signature, at),
        jobs=(),
    )
    if post.composed.mentioned:
        await queries.insert_mentions(tx, post.id, [account.id for account in post.composed.mentioned])
    if post.composed.tags:
        tags = list(post.composed.tags.items())
        await queries.insert_tags(tx, post.id, tags, account_id=account_id, at=at, count=False)
    if post.media:
        await queries.attach_media(tx, post.id, [media.id for media in post.media], account_id)
    if post.poll is not None:
        poll = msgspec.structs.asdict(post.poll)
        await imported_queries.insert_ended_poll(
            tx, status_id=post.id, account_id=account_id, at=post.created_at, **poll
        )
    await follow_verdict(tx, judgement, at, row["event_id"], status_id=post.id, account_id=account_id)


def _parts(urls: Urls, username: str, post: Imported, parent: Known | None) -> StatusParts:
    composed = post.composed
    return StatusParts(
        id=post.id,
        uri=urls.status_uri(username, post.id),
        url=urls.status(username, post.id),
        content=composed.content,
        text=composed.text,
        spoiler_text=composed.spoiler_text,
        visibility=post.visibility,
        sensitive=post.sensitive or bool(composed.spoiler_text),
        language=post.language,
        in_reply_to_id=parent.id if parent else None,
        in_reply_to_account_id=parent.account_id if parent else None,
        created_at=post.created_at,
        edited_at=post.edited_at,
        media=post.media,
        mentions=composed.mention_parts,
        tags=composed.tag_parts,
        poll_options=post.poll.options if post.poll else [],
    )
