"""Files as evidence: for reviewers, whatever has become of them for everybody else."""

from __future__ import annotations

import msgspec
from starlette.responses import Response

from rostra.media.serve import keep_private, serve_media
from rostra.web.page import Pages
from rostra.web.visit import Visit

pages = Pages()


class FileForm(msgspec.Struct, frozen=True, kw_only=True):
    key: str


@pages.get("/admin/desk/files/{key:path}", access="queue")
async def evidence_file(visit: Visit, form: FileForm) -> Response:
    """A stored file, kept by no cache but the reviewer's own browser's."""
    return keep_private(await serve_media(visit.res.store, visit.request, form.key), "max-age=600")
