"""Statuses: publish, show, edit, delete, react."""

from __future__ import annotations

import msgspec

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.account import Visibility
from rostra.entities.status import RawStatus
from rostra.kit.paging import Id
from rostra.posts.publish import publish
from rostra.posts.records import Draft, PollDraft

routes = Routes("statuses")


class PollForm(msgspec.Struct, frozen=True, kw_only=True):
    options: list[str]
    expires_in: int
    multiple: bool = False
    hide_totals: bool = False


class PublishForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/statuses/#create"""

    status: str = ""
    media_ids: list[Id] = []
    poll: PollForm | None = None
    in_reply_to_id: Id | None = None
    sensitive: bool | None = None
    spoiler_text: str = ""
    visibility: Visibility | None = None
    language: str | None = None


class ById(msgspec.Struct, frozen=True, kw_only=True):
    id: Id


@routes.post("/api/v1/statuses", scopes="write:statuses", family="posts")
async def publish_status(call: Call, form: PublishForm) -> RawStatus:
    """Publish a status."""
    me = call.me
    draft = Draft(
        text=form.status,
        spoiler_text=form.spoiler_text,
        visibility=form.visibility or msgspec.convert(me.default_visibility, Visibility),
        sensitive=me.default_sensitive if form.sensitive is None else form.sensitive,
        language=form.language or me.default_language,
        in_reply_to_id=form.in_reply_to_id,
        media_ids=form.media_ids,
        poll=msgspec.convert(form.poll, PollDraft, from_attributes=True) if form.poll else None,
        app_id=me.app_id,
    )
    key = call.request.headers.get("idempotency-key")
    status_id = await publish(
        call.res.db, call.res.clock, call.res.urls, call.res.emit, author=me, draft=draft, idempotency_key=key
    )
    return await (await call.statuses()).get(status_id)


@routes.get("/api/v1/statuses/{id}", access="public", scopes="read:statuses")
async def show_status(call: Call, form: ById) -> RawStatus:
    """One status."""
    return await (await call.statuses()).get(form.id)
