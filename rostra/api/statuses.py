"""Statuses: publish, show, edit, delete, pin."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from rostra.accounts.records import Viewer
from rostra.accounts.render import hydrate_accounts
from rostra.api.call import Call
from rostra.api.route import Answer, Routes
from rostra.entities.account import Visibility
from rostra.entities.status import (
    RawDeletedStatus,
    RawPosted,
    RawStatus,
    StatusEdit,
    StatusSource,
    add_text,
)
from rostra.kit.errors import Invalid
from rostra.kit.paging import ById, Id
from rostra.posts.delete import delete, get_text
from rostra.posts.edit import edit
from rostra.posts.history import get_history, get_source
from rostra.posts.once import find_made
from rostra.posts.publish import UnexpectedMentions, publish
from rostra.posts.react import pin, unpin
from rostra.posts.records import Draft, Edit, Made, MediaEdit, PollDraft
from rostra.posts.schedule import get_scheduled, schedule

routes = Routes("statuses")

MOST_AT_ONCE = 40


class PollForm(msgspec.Struct, frozen=True, kw_only=True):
    options: list[str]
    expires_in: int
    multiple: bool = False
    hide_totals: bool = False

    def to_draft(self) -> PollDraft:
        """As the publisher takes it."""
        return msgspec.convert(self, PollDraft, from_attributes=True)


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
    scheduled_at: str | None = None
    allowed_mentions: list[Id] | None = None

    def to_draft(self, author: Viewer) -> Draft:
        """As the publisher takes it; what is not said is as its author has set it."""
        return Draft(
            text=self.status,
            spoiler_text=self.spoiler_text,
            visibility=self.visibility or msgspec.convert(author.default_visibility, Visibility),
            sensitive=author.default_sensitive if self.sensitive is None else self.sensitive,
            language=self.language or author.default_language,
            in_reply_to_id=self.in_reply_to_id,
            media_ids=self.media_ids,
            poll=self.poll.to_draft() if self.poll else None,
            app_id=author.app_id,
            allowed_mentions=self.allowed_mentions,
        )


class MediaAttributes(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    description: str | None = None
    focus: str | None = None


class EditForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/statuses/#edit"""

    id: Id
    status: str = ""
    spoiler_text: str = ""
    sensitive: bool | None = None
    language: str | None = None
    media_ids: list[Id] = []
    media_attributes: list[MediaAttributes] = []
    poll: PollForm | None = None

    def to_edit(self) -> Edit:
        """As the editor takes it."""
        return Edit(
            text=self.status,
            spoiler_text=self.spoiler_text,
            sensitive=self.sensitive,
            language=self.language or None,
            media_ids=self.media_ids,
            media_edits=msgspec.convert(self.media_attributes, list[MediaEdit], from_attributes=True),
            poll=self.poll.to_draft() if self.poll else None,
        )


class ManyForm(msgspec.Struct, frozen=True, kw_only=True):
    id: list[Id] = []


class DeleteForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    delete_media: bool = False


@routes.post("/api/v1/statuses", scopes="write:statuses", family="posts")
async def publish_status(call: Call, form: PublishForm) -> RawPosted | Answer:
    """Publish a status, now or later."""
    me, res, now = call.me, call.res, call.res.clock.now()
    key = call.request.headers.get("idempotency-key")
    draft, scheduled_at = form.to_draft(me), read_moment("scheduled_at", form.scheduled_at)
    made = await find_made(res.db, me.account_id, key, now)
    try:
        if made is None and scheduled_at is not None and scheduled_at > now:
            scheduled_id = await schedule(
                res.db,
                res.clock,
                res.urls,
                res.screen,
                author=me,
                draft=draft,
                scheduled_at=scheduled_at,
                idempotency_key=key,
            )
            made = Made(scheduled_id=scheduled_id)
        elif made is None:
            published = await publish(
                res.db, res.clock, res.urls, res.emit, res.screen, author=me, draft=draft, idempotency_key=key
            )
            if published.written is not None and published.written.stays:
                return await (await call.statuses()).show(published.written)
            made = Made(published.status_id)
    except UnexpectedMentions as error:
        accounts = await hydrate_accounts(res.db, error.account_ids, res.urls)
        return Answer({"error": error.text, "unexpected_accounts": accounts}, status=error.status)
    return await _show(call, made)


async def _show(call: Call, made: Made) -> RawPosted:
    if made.status_id is not None:
        return await (await call.statuses()).get(made.status_id)
    assert made.scheduled_id is not None
    scheduled = await get_scheduled(call.res.db, call.res.urls, call.me.account_id, made.scheduled_id)
    return msgspec.Raw(msgspec.json.encode(scheduled))


def read_moment(field: str, text: str | None) -> datetime | None:
    """A moment as clients write it (RFC 3339; without an offset it is UTC). Raises Invalid."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(field, "must be a date and time such as 2030-12-31T23:59:00Z") from None


@routes.get("/api/v1/statuses", access="public", scopes="read:statuses")
async def show_statuses(call: Call, form: ManyForm) -> list[RawStatus]:
    """Several statuses; those that are absent or not to be seen are left out."""
    if len(form.id) > MOST_AT_ONCE:
        raise Invalid("id", f"must not name more than {MOST_AT_ONCE} posts")
    return await (await call.statuses()).by_ids(form.id)


@routes.get("/api/v1/statuses/{id}", access="public", scopes="read:statuses")
async def show_status(call: Call, form: ById) -> RawStatus:
    """One status."""
    return await (await call.statuses()).get(form.id)


@routes.put("/api/v1/statuses/{id}", scopes="write:statuses")
async def edit_status(call: Call, form: EditForm) -> RawStatus:
    """Edit an own status; what is not given is taken away, but for the language and the mark as sensitive."""
    res = call.res
    wanted = form.to_edit()
    await edit(res.db, res.clock, res.urls, res.emit, res.screen, author=call.me, status_id=form.id, wanted=wanted)
    return await (await call.statuses()).get(form.id)


@routes.delete("/api/v1/statuses/{id}", scopes="write:statuses", family="deletes")
async def delete_status(call: Call, form: DeleteForm) -> RawDeletedStatus:
    """Delete an own status; the answer has its text, so that it can be drafted anew."""
    res, me = call.res, call.me.account_id
    text = await get_text(res.db, account_id=me, status_id=form.id)
    shown = await (await call.statuses()).get(form.id)
    await delete(res.db, res.clock, res.emit, account_id=me, status_id=form.id, delete_media=form.delete_media)
    return add_text(shown, text)


@routes.get("/api/v1/statuses/{id}/history", access="public", scopes="read:statuses")
async def status_history(call: Call, form: ById) -> list[StatusEdit]:
    """All versions of a status, the oldest first."""
    viewer_id = call.viewer.account_id if call.viewer else None
    return await get_history(call.res.db, call.res.urls, viewer_id=viewer_id, status_id=form.id)


@routes.get("/api/v1/statuses/{id}/source", scopes="read:statuses")
async def status_source(call: Call, form: ById) -> StatusSource:
    """The text of a status as it was typed."""
    return await get_source(call.res.db, viewer_id=call.me.account_id, status_id=form.id)


@routes.post("/api/v1/statuses/{id}/pin", scopes="write:accounts")
async def pin_status(call: Call, form: ById) -> RawStatus:
    """Show an own status first on one's profile."""
    await pin(call.res.db, call.res.clock, account_id=call.me.account_id, status_id=form.id)
    return await (await call.statuses()).get(form.id)


@routes.post("/api/v1/statuses/{id}/unpin", scopes="write:accounts")
async def unpin_status(call: Call, form: ById) -> RawStatus:
    """Take a pin off."""
    await unpin(call.res.db, account_id=call.me.account_id, status_id=form.id)
    return await (await call.statuses()).get(form.id)
