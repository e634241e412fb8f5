"""Telling people: one function for each event that somebody may want to know of.

Each runs in a worker, at least once; the second time nobody is told again. What is new is said as `Notified`, which
streaming follows, and as a `PushOrdered` for each Web Push subscription that wants it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rostra.events import (
    AuthorTold,
    Emit,
    Favourited,
    Followed,
    FollowRequested,
    LegalNoticeRead,
    Notified,
    PollClosed,
    PushOrdered,
    Reported,
    SignedUp,
    StatusDeleted,
    StatusEdited,
    StatusPublished,
    Unfavourited,
)
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.notifications import audience_queries as audience
from rostra.notifications import push_queries, queries
from rostra.notifications.warning_queries import insert_warning

# So many fit into one announcement.
_TOGETHER: Final = 100


class Notifier:
    """The parts that telling somebody needs, bound together for the handlers."""

    def __init__(self, db: Database, clock: Clock, emit: Emit) -> None:
        self._db = db
        self._clock = clock
        self._emit = emit

    async def published(self, event: StatusPublished) -> None:
        """Those mentioned and those who asked to be told of each post; for a boost, the author of what it boosts."""
        async with self._db.transaction() as tx:
            if event.reblog_of_id is not None:
                author = await audience.find_boosted(tx, event.status_id, event.reblog_of_id)
                await self._tell(tx, author, "reblog", event.account_id, status_id=event.reblog_of_id)
                return
            if event.has_mentions:
                mentioned = await audience.find_mentioned(tx, event.status_id)
                await self._tell(tx, mentioned, "mention", event.account_id, status_id=event.status_id)
            if event.rings:
                ringers = await audience.find_bell_ringers(tx, event.status_id)
                await self._tell(tx, ringers, "status", event.account_id, status_id=event.status_id)

    async def edited(self, event: StatusEdited) -> None:
        """Those who have boosted the status, of each edit, and those who are mentioned now and were not before."""
        async with self._db.transaction() as tx:
            await queries.withdraw_updates(tx, event.status_id)
            boosters = await audience.find_boosters(tx, event.status_id)
            await self._tell(tx, boosters, "update", event.account_id, status_id=event.status_id)
            mentioned = await audience.find_mentioned(tx, event.status_id)
            await self._tell(tx, mentioned, "mention", event.account_id, status_id=event.status_id)

    async def unboosted(self, event: StatusDeleted) -> None:
        """A boost that was taken back is told of no more; what was told of a status went with it."""
        if event.reblog_of_id is not None:
            async with self._db.transaction() as tx:
                await queries.withdraw_boost(tx, event.account_id, event.reblog_of_id)

    async def favourited(self, event: Favourited) -> None:
        """The author."""
        async with self._db.transaction() as tx:
            author = await audience.find_favourited(tx, event.account_id, event.status_id)
            await self._tell(tx, author, "favourite", event.account_id, status_id=event.status_id)

    async def unfavourited(self, event: Unfavourited) -> None:
        """A favourite that was taken back is told of no more."""
        async with self._db.transaction() as tx:
            await queries.withdraw_favourite(tx, event.account_id, event.status_id)

    async def followed(self, event: Followed) -> None:
        """Whoever is followed."""
        async with self._db.transaction() as tx:
            target = await audience.find_followed(tx, event.account_id, event.target_id)
            await self._tell(tx, target, "follow", event.account_id)

    async def follow_requested(self, event: FollowRequested) -> None:
        """Whoever is asked."""
        async with self._db.transaction() as tx:
            target = await audience.find_requested(tx, event.account_id, event.target_id)
            await self._tell(tx, target, "follow_request", event.account_id)

    async def poll_closed(self, event: PollClosed) -> None:
        """The author and all who voted; the author hears of it from themselves, as in Mastodon."""
        async with self._db.transaction() as tx:
            concerned = await audience.find_poll_audience(tx, event.poll_id)
            if concerned is not None:
                status_id, author_id, voters = concerned
                await self._tell(tx, voters, "poll", author_id, status_id=status_id)
                own = await queries.insert_own_notification(
                    tx, author_id, "poll", status_id=status_id, at=self._clock.now()
                )
                await self._announce(tx, own)

    async def reported(self, event: Reported) -> None:
        """The moderators."""
        async with self._db.transaction() as tx:
            moderators = await audience.find_moderators(tx)
            await self._tell(tx, moderators, "admin.report", event.account_id, report_id=event.report_id)

    async def legal_read(self, event: LegalNoticeRead) -> None:
        """The moderators: a legal notice has come in."""
        async with self._db.transaction() as tx:
            moderators = await audience.find_moderators(tx)
            await self._announce(tx, await queries.insert_legal(tx, moderators, event.report_id, self._clock.now()))

    async def author_told(self, event: AuthorTold) -> None:
        """Whoever a decision is about, by themselves: no moderator is named."""
        async with self._db.transaction() as tx:
            await self._announce(tx, await insert_warning(tx, event.account_id, event.decision_id, event.at))

    async def signed_up(self, event: SignedUp) -> None:
        """The moderators."""
        async with self._db.transaction() as tx:
            await self._tell(tx, await audience.find_moderators(tx), "admin.sign_up", event.account_id)

    async def _tell(
        self,
        tx: Tx,
        recipients: Sequence[int],
        kind: str,
        from_id: int,
        *,
        status_id: int | None = None,
        report_id: int | None = None,
    ) -> None:
        told = await queries.insert_notifications(
            tx, recipients, kind, from_id=from_id, at=self._clock.now(), status_id=status_id, report_id=report_id
        )
        await self._announce(tx, told)

    async def _announce(self, tx: Tx, told: Sequence[queries.Told]) -> None:
        for start in range(0, len(told), _TOGETHER):
            part = told[start : start + _TOGETHER]
            await self._emit(tx, Notified(notifications=[(one.id, one.account_id) for one in part]))
        if told:
            for subscription_id, notification_id in await push_queries.find_wanting(tx, [one.id for one in told]):
                await self._emit(tx, PushOrdered(subscription_id=subscription_id, notification_id=notification_id))
