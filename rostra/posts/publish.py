"""Publishing a status: prepare (read, check, screen, render), commit (one short transaction, for most one statement),
and the event that starts its effects. What the policy holds is written too, for its author only, and has no effects
until it is released.

Boosts are in `boost`, edits in `edit`, what is posted later in `schedule`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from rostra.accounts.queries import Emoji, Mentionable, find_emojis
from rostra.accounts.render import shortcodes_in
from rostra.events import Emit, StatusPublished
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader, Tx
from rostra.kit.errors import Conflict, Forbidden, Invalid, NotFound
from rostra.kit.jobs import Basket
from rostra.levers.pace import keep_pace
from rostra.posts import queries
from rostra.posts.compose import Composed, clean_texts, compose
from rostra.posts.draft import check_draft, clean_poll
from rostra.posts.gate import draft_subject
from rostra.posts.labelled import check_levers
from rostra.posts.once import Key, make_once
from rostra.posts.publish_queries import insert_status
from rostra.posts.queries import Parent, Start
from rostra.posts.records import Author, Draft, Made, MediaPart, Published, StatusParts, Written
from rostra.posts.render import render_static
from rostra.posts.vote import open_poll
from rostra.relationships.follow import HAS_MOVED
from rostra.screening.judgement import Judgement
from rostra.screening.near_queries import stored_form
from rostra.screening.record import follow_verdict, is_followed, status_entry
from rostra.screening.screen import Screen
from rostra.text.urls import Urls


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A checked draft with all that was looked up for it."""

    draft: Draft
    start: Start
    composed: Composed
    emojis: list[Emoji]
    media: list[MediaPart]
    parent: Parent | None
    judgement: Judgement
    # Whether somebody wants to be told of each post of the author.
    rings: bool

    @property
    def is_one_row(self) -> bool:
        """Whether one statement writes all there is to write."""
        draft, composed = self.draft, self.composed
        more = self.parent or composed.mentioned or composed.tags or self.media or draft.poll or self.judgement.pace
        return not more and not is_followed(self.judgement)

    @property
    def shows_as_written(self) -> bool:
        """Whether its author sees the very row that was written: nothing was added to it, and nobody has muted a
        conversation that only begins."""
        return self.parent is None and self.draft.poll is None and not is_followed(self.judgement)


class UnexpectedMentions(Invalid):
    """The text mentions accounts that the client did not list in `allowed_mentions`; `account_ids` are they."""

    def __init__(self, account_ids: Sequence[int]) -> None:
        self.account_ids = account_ids
        super().__init__("status", "mentions accounts that were not expected")


async def publish(
    db: Database,
    clock: Clock,
    urls: Urls,
    emit: Emit,
    screen: Screen,
    *,
    author: Author,
    draft: Draft,
    idempotency_key: str | None = None,
) -> Published:
    """Publish `draft` as `author` and return the new status, or the one which an earlier request with the same key
    made. Acknowledged means committed.

    Raises Invalid for what the author can mend, Rejected for what the policy refuses, NotFound where the parent is not
    to be seen, and Conflict where the key was used for a scheduled status; TooSoon and LeverRefused while a crisis
    lever stands against it.
    """
    at = clock.now()
    written: Written | None = None

    async def write_and_tell(tx: Tx, prepared: Prepared, key: Key | None) -> Made:
        nonlocal written
        judgement = prepared.judgement
        # First the key: a request's twin is no second post.
        written = await write(tx, urls, emit, author=author, prepared=prepared, at=at, key=key)
        await keep_pace(tx, screen.levers, author.account_id, judgement.pace, at, locale=judgement.locale)
        return Made(written.status_id)

    made = await make_once(
        db,
        clock,
        author.account_id,
        idempotency_key,
        lambda: prepare(db, urls, screen, author=author, draft=draft, at=at),
        write_and_tell,
        is_one_statement=lambda prepared: prepared.is_one_row,
    )
    if made.status_id is None:
        raise Conflict("This idempotency key was used for a scheduled post")
    return Published(made.status_id, written)


async def prepare(
    db: Database,
    urls: Urls,
    screen: Screen,
    *,
    author: Author,
    draft: Draft,
    at: datetime,
    scheduled_id: int | None = None,
) -> Prepared:
    """Check a draft, look up whatever it names, and have it judged. `scheduled_id` is the scheduled status that it was:
    that one is held where another would be refused, for its author is not there to mend it.

    Raises Invalid, NotFound, Rejected, LeverRefused, and Forbidden where the author has moved to another account.
    """
    poll = draft.poll and clean_poll(draft.poll)
    text, spoiler_text = clean_texts(draft.text, draft.spoiler_text, alone=not draft.media_ids and poll is None)
    draft = msgspec.structs.replace(draft, text=text, spoiler_text=spoiler_text, poll=poll)
    async with db.read() as conn:
        composed = await compose(conn, urls, author.account_id, text, spoiler_text)
        check_draft(draft, urls.domain, composed.entities)
        _check_mentions(draft, composed.mentioned, author)
        parent = await _find_parent(conn, author, draft)
        media = await find_media(conn, author.account_id, draft.media_ids, scheduled_id=scheduled_id)
        codes = shortcodes_in(text, spoiler_text, *(draft.poll.options if draft.poll else ()))
        emojis = await find_emojis(conn, sorted(codes))
    subject = draft_subject("post", author.account_id, draft, composed, media)
    judgement = await screen.admit(db, subject, waits=scheduled_id is not None)
    known = judgement.author
    if known is None:
        raise NotFound
    if known.has_moved:
        raise Forbidden(HAS_MOVED)
    if parent is not None:
        await check_levers(db, screen.levers, parent, "reply", at, judgement.locale)
    return Prepared(
        draft=draft,
        start=Start(id=known.next_id, app_name=known.app_name, app_website=known.app_website),
        composed=composed,
        emojis=emojis,
        media=media,
        parent=parent,
        judgement=judgement,
        rings=known.rings,
    )


async def write(
    tx: Tx, urls: Urls, emit: Emit, *, author: Author, prepared: Prepared, at: datetime, key: Key | None = None
) -> Written:
    """Write a prepared status, and the key that it was asked for with, and say that it was published. Raises NotFound
    where the parent and Invalid where a file has gone since it was prepared."""
    draft, parent, status_id = prepared.draft, prepared.parent, prepared.start.id
    judgement, verdict = prepared.judgement, prepared.judgement.verdict
    basket = Basket()
    if judgement.withheld is None:
        await emit(basket.tx, _event(prepared, author.account_id))
    if parent is not None and not await queries.count_reply(tx, parent.id, listed=_counts(prepared)):
        raise NotFound(_NO_PARENT)
    parts = _parts(prepared, author, urls, at)
    rendered = render_static(parts, prepared.emojis, urls)
    row = await insert_status(
        tx,
        parts,
        account_id=author.account_id,
        conversation_id=parent.conversation_id if parent else None,
        app_id=draft.app_id,
        rendered=rendered,
        fingerprint=urls.fingerprint,
        withheld=judgement.withheld,
        limited=verdict.limited,
        interaction_off=verdict.interaction_off,
        at=at,
        verdict=status_entry(judgement, status_id, author.account_id),
        signature=stored_form(judgement.signature, at),
        jobs=basket.jobs,
        key=key.digest if key else None,
    )
    await _write_parts(tx, prepared, author.account_id, at)
    if is_followed(judgement):
        await follow_verdict(tx, judgement, at, row["event_id"], status_id=status_id, account_id=author.account_id)
    return Written(status_id, row, rendered, stays=prepared.shows_as_written)


async def find_media(
    conn: Reader, account_id: int, ids: Sequence[int], *, scheduled_id: int | None = None, status_id: int | None = None
) -> list[MediaPart]:
    """The account's files with these ids, in this order: those that nothing uses, and those of the scheduled or posted
    status that asks for them. Raises Invalid where there are others."""
    if not ids:
        return []
    media = await queries.find_own_media(conn, account_id, ids, scheduled_id=scheduled_id, status_id=status_id)
    if len(media) != len(ids):
        raise Invalid("media_ids", "name a file that does not exist or is attached already")
    return media


_NO_PARENT = "The post that you are replying to does not exist"


async def _find_parent(conn: Reader, author: Author, draft: Draft) -> Parent | None:
    if draft.in_reply_to_id is None:
        return None
    parent = await queries.find_subject(conn, author.account_id, draft.in_reply_to_id)
    if parent is None:
        raise NotFound(_NO_PARENT)
    if parent.is_closed:
        raise Invalid("in_reply_to_id", "names a post that takes no replies: moderation has closed it")
    return parent


def _check_mentions(draft: Draft, mentioned: Sequence[Mentionable], author: Author) -> None:
    if draft.allowed_mentions is None:
        return
    allowed = {*draft.allowed_mentions, author.account_id}
    if unexpected := [account.id for account in mentioned if account.id not in allowed]:
        raise UnexpectedMentions(unexpected)


def _counts(prepared: Prepared) -> bool:
    """Whether everybody may see it. What only some may see is not counted where everybody sees the count."""
    return prepared.draft.visibility in ("public", "unlisted") and prepared.judgement.withheld is None


async def _write_parts(tx: Tx, prepared: Prepared, author_id: int, at: datetime) -> None:
    draft, composed, status_id = prepared.draft, prepared.composed, prepared.start.id
    if composed.mentioned:
        await queries.insert_mentions(tx, status_id, [account.id for account in composed.mentioned])
    if composed.tags:
        tags = list(composed.tags.items())
        await queries.insert_tags(tx, status_id, tags, account_id=author_id, at=at, count=_counts(prepared))
    if prepared.media:
        ids = [media.id for media in prepared.media]
        if await queries.attach_media(tx, status_id, ids, author_id) != len(ids):
            raise Invalid("media_ids", "name a file that was attached by another request")
    if draft.poll is not None:
        await open_poll(tx, draft.poll, status_id=status_id, account_id=author_id, at=at)


def _parts(prepared: Prepared, author: Author, urls: Urls, at: datetime) -> StatusParts:
    draft, parent, start, composed = prepared.draft, prepared.parent, prepared.start, prepared.composed
    return StatusParts(
        id=start.id,
        uri=urls.status_uri(author.username, start.id),
        url=urls.status(author.username, start.id),
        content=composed.content,
        text=composed.text,
        spoiler_text=composed.spoiler_text,
        visibility=draft.visibility,
        sensitive=draft.sensitive or bool(composed.spoiler_text),
        language=draft.language,
        in_reply_to_id=parent.id if parent else None,
        in_reply_to_account_id=parent.account_id if parent else None,
        created_at=at,
        app_name=start.app_name,
        app_website=start.app_website,
        media=prepared.media,
        mentions=composed.mention_parts,
        tags=composed.tag_parts,
        poll_options=draft.poll.options if draft.poll else [],
    )


def _event(prepared: Prepared, author_id: int) -> StatusPublished:
    return StatusPublished(
        status_id=prepared.start.id,
        account_id=author_id,
        visibility=prepared.draft.visibility,
        has_mentions=bool(prepared.composed.mentioned),
        is_reply=prepared.parent is not None,
        has_links=bool(prepared.composed.entities.links) and not prepared.media,
        poll_id=prepared.start.id if prepared.draft.poll else None,
        rings=prepared.rings,
        restricted=prepared.judgement.restricts,
    )
