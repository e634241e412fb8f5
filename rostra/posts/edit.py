"""Editing one's own status: what it was is kept, what it becomes is derived anew from its text.

It is judged first, as it will be. Then everything happens in one transaction on the locked row, so that two edits at
once follow each other; there is no network in it. Who hears of an edit is the business of the event's handlers.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET

from rostra.events import Emit, StatusEdited, StatusRejudged
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Invalid, NotFound
from rostra.media.attach import release_media
from rostra.media.records import Focus
from rostra.media.upload import check_description, parse_focus
from rostra.posts import edit_queries, poll_queries, queries
from rostra.posts.card import find_card_link
from rostra.posts.compose import Composed, clean_texts, compose
from rostra.posts.draft import MIN_POLL_SECONDS, check_draft, clean_poll
from rostra.posts.edit_queries import OwnStatus
from rostra.posts.gate import draft_subject
from rostra.posts.poll_queries import LockedPoll
from rostra.posts.publish import find_media
from rostra.posts.records import Author, Draft, Edit, MediaPart, PollDraft
from rostra.posts.render import refresh_statuses, render_media
from rostra.posts.vote import change_poll, open_poll, resets_votes
from rostra.posts.withhold import lock_status, put_back, withhold
from rostra.posts.withhold_queries import Subject
from rostra.screening.judgement import Judgement
from rostra.screening.record import record_edit
from rostra.screening.screen import Screen
from rostra.text.urls import Urls


class _Changes(msgspec.Struct, frozen=True, kw_only=True):
    """A checked edit: what the status will be, beside what it was."""

    before: OwnStatus
    poll_before: LockedPoll | None
    media_before: list[MediaPart]
    composed: Composed
    sensitive: bool
    language: str | None
    media: list[MediaPart]
    media_edits: dict[int, _MediaChange]
    poll: PollDraft | None
    keeps_poll: bool

    @property
    def poll_changed(self) -> bool:
        """Whether there is another poll; a new time to end is no change by itself."""
        if self.poll is None or self.poll_before is None:
            return (self.poll is None) != (self.poll_before is None)
        return resets_votes(self.poll_before, self.poll) or self.poll_before.hide_totals != self.poll.hide_totals

    @property
    def changes_anything(self) -> bool:
        """Whether a reader would see another status."""
        before, after = self.before, self.composed
        return (
            (before.text, before.spoiler_text) != (after.text, after.spoiler_text)
            or (before.sensitive, before.language) != (self.sensitive, self.language)
            or before.media_ids != [media.id for media in self.media]
            or any(change.changes(media) for media in self.media if (change := self.media_edits.get(media.id)))
            or self.poll_changed
        )


class _MediaChange(msgspec.Struct, frozen=True, kw_only=True):
    """What an edit says of one attachment; a tuple of one where it says something."""

    description: tuple[str | None] | None
    focus: tuple[Focus | None] | None

    def changes(self, media: MediaPart) -> bool:
        """Whether the attachment is not so already."""
        point = Focus(media.focus_x, media.focus_y) if media.focus_x is not None and media.focus_y is not None else None
        return self.description not in (None, (media.description,)) or self.focus not in (None, (point,))


async def edit(
    db: Database, clock: Clock, urls: Urls, emit: Emit, screen: Screen, *, author: Author, status_id: int, wanted: Edit
) -> None:
    """Make the author's status what `wanted` says. One that would show nothing new changes nothing.

    Raises NotFound, Invalid for what the author can mend, and Rejected for what the policy refuses.
    """
    at = clock.now()
    judgement = await _judge(db, urls, screen, author, status_id, wanted)
    async with db.transaction() as tx:
        status = await lock_status(tx, status_id)
        before = await edit_queries.lock_own(tx, status_id, author.account_id)
        if before is None or status is None:
            raise NotFound
        if status.withheld == "refused":
            raise Invalid("status", "was removed by moderation: appeal against it, or write a new post")
        changes = await _check(tx, urls, author, before, wanted)
        if not changes.changes_anything:
            return
        await _keep(tx, urls, changes)
        await _write(tx, urls, changes, author, at)
        await record_edit(
            tx, judgement, at, status_id=status_id, account_id=author.account_id, revision=before.revision + 1
        )
        verdict = judgement.verdict
        await edit_queries.set_reach(tx, status_id, limited=verdict.limited, interaction_off=verdict.interaction_off)
        await refresh_statuses(tx, [status_id], urls)
        await _show(tx, emit, status, judgement, changes, at)


async def _judge(db: Database, urls: Urls, screen: Screen, author: Author, status_id: int, wanted: Edit) -> Judgement:
    """What the policy says of the status as it will be. Nothing is locked meanwhile: what another edit changes at the
    same moment is judged with that one."""
    async with db.read() as conn:
        before = await edit_queries.find_own(conn, status_id, author.account_id)
        if before is None:
            raise NotFound
        poll = wanted.poll and clean_poll(wanted.poll) if wanted.poll is not UNSET else None
        text, spoiler_text = clean_texts(wanted.text, wanted.spoiler_text, alone=not wanted.media_ids and not poll)
        composed = await compose(conn, urls, author.account_id, text, spoiler_text)
        media = await find_media(conn, author.account_id, wanted.media_ids, status_id=status_id)
    described = {change.id: change.description for change in wanted.media_edits if change.description is not None}
    media = [
        msgspec.structs.replace(picture, description=described.get(picture.id, picture.description))
        for picture in media
    ]
    draft = Draft(
        text=text,
        spoiler_text=spoiler_text,
        visibility=before.visibility,
        sensitive=before.sensitive if wanted.sensitive is None else wanted.sensitive,
        language=wanted.language or before.language,
        in_reply_to_id=before.in_reply_to_id,
        media_ids=wanted.media_ids,
        poll=poll or None,
    )
    # What is refused anyhow is not worth reading, nor a verdict.
    check_draft(draft, urls.domain, composed.entities)
    _check_media_edits(wanted)
    return await screen.admit(db, draft_subject("edit", author.account_id, draft, composed, media, status_id=status_id))


async def _show(tx: Tx, emit: Emit, status: Subject, judgement: Judgement, changes: _Changes, at: datetime) -> None:
    """Take the edited status out of sight, put it back, or say that it was edited."""
    await emit(tx, StatusRejudged(status_id=status.id))
    if judgement.withheld is not None:
        await withhold(tx, emit, status, judgement.withheld)
    elif status.withheld is not None:
        await put_back(tx, emit, status, at, fresh=True)
    else:
        links = bool(changes.composed.entities.links)
        await emit(tx, StatusEdited(status_id=status.id, account_id=status.account_id, has_links=links))


async def _check(tx: Tx, urls: Urls, author: Author, before: OwnStatus, wanted: Edit) -> _Changes:
    poll_before = await poll_queries.lock_poll(tx, before.id) if before.has_poll else None
    poll = _choose_poll(wanted, poll_before)
    alone = not wanted.media_ids and poll is None
    text, spoiler_text = clean_texts(wanted.text, wanted.spoiler_text, alone=alone)
    language = before.language if wanted.language is None else wanted.language
    composed = await compose(tx, urls, author.account_id, text, spoiler_text)
    draft = Draft(text=text, spoiler_text=spoiler_text, language=language, media_ids=wanted.media_ids, poll=poll)
    check_draft(draft, urls.domain, composed.entities)
    sensitive = before.sensitive if wanted.sensitive is None else wanted.sensitive
    return _Changes(
        before=before,
        poll_before=poll_before,
        media_before=await find_media(tx, author.account_id, before.media_ids, status_id=before.id),
        composed=composed,
        sensitive=sensitive or bool(spoiler_text),
        language=language,
        media=await find_media(tx, author.account_id, wanted.media_ids, status_id=before.id),
        media_edits=_check_media_edits(wanted),
        poll=poll,
        keeps_poll=wanted.poll is UNSET,
    )


def _choose_poll(wanted: Edit, before: LockedPoll | None) -> PollDraft | None:
    if wanted.poll is not UNSET:
        return wanted.poll and clean_poll(wanted.poll)
    if before is None:
        return None
    # When it ends does not matter: it is not written.
    return PollDraft(
        options=before.options,
        multiple=before.multiple,
        hide_totals=before.hide_totals,
        expires_in=MIN_POLL_SECONDS,
    )


def _check_media_edits(wanted: Edit) -> dict[int, _MediaChange]:
    changes: dict[int, _MediaChange] = {}
    for change in wanted.media_edits:
        if change.id not in wanted.media_ids:
            raise Invalid("media_attributes", "name a file that the post does not have")
        changes[change.id] = _MediaChange(
            description=None if change.description is None else (check_description(change.description),),
            focus=None if change.focus is None else (parse_focus(change.focus),),
        )
    return changes


async def _keep(tx: Tx, urls: Urls, changes: _Changes) -> None:
    media: list[dict[str, Any]] = [msgspec.to_builtins(render_media(part, urls)) for part in changes.media_before]
    poll = changes.poll_before
    await edit_queries.keep_revision(tx, changes.before, media, poll.options if poll else None)


async def _write(tx: Tx, urls: Urls, changes: _Changes, author: Author, at: datetime) -> None:
    before, composed = changes.before, changes.composed
    link = None if changes.media else find_card_link(composed.entities, urls)
    same_card = link is not None and link == before.card_url
    await edit_queries.update_status(
        tx,
        before.id,
        text=composed.text,
        content=composed.content,
        spoiler_text=composed.spoiler_text,
        sensitive=changes.sensitive,
        language=changes.language,
        has_poll=changes.poll is not None,
        card_id=before.card_id if same_card else None,
        at=at,
    )
    mentioned = [account.id for account in composed.mentioned]
    await edit_queries.delete_mentions_except(tx, before.id, mentioned)
    await queries.insert_mentions(tx, before.id, mentioned)
    await _write_tags(tx, before, composed, author.account_id, at)
    await _write_media(tx, changes, author.account_id, at)
    await _write_poll(tx, changes, author.account_id, at)


async def _write_tags(tx: Tx, before: OwnStatus, composed: Composed, author_id: int, at: datetime) -> None:
    gone = [name for name in before.tags if name not in composed.tags]
    new = [(name, shown) for name, shown in composed.tags.items() if name not in before.tags]
    if gone:
        await edit_queries.delete_tags(tx, before.id, gone)
    if new:
        await queries.insert_tags(
            tx, before.id, new, account_id=author_id, at=at, count=before.is_listed and not before.is_withheld
        )


async def _write_media(tx: Tx, changes: _Changes, author_id: int, at: datetime) -> None:
    before, ids = changes.before, [media.id for media in changes.media]
    if before.media_ids != ids:
        await release_media(tx, before.id, at, keep=ids)
        await _attach(tx, before.id, ids, author_id)
    for media_id, change in changes.media_edits.items():
        await edit_queries.update_media(tx, before.id, media_id, description=change.description, focus=change.focus)


async def _attach(tx: Tx, status_id: int, ids: Sequence[int], author_id: int) -> None:
    if await queries.attach_media(tx, status_id, ids, author_id) != len(ids):
        raise Invalid("media_ids", "name a file that was attached by another request")


async def _write_poll(tx: Tx, changes: _Changes, author_id: int, at: datetime) -> None:
    status_id = changes.before.id
    if changes.keeps_poll:
        return
    if changes.poll is not None and changes.poll_before is not None:
        await change_poll(tx, changes.poll_before, changes.poll, at)
    elif changes.poll is not None:
        await open_poll(tx, changes.poll, status_id=status_id, account_id=author_id, at=at)
    elif changes.poll_before is not None:
        await poll_queries.delete_poll(tx, status_id)
