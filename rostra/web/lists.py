"""The viewer's lists: making, changing, and who is on them. Reading one is in `timelines`."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from rostra.accounts.find import get_account_by_handle
from rostra.accounts.render import hydrate_accounts
from rostra.kit.errors import Invalid, NotFound
from rostra.kit.paging import Id, PageForm
from rostra.lists import lists, members
from rostra.lists.lists import RepliesPolicy
from rostra.web.feeds import decode, decode_list
from rostra.web.page import Pages
from rostra.web.people import find_account
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

_MEMBERS = 200


class IndexForm(msgspec.Struct, frozen=True, kw_only=True):
    acct: str = ""


class ListForm(msgspec.Struct, frozen=True, kw_only=True):
    list_id: Id = 0
    title: str = ""
    replies_policy: RepliesPolicy = "list"
    exclusive: bool = False


class MemberForm(msgspec.Struct, frozen=True, kw_only=True):
    list_id: Id
    acct: str = ""
    account_id: Id = 0
    return_to: str = ""


@pages.get("/lists", access="me")
async def lists_page(visit: Visit, form: IndexForm) -> Response:
    """All of them; with `acct`, to put somebody on one."""
    return await _index(visit, form.acct)


async def _index(visit: Visit, acct: str = "", **values: Any) -> Response:
    me = visit.me.account_id
    records = await lists.find_lists(visit.res.db, me)
    account = await find_account(visit, acct) if acct else None
    held = await members.find_lists_with(visit.res.db, me, int(account["id"])) if account else []
    shown: dict[str, Any] = {"values": {}, "errors": {}, "account": account, "member_of": {str(r.id) for r in held}}
    shown["lists"] = decode_list([lists.render_list(record) for record in records])
    return await visit.html("lists.html", **(shown | values))


@pages.post("/web/lists", access="me")
async def make_list(visit: Visit, form: ListForm) -> Response:
    """Make a new one."""
    res = visit.res
    try:
        record = await lists.create_list(
            res.db, res.clock, res.emit, visit.me.account_id,
            title=form.title, replies_policy=form.replies_policy, exclusive=form.exclusive,
        )  # fmt: skip
    except Refused as error:
        return await _index(visit, http_status=422, values=msgspec.structs.asdict(form), errors=errors_of(error))
    return visit.redirect(f"/lists/{record.id}/edit")


@pages.get("/lists/{list_id}/edit", access="me")
async def edit_list(visit: Visit, form: ListForm) -> Response:
    """One of them, and who is on it."""
    return await _edit(visit, form.list_id)


async def _edit(visit: Visit, list_id: int, **values: Any) -> Response:
    record = await lists.access_list(visit.res.db, visit.me.account_id, list_id)
    page = await members.find_members(visit.res.db, list_id, PageForm().window(default=_MEMBERS))
    accounts = decode_list(await hydrate_accounts(visit.res.db, page.items, visit.res.urls))
    shown: dict[str, Any] = {"list": decode(lists.render_list(record)), "accounts": accounts, "errors": {}}
    shown["values"] = {"title": record.title, "replies_policy": record.replies_policy, "exclusive": record.exclusive}
    return await visit.html("list_edit.html", **(shown | values))


@pages.post("/web/lists/{list_id}", access="me")
async def save_list(visit: Visit, form: ListForm) -> Response:
    """Change its name and its rules."""
    res = visit.res
    try:
        await lists.change_list(
            res.db, res.emit, visit.me.account_id, form.list_id,
            title=form.title, replies_policy=form.replies_policy, exclusive=form.exclusive,
        )  # fmt: skip
    except Refused as error:
        values = msgspec.structs.asdict(form)
        return await _edit(visit, form.list_id, http_status=422, values=values, errors=errors_of(error))
    return visit.redirect(f"/lists/{form.list_id}", notice=visit.gettext("Saved."))


@pages.post("/web/lists/{list_id}/delete", access="me")
async def drop_list(visit: Visit, form: ListForm) -> Response:
    """Do without it."""
    await lists.delete_list(visit.res.db, visit.res.emit, visit.me.account_id, form.list_id)
    return visit.redirect("/lists")


@pages.post("/web/lists/{list_id}/accounts", access="me")
async def add_member(visit: Visit, form: MemberForm) -> Response:
    """Put somebody on it."""
    res, me = visit.res, visit.me.account_id
    try:
        account_id = await get_account_by_handle(res.db, form.acct, domain=res.urls.domain)
        await members.add_members(res.db, res.clock, res.emit, me, form.list_id, [account_id])
    except NotFound:
        text = visit.gettext("Only people whom you follow can be on a list.")
        return await _edit(visit, form.list_id, http_status=422, errors={"acct": text})
    except Invalid as error:
        return await _edit(visit, form.list_id, http_status=422, errors={"acct": dict(errors_of(error)).popitem()[1]})
    return visit.back(form.return_to, f"/lists/{form.list_id}/edit")


@pages.post("/web/lists/{list_id}/accounts/remove", access="me")
async def remove_member(visit: Visit, form: MemberForm) -> Response:
    """Take somebody off it."""
    res = visit.res
    await members.remove_members(res.db, res.emit, visit.me.account_id, form.list_id, [form.account_id])
    return visit.back(form.return_to, f"/lists/{form.list_id}/edit")
