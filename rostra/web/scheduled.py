"""The viewer's posts that wait for their time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.responses import Response

from rostra.kit.errors import Invalid, Refused
from rostra.kit.paging import ById, Id, PageForm
from rostra.posts.schedule import cancel, list_scheduled, reschedule
from rostra.web.feeds import decode_list, older
from rostra.web.page import Pages
from rostra.web.visit import Visit
from rostra.web.writing import explain, read_time

pages = Pages()


class MoveForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    scheduled_at: str = ""
    tz_offset: Annotated[int, Meta(ge=-1000, le=1000)] = 0


@pages.get("/scheduled", access="me")
async def scheduled_page(visit: Visit, form: PageForm) -> Response:
    """All of them."""
    return await _show(visit, form, {})


async def _show(visit: Visit, form: PageForm, errors: Mapping[str, str], http_status: int = 200) -> Response:
    page = await list_scheduled(visit.res.db, visit.res.urls, visit.me.account_id, form.window())
    return await visit.html(
        "scheduled.html",
        http_status=http_status,
        scheduled=decode_list(page.items),
        older_url=older(visit, page),
        errors=errors,
    )


@pages.post("/web/scheduled/{id}", access="me")
async def move(visit: Visit, form: MoveForm) -> Response:
    """Give one another time."""
    res = visit.res
    try:
        await reschedule(res.db, res.clock, visit.me.account_id, form.id, read_time(form.scheduled_at, form.tz_offset))
    except (Invalid, Refused) as error:
        return await _show(visit, PageForm(), {str(form.id): next(iter(explain(visit, error).values()))}, 422)
    return visit.redirect("/scheduled", notice=visit.gettext("Saved."))


@pages.post("/web/scheduled/{id}/delete", access="me")
async def drop(visit: Visit, form: ById) -> Response:
    """Do without one."""
    await cancel(visit.res.db, visit.res.clock, visit.me.account_id, form.id)
    return visit.redirect("/scheduled", notice=visit.gettext("The post was deleted."))
