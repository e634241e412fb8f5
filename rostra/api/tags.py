"""Hashtags: show, follow, unfollow, and those that the viewer follows."""

from __future__ import annotations

import msgspec

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.tag import Tag
from rostra.kit.paging import Page, PageForm
from rostra.relationships import tags

routes = Routes("tags")


class ByName(msgspec.Struct, frozen=True, kw_only=True):
    id: str


async def _show(call: Call, name: str) -> Tag:
    viewer_id = call.viewer.account_id if call.viewer else None
    return await tags.show_tag(call.res.db, call.res.clock, call.res.urls, viewer_id, name)


@routes.get("/api/v1/tags/{id}", access="public")
async def show_tag(call: Call, form: ByName) -> Tag:
    """A hashtag and its last seven days."""
    return await _show(call, form.id)


@routes.post("/api/v1/tags/{id}/follow", scopes="write:follows", family="follows")
async def follow_tag(call: Call, form: ByName) -> Tag:
    """Have public posts with a hashtag come to the viewer's home timeline."""
    await tags.follow_tag(call.res.db, call.res.clock, call.me.account_id, form.id)
    return await _show(call, form.id)


@routes.post("/api/v1/tags/{id}/unfollow", scopes="write:follows")
async def unfollow_tag(call: Call, form: ByName) -> Tag:
    """No longer follow a hashtag."""
    await tags.unfollow_tag(call.res.db, call.res.emit, call.me.account_id, form.id)
    return await _show(call, form.id)


@routes.get("/api/v1/followed_tags", scopes="read:follows", family="paging")
async def followed_tags(call: Call, form: PageForm) -> Page[Tag]:
    """The hashtags that the viewer follows, the latest first."""
    window = form.window(default=100)
    return await tags.followed_tags(call.res.db, call.res.clock, call.res.urls, call.me.account_id, window)
