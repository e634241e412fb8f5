"""Notices of hosts and authorities: the list by their clocks, one with all about it, taking one in by hand.

Acting on an example and answering are `notices_act`, providers `notices_providers`, the form for everybody
`notices_public`.

    GET /admin/notices?which=&after=        admin/notices.html
    GET, POST /admin/notices/new            admin/notices_new.html
    GET /admin/notices/ID?after=            admin/notices_one.html, or admin/notices_held.html while it is in quarantine
    POST /admin/notices/ID/{release,refuse}
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import msgspec
from starlette.responses import Response

from rostra.kit.errors import Conflict, Forbidden, Invalid, NotFound
from rostra.kit.forms import Upload
from rostra.kit.paging import Id
from rostra.notices.answer import Undecided
from rostra.notices.intake import Arrival, Unreadable, refuse, release, take_in
from rostra.notices.providers import list_providers
from rostra.notices.records import NEXT, Channel, Provider, Regime
from rostra.notices.show import ITEMS, View, Which, get_view, list_notices, read_original
from rostra.web.desk_place import reviewer_of
from rostra.web.measurement_charts import decimal, duration
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()

_TYPES: Final = {".json": "application/json", ".csv": "text/csv", ".tsv": "text/csv", ".eml": "message/rfc822"}


class ListForm(msgspec.Struct, frozen=True, kw_only=True):
    which: Which = "open"
    after: str = ""


class OneForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    after: int = 0


class NewForm(msgspec.Struct, frozen=True, kw_only=True):
    """Text that was pasted, or a file."""

    provider_id: str = ""
    regime: str = ""
    text: str = ""
    file: Upload | None = None


class ReleaseForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    provider_id: str = ""
    regime: str = ""


class RefuseForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    why: str = ""


@pages.get("/admin/notices", access="notices")
async def notices_page(visit: Visit, form: ListForm) -> Response:
    """Open notices, the nearest clock first; those in quarantine; those that are over."""
    rows, following, counts = await list_notices(visit.res.desk, reviewer_of(visit), form.which, form.after)
    older = f"/admin/notices?which={form.which}&after={following}" if following else None
    return await visit.html("admin/notices.html", which=form.which, rows=rows, counts=counts, older_url=older)


@pages.get("/admin/notices/new", access="notices")
async def new_page(visit: Visit) -> Response:
    """The form for what came by other ways."""
    return await _new(visit)


async def _new(visit: Visit, **values: Any) -> Response:
    given: dict[str, Any] = {"values": {}, "errors": {}, "http_status": 200} | values
    return await visit.html("admin/notices_new.html", providers=await living_providers(visit), **given)


@pages.post("/admin/notices/new", access="notices", uploads=3)
async def take_in_by_hand(visit: Visit, form: NewForm) -> Response:
    """Take in what somebody pasted or uploaded: a person of ours vouches for it."""
    values = {"provider_id": form.provider_id, "regime": form.regime, "text": form.text}
    file = form.file if form.file is not None and form.file.body else None
    channel: Channel = "file" if file else "form"
    body = file.body if file else form.text.encode()
    if not body.strip():
        return await _new(visit, values=values, errors={"text": "ERR_BLANK"}, http_status=422)
    providers = await living_providers(visit)
    arrival = Arrival(
        body=body,
        content_type=_type_of(file) if file else "",
        channel=channel,
        proof="person",
        provider=next((each for each in providers if str(each.id) == form.provider_id), None),
        regime=regime_of(form.regime),
        actor_id=visit.me.account_id,
    )
    try:
        taken = await take_in(visit.res.desk, arrival)
    except Invalid as error:
        problem = fault_words(visit, error)
        return await _new(visit, values=values, errors={"text": problem}, http_status=422)
    notice = visit.gettext("Taken in.") if taken.is_new else visit.gettext("This was taken in before.")
    return visit.redirect(f"/admin/notices/{taken.notice_id}", notice=notice)


def _type_of(file: Upload) -> str:
    """By the name that the file bears: what a browser says of it is a guess as well."""
    name = file.filename.lower()
    return next((kind for ending, kind in _TYPES.items() if name.endswith(ending)), "")


@pages.get("/admin/notices/{id}", access="notices")
async def notice_page(visit: Visit, form: OneForm) -> Response:
    """One notice."""
    return await show_notice(visit, form.id, form.after)


async def show_notice(visit: Visit, notice_id: int, after: int = 0, **values: Any) -> Response:
    """The page of a notice; `values` are what a form wants to say."""
    view = await get_view(visit.res.desk, reviewer_of(visit), notice_id, after)
    given: dict[str, Any] = {"problem": "", "errors": {}, "typed": {}, "http_status": 200} | values
    if view.notice.state in ("quarantined", "refused"):
        original = await read_original(visit.res.desk, reviewer_of(visit), notice_id)
        providers = await living_providers(visit)
        return await visit.html("admin/notices_held.html", view=view, original=original, providers=providers, **given)
    last = view.items[-1].position if view.items else 0
    return await visit.html(
        "admin/notices_one.html",
        view=view,
        texts=_texts(view),
        older_url=f"/admin/notices/{notice_id}?after={last}"
        if last < view.total and len(view.items) == ITEMS
        else None,
        following=NEXT[view.notice.state],
        duration=partial(duration, language=visit.language),
        decimal=partial(decimal, language=visit.language),
        **given,
    )


def _texts(view: View) -> dict[int, str]:
    """What stands at each item now, by the item's id."""
    found: dict[int, str] = {}
    for item in view.items:
        post = view.posts.get(item.subject_id or 0) if item.subject_kind == "status" else None
        if post is not None:
            found[item.id] = "\n".join(part for part in (post.spoiler_text, post.text) if part)
    return found


@pages.post("/admin/notices/{id}/release", access="notices")
async def release_notice(visit: Visit, form: ReleaseForm) -> Response:
    """Vouch for a quarantined notice."""
    chosen = int(form.provider_id) if form.provider_id.isdecimal() else None
    try:
        await release(visit.res.desk, reviewer_of(visit), form.id, provider_id=chosen, regime=regime_of(form.regime))
    except Invalid as error:
        return await show_notice(visit, form.id, problem=fault_words(visit, error), http_status=422)
    return visit.redirect(f"/admin/notices/{form.id}", notice=visit.gettext("Released from quarantine."))


@pages.post("/admin/notices/{id}/refuse", access="notices")
async def refuse_notice(visit: Visit, form: RefuseForm) -> Response:
    """Put a quarantined notice away for good."""
    await refuse(visit.res.desk, reviewer_of(visit), form.id, form.why.strip())
    return visit.redirect("/admin/notices?which=quarantined", notice=visit.gettext("Put away."))


async def living_providers(visit: Visit) -> list[Provider]:
    """The providers that are believed."""
    return [each for each in await list_providers(visit.res.db) if each.retired_at is None]


def regime_of(name: str) -> Regime | None:
    """The regime of that name, None for others."""
    known: dict[str, Regime] = {
        "host": "host", "order": "order", "terrorist": "terrorist", "legal": "legal", "store": "store", "own": "own",
    }  # fmt: skip
    return known.get(name)


def fault_words(visit: Visit, error: Invalid) -> str:
    """Why something could not be read, in the reader's language."""
    fault = error.fault if isinstance(error, Unreadable) else ""
    if fault == "no_items":
        return visit.gettext("It names no address and quotes nothing: write the addresses, one on a line.")
    if fault == "archive_not_opened":
        return visit.gettext("Archives are not opened. Unpack it first.")
    if fault == "xml_not_read":
        return visit.gettext("XML is not read. Paste the addresses instead.")
    return visit.gettext("It could not be read. Paste the addresses as text instead.")


def why_not(visit: Visit, error: Conflict | Forbidden | NotFound | Invalid) -> str:
    """Why nothing was done, in the reader's language."""
    if isinstance(error, Undecided):
        return visit.gettext("Not every example is decided yet.")
    if isinstance(error, Conflict):
        return visit.gettext("Something has changed since you looked at it. Nothing was done: look again.")
    if isinstance(error, Forbidden):
        return visit.gettext("This is your own, or your role does not allow it. Somebody else has to decide.")
    if isinstance(error, Invalid) and error.field == "contact":
        return visit.gettext("There is no address to send it to. Send it by other means and say so.")
    if isinstance(error, Invalid) and error.field == "clause":
        return visit.gettext("Choose the clause that it breaks.")
    return visit.gettext("Something is missing or does not go together. Nothing was done.")
