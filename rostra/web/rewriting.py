"""Changing a post that is out: editing it, deleting it, and deleting it to write it again."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType
from starlette.responses import Response

from rostra.kit.errors import NotFound
from rostra.kit.paging import Id
from rostra.posts.delete import delete, get_text
from rostra.posts.edit import edit
from rostra.posts.history import get_source
from rostra.posts.records import Edit, MediaEdit, PollDraft
from rostra.web.context import Refusal
from rostra.web.feeds import decode
from rostra.web.formats import Entity, status_path
from rostra.web.images import take_images
from rostra.web.page import Pages
from rostra.web.render import Composer
from rostra.web.thread import StatusForm, find_status
from rostra.web.visit import Visit, is_local
from rostra.web.withheld import refusal_of, say_published
from rostra.web.writing import Mendable, PollForm, WritingForm, explain

pages = Pages()


class RewritingForm(WritingForm, frozen=True, kw_only=True):
    id: Id


class DeleteForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    redraft: bool = False
    return_to: str = ""


async def _find_own(visit: Visit, number: str) -> Entity:
    status = await find_status(await visit.statuses(), number)
    if int(status["account"]["id"]) != visit.me.account_id:
        raise NotFound
    return status


async def _find_parent(visit: Visit, status: Entity) -> Entity | None:
    number = status["in_reply_to_id"]
    found = await (await visit.statuses()).find(int(number)) if number else None
    return None if found is None else decode(found)


@pages.get("/@{acct}/{id}/edit", access="me")
async def edit_page(visit: Visit, form: StatusForm) -> Response:
    """The composer with the post as it was typed."""
    status = await _find_own(visit, form.id)
    source = await get_source(visit.res.db, viewer_id=visit.me.account_id, status_id=int(form.id))
    composer = Composer(
        text=source.text,
        spoiler_text=source.spoiler_text,
        sensitive=status["sensitive"],
        visibility=status["visibility"],
        language=status["language"] or "",
        in_reply_to=await _find_parent(visit, status),
        media=status["media_attachments"],
        poll=_poll_of(status),
        editing=status["id"],
    )
    return await visit.html("compose.html", composer=composer)


def _poll_of(status: Entity) -> dict[str, Any] | None:
    """A poll as the composer takes it. Without a time it stays open for as long as it is."""
    poll = status["poll"]
    if poll is None:
        return None
    return {
        "options": [option["title"] for option in poll["options"]],
        "multiple": poll["multiple"],
        "expires_in": None,
    }


@pages.post("/web/statuses/{id}", access="me", uploads=4)
async def save_edit(visit: Visit, form: RewritingForm) -> Response:
    """Save it; what it was can still be read in its history."""
    res = visit.res
    status = await _find_own(visit, str(form.id))
    taken = await take_images(visit, form.media, status_id=form.id)
    try:
        if taken.problem:
            return await _again(visit, form, status, taken.show(visit), {"media": taken.problem})
        wanted = Edit(
            text=form.status,
            spoiler_text=form.spoiler_text,
            sensitive=form.sensitive,
            language=form.language or None,
            media_ids=taken.ids,
            media_edits=[
                MediaEdit(id=place.id, description=place.description, focus=place.focus)
                for place in form.media
                if place.id in taken.ids
            ],
            poll=_wanted_poll(form.poll, _poll_of(status)),
        )
        await edit(res.db, res.clock, res.urls, res.emit, res.screen, author=visit.me, status_id=form.id, wanted=wanted)
    except Mendable as error:
        return await _again(visit, form, status, taken.show(visit), explain(visit, error), refusal_of(error))
    notice = await say_published(visit, form.id, visit.gettext("Saved."))
    return visit.redirect(status_path(status), notice=notice)


def _wanted_poll(form: PollForm, before: Mapping[str, Any] | None) -> PollDraft | UnsetType | None:
    """UNSET where the form shows the poll as it was, so that its votes and its end stay."""
    same = before is not None and (before["options"], before["multiple"]) == (form.written, form.multiple)
    return UNSET if same and form.expires_in is None else form.to_draft()


async def _again(
    visit: Visit,
    form: RewritingForm,
    status: Entity,
    media: Sequence[Entity],
    errors: Mapping[str, str],
    refusal: Refusal | None = None,
) -> Response:
    parent = await _find_parent(visit, status)
    composer = form.show_again(media, errors, parent=parent, editing=status["id"], refusal=refusal)
    return await visit.html("compose.html", http_status=422, composer=composer)


@pages.get("/web/statuses/{id}/delete", access="me")
async def ask_first(visit: Visit, form: DeleteForm) -> Response:
    """Are you sure?"""
    status = await _find_own(visit, str(form.id))
    return await visit.html(
        "confirm.html",
        kind="delete",
        action=f"/web/statuses/{form.id}/delete",
        status=status,
        account=None,
        return_to=_came_from(visit, status),
    )


def _came_from(visit: Visit, status: Entity) -> str:
    """Where the browser was before, unless that goes with the post."""
    before = urlsplit(visit.request.headers.get("referer", ""))
    ours = before.netloc == visit.request.headers.get("host") and is_local(before.path)
    gone = before.path.startswith((status_path(status), "/web/"))
    return before.path if ours and not gone else "/home"


@pages.post("/web/statuses/{id}/delete", access="me")
async def delete_status(visit: Visit, form: DeleteForm) -> Response:
    """Delete it; with `redraft`, show the composer with what it was."""
    res, me = visit.res, visit.me.account_id
    status = await _find_own(visit, str(form.id))
    text = await get_text(res.db, account_id=me, status_id=form.id)
    parent = await _find_parent(visit, status)
    await delete(res.db, res.clock, res.emit, account_id=me, status_id=form.id, delete_media=not form.redraft)
    if not form.redraft:
        return visit.back(form.return_to, "/home", notice=visit.gettext("The post was deleted."))
    composer = Composer(
        text=text,
        spoiler_text=status["spoiler_text"],
        sensitive=status["sensitive"],
        visibility=status["visibility"],
        language=status["language"] or "",
        in_reply_to=parent,
        media=status["media_attachments"],
        poll=_poll_of(status),
        idempotency_key=secrets.token_urlsafe(16),
    )
    return await visit.html("compose.html", composer=composer)
