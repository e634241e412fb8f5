"""Lists and their members."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from rostra.api.call import Call
from rostra.api.people import account_page
from rostra.api.route import Routes
from rostra.entities.account import RawAccount
from rostra.entities.empty import Empty
from rostra.entities.personal import List, RepliesPolicy
from rostra.kit.ids import MAX_ID
from rostra.kit.paging import ById, Id, Page, PageForm, Window
from rostra.lists import lists, members
from rostra.lists.lists import render_list

routes = Routes("lists")

# More than anybody can follow; the page of a list that is asked for without a limit.
_ALL = Window(below=MAX_ID, above=-1, limit=100_000)


class NewList(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/lists/#create"""

    title: str
    replies_policy: RepliesPolicy = "list"
    exclusive: bool = False


class ChangedList(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    title: str | None = None
    replies_policy: RepliesPolicy | None = None
    exclusive: bool | None = None


class MembersPage(PageForm, frozen=True, kw_only=True):
    id: Id


class MembersForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    account_ids: Annotated[list[Id], Meta(max_length=10_000)] = []


@routes.get("/api/v1/lists", scopes="read:lists")
async def list_lists(call: Call) -> list[List]:
    """All lists of the viewer."""
    return [render_list(one) for one in await lists.find_lists(call.res.db, call.me.account_id)]


@routes.post("/api/v1/lists", scopes="write:lists")
async def create_list(call: Call, form: NewList) -> List:
    """Make a list."""
    made = await lists.create_list(
        call.res.db,
        call.res.clock,
        call.res.emit,
        call.me.account_id,
        title=form.title,
        replies_policy=form.replies_policy,
        exclusive=form.exclusive,
    )
    return render_list(made)


@routes.get("/api/v1/lists/{id}", scopes="read:lists")
async def show_list(call: Call, form: ById) -> List:
    """One list."""
    return render_list(await lists.access_list(call.res.db, call.me.account_id, form.id))


@routes.put("/api/v1/lists/{id}", scopes="write:lists")
async def change_list(call: Call, form: ChangedList) -> List:
    """Change a list's title or how it treats replies and the home timeline."""
    changed = await lists.change_list(
        call.res.db,
        call.res.emit,
        call.me.account_id,
        form.id,
        title=form.title,
        replies_policy=form.replies_policy,
        exclusive=form.exclusive,
    )
    return render_list(changed)


@routes.delete("/api/v1/lists/{id}", scopes="write:lists")
async def delete_list(call: Call, form: ById) -> Empty:
    """Delete a list."""
    await lists.delete_list(call.res.db, call.res.emit, call.me.account_id, form.id)
    return Empty()


@routes.get("/api/v1/lists/{id}/accounts", scopes="read:lists", family="paging")
async def list_members(call: Call, form: MembersPage) -> Page[RawAccount]:
    """Who is in a list, the latest added first; with the limit 0, everybody at once."""
    await lists.access_list(call.res.db, call.me.account_id, form.id)
    window = _ALL if form.limit == 0 else form.window(default=40)
    page = await members.find_members(call.res.db, form.id, window)
    if form.limit == 0:
        page = Page(page.items)
    return await account_page(call, page)


@routes.post("/api/v1/lists/{id}/accounts", scopes="write:lists")
async def add_members(call: Call, form: MembersForm) -> Empty:
    """Put accounts that the viewer follows into a list."""
    await members.add_members(call.res.db, call.res.clock, call.res.emit, call.me.account_id, form.id, form.account_ids)
    return Empty()


@routes.delete("/api/v1/lists/{id}/accounts", scopes="write:lists")
async def remove_members(call: Call, form: MembersForm) -> Empty:
    """Take accounts out of a list."""
    await members.remove_members(call.res.db, call.res.emit, call.me.account_id, form.id, form.account_ids)
    return Empty()
