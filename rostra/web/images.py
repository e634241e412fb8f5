"""The images of a composer: new files are taken in at once, so that they are not lost when the form is refused; those
that came before are described anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from rostra.kit.errors import Invalid, NotFound, RateLimited
from rostra.kit.forms import Upload
from rostra.kit.paging import Id
from rostra.media.attach import get_own_media, update_media
from rostra.media.image import IMAGE_LIMITS
from rostra.media.records import MediaAttachment
from rostra.media.upload import upload
from rostra.posts.draft import MAX_MEDIA
from rostra.posts.render import render_upload
from rostra.web.feeds import decode_list
from rostra.web.formats import Entity
from rostra.web.visit import Visit

# Files, seconds: the API's limit of the same name, which counts together with this one.
_UPLOADS: Final = (30, 30 * 60)


class ImageForm(msgspec.Struct, frozen=True, kw_only=True):
    """One of the composer's places for an image: a new file, or one that is there already."""

    id: Id | None = None
    file: Upload | None = None
    description: str = ""
    focus: str = ""
    remove: bool = False

    @property
    def is_new(self) -> bool:
        """Whether a file came with it; an empty place sends an empty one."""
        return self.id is None and self.file is not None and bool(self.file.body)


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the places: the images that are there now, in order, and a sentence about the first problem."""

    images: list[MediaAttachment]
    problem: str | None

    @property
    def ids(self) -> list[int]:
        """Their ids."""
        return [image.id for image in self.images]

    def show(self, visit: Visit) -> list[Entity]:
        """As templates take them."""
        return decode_list([render_upload(image, visit.res.urls) for image in self.images])


async def take_images(visit: Visit, places: Sequence[ImageForm], *, status_id: int | None = None) -> Taken:
    """Take in what is new and describe what is not. Problems do not stop the other places.

    Those that the status `status_id` has are left as they are: describing them is a part of its edit.
    """
    images: list[MediaAttachment] = []
    problem: str | None = None
    for place in places[:MAX_MEDIA]:
        if place.remove or not (place.is_new or place.id is not None):
            continue
        try:
            images.append(await _take(visit, place, status_id))
        except (Invalid, NotFound, RateLimited) as error:
            problem = problem or _explain(visit, place, error)
    return Taken(images=images, problem=problem)


async def _take(visit: Visit, place: ImageForm, status_id: int | None) -> MediaAttachment:
    res, me = visit.res, visit.me.account_id
    if place.id is None:
        assert place.file is not None
        res.limiter.check(f"media:u{me}", *_UPLOADS)
        return await upload(
            res.db, res.store, res.images, res.clock,
            account_id=me, body=place.file.body, description=place.description, focus=place.focus,
        )  # fmt: skip
    found = await get_own_media(res.db, me, place.id)
    if status_id is not None and found.status_id == status_id:
        return found
    return await update_media(res.db, me, place.id, description=place.description, focus=place.focus)


def _explain(visit: Visit, place: ImageForm, error: Invalid | NotFound | RateLimited) -> str:
    name = place.file.filename if place.file else ""
    if isinstance(error, NotFound):
        return visit.gettext("One of the images is no longer there. Please add it again.")
    if isinstance(error, RateLimited):
        return visit.gettext(
            "That were many images in a short time. Wait a little, then add %(name)s again.", name=name
        )
    if error.field == "description":
        return visit.gettext("A description is too long.")
    return visit.gettext(
        "%(name)s could not be taken in. Images may be JPEG, PNG, GIF, WebP or AVIF, up to %(most)s MB each.",
        name=name or visit.gettext("The image"),
        most=IMAGE_LIMITS.size >> 20,
    )
