"""Who is told of what, in the app and by push."""

from __future__ import annotations

from datetime import timedelta

from rostra.effects.reactions import emit, on
from rostra.events import (
    AuthorTold,
    Favourited,
    Followed,
    FollowedTogether,
    FollowRequested,
    LegalNoticeRead,
    PollClosed,
    PushOrdered,
    Reported,
    SignedUp,
    StatusDeleted,
    StatusEdited,
    StatusPublished,
    Unfavourited,
)
from rostra.notifications.notify import Notifier
from rostra.notifications.push import Pusher
from rostra.resources import Resources


def _notifier(res: Resources) -> Notifier:
    return Notifier(res.db, res.clock, emit)


async def _push(event: PushOrdered, res: Resources) -> None:
    pusher = Pusher(res.db, res.clock, res.urls, http=res.http, vapid=res.vapid, sealer=res.sealer, filters=res.filters)
    await pusher.push(event)


async def _tell_followed(event: FollowedTogether, res: Resources) -> None:
    notifier = _notifier(res)
    for account_id, target_id in event.pairs:
        await notifier.followed(Followed(account_id=account_id, target_id=target_id))
    for account_id, target_id in event.requested:
        await notifier.follow_requested(FollowRequested(account_id=account_id, target_id=target_id))


on(
    StatusPublished,
    "notifications.published",
    lambda event, res: _notifier(res).published(event),
    when=lambda event: event.reblog_of_id is not None or event.has_mentions or event.rings,
)
on(StatusEdited, "notifications.edited", lambda event, res: _notifier(res).edited(event))
on(Favourited, "notifications.favourited", lambda event, res: _notifier(res).favourited(event))
on(Unfavourited, "notifications.unfavourited", lambda event, res: _notifier(res).unfavourited(event))
on(
    StatusDeleted,
    "notifications.unboosted",
    lambda event, res: _notifier(res).unboosted(event),
    when=lambda event: event.reblog_of_id is not None,
)
on(Followed, "notifications.followed", lambda event, res: _notifier(res).followed(event))
on(FollowedTogether, "notifications.followed_together", _tell_followed, when=lambda event: event.tells, timeout=600)
on(FollowRequested, "notifications.follow_requested", lambda event, res: _notifier(res).follow_requested(event))
on(PollClosed, "notifications.poll_closed", lambda event, res: _notifier(res).poll_closed(event))
on(Reported, "notifications.reported", lambda event, res: _notifier(res).reported(event))
on(SignedUp, "notifications.signed_up", lambda event, res: _notifier(res).signed_up(event))
# Not all at once, so that push services which do not answer leave room for the rest.
on(PushOrdered, "notifications.push", _push, priority=-5, first_delay=timedelta(seconds=30), timeout=30, concurrency=12)
on(LegalNoticeRead, "notifications.legal_read", lambda event, res: _notifier(res).legal_read(event), priority=5)
on(AuthorTold, "notifications.author_told", lambda event, res: _notifier(res).author_told(event), priority=5)
