"""One post with the conversation around it, how it was changed, and who favourited and boosted it."""

from __future__ import annotations

from typing import Literal

import msgspec
from starlette.responses import Response

from rostra.kit.errors import NotFound
from rostra.kit.ids import MAX_ID
from rostra.kit.paging import PageForm
from rostra.posts.history import get_history
from rostra.posts.hydrate import StatusReader
from rostra.posts.imported import find_post_origin
from rostra.posts.people import boosted_by, favourited_by
from rostra.posts.thread import get_context
from rostra.web.composing import reply_composer
from rostra.web.feeds import decode, decode_list, older, relationships_of, statuses_of
from rostra.web.formats import Entity, status_path
from rostra.web.page import Pages
from rostra.web.visit import Visit
from rostra.web.withheld import explain_withheld

pages = Pages()


_PEOPLE = 40


class StatusForm(msgspec.Struct, frozen=True, kw_only=True):
    acct: str
    id: str


class PeopleForm(PageForm, frozen=True, kw_only=True):
    acct: str
    id: str


async def find_status(reader: StatusReader, number: str) -> Entity:
    """The status with this id, as it stands in an address; a boost's is what it boosts. Raises NotFound."""
    if not number.isascii() or not number.isdecimal() or len(number) > 19 or int(number) > MAX_ID:
        raise NotFound
    status: Entity = decode(await reader.get(int(number)))
    return status["reblog"] or status


def _is_at_home(status: Entity, form: StatusForm | PeopleForm) -> bool:
    """Whether the address is the status's own, and not that of a boost or under somebody else's name."""
    return (form.acct, form.id) == (status["account"]["acct"], status["id"])


@pages.get("/@{acct}/{id}")
async def thread_page(visit: Visit, form: StatusForm) -> Response:
    """A post, what it answers, and what answers it."""
    reader = await visit.statuses()
    status = await find_status(reader, form.id)
    if not _is_at_home(status, form):
        return visit.redirect(status_path(status))
    viewer_id = visit.viewer.account_id if visit.viewer else None
    res = visit.res
    withheld = await explain_withheld(visit, status)
    origin = await find_post_origin(res.db, int(form.id))
    context = await get_context(res.db, reader, viewer_id=viewer_id, status_id=int(form.id), at=res.clock.now())
    return await visit.html(
        "thread.html",
        status=status,
        ancestors=statuses_of(context.ancestors),
        descendants=statuses_of(context.descendants),
        withheld=withheld,
        origin=origin,
        composer=reply_composer(visit.viewer, status) if visit.viewer and withheld is None else None,
        live={"stream": "user", "url": status_path(status)} if visit.viewer else None,
    )


@pages.get("/users/{acct}/statuses/{id}")
async def thread_by_uri(visit: Visit, form: StatusForm) -> Response:
    """The address that stands for a post (`uri`) leads people to the page."""
    return visit.redirect(status_path(await find_status(await visit.statuses(), form.id)))


@pages.get("/@{acct}/{id}/history")
async def history_page(visit: Visit, form: StatusForm) -> Response:
    """All that a post was."""
    status = await find_status(await visit.statuses(), form.id)
    if not _is_at_home(status, form):
        return visit.redirect(f"{status_path(status)}/history")
    viewer_id = visit.viewer.account_id if visit.viewer else None
    edits = await get_history(visit.res.db, visit.res.urls, viewer_id=viewer_id, status_id=int(form.id))
    return await visit.html("history.html", status=status, edits=decode_list(edits))


@pages.get("/@{acct}/{id}/favourites")
async def favourites_page(visit: Visit, form: PeopleForm) -> Response:
    """Who has favourited a post."""
    return await _people(visit, form, "favourites")


@pages.get("/@{acct}/{id}/reblogs")
async def reblogs_page(visit: Visit, form: PeopleForm) -> Response:
    """Who has boosted a post."""
    return await _people(visit, form, "reblogs")


async def _people(visit: Visit, form: PeopleForm, kind: Literal["favourites", "reblogs"]) -> Response:
    status = await find_status(await visit.statuses(), form.id)
    if not _is_at_home(status, form):
        return visit.redirect(f"{status_path(status)}/{kind}")
    res, window = visit.res, form.window(default=_PEOPLE)
    viewer_id = visit.viewer.account_id if visit.viewer else None
    choose = favourited_by if kind == "favourites" else boosted_by
    page = await choose(res.db, res.urls, window, viewer_id=viewer_id, at=res.clock.now(), status_id=int(form.id))
    accounts = decode_list(page.items)
    return await visit.html(
        "accounts.html",
        kind=kind,
        subject=status["account"],
        back_url=status_path(status),
        accounts=accounts,
        relationships=await relationships_of(visit, accounts),
        older_url=older(visit, page),
        hidden=False,
    )
