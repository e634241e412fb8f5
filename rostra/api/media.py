"""Files for statuses: upload, show, describe, throw away."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.empty import Empty
from rostra.entities.status import MediaAttachment
from rostra.kit.errors import Invalid
from rostra.kit.forms import Upload
from rostra.kit.paging import ById, Id
from rostra.media.attach import delete_unattached, get_own_media, update_media
from rostra.media.upload import upload
from rostra.posts.render import render_upload

routes = Routes("media")


class UploadForm(msgspec.Struct, frozen=True, kw_only=True):
    """https://docs.joinmastodon.org/methods/media/#v2"""

    file: Upload | None = None
    description: str | None = None
    focus: str | None = None


class DescribeForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    description: str | UnsetType | None = UNSET
    focus: str | UnsetType | None = UNSET


async def _upload(call: Call, form: UploadForm) -> MediaAttachment:
    if form.file is None:
        raise Invalid("file", "can't be blank", code="ERR_BLANK")
    made = await upload(
        call.res.db,
        call.res.store,
        call.res.images,
        call.res.clock,
        account_id=call.me.account_id,
        body=form.file.body,
        description=form.description,
        focus=form.focus,
    )
    return render_upload(made, call.res.urls)


@routes.post("/api/v2/media", scopes="write:media", family="media")
async def upload_media(call: Call, form: UploadForm) -> MediaAttachment:
    """Upload a file; it can be posted at once."""
    return await _upload(call, form)


@routes.post("/api/v1/media", scopes="write:media", family="media")
async def upload_media_v1(call: Call, form: UploadForm) -> MediaAttachment:
    """Upload a file, as older clients do."""
    return await _upload(call, form)


@routes.get("/api/v1/media/{id}", scopes="write:media")
async def show_media(call: Call, form: ById) -> MediaAttachment:
    """An own upload."""
    found = await get_own_media(call.res.db, call.me.account_id, form.id)
    return render_upload(found, call.res.urls)


@routes.put("/api/v1/media/{id}", scopes="write:media")
async def describe_media(call: Call, form: DescribeForm) -> MediaAttachment:
    """Describe an own upload, or say what of it a crop should keep; only before it is posted."""
    changed = await update_media(
        call.res.db, call.me.account_id, form.id, description=form.description, focus=form.focus
    )
    return render_upload(changed, call.res.urls)


@routes.delete("/api/v1/media/{id}", scopes="write:media")
async def delete_media(call: Call, form: ById) -> Empty:
    """Throw an own upload away that no status uses."""
    await delete_unattached(call.res.db, call.res.store, call.me.account_id, form.id)
    return Empty()
