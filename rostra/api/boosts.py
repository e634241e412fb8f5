"""Boosts: give, take back, and who has given one."""

from __future__ import annotations

from typing import Literal, cast

import msgspec

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.account import RawAccount, Visibility
from rostra.entities.status import RawStatus
from rostra.kit.paging import ById, Id, Page, PageForm
from rostra.posts.boost import boost, unboost
from rostra.posts.people import boosted_by

routes = Routes("statuses")


class BoostForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/statuses/#boost"""

    id: Id
    visibility: Literal["public", "unlisted", "private"] | None = None


class PeopleForm(PageForm, frozen=True, kw_only=True):
    id: Id


@routes.post("/api/v1/statuses/{id}/reblog", scopes="write:statuses", family="posts")
async def boost_status(call: Call, form: BoostForm) -> RawStatus:
    """Boost a status; the answer is the boost."""
    res, me = call.res, call.me
    usual = "private" if me.default_visibility == "direct" else me.default_visibility
    boost_id = await boost(
        res.db,
        res.clock,
        res.urls,
        res.emit,
        res.screen.levers,
        author=me,
        status_id=form.id,
        visibility=form.visibility or cast("Visibility", usual),
        app_id=me.app_id,
        locale=me.locale,
    )
    return await (await call.statuses()).get(boost_id)


@routes.post("/api/v1/statuses/{id}/unreblog", scopes="write:statuses", family="deletes")
async def unboost_status(call: Call, form: ById) -> RawStatus:
    """Take a boost back; the answer is what was boosted."""
    subject_id = await unboost(call.res.db, call.res.emit, account_id=call.me.account_id, status_id=form.id)
    return await (await call.statuses()).get(subject_id)


@routes.get("/api/v1/statuses/{id}/reblogged_by", access="public", scopes="read:accounts")
async def status_boosted_by(call: Call, form: PeopleForm) -> Page[RawAccount]:
    """Who has boosted a status."""
    viewer_id = call.viewer.account_id if call.viewer else None
    return await boosted_by(
        call.res.db,
        call.res.urls,
        form.window(default=40),
        viewer_id=viewer_id,
        at=call.res.clock.now(),
        status_id=form.id,
    )
