"""The form for notices of illegal content, for anybody (Regulation (EU) 2022/2065, Article 16), and their outcome.

GET, POST /legal/notice           legal/new.html
GET  /legal/notice/{token}        legal/state.html: for whoever has the secret link
POST /legal/notice/{token}/appeal
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from starlette.responses import Response

from rostra.appeals.file import file_appeal, find_standing
from rostra.appeals.read import is_looked_at_again
from rostra.entities.account import timestamp
from rostra.kit.errors import Conflict
from rostra.kit.errors import Refused as RefusedByState
from rostra.kit.ratelimit import address_key
from rostra.moderation.reports.legal import (
    LONGEST,
    MOST_TEXT,
    MOST_URLS,
    LegalDraft,
    ask_again,
    check_text,
    file_notice,
    get_notice,
    may_ask_again,
    note_appealed,
)
from rostra.moderation.reports.legal_queries import NoticeState
from rostra.screening.judgement import say
from rostra.web.page import Pages
from rostra.web.reasons import groups_of
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

# Notices and seconds, for each address that they come from.
_MOST: Final = (5, 3600)


class NoticeForm(msgspec.Struct, frozen=True, kw_only=True):
    urls: str = ""
    explanation: str = ""
    law: str = ""
    reason: str = ""
    name: str = ""
    email: str = ""
    children: bool = False
    good_faith: bool = False


class ByToken(msgspec.Struct, frozen=True, kw_only=True):
    token: str


class AgainForm(msgspec.Struct, frozen=True, kw_only=True):
    token: str
    text: str = ""


@pages.get("/legal/notice")
async def legal_form(visit: Visit) -> Response:
    """The form."""
    return await _form(visit, NoticeForm())


async def _form(visit: Visit, form: NoticeForm, *, http_status: int = 200, errors: Any = None) -> Response:
    current = await visit.res.desk.policies.current(visit.res.db)
    return await visit.html(
        "legal/new.html",
        http_status=http_status,
        groups=groups_of(current.bundle.clauses, visit.language),
        most=MOST_URLS,
        longest=LONGEST,
        values=msgspec.structs.asdict(form),
        errors=errors or {},
    )


@pages.post("/legal/notice")
async def send_legal_notice(visit: Visit, form: NoticeForm) -> Response:
    """Take it in. The answer is the same whatever is at the addresses."""
    limiter = visit.res.limiter
    await limiter.check_exactly(visit.res.db, f"legal:{address_key(visit.address or '')}", *_MOST)
    draft = LegalDraft(**msgspec.structs.asdict(form), language=visit.language)
    try:
        token = await file_notice(visit.res.desk, visit.res.sealer, draft)
    except Refused as error:
        errors = {field: problems[0].code for field, problems in error.details.items()}
        if errors.get("urls") == "ERR_INVALID":
            errors["urls"] = visit.gettext(
                "Each line must be the whole address of a post or a profile on %(site)s.", site=visit.res.urls.domain
            )
        return await _form(visit, form, http_status=422, errors=errors)
    return visit.redirect(f"/legal/notice/{token}", notice=visit.gettext("Thank you. Your notice has arrived."))


@pages.get("/legal/notice/{token}")
async def legal_state(visit: Visit, form: ByToken) -> Response:
    """What became of it."""
    return await _state(visit, form.token)


@pages.post("/legal/notice/{token}/appeal")
async def legal_appeal(visit: Visit, form: AgainForm) -> Response:
    """Have it looked at again: what was decided, or the addresses at which nothing was found."""
    notice = await get_notice(visit.res.desk, form.token)
    path = f"/legal/notice/{form.token}"
    try:
        if notice.dismissed:
            await _appeal(visit, notice, form)
        else:
            await ask_again(visit.res.desk, form.token, form.text)
    except Refused as error:
        return await _state(visit, form.token, http_status=422, text=form.text, errors=errors_of(error))
    except (Conflict, RefusedByState):
        return visit.redirect(path, notice=visit.gettext("An appeal cannot be filed against this any more."))
    notice_said = visit.gettext("Your appeal is filed. Somebody who had no part in the decision will look at it.")
    return visit.redirect(path, notice=notice_said)


async def _appeal(visit: Visit, notice: NoticeState, form: AgainForm) -> None:
    """Appeal against all that was found to be nothing; where somebody has done so already, theirs is looked at."""
    desk = visit.res.desk
    check_text("text", form.text)
    if not may_ask_again(notice, visit.res.clock.now()):
        raise Conflict("Nothing is left to appeal against")
    for decision_id in notice.dismissed:
        standing = await find_standing(desk, decision_id, token=form.token)
        if standing is not None and standing.is_open(visit.res.clock.now()):
            await file_appeal(desk, decision_id=decision_id, text=form.text, token=form.token)
    await note_appealed(desk, notice.id)


async def _state(visit: Visit, token: str, *, http_status: int = 200, text: str = "", errors: Any = None) -> Response:
    notice = await get_notice(visit.res.desk, token)
    clause = (await visit.res.desk.policies.current(visit.res.db)).clauses.get(notice.reason)
    return await visit.html(
        "legal/state.html",
        http_status=http_status,
        notice={
            "token": token,
            "urls": notice.urls,
            "explanation": notice.explanation,
            "law": notice.law,
            "reason": say(clause.title, visit.language) if clause else "",
            "created_at": timestamp(notice.created_at),
            # Whether nothing is there or nothing was wrong with it is nobody's to learn from this page.
            "outcome": "rejected" if notice.outcome == "gone" else notice.outcome or "",
            "decided_at": timestamp(notice.action_taken_at) if notice.action_taken_at else None,
            "automated": notice.automated,
            "detected": notice.detected and notice.outcome in ("upheld", "partly"),
            "appealed_at": timestamp(notice.appealed_at) if notice.appealed_at else None,
            "again_done": notice.outcome is not None and not await is_looked_at_again(visit.res.desk, notice.id),
        },
        may_appeal=may_ask_again(notice, visit.res.clock.now()),
        longest=MOST_TEXT,
        values={"text": text},
        errors=errors or {},
    )
