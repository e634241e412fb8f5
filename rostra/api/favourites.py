"""Favourites: give, take back, one's own, and who has given one."""

from __future__ import annotations

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.account import RawAccount
from rostra.entities.status import RawStatus
from rostra.kit.paging import ById, Id, Page, PageForm
from rostra.posts.people import favourited_by
from rostra.posts.react import favourite, unfavourite
from rostra.posts.saved import favourites

routes = Routes("favourites")


class PeopleForm(PageForm, frozen=True, kw_only=True):
    id: Id


@routes.get("/api/v1/favourites", scopes="read:favourites")
async def own_favourites(call: Call, form: PageForm) -> Page[RawStatus]:
    """What the viewer has favourited."""
    return await favourites(await call.statuses(), form.window())


@routes.post("/api/v1/statuses/{id}/favourite", scopes="write:favourites")
async def favourite_status(call: Call, form: ById) -> RawStatus:
    """Favourite a status."""
    res = call.res
    await favourite(
        res.db,
        res.clock,
        res.emit,
        res.screen.levers,
        account_id=call.me.account_id,
        status_id=form.id,
        locale=call.me.locale,
    )
    return await (await call.statuses()).get(form.id)


@routes.post("/api/v1/statuses/{id}/unfavourite", scopes="write:favourites")
async def unfavourite_status(call: Call, form: ById) -> RawStatus:
    """Take a favourite back."""
    await unfavourite(call.res.db, call.res.emit, account_id=call.me.account_id, status_id=form.id)
    return await (await call.statuses()).get(form.id)


@routes.get("/api/v1/statuses/{id}/favourited_by", access="public", scopes="read:accounts")
async def status_favourited_by(call: Call, form: PeopleForm) -> Page[RawAccount]:
    """Who has favourited a status."""
    viewer_id = call.viewer.account_id if call.viewer else None
    return await favourited_by(
        call.res.db,
        call.res.urls,
        form.window(default=40),
        viewer_id=viewer_id,
        at=call.res.clock.now(),
        status_id=form.id,
    )
