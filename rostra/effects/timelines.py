"""Home timelines: filled when somebody follows, emptied when they no longer do."""

from __future__ import annotations

from rostra.effects.reactions import Tick, every, on
from rostra.events import (
    AccountHidden,
    AccountShown,
    Followed,
    FollowedTogether,
    TagUnfollowed,
    Unfollowed,
    UnfollowedTogether,
)
from rostra.resources import Resources
from rostra.timelines.fan_out import fill_in, put_back_shown, take_out, take_out_hidden, trim_all
from rostra.timelines.tag_follows import take_out_tag


async def _fill_in(event: Followed, res: Resources) -> None:
    await fill_in(res.db, event.account_id, event.target_id)


async def _take_out(event: Unfollowed, res: Resources) -> None:
    await take_out(res.db, event.account_id, event.target_id)


async def _take_out_hidden(event: AccountHidden, res: Resources) -> None:
    await take_out_hidden(res.db, event.account_id)


async def _put_back_shown(event: AccountShown, res: Resources) -> None:
    await put_back_shown(res.db, event.account_id)


async def _take_out_tag(event: TagUnfollowed, res: Resources) -> None:
    await take_out_tag(res.db, event.account_id, event.tag_id)


async def _fill_in_together(event: FollowedTogether, res: Resources) -> None:
    for account_id, target_id in event.pairs:
        await fill_in(res.db, account_id, target_id)


async def _take_out_together(event: UnfollowedTogether, res: Resources) -> None:
    for account_id, target_id in event.pairs:
        await take_out(res.db, account_id, target_id)


async def _trim(_: Tick, res: Resources) -> None:
    await trim_all(res.db, res.clock)


on(Followed, "timelines.fill_in", _fill_in)
on(Unfollowed, "timelines.take_out", _take_out)
on(FollowedTogether, "timelines.fill_in_together", _fill_in_together, when=lambda event: bool(event.pairs), timeout=600)
on(UnfollowedTogether, "timelines.take_out_together", _take_out_together, timeout=600)
on(TagUnfollowed, "timelines.take_out_tag", _take_out_tag)
on(AccountHidden, "timelines.take_out_hidden", _take_out_hidden, timeout=3600)
on(AccountShown, "timelines.put_back_shown", _put_back_shown, timeout=3600)
every("23 * * * *", "timelines.trim", _trim)
