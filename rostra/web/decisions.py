"""What moderation has decided about the viewer: the list, each decision with all that may be known of it, the appeal.

Also for those who are suspended. No member of the staff is named anywhere here.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from starlette.responses import Response

from rostra.appeals.file import Standing, file_appeal, find_standing
from rostra.appeals.read import list_states
from rostra.appeals.records import LONGEST
from rostra.entities.account import timestamp
from rostra.kit.errors import Conflict
from rostra.kit.errors import Refused as RefusedByState
from rostra.kit.ids import MAX_ID
from rostra.kit.paging import ById, Id
from rostra.moderation.cases.evidence import Snapshot
from rostra.moderation.decisions.tell import Told, explained, get_statement, get_told, list_told
from rostra.moderation.records import ActionRow
from rostra.screening.judgement import say
from rostra.web.desk_view import evidence_path
from rostra.web.feeds import page_address
from rostra.web.page import Pages
from rostra.web.visit import Refused, Visit, errors_of

pages = Pages()

_ON_A_PAGE: Final = 20


class ListForm(msgspec.Struct, frozen=True, kw_only=True):
    before: Id = 0


class AppealForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    text: str = ""
    evidence: str = ""


@pages.get("/settings/decisions", access="me")
async def decisions(visit: Visit, form: ListForm) -> Response:
    """What was decided, the newest first."""
    desk = visit.res.desk
    found = await list_told(desk, visit.me.account_id, form.before or MAX_ID, _ON_A_PAGE + 1)
    shown = found[:_ON_A_PAGE]
    states = await list_states(desk, [told.decision.id for told in shown])
    more = page_address(visit, before=shown[-1].decision.id) if len(found) > _ON_A_PAGE else None
    rows = [_row(visit, told) | {"appeal": states.get(told.decision.id)} for told in shown]
    return await visit.html("settings/decisions.html", decisions=rows, older_url=more)


@pages.get("/settings/decisions/{id}", access="me")
async def decision(visit: Visit, form: ById) -> Response:
    """One decision."""
    return await _decision_page(visit, form.id)


@pages.get("/settings/decisions/{id}/statement", access="me")
async def statement(visit: Visit, form: ById) -> Response:
    """The statement of reasons as a file, in the fields of the European Union's transparency database."""
    body = await get_statement(visit.res.desk, visit.me.account_id, form.id)
    headers = {
        "content-disposition": f'attachment; filename="statement-of-reasons-{form.id}.json"',
        "cache-control": "private, no-store",
    }
    return Response(msgspec.json.format(msgspec.json.encode(body)), 200, headers, "application/json")


@pages.post("/settings/decisions/{id}/appeal", access="me")
async def appeal(visit: Visit, form: AppealForm) -> Response:
    """Have somebody else look at it."""
    path = f"/settings/decisions/{form.id}"
    try:
        await file_appeal(
            visit.res.desk, decision_id=form.id, text=form.text, evidence=form.evidence, account_id=visit.me.account_id
        )
    except Refused as error:
        values = {"text": form.text, "evidence": form.evidence}
        return await _decision_page(visit, form.id, http_status=422, values=values, errors=errors_of(error))
    except (Conflict, RefusedByState):
        return visit.redirect(path, notice=visit.gettext("An appeal cannot be filed against this any more."))
    notice = visit.gettext("Your appeal is filed. Somebody who had no part in the decision will look at it.")
    return visit.redirect(path, notice=notice)


async def _decision_page(
    visit: Visit,
    decision_id: int,
    *,
    http_status: int = 200,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | Any = None,
) -> Response:
    desk, me, now = visit.res.desk, visit.me.account_id, visit.res.clock.now()
    told = await get_told(desk, me, decision_id)
    standing = await find_standing(desk, decision_id, account_id=me)
    return await visit.html(
        "settings/decision.html",
        http_status=http_status,
        decision=_row(visit, told),
        explanation=explained(told, visit.language, visit.res.urls, standing.redress(now) if standing else None),
        acts=[act_of(action) for action in told.actions],
        seen=show_snapshot(told.seen),
        strikes=[msgspec.to_builtins(strike) for strike in told.strikes],
        has_statement=told.reasons.restricts,
        appeal=_appeal(visit, standing),
        may_appeal=standing is not None and standing.is_open(now),
        appeal_until=told.appeal_until,
        longest=LONGEST,
        values=values or {},
        errors=errors or {},
    )


def _row(visit: Visit, told: Told) -> dict[str, Any]:
    decision = told.decision
    content = told.seen.content if told.seen else {}
    return {
        "id": str(decision.id),
        "about": decision.subject_kind,
        "created_at": timestamp(decision.created_at),
        "clause": say(told.clause.title, visit.language) if told.clause else decision.clause,
        "acts": [act_of(action) for action in told.actions],
        "excerpt": str(content.get("spoiler_text") or content.get("text") or "")[:200],
        "automated": decision.automated_decision,
        "reversed_at": timestamp(decision.reversed_at) if decision.reversed_at else None,
        "reversed_why": decision.reversed_why,
    }


def act_of(action: ActionRow) -> dict[str, Any]:
    """An action for `macros/decisions.html`."""
    return {
        "kind": action.kind,
        "on": action.subject_kind,
        "ends_at": timestamp(action.ends_at) if action.ends_at else None,
        "ended_at": timestamp(action.ended_at) if action.ended_at else None,
        "ended_why": action.ended_why,
        "unpublished": action.is_refusal,
    }


def _appeal(visit: Visit, standing: Standing | None) -> dict[str, Any] | None:
    appeal = standing.appeal if standing else None
    if standing is None or appeal is None:
        return None
    return {
        "by_panel": standing.by_panel,
        "state": appeal.state,
        "text": appeal.text,
        "evidence": appeal.evidence,
        "filed_at": timestamp(appeal.filed_at),
        "due_at": timestamp(appeal.due_at),
        "decided_at": timestamp(appeal.decided_at) if appeal.decided_at else None,
        "answer": say(appeal.answer, visit.language) if appeal.answer else "",
        "new_decision_id": str(appeal.new_decision_id) if appeal.new_decision_id else None,
    }


def show_snapshot(seen: Snapshot | None) -> dict[str, Any] | None:
    """What was looked at, for its author or a reviewer."""
    if seen is None:
        return None
    content = seen.content
    media = [
        {
            "type": one.get("type"),
            "description": one.get("description") or "",
            "url": evidence_path(one["preview_key"]) if one.get("preview_key") else None,
        }
        for one in content.get("media") or []
    ]
    return {
        "kind": seen.subject_kind,
        "revision": seen.revision,
        "taken_at": timestamp(seen.taken_at),
        "spoiler_text": content.get("spoiler_text") or "",
        "text": content.get("text") or content.get("note_text") or "",
        "language": content.get("language"),
        "display_name": content.get("display_name") or "",
        "acct": content.get("acct") or "",
        "media": media,
        "context": content.get("context") or [],
        "fields": content.get("fields") or [],
    }
