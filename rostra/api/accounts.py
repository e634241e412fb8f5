"""Accounts as others see them: profiles, their statuses, followers and following."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rostra.accounts.find import get_account_by_handle
from rostra.accounts.render import hydrate_accounts, hydrate_accounts_by_id
from rostra.api.call import Call
from rostra.api.people import account_page
from rostra.api.route import Routes
from rostra.entities.account import FamiliarFollowers, RawAccount
from rostra.entities.personal import List
from rostra.entities.status import RawStatus
from rostra.entities.tag import FeaturedTag
from rostra.kit.errors import NotFound
from rostra.kit.paging import ById, Id, Page, PageForm
from rostra.lists.lists import render_list
from rostra.lists.members import find_lists_with
from rostra.relationships import people
from rostra.relationships.find import access_target
from rostra.relationships.records import Target
from rostra.text.entities import normalise_tag
from rostra.timelines import by_author

routes = Routes("accounts")

Ids = Annotated[list[Id], Meta(max_length=100)]


class ByIds(msgspec.Struct, frozen=True, kw_only=True):
    id: Ids = []


class PageById(PageForm, frozen=True, kw_only=True):
    id: Id


class ByHandle(msgspec.Struct, frozen=True, kw_only=True):
    acct: str


class StatusesForm(PageForm, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/accounts/#statuses"""

    id: Id
    only_media: bool = False
    exclude_replies: bool = False
    exclude_reblogs: bool = False
    pinned: bool = False
    tagged: str = ""


def _viewer_id(call: Call) -> int | None:
    return call.viewer.account_id if call.viewer else None


async def _target(call: Call, account_id: int) -> Target:
    return await access_target(call.res.db, _viewer_id(call), account_id)


@routes.get("/api/v1/accounts/lookup", access="public", scopes="read:accounts")
async def look_up_account(call: Call, form: ByHandle) -> RawAccount:
    """The account with a handle, with or without this server's domain."""
    account_id = await get_account_by_handle(call.res.db, form.acct, domain=call.res.urls.domain)
    return await _show(call, account_id)


@routes.get("/api/v1/accounts/familiar_followers", scopes="read:follows")
async def familiar_followers(call: Call, form: ByIds) -> list[FamiliarFollowers]:
    """Who of those whom the viewer follows also follows some accounts."""
    found = await people.familiar_followers(call.res.db, call.me.account_id, form.id)
    ids = list(dict.fromkeys(follower for one in found for follower in one.followers))
    known = await hydrate_accounts_by_id(call.res.db, ids, call.res.urls)
    return [
        FamiliarFollowers(id=str(one.id), accounts=[known[who] for who in one.followers if who in known])
        for one in found
    ]


@routes.get("/api/v1/accounts", access="public", scopes="read:accounts")
async def show_accounts(call: Call, form: ByIds) -> list[RawAccount]:
    """Several accounts at once, at most a hundred; unknown ones are left out."""
    return await hydrate_accounts(call.res.db, await people.find_known(call.res.db, form.id), call.res.urls)


@routes.get("/api/v1/accounts/{id}", access="public", scopes="read:accounts")
async def show_account(call: Call, form: ById) -> RawAccount:
    """One account."""
    return await _show(call, form.id)


async def _show(call: Call, account_id: int) -> RawAccount:
    known = await people.find_known(call.res.db, [account_id])
    found = await hydrate_accounts(call.res.db, known, call.res.urls)
    if not found:
        raise NotFound
    return found[0]


@routes.get("/api/v1/accounts/{id}/statuses", access="public", scopes="read:statuses", family="paging")
async def account_statuses(call: Call, form: StatusesForm) -> Page[RawStatus]:
    """An account's statuses and boosts, as far as the viewer may see them; or those that it has pinned."""
    page = await _read_statuses(call, form)
    # Whose posts were found is known, not suspended, and does not block the viewer.
    if page.newest is None:
        await _target(call, form.id)
    return page


async def _read_statuses(call: Call, form: StatusesForm) -> Page[RawStatus]:
    reader = await call.statuses()
    if form.pinned:
        return await by_author.pinned(reader, form.window(), form.id)
    choice = by_author.Choice(
        only_media=form.only_media,
        exclude_replies=form.exclude_replies,
        exclude_reblogs=form.exclude_reblogs,
        tag=normalise_tag(form.tagged) if form.tagged else None,
    )
    return await by_author.by_author(reader, form.window(), form.id, choice)


@routes.get("/api/v1/accounts/{id}/followers", access="public", scopes="read:accounts", family="paging")
async def account_followers(call: Call, form: PageById) -> Page[RawAccount]:
    """Who follows an account, the latest first; nobody where the account hides it."""
    account, window = await _target(call, form.id), form.window(default=40)
    return await account_page(
        call, await people.followers(call.res.db, account, _viewer_id(call), window, call.res.clock.now())
    )


@routes.get("/api/v1/accounts/{id}/following", access="public", scopes="read:accounts", family="paging")
async def account_following(call: Call, form: PageById) -> Page[RawAccount]:
    """Whom an account follows, the latest first; nobody where the account hides it."""
    account, window = await _target(call, form.id), form.window(default=40)
    return await account_page(
        call, await people.following(call.res.db, account, _viewer_id(call), window, call.res.clock.now())
    )


@routes.get("/api/v1/accounts/{id}/lists", scopes="read:lists")
async def lists_with_account(call: Call, form: ById) -> list[List]:
    """Those of the viewer's lists that an account is in."""
    account = await _target(call, form.id)
    return [render_list(one) for one in await find_lists_with(call.res.db, call.me.account_id, account.id)]


@routes.get("/api/v1/accounts/{id}/featured_tags", access="public", scopes="read:accounts")
async def featured_tags(call: Call, form: ById) -> list[FeaturedTag]:
    """The hashtags that an account puts forward; none can be chosen here yet."""
    await _target(call, form.id)
    return []
