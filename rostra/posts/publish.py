"""Publishing a status: prepare (read, check, render), commit (one short transaction), and the event that starts its
effects. Boosts are in `boost`, edits in `edit`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from rostra.accounts.queries import Emoji, Mentionable, find_emojis, find_mentionable
from rostra.accounts.records import Viewer
from rostra.accounts.render import shortcodes_in
from rostra.events import Emit, StatusPublished
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader, Tx
from rostra.kit.errors import Invalid, NotFound
from rostra.posts import queries
from rostra.posts.draft import MAX_MEDIA, check_draft
from rostra.posts.queries import Parent
from rostra.posts.records import Draft, MediaPart, MentionPart, StatusParts, TagPart
from rostra.posts.render import render_static
from rostra.text.entities import Entities, MentionKey
from rostra.text.format import MentionTarget, clean_text, find_entities, render_html
from rostra.text.urls import Urls


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A checked draft with all that was looked up for it."""

    draft: Draft
    entities: Entities
    content: str
    # Canonical form to how it was written.
    tags: dict[str, str]
    mentioned: list[Mentionable]
    emojis: list[Emoji]
    media: list[MediaPart]
    parent: Parent | None
    app: tuple[str | None, str | None]


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
    *,
    author: Viewer,
    draft: Draft,
    idempotency_key: str | None = None,
    scheduled_status_id: int | None = None,
) -> int:
    """Publish `draft` as `author` and return the new status's id, or that of the one which an earlier request with the
    same key made. Acknowledged means committed.

    Raises Invalid for what the author can mend and NotFound where the parent is not to be seen.
    """
    prepared = await prepare(db, urls, author=author, draft=draft, scheduled_status_id=scheduled_status_id)
    at = clock.now()
    async with db.transaction() as tx:
        if idempotency_key:
            earlier = await queries.lock_key(tx, author.account_id, idempotency_key)
            if earlier and earlier[0] is not None:
                return earlier[0]
        status_id = await _write(tx, prepared, author, urls, at)
        if idempotency_key:
            await queries.keep_key(
                tx, author.account_id, idempotency_key, status_id=status_id, scheduled_status_id=None, at=at
            )
        await emit(tx, _event(prepared, author.account_id, status_id))
    return status_id


async def prepare(
    db: Database, urls: Urls, *, author: Viewer, draft: Draft, scheduled_status_id: int | None = None
) -> Prepared:
    """Check a draft and look up whatever it names. Reads only. Raises Invalid and NotFound."""
    draft = msgspec.structs.replace(draft, text=clean_text(draft.text), spoiler_text=clean_text(draft.spoiler_text))
    check_draft(draft, urls.domain)
    entities = find_entities(draft.text, domain=urls.domain)
    async with db.read() as conn:
        parent = await _find_parent(conn, author, draft)
        media = await _find_media(conn, author, draft, scheduled_status_id)
        mentioned = await find_mentionable(conn, sorted({mention.key for mention in entities.mentions}, key=str))
        codes = shortcodes_in(draft.text, draft.spoiler_text, *(draft.poll.options if draft.poll else ()))
        emojis = await find_emojis(conn, sorted(codes))
        app = await queries.find_app_name(conn, draft.app_id)
    _check_mentions(draft, mentioned, author)
    return Prepared(
        draft=draft,
        entities=entities,
        content=render_html(
            draft.text,
            domain=urls.domain,
            mentions=mention_targets(mentioned),
            tag_base=urls.tag(""),
            entities=entities,
        ),
        tags=distinct_tags(entities),
        mentioned=mentioned,
        emojis=emojis,
        media=media,
        parent=parent,
        app=app,
    )


def mention_targets(mentioned: Sequence[Mentionable]) -> dict[MentionKey, MentionTarget]:
    """Where the mentions of a text lead."""
    return {
        (account.username.lower(), account.domain): MentionTarget(
            url=account.url, username=account.username, acct=account.acct
        )
        for account in mentioned
    }


def distinct_tags(entities: Entities) -> dict[str, str]:
    """The hashtags of a text: canonical form to how it was first written."""
    tags: dict[str, str] = {}
    for hashtag in entities.hashtags:
        tags.setdefault(hashtag.tag, hashtag.name)
    return tags


async def _find_parent(conn: Reader, author: Viewer, draft: Draft) -> Parent | None:
    if draft.in_reply_to_id is None:
        return None
    parent = await queries.find_parent(conn, author.account_id, draft.in_reply_to_id)
    if parent is not None and parent.reblog_of_id is not None:
        parent = await queries.find_parent(conn, author.account_id, parent.reblog_of_id)
    if parent is None:
        raise NotFound("The status that you are replying to does not exist")
    return parent


async def _find_media(conn: Reader, author: Viewer, draft: Draft, scheduled_status_id: int | None) -> list[MediaPart]:
    if len(draft.media_ids) > MAX_MEDIA:
        raise Invalid("media_ids", f"must not name more than {MAX_MEDIA} files")
    if not draft.media_ids:
        return []
    media = await queries.find_own_media(conn, author.account_id, draft.media_ids, scheduled_status_id)
    if len(media) != len(set(draft.media_ids)):
        raise Invalid("media_ids", "name a file that does not exist or is attached already")
    return media


def _check_mentions(draft: Draft, mentioned: Sequence[Mentionable], author: Viewer) -> None:
    if draft.allowed_mentions is None:
        return
    allowed = {*draft.allowed_mentions, author.account_id}
    if unexpected := [account.id for account in mentioned if account.id not in allowed]:
        raise UnexpectedMentions(unexpected)


async def _write(tx: Tx, prepared: Prepared, author: Viewer, urls: Urls, at: datetime) -> int:
    draft, parent = prepared.draft, prepared.parent
    status_id = await queries.next_id(tx, at)
    parts = _parts(prepared, author, urls, status_id, at)
    conversation_id = parent.conversation_id if parent else status_id
    if parent is None:
        await queries.insert_conversation(tx, conversation_id, at)
    await queries.insert_status(
        tx,
        parts,
        account_id=author.account_id,
        conversation_id=conversation_id,
        reblog_of_id=None,
        app_id=draft.app_id,
        rendered=render_static(parts, prepared.emojis, urls),
        fingerprint=urls.fingerprint,
    )
    await _write_parts(tx, prepared, author.account_id, status_id, at)
    return status_id


async def _write_parts(tx: Tx, prepared: Prepared, author_id: int, status_id: int, at: datetime) -> None:
    draft = prepared.draft
    if prepared.mentioned:
        await queries.insert_mentions(tx, status_id, [account.id for account in prepared.mentioned])
    if prepared.tags:
        tags = list(prepared.tags.items())
        seen = draft.visibility in ("public", "unlisted")
        await queries.insert_tags(tx, status_id, tags, account_id=author_id, at=at, count=seen)
    if prepared.media:
        ids = [media.id for media in prepared.media]
        if await queries.attach_media(tx, status_id, ids, author_id) != len(ids):
            raise Invalid("media_ids", "name a file that was attached by another request")
    if draft.poll is not None:
        await queries.insert_poll(
            tx,
            poll_id=status_id,
            status_id=status_id,
            account_id=author_id,
            options=draft.poll.options,
            multiple=draft.poll.multiple,
            hide_totals=draft.poll.hide_totals,
            expires_at=at + timedelta(seconds=draft.poll.expires_in),
            at=at,
        )


def _parts(prepared: Prepared, author: Viewer, urls: Urls, status_id: int, at: datetime) -> StatusParts:
    draft, parent = prepared.draft, prepared.parent
    return StatusParts(
        id=status_id,
        uri=urls.status_uri(author.username, status_id),
        url=urls.status(author.username, status_id),
        content=prepared.content,
        text=draft.text,
        spoiler_text=draft.spoiler_text,
        visibility=draft.visibility,
        sensitive=draft.sensitive or bool(draft.spoiler_text),
        language=draft.language,
        in_reply_to_id=parent.id if parent else None,
        in_reply_to_account_id=parent.account_id if parent else None,
        created_at=at,
        app_name=prepared.app[0],
        app_website=prepared.app[1],
        media=prepared.media,
        mentions=[
            MentionPart(id=account.id, username=account.username, domain=account.domain, url=account.url)
            for account in prepared.mentioned
        ],
        tags=[TagPart(name=name, display_name=shown) for name, shown in sorted(prepared.tags.items())],
        poll_options=draft.poll.options if draft.poll else [],
    )


def _event(prepared: Prepared, author_id: int, status_id: int) -> StatusPublished:
    return StatusPublished(
        status_id=status_id,
        account_id=author_id,
        visibility=prepared.draft.visibility,
        has_mentions=bool(prepared.mentioned),
        is_reply=prepared.parent is not None,
        has_links=bool(prepared.entities.links) and not prepared.media,
        poll_id=status_id if prepared.draft.poll else None,
    )
