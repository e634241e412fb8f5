"""Profiles, followers and followed, and what one person does about another."""

from __future__ import annotations

from typing import Literal

import msgspec
from starlette.responses import Response

from rostra.accounts.find import get_account_by_handle
from rostra.accounts.render import hydrate_accounts
from rostra.kit.errors import NotFound
from rostra.kit.paging import Id, Page, PageForm
from rostra.relationships import block as blocks
from rostra.relationships import follow as follows
from rostra.relationships import people
from rostra.relationships.find import access_target
from rostra.relationships.follow import FollowOptions
from rostra.timelines.by_author import Choice, by_author, pinned
from rostra.web import syndication
from rostra.web.feeds import decode_list, feed, older, relationships_of, statuses_of
from rostra.web.formats import Entity
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

_PEOPLE = 40
_PINNED = 5


class ProfileForm(PageForm, frozen=True, kw_only=True):
    acct: str


class ActForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    act: str
    return_to: str = ""
    reblogs: bool | None = None
    notify: bool | None = None
    duration: int = 0
    notifications: bool = False
    comment: str = ""


class RequestForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    act: Literal["authorize", "reject"]
    return_to: str = ""


async def find_account(visit: Visit, acct: str) -> Entity:
    """The account with this handle, for its pages. Raises NotFound."""
    account_id = await get_account_by_handle(visit.res.db, acct, domain=visit.res.urls.domain)
    return await show_account(visit, account_id)


async def show_account(visit: Visit, account_id: int) -> Entity:
    """The account with this id as templates take it. Raises NotFound."""
    found = await hydrate_accounts(visit.res.db, [account_id], visit.res.urls)
    if not found:
        raise NotFound
    return decode_list(found)[0]


@pages.get("/@{acct}")
async def profile(visit: Visit, form: ProfileForm) -> Response:
    """A person and their posts; with `.rss` behind the name, as a feed."""
    if form.acct.endswith(syndication.SUFFIX):
        account = await find_account(visit, form.acct.removesuffix(syndication.SUFFIX))
        return await syndication.person_feed(visit, account)
    return await _profile(visit, form, "posts")


@pages.get("/users/{acct}")
async def profile_by_uri(visit: Visit, form: ProfileForm) -> Response:
    """The address that stands for a person (`uri`) leads people to the page."""
    account = await find_account(visit, form.acct)
    return visit.redirect(f"/@{account['acct']}")


@pages.get("/@{acct}/with_replies")
async def profile_with_replies(visit: Visit, form: ProfileForm) -> Response:
    """A person's posts and replies."""
    return await _profile(visit, form, "replies")


@pages.get("/@{acct}/media")
async def profile_media(visit: Visit, form: ProfileForm) -> Response:
    """A person's pictures."""
    return await _profile(visit, form, "media")


async def _profile(visit: Visit, form: ProfileForm, tab: str) -> Response:
    account = await find_account(visit, form.acct)
    relationship = (await relationships_of(visit, [account])).get(account["id"])
    hidden = _why_hidden(account, relationship)
    values = {"account": account, "relationship": relationship, "tab": tab, "hidden": hidden}
    if hidden in ("suspended", "blocked"):
        return await visit.html("profile.html", **values, pinned=[], **feed(visit, Page([])))
    reader = await visit.statuses()
    choice = Choice(exclude_replies=tab == "posts", only_media=tab == "media")
    page = await by_author(reader, form.window(), int(account["id"]), choice)
    first = tab == "posts" and form.max_id is None
    top = await pinned(reader, PageForm(limit=_PINNED).window(), int(account["id"])) if first else Page([])
    return await visit.html("profile.html", **values, pinned=statuses_of(top.items), **feed(visit, page))


def _why_hidden(account: Entity, relationship: Entity | None) -> str | None:
    if account.get("suspended"):
        return "suspended"
    return "blocked" if relationship is not None and relationship["blocked_by"] else None


@pages.get("/@{acct}/followers")
async def followers_page(visit: Visit, form: ProfileForm) -> Response:
    """Who follows somebody."""
    return await _people(visit, form, "followers")


@pages.get("/@{acct}/following")
async def following_page(visit: Visit, form: ProfileForm) -> Response:
    """Whom somebody follows."""
    return await _people(visit, form, "following")


async def _people(visit: Visit, form: ProfileForm, kind: Literal["followers", "following"]) -> Response:
    subject = await find_account(visit, form.acct)
    viewer_id = visit.viewer.account_id if visit.viewer else None
    target = await access_target(visit.res.db, viewer_id, int(subject["id"]))
    choose = people.followers if kind == "followers" else people.following
    window = form.window(default=_PEOPLE)
    page = await choose(visit.res.db, target, viewer_id, window, visit.res.clock.now())
    accounts = decode_list(await hydrate_accounts(visit.res.db, page.items, visit.res.urls))
    return await visit.html(
        "accounts.html",
        kind=kind,
        subject=subject,
        back_url=f"/@{subject['acct']}",
        accounts=accounts,
        relationships=await relationships_of(visit, accounts),
        older_url=older(visit, page),
        hidden=subject["hide_collections"] and viewer_id != int(subject["id"]),
    )


@pages.get("/follow_requests", access="me")
async def follow_requests_page(visit: Visit, form: PageForm) -> Response:
    """Who asks to follow the viewer."""
    page = await people.follow_requests(visit.res.db, visit.me.account_id, form.window(default=_PEOPLE))
    accounts = decode_list(await hydrate_accounts(visit.res.db, page.items, visit.res.urls))
    return await visit.html("follow_requests.html", accounts=accounts, older_url=older(visit, page))


@pages.post("/web/follow_requests/{id}/{act}", access="me")
async def answer_request(visit: Visit, form: RequestForm) -> Response:
    """Let somebody follow, or not."""
    res, me = visit.res, visit.me.account_id
    if form.act == "authorize":
        await follows.accept_request(res.db, res.clock, res.emit, me, form.id)
    else:
        await follows.reject_request(res.db, me, form.id)
    return visit.back(form.return_to, "/follow_requests")


@pages.get("/web/accounts/{id}/{act}", access="me")
async def ask_first(visit: Visit, form: ActForm) -> Response:
    """Are you sure? Before a mute or a block."""
    if form.act not in ("mute", "block"):
        raise NotFound
    account = await show_account(visit, form.id)
    return await visit.html(
        "confirm.html",
        kind=form.act,
        action=f"/web/accounts/{form.id}/{form.act}",
        status=None,
        account=account,
        return_to=form.return_to or f"/@{account['acct']}",
    )


@pages.post("/web/accounts/{id}/{act}", access="me")
async def act_on_account(visit: Visit, form: ActForm) -> Response:
    """Follow, unfollow, mute, unmute, block, unblock, or write a private note."""
    await _act(visit, form)
    account = await show_account(visit, form.id)
    if visit.wants_fragment and form.act in ("follow", "unfollow", "unmute", "unblock"):
        relationship = (await relationships_of(visit, [account])).get(account["id"])
        return await visit.html("partials/follow_button.html", account=account, relationship=relationship)
    return visit.back(form.return_to, f"/@{account['acct']}")


async def _act(visit: Visit, form: ActForm) -> None:
    res, me, other = visit.res, visit.me.account_id, form.id
    match form.act:
        case "follow":
            options = FollowOptions(show_reblogs=form.reblogs, notify=form.notify)
            await follows.follow(res.db, res.clock, res.emit, me, other, options)
        case "unfollow":
            await follows.unfollow(res.db, res.emit, me, other)
        case "block":
            await blocks.block(res.db, res.clock, res.emit, me, other)
        case "unblock":
            await blocks.unblock(res.db, me, other)
        case "mute":
            hide = form.notifications
            await blocks.mute(res.db, res.clock, me, other, notifications=hide, duration=form.duration)
        case "unmute":
            await blocks.unmute(res.db, me, other)
        case "note":
            await blocks.write_note(res.db, res.clock, me, other, form.comment)
        case _:
            raise NotFound
