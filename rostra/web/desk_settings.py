"""What a reviewer takes on and how it is shown, and the words that reviewers keep for authors."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from starlette.responses import Response

from rostra.accounts.permissions import may
from rostra.kit.errors import Invalid
from rostra.kit.paging import Id
from rostra.moderation.cases.queue import get_reviewer, keep_reviewer
from rostra.moderation.cases.queue_queries import ReviewerRow
from rostra.moderation.cases.rest import read_today
from rostra.moderation.cases.templates import delete_template, list_templates, save_template
from rostra.moderation.decisions.second_look import change_limit
from rostra.moderation.decisions.second_look_queries import find_limit
from rostra.screening.judgement import say
from rostra.web.desk import powers_of
from rostra.web.desk_place import reviewer_of
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
_MOST: Final = 30


class SettingsForm(msgspec.Struct, frozen=True, kw_only=True):
    """`languages` are codes with commas or spaces between them."""

    languages: str = ""
    declined: list[str] = []
    most_exposure: int = 3
    blur: bool = False
    greyscale: bool = False


class SecondLookForm(msgspec.Struct, frozen=True, kw_only=True):
    second_look_over: str = ""


class TemplateForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id | None = None
    name: str = ""
    clause: str = ""
    text: dict[str, str] = {}


class IdForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id


@pages.get("/admin/desk/settings", access="queue")
async def settings_page(visit: Visit) -> Response:
    """What I take on."""
    kept = await get_reviewer(visit.res.desk, visit.me.account_id)
    return await _settings(visit, kept, " ".join(kept.languages), {})


async def _settings(
    visit: Visit, kept: ReviewerRow, languages: str, errors: dict[str, str], *, typed: str = ""
) -> Response:
    res = visit.res
    current = await res.desk.policies.current(res.db)
    async with res.db.read() as conn:
        today = await read_today(conn, visit.me.account_id, kept, res.clock.now())
        over = await find_limit(conn) if may(visit.me.role, "settings") else None
    return await visit.html(
        "admin/desk_settings.html",
        http_status=422 if errors else 200,
        kept=kept,
        languages=languages,
        today=today,
        clauses=[(clause.id, say(clause.title, visit.language)) for clause in current.bundle.clauses],
        over=over if over is None else typed or over,
        errors=errors,
    )


@pages.post("/admin/desk/settings/second_look", access="settings")
async def save_second_look(visit: Visit, form: SecondLookForm) -> Response:
    """Over how many a decision waits for a second person, for everybody."""
    typed = form.second_look_over.strip()
    try:
        if not (typed.isascii() and typed.isdecimal() and len(typed) < 7):
            raise Invalid("second_look_over", visit.gettext("Write a whole number; 0 for never."))
        await change_limit(visit.res.desk, reviewer_of(visit), int(typed))
    except Refused as error:
        kept = await get_reviewer(visit.res.desk, visit.me.account_id)
        return await _settings(visit, kept, " ".join(kept.languages), dict(errors_of(error)), typed=typed)
    return visit.redirect("/admin/desk/settings", notice=visit.gettext("Saved."))


@pages.post("/admin/desk/settings", access="queue")
async def save_settings(visit: Visit, form: SettingsForm) -> Response:
    """Keep it; it holds from the next case on."""
    named = [code.lower() for code in re.split(r"[\s,;]+", form.languages) if code]
    current = await visit.res.desk.policies.current(visit.res.db)
    wish = ReviewerRow(
        languages=list(dict.fromkeys(named))[:_MOST],
        declined=[clause for clause in form.declined if clause in current.clauses],
        most_exposure=form.most_exposure,
        blur=form.blur,
        greyscale=form.greyscale,
    )
    try:
        if wrong := [code for code in named if not _LANGUAGE.fullmatch(code)]:
            raise Invalid(
                "languages",
                visit.gettext("“%(code)s” is no code of a language: write them as en, it.", code=wrong[0][:20]),
            )
        await keep_reviewer(visit.res.desk, visit.me.account_id, wish)
    except Refused as error:
        return await _settings(visit, wish, form.languages, dict(errors_of(error)))
    return visit.redirect("/admin/desk/settings", notice=visit.gettext("Saved."))


@pages.get("/admin/desk/templates", access="queue")
async def templates_page(visit: Visit) -> Response:
    """The templates, and a place for a new one."""
    return await _templates(visit)


async def _templates(visit: Visit, **values: Any) -> Response:
    res = visit.res
    current = await res.desk.policies.current(res.db)
    async with res.db.read() as conn:
        templates = await list_templates(conn)
    shown: dict[str, Any] = {"values": {}, "errors": {}, "http_status": 200}
    return await visit.html(
        "admin/desk_templates.html",
        templates=templates,
        clauses=[(clause.id, say(clause.title, visit.language)) for clause in current.bundle.clauses],
        may=powers_of(visit),
        **(shown | values),
    )


@pages.post("/admin/desk/templates", access="sanction")
async def add_template(visit: Visit, form: TemplateForm) -> Response:
    """Keep a new one."""
    return await _save(visit, form, None)


@pages.post("/admin/desk/templates/{id}", access="sanction")
async def change_template(visit: Visit, form: TemplateForm) -> Response:
    """Change one."""
    return await _save(visit, form, form.id)


async def _save(visit: Visit, form: TemplateForm, template_id: int | None) -> Response:
    try:
        await save_template(visit.res.desk, reviewer_of(visit), template_id, form.name, form.clause, form.text)
    except Refused as error:
        values = {"id": template_id, "name": form.name, "clause": form.clause, "text": form.text}
        return await _templates(visit, http_status=422, values=values, errors=errors_of(error))
    return visit.redirect("/admin/desk/templates", notice=visit.gettext("Saved."))


@pages.post("/admin/desk/templates/{id}/delete", access="sanction")
async def drop_template(visit: Visit, form: IdForm) -> Response:
    """Do without one."""
    await delete_template(visit.res.desk, reviewer_of(visit), form.id)
    return visit.redirect("/admin/desk/templates", notice=visit.gettext("Deleted."))
