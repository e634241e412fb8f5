"""Writing a post: the composer's page and what its form does. Editing and deleting are in `rewriting`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from starlette.responses import Response

from rostra.entities.account import Visibility
from rostra.kit.errors import Invalid, InvalidFields, NotFound, RateLimited, RostraError
from rostra.kit.errors import Refused as NotNow
from rostra.kit.paging import Id
from rostra.levers.enforce import LeverRefused, TooSoon
from rostra.posts.draft import MAX_CHARACTERS, MAX_OPTION_CHARACTERS
from rostra.posts.once import find_made
from rostra.posts.publish import publish
from rostra.posts.records import Draft, Made, PollDraft
from rostra.posts.schedule import schedule
from rostra.screening.judgement import Rejected
from rostra.timelines.fan_out import show_to_author
from rostra.web.composing import empty_composer, reply_composer
from rostra.web.context import Refusal
from rostra.web.feeds import decode
from rostra.web.formats import Entity
from rostra.web.images import ImageForm, take_images
from rostra.web.page import Pages
from rostra.web.render import Composer
from rostra.web.visit import Refused, Visit
from rostra.web.withheld import refusal_of, say_published

pages = Pages()

# Posts, seconds: the API's limit of the same name, which counts together with this one.
_POSTS: Final = (300, 3 * 3600)
_A_DAY: Final = 86_400
_VISIBILITIES: Final = ("public", "unlisted", "private", "direct")

# What `publish`, `schedule` and `edit` raise for what the author can mend or wait for.
Mendable = (*Refused, NotNow, NotFound, RateLimited)


class ComposeForm(msgspec.Struct, frozen=True, kw_only=True):
    in_reply_to: Id | None = None
    text: str = ""
    visibility: str = ""


class PollForm(msgspec.Struct, frozen=True, kw_only=True):
    """The composer's poll; there is none where no choice was written. No time means as long as usual."""

    options: list[str] = []
    expires_in: int | None = None
    multiple: bool = False

    @property
    def written(self) -> list[str]:
        """The choices that are not empty."""
        return [option for option in self.options if option.strip()]

    def to_draft(self) -> PollDraft | None:
        """As the publisher takes it."""
        if not self.written:
            return None
        return PollDraft(options=self.written, expires_in=self.expires_in or _A_DAY, multiple=self.multiple)


class WritingForm(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of `render.Composer`."""

    status: str = ""
    spoiler_text: str = ""
    sensitive: bool = False
    visibility: Visibility = "public"
    language: str = ""
    scheduled_at: str = ""
    tz_offset: Annotated[int, Meta(ge=-1000, le=1000)] = 0
    in_reply_to_id: Id | None = None
    idempotency_key: str = ""
    poll: PollForm = PollForm()
    media: list[ImageForm] = []
    return_to: str = ""

    def to_draft(self, media_ids: list[int]) -> Draft:
        """As the publisher takes it."""
        return Draft(
            text=self.status,
            spoiler_text=self.spoiler_text,
            visibility=self.visibility,
            sensitive=self.sensitive,
            language=self.language or None,
            in_reply_to_id=self.in_reply_to_id,
            media_ids=media_ids,
            poll=self.poll.to_draft(),
        )

    @property
    def key(self) -> str | None:
        """The form's key, for what stands in it: going back and sending something else makes another post."""
        if not self.idempotency_key:
            return None
        sizes = [len(image.file.body) for image in self.media if image.file]
        content = repr((self.status, self.spoiler_text, self.scheduled_at, self.in_reply_to_id, self.poll, sizes))
        return f"{self.idempotency_key}:{hashlib.sha256(content.encode(errors='surrogatepass')).hexdigest()}"

    def read_time(self) -> datetime | None:
        """The moment that was chosen on the reader's own clock, which is `tz_offset` minutes behind UTC. Raises
        Invalid."""
        if not self.scheduled_at:
            return None
        return read_time(self.scheduled_at, self.tz_offset)

    def show_again(
        self,
        media: Sequence[Entity],
        errors: Mapping[str, str],
        *,
        parent: Entity | None = None,
        editing: str | None = None,
        refusal: Refusal | None = None,
    ) -> Composer:
        """The composer as it was sent, with what was wrong."""
        written = self.poll.written
        poll: dict[str, Any] = {"options": written, "multiple": self.poll.multiple, "expires_in": self.poll.expires_in}
        return Composer(
            text=self.status,
            spoiler_text=self.spoiler_text,
            sensitive=self.sensitive,
            visibility=self.visibility,
            language=self.language,
            scheduled_at=self.scheduled_at,
            in_reply_to=parent,
            media=media,
            poll=poll if written else None,
            editing=editing,
            idempotency_key=self.idempotency_key,
            errors=errors,
            refusal=refusal,
        )


def read_time(text: str, tz_offset: int) -> datetime:
    """`2026-05-04T18:30` on a clock that is `tz_offset` minutes behind UTC. Raises Invalid("scheduled_at")."""
    try:
        local = datetime.fromisoformat(text)
        return (local if local.tzinfo else local.replace(tzinfo=UTC) + timedelta(minutes=tz_offset)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("scheduled_at", "is not a date and time") from None


@pages.get("/compose", access="me")
async def compose_page(visit: Visit, form: ComposeForm) -> Response:
    """The composer with a page to itself."""
    if form.in_reply_to is not None:
        parent: Entity = decode(await (await visit.statuses()).get(form.in_reply_to))
        return await visit.html("compose.html", composer=reply_composer(visit.me, parent["reblog"] or parent))
    visibility = form.visibility if form.visibility in _VISIBILITIES else None
    composer = empty_composer(visit.me, text=form.text, visibility=visibility)
    return await visit.html("compose.html", composer=composer)


@pages.post("/web/statuses", access="me", uploads=4)
async def write(visit: Visit, form: WritingForm) -> Response:
    """Publish it, or keep it for later; once, however often the form is sent."""
    res, me = visit.res, visit.me
    made = await find_made(res.db, me.account_id, form.key, res.clock.now())
    if made is None:
        taken = await take_images(visit, form.media)
        try:
            if taken.problem:
                return await _again(visit, form, taken.show(visit), {"media": taken.problem})
            made = await _make(visit, form, taken.ids)
        except Mendable as error:
            return await _again(visit, form, taken.show(visit), explain(visit, error), refusal_of(error))
    return await _after(visit, form, made)


async def _make(visit: Visit, form: WritingForm, media_ids: list[int]) -> Made:
    res, me, later = visit.res, visit.me, form.read_time()
    draft = form.to_draft(media_ids)
    res.limiter.check(f"posts:u{me.account_id}", *_POSTS)
    if later is not None:
        scheduled_id = await schedule(
            res.db,
            res.clock,
            res.urls,
            res.screen,
            author=me,
            draft=draft,
            scheduled_at=later,
            idempotency_key=form.key,
        )
        return Made(scheduled_id=scheduled_id)
    made = await publish(
        res.db, res.clock, res.urls, res.emit, res.screen, author=me, draft=draft, idempotency_key=form.key
    )
    return Made(made.status_id)


async def _after(visit: Visit, form: WritingForm, made: Made) -> Response:
    if made.status_id is None:
        return visit.redirect("/scheduled", notice=visit.gettext("The post waits for its time."))
    await show_to_author(visit.res.db, made.status_id)
    own_page = f"/@{visit.me.username}/{made.status_id}"
    default = own_page if form.in_reply_to_id else "/home"
    notice = await say_published(visit, made.status_id, visit.gettext("Your post was published."))
    return visit.back(form.return_to, default, notice=notice)


async def _again(
    visit: Visit,
    form: WritingForm,
    media: Sequence[Entity],
    errors: Mapping[str, str],
    refusal: Refusal | None = None,
) -> Response:
    found = await (await visit.statuses()).find(form.in_reply_to_id) if form.in_reply_to_id else None
    parent = None if found is None else decode(found)
    composer = form.show_again(media, errors, parent=parent, refusal=refusal)
    return await visit.html("compose.html", http_status=422, composer=composer)


def explain(visit: Visit, error: RostraError) -> dict[str, str]:
    """What was wrong with a post, by field, in the reader's language."""
    if isinstance(error, TooSoon | LeverRefused):
        return {"base": error.text}
    if isinstance(error, NotFound):
        return {"in_reply_to_id": visit.gettext("The post that this answers is gone.")}
    if isinstance(error, RateLimited):
        return {"base": visit.gettext("That was a lot in a short time. Wait a little, then try again.")}
    if not isinstance(error, Refused):
        return {"base": visit.gettext("You have scheduled as many posts as one can.")}
    return {field: _sentence(visit, field, error) for field in error.details}


def _sentence(visit: Visit, field: str, error: Invalid | InvalidFields | Rejected) -> str:
    code = error.details[field][0].code
    match field, code:
        case _, "ERR_REJECTED":
            return error.text
        case "text", "ERR_BLANK":
            return visit.gettext("Write something, or add an image.")
        case "text", _:
            return visit.gettext("A post can have %(most)s characters.", most=MAX_CHARACTERS)
        case "poll", _:
            return visit.gettext("A post has either images or a poll.")
        case "poll[options]", _:
            most = MAX_OPTION_CHARACTERS
            return visit.gettext(
                "A poll has two to four different choices, each of at most %(most)s characters.", most=most
            )
        case "media_ids", _:
            return visit.gettext("One of the images is no longer there. Please add it again.")
        case "in_reply_to_id", _:
            return visit.gettext("Nobody can answer this post any more: moderation has closed it.")
        case "scheduled_at", _:
            return visit.gettext("Choose a time that is at least five minutes ahead.")
        case _:
            return error.text
