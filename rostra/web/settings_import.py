"""Settings, bringing things here: lists as CSV files, and archives of posts from elsewhere or from here.

Nothing happens before its owner has seen what would. Closed to frozen and suspended people (`confined.py`): what they
may not do one by one they may not do by a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

import msgspec
from starlette.responses import Response

from rostra.archive.csv_read import MAX_ROWS, BadFile, CsvType
from rostra.archive.import_archive import confirm_archive, folder_of, may_undo, stage_archive, undo_import
from rostra.archive.import_csv import (
    TooManyImports,
    confirm_import,
    drop_import,
    failures_csv,
    get_import,
    list_imports,
    preview,
    stage_csv,
)
from rostra.archive.import_inspect import own_key
from rostra.archive.import_reader import MAX_ARCHIVE, BadArchive
from rostra.archive.import_records import Import, Mode
from rostra.entities.account import timestamp
from rostra.kit.body import MAX_UPLOAD
from rostra.kit.forms import StoredUpload, Upload
from rostra.kit.paging import Id
from rostra.web.page import Pages
from rostra.web.settings_export import size_text
from rostra.web.visit import Visit

pages = Pages()

_FILES_AN_HOUR: Final = (30, 3600)
_KINDS: Final[tuple[CsvType, ...]] = get_args(CsvType)


class ListForm(msgspec.Struct, frozen=True, kw_only=True):
    file: Upload | None = None
    type: Literal["", "following", "blocking", "muting", "domain_blocking", "lists", "bookmarks"] = ""
    mode: Mode = "merge"


class ArchiveForm(msgspec.Struct, frozen=True, kw_only=True):
    archive: StoredUpload | None = None


class ImportForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id


class ConfirmForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    mode: Mode = "merge"
    mine: bool = False
    with_direct: bool = False
    lists: list[CsvType] = []


@pages.get("/settings/import", access="me")
async def import_page(visit: Visit) -> Response:
    """What can be brought here, and what was."""
    return await _page(visit)


@pages.post("/settings/import", access="me")
async def send_list(visit: Visit, form: ListForm) -> Response:
    """Read a list, and show what it would do."""
    res, me = visit.res, visit.me
    _check_pace(visit)
    values = {"type": form.type, "mode": form.mode}
    if form.file is None or not form.file.body:
        return await _page(visit, values, {"file": visit.gettext("Choose a file.")})
    kind: CsvType | None = form.type or None
    name = form.file.filename
    try:
        import_id = await stage_csv(
            res.db, res.clock, res.urls, me.account_id, form.file.body, kind=kind, mode=form.mode, file_name=name
        )
    except BadFile as error:
        field = "type" if error.problem == "type" else "file"
        return await _page(visit, values, {field: _file_problem(visit, error)})
    except TooManyImports:
        return await _page(visit, values, {"file": _too_many(visit)})
    return visit.redirect(f"/settings/import/{import_id}")


@pages.post("/settings/import/archive", access="me", uploads=-(-MAX_ARCHIVE // MAX_UPLOAD), stores=True)
async def send_archive(visit: Visit, form: ArchiveForm) -> Response:
    """Look into an archive, and show what is in it."""
    res, me = visit.res, visit.me
    _check_pace(visit)
    if form.archive is None:
        return await _page(visit, {}, {"archive": visit.gettext("Choose a file.")})
    try:
        import_id = await stage_archive(
            res.db,
            res.clock,
            res.urls,
            res.http,
            own_key=own_key(res.settings),
            folder=folder_of(res.settings.data_dir),
            path=form.archive.path,
            account_id=me.account_id,
            username=me.username,
            file_name=form.archive.filename,
        )
    except BadArchive as error:
        return await _page(visit, {}, {"archive": _archive_problem(visit, error)})
    except TooManyImports:
        return await _page(visit, {}, {"archive": _too_many(visit)})
    return visit.redirect(f"/settings/import/{import_id}")


@pages.get("/settings/import/{id}", access="me")
async def one_import(visit: Visit, form: ImportForm) -> Response:
    """One import: what it would do, how far it is, or what has become of it."""
    return await _one(visit, await get_import(visit.res.db, visit.me.account_id, form.id))


@pages.post("/settings/import/{id}/confirm", access="me")
async def start_import(visit: Visit, form: ConfirmForm) -> Response:
    """Have it carried out, or gone on with."""
    res, me = visit.res, visit.me
    found = await get_import(res.db, me.account_id, form.id)
    if found.type != "archive":
        await confirm_import(res.db, res.clock, me.account_id, form.id, mode=form.mode)
        return visit.redirect(f"/settings/import/{form.id}")
    if not form.mine:
        return await _one(visit, found, {"mine": visit.gettext("Only your own posts can be brought here.")})
    folder = folder_of(res.settings.data_dir)
    try:
        await confirm_archive(
            res.db, res.clock, res.urls, folder, me.account_id, form.id, with_direct=form.with_direct, lists=form.lists
        )
    except BadArchive as error:
        return await _one(visit, found, {"mine": _archive_problem(visit, error)})
    return visit.redirect(f"/settings/import/{form.id}")


@pages.post("/settings/import/{id}/drop", access="me")
async def forget_import(visit: Visit, form: ImportForm) -> Response:
    """Do without."""
    await drop_import(visit.res.db, visit.me.account_id, form.id)
    return visit.redirect("/settings/import", notice=visit.gettext("Nothing was imported."))


@pages.post("/settings/import/{id}/undo", access="me")
async def take_back(visit: Visit, form: ImportForm) -> Response:
    """Delete all posts that an import has made."""
    await undo_import(visit.res.db, visit.res.clock, visit.me.account_id, form.id)
    return visit.redirect(f"/settings/import/{form.id}", notice=visit.gettext("The imported posts are being deleted."))


@pages.get("/settings/import/{id}/failures.csv", access="me")
async def failures(visit: Visit, form: ImportForm) -> Response:
    """The lines that could not be imported, with the reasons."""
    found = await get_import(visit.res.db, visit.me.account_id, form.id)
    body = await failures_csv(visit.res.db, found, _reasons(visit))
    headers = {
        "content-disposition": f'attachment; filename="import-{found.id}-failures.csv"',
        "cache-control": "private, no-store",
        "x-content-type-options": "nosniff",
    }
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


def _check_pace(visit: Visit) -> None:
    """Raises RateLimited: reading a file is work."""
    visit.res.limiter.check(f"import:u{visit.me.account_id}", *_FILES_AN_HOUR)


async def _page(visit: Visit, values: Mapping[str, Any] = {}, errors: Mapping[str, str] = {}) -> Response:
    imports = await list_imports(visit.res.db, visit.me.account_id)
    return await visit.html(
        "settings/import.html",
        http_status=422 if errors else 200,
        imports=[_shown(found) for found in imports],
        kinds=_KINDS,
        largest=size_text(MAX_ARCHIVE, visit.language),
        values={"mode": "merge", **values},
        errors=errors,
    )


async def _one(visit: Visit, found: Import, errors: Mapping[str, str] = {}) -> Response:
    res = visit.res
    seen = await preview(res.db, res.clock, found)
    say = _reasons(visit)
    source = found.archive
    return await visit.html(
        "settings/import_one.html",
        http_status=422 if errors else 200,
        shown=_shown(found),
        doable=seen.doable,
        ends=seen.ends,
        reasons=[(say.get(reason, reason), number) for reason, number in seen.reasons],
        source=source if found.type == "archive" else None,
        proven=source.proven,
        size=size_text(source.size, visit.language),
        problem=say.get(found.problem or "", visit.gettext("The archive cannot be read any more.")),
        undoable=may_undo(found, res.clock),
        errors=errors,
    )


def _shown(found: Import) -> Mapping[str, Any]:
    return {
        "id": str(found.id),
        "type": found.type,
        "mode": found.mode,
        "state": found.state,
        "file_name": found.file_name,
        "total": found.total,
        "imported": found.imported,
        "failed": found.failed,
        "skipped": found.skipped,
        "created_at": timestamp(found.created_at),
    }


def _file_problem(visit: Visit, error: BadFile) -> str:
    said = {
        "empty": visit.gettext("There is nothing in this file."),
        "encoding": visit.gettext("Line %(line)s is no text in UTF-8.", line=error.line),
        "unreadable": visit.gettext("This cannot be read as CSV from line %(line)s on.", line=error.line),
        "columns": visit.gettext("Line %(line)s has too few columns.", line=error.line),
        "rows": visit.gettext(
            "There are %(count)s lines, and no more than %(most)s can be imported at once: split the file.",
            count=error.count,
            most=MAX_ROWS,
        ),
        "type": visit.gettext("Neither the name nor the headings say what this is a list of: choose it."),
    }
    return said[error.problem]


def _archive_problem(visit: Visit, error: BadArchive) -> str:
    said = {
        "format": visit.gettext("This is neither a zip file nor a tar.gz file."),
        "names": visit.gettext("The archive holds something that is no plain file of its own."),
        "files": visit.gettext("The archive holds more files than can be imported."),
        "size": visit.gettext("The archive, or a file in it, is larger than what can be imported."),
        "bomb": visit.gettext("The archive grows out of all proportion when it is unpacked."),
        "damaged": visit.gettext("The archive is damaged: some of it cannot be read."),
        "encrypted": visit.gettext("The archive is encrypted: send it without a password."),
        "no_posts": visit.gettext("There is no outbox.json in it: this is not an archive of posts."),
        "no_actor": visit.gettext("There is no usable actor.json in it: it does not say whose it is."),
    }
    return said[error.problem]


def _too_many(visit: Visit) -> str:
    return visit.gettext("Some of your imports are still on their way: wait until they are done.")


def _reasons(visit: Visit) -> dict[str, str]:
    """The words for why something was not imported, or not wholly."""
    return {
        "other_server": visit.gettext("Other servers cannot be reached yet."),
        "not_found": visit.gettext("Nobody and nothing here has this address."),
        "not_an_address": visit.gettext("This is no address."),
        "not_a_domain": visit.gettext("This is no name of a server."),
        "own_server": visit.gettext("This is this server itself."),
        "bad_title": visit.gettext("A list needs a title, and not a very long one."),
        "too_many_lists": visit.gettext("You have as many lists as anybody can."),
        "yourself": visit.gettext("This is you."),
        "blocked": visit.gettext("A block stands between you."),
        "you_moved": visit.gettext("Your account has moved to another one."),
        "not_visible": visit.gettext("You cannot see this post."),
        "barred": visit.gettext("Your account is frozen or suspended; the import can go on when it is not any more."),
        "no_address": visit.gettext("The post has no address of its own."),
        "not_theirs": visit.gettext("The post is somebody else’s."),
        "bad_date": visit.gettext("The date cannot be right: it lies ahead, before 2006, or is missing."),
        "withheld": visit.gettext("Moderation kept this post back where it was posted."),
        "too_long": visit.gettext("The post is too long."),
        "hashtag": visit.gettext("A hashtag in it is not in use here."),
        "nothing_left": visit.gettext("Nothing of the post can be shown here."),
        "refused": visit.gettext("The policy of this server does not let this be published."),
        "held": visit.gettext("Imported, but a person has to look at it before others can see it."),
        "picture_left_out": visit.gettext("Imported, but without a picture or a video of it."),
    }
