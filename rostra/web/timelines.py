"""Home, the public timelines, hashtags, lists to read, and the front door."""

from __future__ import annotations

from typing import Literal

import msgspec
from starlette.responses import Response

from rostra.kit.errors import NotFound
from rostra.kit.paging import Id, PageForm
from rostra.lists.lists import access_list, render_list
from rostra.relationships.tags import follow_tag, show_tag, unfollow_tag
from rostra.text.entities import normalise_tag
from rostra.text.profile import render_note
from rostra.timelines.home import home
from rostra.timelines.public import Choice, listed, public, tagged
from rostra.web import syndication
from rostra.web.composing import empty_composer
from rostra.web.feeds import decode, feed, statuses_of
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()
_STREAMS = {"all": "public", "local": "public:local", "remote": "public:remote"}
_FRONT_DOOR = 12


class SideForm(PageForm, frozen=True, kw_only=True):
    side: str = ""


class TagForm(PageForm, frozen=True, kw_only=True):
    name: str


class ListForm(PageForm, frozen=True, kw_only=True):
    list_id: Id


class FollowTagForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    act: Literal["follow", "unfollow"]
    return_to: str = ""


@pages.get("/")
async def front_door(visit: Visit) -> Response:
    """What the place is, for visitors."""
    if visit.viewer is not None:
        return visit.redirect("/home")
    reader = await visit.statuses()
    newest = await public(reader, PageForm(limit=_FRONT_DOOR).window(), Choice(local=True))
    return await visit.html("landing.html", statuses=statuses_of(newest.items))


@pages.get("/about")
async def about(visit: Visit) -> Response:
    """What the place says of itself."""
    settings = await visit.res.instance.settings(visit.res.db)
    urls = visit.res.urls
    texts = (settings.extended_description, settings.privacy_policy)
    text, privacy = (render_note(text, domain=urls.domain, tag_base=urls.tag("")) for text in texts)
    return await visit.html("about.html", about=text, privacy=privacy)


@pages.get("/keyboard")
async def keyboard(visit: Visit) -> Response:
    """The keyboard's shortcuts."""
    return await visit.html("shortcuts.html")


@pages.get("/home", access="me")
async def home_page(visit: Visit, form: PageForm) -> Response:
    """The composer, and what those whom the viewer follows have posted."""
    page = await home(await visit.statuses(), form.window())
    return await visit.html("home.html", composer=empty_composer(visit.me), **feed(visit, page, "user"))


@pages.get("/public")
async def public_page(visit: Visit, form: PageForm) -> Response:
    """Everything public."""
    return await _public(visit, form, "all")


@pages.get("/public/{side}")
async def one_side(visit: Visit, form: SideForm) -> Response:
    """What is public here, or elsewhere."""
    if form.side not in ("local", "remote"):
        raise NotFound
    return await _public(visit, form, form.side)


async def _public(visit: Visit, form: PageForm, tab: str) -> Response:
    choice = Choice(local=tab == "local", remote=tab == "remote")
    page = await public(await visit.statuses(), form.window(), choice)
    return await visit.html("public.html", tab=tab, **feed(visit, page, _STREAMS[tab]))


@pages.get("/tags/{name}")
async def tag_page(visit: Visit, form: TagForm) -> Response:
    """Posts with a hashtag; with `.rss` behind the name, as a feed."""
    if form.name.endswith(syndication.SUFFIX):
        return await syndication.tag_feed(visit, normalise_tag(form.name.removesuffix(syndication.SUFFIX)))
    name = normalise_tag(form.name)
    viewer_id = visit.viewer.account_id if visit.viewer else None
    tag = await show_tag(visit.res.db, visit.res.clock, visit.res.urls, viewer_id, form.name)
    page = await tagged(await visit.statuses(), form.window(), Choice(), some=[name], every=[], none=[])
    return await visit.html("tag.html", tag=decode(tag), **feed(visit, page, f"hashtag?tag={name}"))


@pages.post("/web/tags/{name}/{act}", access="me")
async def change_tag(visit: Visit, form: FollowTagForm) -> Response:
    """Follow a hashtag, or no longer."""
    res, me = visit.res, visit.me.account_id
    if form.act == "follow":
        await follow_tag(res.db, res.clock, me, form.name)
    else:
        await unfollow_tag(res.db, res.emit, me, form.name)
    return visit.back(form.return_to, f"/tags/{form.name}")


@pages.get("/lists/{list_id}", access="me")
async def list_page(visit: Visit, form: ListForm) -> Response:
    """What the people on a list have posted."""
    me = visit.me.account_id
    record = await access_list(visit.res.db, me, form.list_id)
    page = await listed(visit.res.db, await visit.statuses(), form.window(), account_id=me, list_id=form.list_id)
    shown = decode(render_list(record))
    return await visit.html("list.html", list=shown, **feed(visit, page, f"list?list={form.list_id}"))
