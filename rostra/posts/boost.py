"""Boosting a status and taking it back. A boost is a status of its own that shows another."""

from __future__ import annotations

from datetime import datetime

from rostra.entities.account import Visibility
from rostra.events import Emit, StatusDeleted, StatusPublished
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Forbidden, Invalid, NotFound
from rostra.levers.active import ActiveLevers
from rostra.posts import queries, reaction_queries
from rostra.posts.labelled import check_levers
from rostra.posts.queries import Parent, Start
from rostra.posts.records import Author, StatusParts
from rostra.posts.render import render_static
from rostra.text.urls import Urls


async def boost(
    db: Database,
    clock: Clock,
    urls: Urls,
    emit: Emit,
    levers: ActiveLevers,
    *,
    author: Author,
    status_id: int,
    visibility: Visibility,
    app_id: int | None = None,
    locale: str = "en",
) -> int:
    """Boost a status (or what it boosts) and return the boost's id; a second time that is the first boost.

    `visibility` may be public, unlisted or private; one's own followers-only post can be boosted to one's followers
    only. Raises NotFound; Forbidden for what only some may see, and for the posts of somebody whom one has blocked;
    LeverRefused, in the language `locale`, where a crisis lever stands against it.
    """
    if visibility == "direct":
        raise Invalid("visibility", "of a boost cannot be direct")
    at = clock.now()
    async with db.read() as conn:
        subject = await queries.find_subject(conn, author.account_id, status_id)
        if subject is None:
            raise NotFound
        _check_boost(subject, author.account_id)
        start = await queries.find_start(conn, at, app_id, author.account_id)
    await check_levers(db, levers, subject, "boost", at, locale)
    parts = _parts(start, urls, author, "private" if subject.visibility == "private" else visibility, at)
    async with db.transaction() as tx:
        if not await reaction_queries.lock_counts(tx, subject.id):
            raise NotFound
        made = await reaction_queries.insert_boost(
            tx,
            parts,
            account_id=author.account_id,
            subject_id=subject.id,
            conversation_id=subject.conversation_id,
            app_id=app_id,
            rendered=render_static(parts, (), urls),
            fingerprint=urls.fingerprint,
        )
        if not made:
            return await reaction_queries.get_boost(tx, author.account_id, subject.id)
        await emit(tx, _event(parts, author.account_id, subject.id))
    return parts.id


def _parts(start: Start, urls: Urls, author: Author, visibility: Visibility, at: datetime) -> StatusParts:
    return StatusParts(
        id=start.id,
        uri=urls.status_uri(author.username, start.id),
        url=urls.status(author.username, start.id),
        content="",
        spoiler_text="",
        visibility=visibility,
        sensitive=False,
        language=None,
        in_reply_to_id=None,
        in_reply_to_account_id=None,
        created_at=at,
        app_name=start.app_name,
        app_website=start.app_website,
    )


def _event(parts: StatusParts, account_id: int, subject_id: int) -> StatusPublished:
    return StatusPublished(
        status_id=parts.id, account_id=account_id, visibility=parts.visibility, reblog_of_id=subject_id
    )


def _check_boost(subject: Parent, account_id: int) -> None:
    """Raises Forbidden: the viewer sees the status, so nothing is given away."""
    hidden = subject.visibility == "direct" or (subject.visibility == "private" and subject.account_id != account_id)
    if hidden or subject.is_blocked:
        raise Forbidden
    if subject.is_closed or subject.is_withheld:
        raise Forbidden("Moderation has closed this post to boosts")


async def unboost(db: Database, emit: Emit, *, account_id: int, status_id: int) -> int:
    """Take the account's boost of a status back, named by either of the two; returns the id of what was boosted.

    Nothing to take back is no error. Raises NotFound where there is no such status.
    """
    async with db.transaction() as tx:
        subject_id = await reaction_queries.find_subject_id(tx, status_id)
        if subject_id is None:
            raise NotFound
        await reaction_queries.lock_counts(tx, subject_id)
        boost_id = await reaction_queries.delete_boost(tx, account_id, subject_id)
        if boost_id is not None:
            await emit(tx, StatusDeleted(status_id=boost_id, account_id=account_id, reblog_of_id=subject_id))
    return subject_id
