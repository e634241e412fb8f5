"""Bookmarks, which nobody else sees."""

from __future__ import annotations

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.status import RawStatus
from rostra.kit.paging import ById, Page, PageForm
from rostra.posts.react import bookmark, unbookmark
from rostra.posts.saved import bookmarks

routes = Routes("bookmarks")


@routes.get("/api/v1/bookmarks", scopes="read:bookmarks")
async def own_bookmarks(call: Call, form: PageForm) -> Page[RawStatus]:
    """What the viewer has bookmarked."""
    return await bookmarks(await call.statuses(), form.window())


@routes.post("/api/v1/statuses/{id}/bookmark", scopes="write:bookmarks")
async def bookmark_status(call: Call, form: ById) -> RawStatus:
    """Bookmark a status."""
    await bookmark(call.res.db, call.res.clock, account_id=call.me.account_id, status_id=form.id)
    return await (await call.statuses()).get(form.id)


@routes.post("/api/v1/statuses/{id}/unbookmark", scopes="write:bookmarks")
async def unbookmark_status(call: Call, form: ById) -> RawStatus:
    """Take a bookmark back."""
    await unbookmark(call.res.db, account_id=call.me.account_id, status_id=form.id)
    return await (await call.statuses()).get(form.id)
