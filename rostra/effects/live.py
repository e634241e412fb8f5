"""What open pages and streams hear at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from rostra.effects.reactions import on
from rostra.events import (
    Event,
    FiltersChanged,
    MediaJudged,
    Notified,
    StatusDeleted,
    StatusEdited,
    StatusWithheld,
    TokensRevoked,
)
from rostra.resources import Resources
from rostra.timelines.announce import (
    AnyAnnouncement,
    ChangedFilters,
    DeletedStatuses,
    EditedStatus,
    EndedStreams,
    NewNotifications,
    announce,
)

E = TypeVar("E", bound=Event)
_ANNOUNCED_TOGETHER: Final = 300


def _announce(make: Callable[[E], AnyAnnouncement]) -> Callable[[E, Resources], Awaitable[None]]:
    """A handler that tells the web processes."""

    async def tell(event: E, res: Resources) -> None:
        await announce(res.db, make(event))

    return tell


async def _announce_deletion(event: StatusDeleted, res: Resources) -> None:
    gone = [event.status_id, *event.boost_ids]
    for start in range(0, len(gone), _ANNOUNCED_TOGETHER):
        await announce(res.db, DeletedStatuses(status_ids=gone[start : start + _ANNOUNCED_TOGETHER]))


on(StatusEdited, "live.edited", _announce(lambda event: EditedStatus(status_id=event.status_id)))
on(MediaJudged, "live.judged", _announce(lambda event: EditedStatus(status_id=event.status_id)))
on(StatusDeleted, "live.deleted", _announce_deletion)
on(StatusWithheld, "live.withheld", _announce(lambda event: DeletedStatuses(status_ids=[event.status_id])))
on(FiltersChanged, "live.filters", _announce(lambda event: ChangedFilters(account_id=event.account_id)))
on(
    Notified,
    "live.notified",
    _announce(lambda event: NewNotifications(notifications=event.notifications)),
    priority=5,
)
on(
    TokensRevoked,
    "live.revoked",
    _announce(lambda event: EndedStreams(account_id=event.account_id, token_ids=event.token_ids)),
    priority=20,
)
