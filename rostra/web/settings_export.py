"""Settings, your data: lists as CSV files, and the signed archive of the whole account.

Open to suspended and frozen people as well (`confined.py`): what is theirs stays theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from babel.units import format_unit
from starlette.responses import Response, StreamingResponse

from rostra.archive.archive_jobs import (
    BeingMade,
    TooSoon,
    access_archive,
    list_archives,
    request_archive,
)
from rostra.archive.export_csv import FILES, stream_csv
from rostra.archive.export_records import ArchiveAsked
from rostra.kit.errors import NotFound
from rostra.kit.paging import Id
from rostra.media.serve import wanted_span
from rostra.text.dates import long_moment
from rostra.web.page import Handler, Pages
from rostra.web.visit import Visit

pages = Pages()

CSV_PATHS: Final = {name: f"/settings/exports/{name}.csv" for name in FILES}
"""Where each list is downloaded; the first ones are Mastodon's addresses."""
_PRIVATE: Final = "private, no-store"
_UNITS: Final = (("gigabyte", 10**9), ("megabyte", 10**6), ("kilobyte", 10**3))


class ArchiveForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id


@pages.get("/settings/export", access="me")
async def export_page(visit: Visit) -> Response:
    """What can be taken along, and the archives that were asked for."""
    return await _page(visit)


@pages.post("/settings/export", access="me")
async def request(visit: Visit) -> Response:
    """Have an archive made."""
    try:
        await request_archive(visit.res.db, visit.res.clock, visit.res.store, visit.me.account_id)
    except BeingMade:
        return await _page(visit, visit.gettext("An archive is being made already."))
    except TooSoon as error:
        when = long_moment(error.again_at, visit.language)
        return await _page(visit, visit.gettext("You can request the next archive on %(when)s.", when=when))
    notice = visit.gettext("Your archive is being made. A letter tells you when it is ready.")
    return visit.redirect("/settings/export", notice=notice)


@pages.get("/settings/export/{id}/archive.zip", access="me")
async def download_archive(visit: Visit, form: ArchiveForm) -> Response:
    """An archive of the viewer's own; anybody else's does not exist. A download that broke off can be resumed."""
    res, me = visit.res, visit.me
    found = await access_archive(res.db, res.clock, me.account_id, form.id)
    head = await res.store.find_head(found.file_key)
    if head is None:
        raise NotFound
    name = f"archive-{me.username}-{found.requested_at:%Y%m%d}.zip"
    headers = {**_attachment(name), "accept-ranges": "bytes", "etag": head.etag}
    span = wanted_span(visit.request, head)
    if span == "none":
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{head.size}"})
    start, end = (0, head.size) if span == "whole" else span
    headers["content-length"] = str(end - start)
    if span != "whole":
        headers["content-range"] = f"bytes {start}-{end - 1}/{head.size}"
    status = 200 if span == "whole" else 206
    return StreamingResponse(res.store.read(found.file_key, start=start, end=end), status, headers, "application/zip")


def _csv_page(name: str) -> Handler:
    async def download(visit: Visit) -> Response:
        lines = stream_csv(visit.res.db, visit.res.urls.domain, name, visit.me.account_id)
        return StreamingResponse(lines, headers=_attachment(FILES[name]), media_type="text/csv; charset=utf-8")

    return download


for _name, _path in CSV_PATHS.items():
    pages.get(_path, access="me")(_csv_page(_name))


def _attachment(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"', "cache-control": _PRIVATE}


async def _page(visit: Visit, problem: str = "") -> Response:
    archives = await list_archives(visit.res.db, visit.res.store, visit.me.account_id)
    now = visit.res.clock.now()
    shown = [_archive(each, visit) for each in archives if each.expires_at is None or each.expires_at > now]
    return await visit.html(
        "settings/export.html",
        http_status=422 if problem else 200,
        archives=shown,
        files=CSV_PATHS,
        problem=problem,
    )


def _archive(found: ArchiveAsked, visit: Visit) -> Mapping[str, Any]:
    return {
        "id": str(found.id),
        "state": found.state,
        "size": size_text(found.size_bytes or 0, visit.language),
        "requested_at": found.requested_at.isoformat(),
        "expires_at": found.expires_at.isoformat() if found.expires_at else None,
    }


def size_text(size: int, language: str) -> str:
    """A size in bytes in the largest unit that it fills: `4.2 MB`, `4,2 MB`."""
    for unit, worth in _UNITS:
        if size >= worth:
            return format_unit(round(size / worth, 1), f"digital-{unit}", "short", locale=language)
    return format_unit(size, "digital-byte", "short", locale=language)
