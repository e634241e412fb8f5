"""The banks of known pictures: how each stands and what follows from it, adding to them, trying a picture.

GET /admin/policy/banks             admin/policy_banks.html; POST: file, name, replaces=1 (a file of hashes)
POST /admin/policy/banks/pictures   pictures[], to (the name of a bank, or of a new one), note
POST /admin/policy/banks/test       picture: nothing of it is kept
POST /admin/policy/banks/remove     file
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from starlette.responses import Response

from rostra.detect.bank_files import LEAST_QUALITY
from rostra.kit.errors import Invalid
from rostra.kit.forms import StoredUpload, Upload
from rostra.media.image import PictureHash, hash_file
from rostra.screening.bank_change import NewHash, add_file, add_hashes, remove_bank
from rostra.screening.bank_uses import Known, find_known, list_bank_uses
from rostra.screening.subject import Picture
from rostra.web.page import Pages
from rostra.web.visit import Visit, errors_of

pages = Pages()

_AT: Final = "/admin/policy/banks"
# Some two million hashes; larger files are put into the folder by hand.
_LARGEST: Final = 8
_PICTURES: Final = 8


class FileForm(msgspec.Struct, frozen=True, kw_only=True):
    name: str = ""
    file: StoredUpload | None = None
    replaces: bool = False


class PicturesForm(msgspec.Struct, frozen=True, kw_only=True):
    to: str = ""
    note: str = ""
    pictures: list[Upload] = []


class TestForm(msgspec.Struct, frozen=True, kw_only=True):
    picture: Upload | None = None


class RemoveForm(msgspec.Struct, frozen=True, kw_only=True):
    file: str


class Tried(msgspec.Struct, frozen=True):
    """A picture that was tried: the line that a bank would have of it, and what it resembles."""

    line: str
    is_dull: bool
    known: list[Known]


@pages.get(_AT, access="queue")
async def banks_page(visit: Visit) -> Response:
    """The banks, each with what follows from it."""
    return await _banks(visit)


async def _banks(
    visit: Visit,
    *,
    tried: Tried | None = None,
    errors: Mapping[str, str] | None = None,
    problem: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:
    res = visit.res
    return await visit.html(
        "admin/policy_banks.html",
        http_status=422 if errors else 200,
        banks=await list_bank_uses(res.db, res.clock, _folder(visit)),
        tried=tried,
        errors=errors or {},
        problem=problem,
        typed=typed or {},
    )


@pages.post(_AT, access="policy", uploads=_LARGEST, stores=True)
async def put_file(visit: Visit, form: FileForm) -> Response:
    """Make a file of hashes a bank."""
    res = visit.res
    if form.file is None or not form.file.filename:
        return await _banks(visit, errors={"file": "ERR_BLANK"}, typed={"name": form.name})
    name = form.name.strip() or Path(form.file.filename).stem.lower()
    try:
        number = await add_file(
            res.db, res.clock, _folder(visit), name, form.file.path,
            replaces=form.replaces, actor_id=visit.me.account_id,
        )  # fmt: skip
    except Invalid as error:
        # What is wrong in a file is said beside the form, in the words of whoever read it.
        is_file = error.field == "file"
        errors = {"file": "ERR_INVALID"} if is_file else errors_of(error)
        problem = error.text.partition("file ")[2] if is_file else ""
        return await _banks(visit, errors=errors, problem=problem, typed={"name": name})
    notice = visit.gettext("The bank %(bank)s has %(n)s hashes now. It is in use within seconds.", bank=name, n=number)
    return visit.redirect(_AT, notice=notice)


@pages.post(f"{_AT}/pictures", access="policy", uploads=_PICTURES)
async def put_pictures(visit: Visit, form: PicturesForm) -> Response:
    """Add pictures to a bank."""
    res, name, sent = visit.res, form.to.strip(), [each for each in form.pictures if each.filename]
    typed = {"to": name, "note": form.note}
    if not sent:
        return await _banks(visit, errors={"pictures": "ERR_BLANK"}, typed=typed)
    try:
        found = [await _hash(visit, each, "pictures") for each in sent]
        new = [
            NewHash(made.pdq, made.quality, form.note.strip() or Path(each.filename).name)
            for made, each in zip(found, sent, strict=True)
        ]
        made = await add_hashes(res.db, res.clock, _folder(visit), name, new, actor_id=visit.me.account_id)
    except Invalid as error:
        return await _banks(visit, errors=_renamed(errors_of(error), name="to"), typed=typed)
    notice = visit.gettext("%(n)s added to %(bank)s.", n=made.added, bank=name)
    if made.known:
        notice += " " + visit.gettext("%(n)s were in it already.", n=made.known)
    if made.dull:
        notice += " " + visit.gettext("%(n)s have too little in them to be told apart, and were left out.", n=made.dull)
    return visit.redirect(_AT, notice=notice)


@pages.post(f"{_AT}/test", access="queue")
async def try_picture(visit: Visit, form: TestForm) -> Response:
    """Say which known pictures a picture resembles."""
    if form.picture is None or not form.picture.filename:
        return await _banks(visit, errors={"picture": "ERR_BLANK"})
    try:
        made = await _hash(visit, form.picture, "picture")
    except Invalid as error:
        return await _banks(visit, errors=errors_of(error))
    known = await find_known(visit.res.db, visit.res.clock, _folder(visit), Picture(made.pdq, made.quality))
    return await _banks(visit, tried=Tried(f"{made.pdq.hex()},{made.quality}", made.quality < LEAST_QUALITY, known))


@pages.post(f"{_AT}/remove", access="policy")
async def remove(visit: Visit, form: RemoveForm) -> Response:
    """Remove a bank's file."""
    await remove_bank(visit.res.db, visit.res.clock, _folder(visit), form.file, actor_id=visit.me.account_id)
    return visit.redirect(_AT, notice=visit.gettext("%(file)s is removed.", file=form.file))


def _folder(visit: Visit) -> Path:
    return visit.res.settings.data_dir / "banks"


async def _hash(visit: Visit, sent: Upload, field: str) -> PictureHash:
    """Raises Invalid for `field` where it is no picture that can be read."""
    try:
        return await visit.res.images.run(hash_file, sent.body)
    except Invalid as error:
        problem = next(iter(error.details.values()))[0]
        raise Invalid(field, problem.description, code=problem.code) from error


def _renamed(errors: Mapping[str, str], *, name: str) -> Mapping[str, str]:
    return {name if field == "name" else field: code for field, code in errors.items()}
