"""Statuses that wait for their time: scheduling, changing the time, cancelling, and publishing when it has come.

A job waits for each. The draft is checked when it is scheduled and again when it is published; one that cannot be
published by then stays with its author, who is told why on the page of what is scheduled, and can give it another time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import structlog
from msgspec import UNSET

from rostra.entities.account import timestamp
from rostra.entities.status import ScheduledProblem, ScheduledStatus
from rostra.events import Emit
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Conflict, Forbidden, Invalid, NotFound, Refused, RostraError
from rostra.kit.jobs import Kind, enqueue
from rostra.kit.paging import Page, Window
from rostra.levers.enforce import LeverRefused, TooSoon
from rostra.levers.pace import keep_pace
from rostra.posts import queries, schedule_queries
from rostra.posts.once import Key, make_once
from rostra.posts.publish import Prepared, prepare, write
from rostra.posts.records import Author, Draft, Made
from rostra.posts.render import render_media
from rostra.posts.schedule_queries import Due, Scheduled
from rostra.screening.screen import Screen
from rostra.text.urls import Urls

NOT_BEFORE: Final = timedelta(minutes=5)
MAX_SCHEDULED: Final = 300
MAX_A_DAY: Final = 25

log = structlog.get_logger()


class TimeHasCome(msgspec.Struct, frozen=True):
    """The payload of the job that publishes a scheduled status."""

    scheduled_id: int


PUBLISH_SCHEDULED: Final = Kind("posts.publish_scheduled", TimeHasCome, priority=5)


async def schedule(
    db: Database,
    clock: Clock,
    urls: Urls,
    screen: Screen,
    *,
    author: Author,
    draft: Draft,
    scheduled_at: datetime,
    idempotency_key: str | None = None,
) -> int:
    """Keep `draft` until `scheduled_at` and return the scheduled status's id, or that of the one which an earlier
    request with the same key made.

    Raises Invalid for a time that is not at least five minutes ahead and for whatever publishing it would raise;
    Refused past 300 in all or 25 for one day (UTC); Conflict where the key was used for a status.
    """
    _check_time(clock, scheduled_at)
    at = clock.now()

    async def write_scheduled(tx: Tx, prepared: Prepared, key: Key | None) -> Made:
        await _check_numbers(tx, author.account_id, scheduled_at)
        scheduled_id = await schedule_queries.insert_scheduled(
            tx,
            account_id=author.account_id,
            scheduled_at=scheduled_at,
            draft=prepared.draft,
            app_id=draft.app_id,
            at=at,
        )
        kept = await schedule_queries.keep_media(tx, scheduled_id, draft.media_ids, author.account_id)
        if kept != len(draft.media_ids):
            raise Invalid("media_ids", "name a file that was attached by another request")
        await _await_time(tx, scheduled_id, scheduled_at)
        if key is not None:
            await queries.keep_key(tx, author.account_id, key.digest, scheduled_id, at)
        return Made(scheduled_id=scheduled_id)

    made = await make_once(
        db,
        clock,
        author.account_id,
        idempotency_key,
        lambda: prepare(db, urls, screen, author=author, draft=draft, at=at),
        write_scheduled,
    )
    if made.scheduled_id is None:
        raise Conflict("This idempotency key was used for a post")
    return made.scheduled_id


async def list_scheduled(db: Database, urls: Urls, account_id: int, window: Window) -> Page[ScheduledStatus]:
    """A page of what an account has scheduled, the latest made first."""
    async with db.read() as conn:
        rows = await schedule_queries.list_scheduled(conn, account_id, window)
    rows.sort(key=lambda row: row.id, reverse=True)
    return Page(
        [_render(row, urls) for row in rows],
        newest=rows[0].id if rows else None,
        oldest=rows[-1].id if rows else None,
        more=len(rows) >= window.limit,
    )


async def get_scheduled(db: Database, urls: Urls, account_id: int, scheduled_id: int) -> ScheduledStatus:
    """One of the account's own. Raises NotFound."""
    async with db.read() as conn:
        found = await schedule_queries.find_scheduled(conn, account_id, scheduled_id)
    if found is None:
        raise NotFound
    return _render(found, urls)


async def reschedule(db: Database, clock: Clock, account_id: int, scheduled_id: int, scheduled_at: datetime) -> None:
    """Give one of the account's own another time. Raises NotFound, Invalid and Refused as `schedule` does."""
    _check_time(clock, scheduled_at)
    async with db.transaction() as tx:
        await _check_numbers(tx, account_id, scheduled_at, beside=scheduled_id)
        found = await schedule_queries.find_scheduled(tx, account_id, scheduled_id)
        if found is None or await schedule_queries.lock_scheduled(tx, scheduled_id) is None:
            raise NotFound
        await schedule_queries.move_scheduled(tx, account_id, scheduled_id, scheduled_at)
        await _await_time(tx, scheduled_id, scheduled_at)


async def cancel(db: Database, clock: Clock, account_id: int, scheduled_id: int) -> None:
    """Delete one of the account's own; its media can be used otherwise for a day. Raises NotFound."""
    async with db.transaction() as tx:
        if not await schedule_queries.cancel_scheduled(tx, account_id, scheduled_id, clock.now()):
            raise NotFound


async def publish_scheduled(
    db: Database, clock: Clock, urls: Urls, emit: Emit, screen: Screen, scheduled_id: int
) -> int | None:
    """Publish a scheduled status whose time has come, once; its id, or None where nothing was to be done.

    One whose time was changed meanwhile has another job; one that comes too soon for the slow mode waits its turn.
    """
    async with db.read() as conn:
        due = await schedule_queries.find_due(conn, scheduled_id)
    at = clock.now()
    if due is None or due.scheduled_at > at + _EARLY:
        return None
    if due.is_barred:
        await _leave(db, due, "barred")
        return None
    try:
        prepared = await prepare(db, urls, screen, author=due, draft=due.draft, at=at, scheduled_id=scheduled_id)
        async with db.transaction() as tx:
            if await schedule_queries.lock_scheduled(tx, scheduled_id) != due.scheduled_at:
                return None
            judgement = prepared.judgement
            await keep_pace(tx, screen.levers, due.account_id, judgement.pace, at, locale=judgement.locale)
            written = await write(tx, urls, emit, author=due, prepared=prepared, at=at)
            await schedule_queries.delete_published(tx, scheduled_id, written.status_id)
    except TooSoon as error:
        async with db.transaction() as tx:
            await _await_time(tx, scheduled_id, error.until)
        return None
    except (Invalid, NotFound, Forbidden, LeverRefused) as error:
        await _leave(db, due, _problem_of(error), reason=error.text)
        return None
    return written.status_id


async def _leave(db: Database, due: Due, problem: ScheduledProblem, **more: str) -> None:
    """Leave it with its author, and say there what kept it from being published."""
    log.info("a scheduled post was not published", scheduled_id=due.id, problem=problem, **more)
    async with db.transaction() as tx:
        await schedule_queries.note_problem(tx, due.id, due.scheduled_at, problem)


def _problem_of(error: RostraError) -> ScheduledProblem:
    match error:
        case LeverRefused():
            return "lever"
        case Forbidden():
            return "moved"
        case NotFound():
            return "parent"
        case Invalid(field="in_reply_to_id"):
            return "closed"
        case Invalid(field="media_ids"):
            return "media"
        case _:
            return "text"


# The queue goes by the database's clock, which may be ahead of ours.
_EARLY: Final = timedelta(seconds=30)


async def _await_time(tx: Tx, scheduled_id: int, scheduled_at: datetime) -> None:
    await enqueue(tx, [PUBLISH_SCHEDULED.job(TimeHasCome(scheduled_id), run_at=scheduled_at)])


def _check_time(clock: Clock, scheduled_at: datetime) -> None:
    if scheduled_at < clock.now() + NOT_BEFORE:
        raise Invalid("scheduled_at", "must be at least five minutes ahead")
    if scheduled_at > clock.now() + timedelta(days=5 * 365):
        raise Invalid("scheduled_at", "must be within the next five years")


async def _check_numbers(tx: Tx, account_id: int, scheduled_at: datetime, *, beside: int | None = None) -> None:
    await queries.lock_name(tx, account_id, "scheduled")
    day = scheduled_at.replace(hour=0, minute=0, second=0, microsecond=0)
    numbers = await schedule_queries.count_scheduled(tx, account_id, day, beside=beside)
    if numbers.total >= MAX_SCHEDULED:
        raise Refused(f"You have scheduled {MAX_SCHEDULED} posts already, which is the most")
    if numbers.on_day >= MAX_A_DAY:
        raise Refused(f"You have scheduled {MAX_A_DAY} posts for that day already, which is the most")


def _render(row: Scheduled, urls: Urls) -> ScheduledStatus:
    return ScheduledStatus(
        id=str(row.id),
        scheduled_at=timestamp(row.scheduled_at),
        params=_params(row.draft),
        media_attachments=[render_media(media, urls) for media in row.media],
        problem=row.problem or UNSET,
    )


def _params(draft: Draft) -> dict[str, Any]:
    """The parameters as clients know them (docs.joinmastodon.org/entities/ScheduledStatus)."""
    return {
        "text": draft.text,
        "poll": msgspec.to_builtins(draft.poll),
        "media_ids": [str(media_id) for media_id in draft.media_ids] or None,
        "sensitive": draft.sensitive,
        "spoiler_text": draft.spoiler_text or None,
        "visibility": draft.visibility,
        "in_reply_to_id": None if draft.in_reply_to_id is None else str(draft.in_reply_to_id),
        "language": draft.language,
        "application_id": draft.app_id,
        "allowed_mentions": None if draft.allowed_mentions is None else [str(one) for one in draft.allowed_mentions],
        "scheduled_at": None,
        "idempotency": None,
        "with_rate_limit": False,
    }
