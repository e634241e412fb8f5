"""Decisions about oneself and appeals for programs: what the pages of those concerned and of reviewers do, no more."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from rostra.api.admin.staff import staff
from rostra.api.call import Call
from rostra.api.moderation_cases import READ, WRITE
from rostra.api.moderation_decisions import ActionEntity, WishForm, render_action
from rostra.api.route import Routes
from rostra.appeals.file import file_appeal, find_standing
from rostra.appeals.panel_draw import send_to_panel
from rostra.appeals.read import AppealFile, get_appeal, list_appeals, list_states, overturn_rates
from rostra.appeals.records import AppealRow, AppealShown, Finding, Rate, Ruling, Side, State
from rostra.appeals.review import decide_appeal, release, take, take_next
from rostra.entities.account import IdText, Timestamp, timestamp
from rostra.kit.ids import MAX_ID
from rostra.kit.paging import ById, Id
from rostra.moderation.decisions.tell import Told, explained, get_told, list_told
from rostra.moderation.desk import Reviewer
from rostra.moderation.records import Reversal, SubjectKind

routes = Routes("appeals")

Text = Annotated[str, Meta(max_length=4000)]


class OwnDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision on what is the viewer's. Nobody is named."""

    id: IdText
    subject_kind: SubjectKind
    subject_id: IdText
    clause: str
    automated: bool
    created_at: Timestamp
    reversed_at: Timestamp | None
    reversed_why: Reversal | None
    actions: list[ActionEntity]
    appeal_state: State | None


class OwnDecisions(msgspec.Struct, frozen=True, kw_only=True):
    """A page of them; `max_id` goes on below the last."""

    decisions: list[OwnDecision]


class ExplanationEntity(msgspec.Struct, frozen=True, kw_only=True):
    heading: str
    paragraphs: list[str]


class OwnAppeal(msgspec.Struct, frozen=True, kw_only=True):
    """The viewer's appeal; `answer` by language."""

    id: IdText
    state: State
    text: str
    evidence: str
    filed_at: Timestamp
    due_at: Timestamp
    decided_at: Timestamp | None
    answer: dict[str, str]
    new_decision_id: IdText | None


class OwnDecisionWhole(OwnDecision, frozen=True, kw_only=True):
    """With its explanation in the viewer's language, and until when (a day) an appeal may be filed."""

    explanation: list[ExplanationEntity]
    appeal: OwnAppeal | None
    may_appeal: bool
    appeal_until: str


class FiledAppeal(msgspec.Struct, frozen=True, kw_only=True):
    """An appeal that was just filed, and when there should be an answer."""

    id: IdText
    side: Side
    state: State
    due_at: Timestamp


class AppealEntity(msgspec.Struct, frozen=True, kw_only=True):
    """An appeal for a reviewer; `took_part`: it is not for them."""

    id: IdText
    decision_id: IdText
    side: Side
    state: State
    text: str
    language: str
    subject_kind: SubjectKind
    clause: str
    filed_at: Timestamp
    due_at: Timestamp
    decided_at: Timestamp | None
    leased_until: Timestamp | None
    leased_to_me: bool
    took_part: bool


class AppealWhole(AppealEntity, frozen=True, kw_only=True):
    """With what was decided, and `revision`, that of the post now, which a new decision has to name."""

    evidence: str
    outcome: str
    facts: str
    actions: list[ActionEntity]
    answer: dict[str, str]
    new_decision_id: IdText | None
    revision: int | None


class AppealsPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of appeals; `next` goes on, empty at the end."""

    appeals: list[AppealEntity]
    next: str


class NextAppeal(msgspec.Struct, frozen=True, kw_only=True):
    """An appeal that was leased; null where nothing waits."""

    appeal: AppealWhole | None


class RateEntity(msgspec.Struct, frozen=True, kw_only=True):
    key: str
    decided: int
    overturned: int
    modified: int


class RatesEntity(msgspec.Struct, frozen=True, kw_only=True):
    """How appeals ended in the last half year; reviewers by their pseudonyms."""

    side: list[RateEntity]
    clause: list[RateEntity]
    rule: list[RateEntity]
    reviewer: list[RateEntity]
    language: list[RateEntity]


class OwnForm(msgspec.Struct, frozen=True, kw_only=True):
    max_id: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=80)] = 40


class FileForm(msgspec.Struct, frozen=True, kw_only=True):
    """`evidence`: what was not known when it was decided."""

    id: Id
    text: Text
    evidence: Text = ""


class ListForm(msgspec.Struct, frozen=True, kw_only=True):
    """`after` is the `next` of the page before."""

    state: Literal["filed", "panel", "decided"] = "filed"
    after: str = ""


class RulingForm(msgspec.Struct, frozen=True, kw_only=True):
    """`answer` is what those concerned read. Clause, actions and revision: of what is done instead."""

    id: Id
    finding: Finding
    answer: Text
    clause: str = ""
    actions: Annotated[list[WishForm], Meta(max_length=10)] = []
    revision: int | None = None

    @property
    def ruling(self) -> Ruling:
        wishes = tuple(each.wish for each in self.actions)
        return Ruling(
            finding=self.finding, answer=self.answer, clause=self.clause, wishes=wishes, revision=self.revision
        )


@routes.get("/api/rostra/v1/decisions", scopes="read:accounts")
async def own_decisions(call: Call, form: OwnForm) -> OwnDecisions:
    """What was decided on what is the viewer's, the latest first."""
    desk = call.res.desk
    found = await list_told(desk, call.me.account_id, form.max_id or MAX_ID, form.limit)
    states = await list_states(desk, [told.decision.id for told in found])
    return OwnDecisions(
        decisions=[OwnDecision(**_own(told), appeal_state=_state(states.get(told.decision.id))) for told in found]
    )


@routes.get("/api/rostra/v1/decisions/{id}", scopes="read:accounts")
async def own_decision(call: Call, form: ById) -> OwnDecisionWhole:
    """One of them, explained."""
    return await _own_whole(call, form.id)


@routes.post("/api/rostra/v1/decisions/{id}/appeal", scopes="write:accounts")
async def appeal(call: Call, form: FileForm) -> FiledAppeal:
    """Appeal: the author against what was done, a reporter against that nothing was."""
    desk, me = call.res.desk, call.me.account_id
    await file_appeal(desk, decision_id=form.id, text=form.text, evidence=form.evidence, account_id=me)
    standing = await find_standing(desk, form.id, account_id=me)
    assert standing is not None
    assert standing.appeal is not None
    filed = standing.appeal
    return FiledAppeal(id=str(filed.id), side=filed.side, state=filed.state, due_at=timestamp(filed.due_at))


@routes.get("/api/rostra/v1/moderation/appeals", scopes=READ)
async def appeals(call: Call, form: ListForm) -> AppealsPage:
    """Appeals: open ones by when they are due, decided ones the latest first."""
    reviewer = _reviewer(call)
    found, more = await list_appeals(call.res.desk, reviewer, form.state, form.after)
    return AppealsPage(appeals=[AppealEntity(**_shown(one, reviewer)) for one in found], next=more)


@routes.get("/api/rostra/v1/moderation/appeals/rates", scopes=READ)
async def rates(call: Call) -> RatesEntity:
    """How often decisions are overturned, by clause, rule, reviewer and language."""
    staff(call, "decide")
    found = await overturn_rates(call.res.desk)
    return RatesEntity(**{by: [_rate(rate) for rate in some] for by, some in found.items()})


@routes.post("/api/rostra/v1/moderation/appeals/next", scopes=WRITE)
async def next_appeal(call: Call) -> NextAppeal:
    """Lease the appeal that is due first, for five minutes; null where nothing waits that one may look at."""
    taken = await take_next(call.res.desk, _reviewer(call))
    return NextAppeal(appeal=None if taken is None else await _whole(call, taken))


@routes.get("/api/rostra/v1/moderation/appeals/{id}", scopes=READ)
async def show_appeal(call: Call, form: ById) -> AppealWhole:
    """One appeal."""
    return await _whole(call, form.id)


@routes.post("/api/rostra/v1/moderation/appeals/{id}/take", scopes=WRITE)
async def take_appeal(call: Call, form: ById) -> AppealWhole:
    """Lease an appeal for five minutes, or renew one's lease."""
    await take(call.res.desk, _reviewer(call), form.id)
    return await _whole(call, form.id)


@routes.post("/api/rostra/v1/moderation/appeals/{id}/release", scopes=WRITE)
async def release_appeal(call: Call, form: ById) -> AppealWhole:
    """Give an appeal back."""
    await release(call.res.desk, _reviewer(call), form.id)
    return await _whole(call, form.id)


@routes.post("/api/rostra/v1/moderation/appeals/{id}/panel", scopes=WRITE)
async def put_before_panel(call: Call, form: ById) -> AppealWhole:
    """Have a panel look at an appeal."""
    await send_to_panel(call.res.desk, _reviewer(call), form.id)
    return await _whole(call, form.id)


@routes.post("/api/rostra/v1/moderation/appeals/{id}/decide", scopes=WRITE)
async def decide(call: Call, form: RulingForm) -> AppealWhole:
    """Decide an appeal, with all that follows."""
    await decide_appeal(call.res.desk, _reviewer(call), form.id, form.ruling)
    return await _whole(call, form.id)


def _reviewer(call: Call) -> Reviewer:
    me = staff(call, "decide")
    return Reviewer(account_id=me.account_id, role=me.role)


def _state(state: str | None) -> State | None:
    return None if state is None else msgspec.convert(state, State)


def _own(told: Told) -> dict[str, Any]:
    row = told.decision
    return {
        "id": str(row.id),
        "subject_kind": row.subject_kind,
        "subject_id": str(row.subject_id),
        "clause": row.clause,
        "automated": row.automated_decision,
        "created_at": timestamp(row.created_at),
        "reversed_at": timestamp(row.reversed_at) if row.reversed_at else None,
        "reversed_why": row.reversed_why,
        "actions": [render_action(action) for action in told.actions],
    }


async def _own_whole(call: Call, decision_id: int) -> OwnDecisionWhole:
    desk, me, now = call.res.desk, call.me, call.res.clock.now()
    told = await get_told(desk, me.account_id, decision_id)
    standing = await find_standing(desk, decision_id, account_id=me.account_id)
    filed = standing.appeal if standing else None
    sections = explained(told, me.locale, call.res.urls, standing.redress(now) if standing else None)
    return OwnDecisionWhole(
        **_own(told),
        appeal_state=filed.state if filed else None,
        explanation=[ExplanationEntity(heading=one.heading, paragraphs=list(one.paragraphs)) for one in sections],
        appeal=_own_appeal(filed) if filed else None,
        may_appeal=standing is not None and standing.is_open(now),
        appeal_until=told.appeal_until.isoformat(),
    )


def _own_appeal(row: AppealRow) -> OwnAppeal:
    return OwnAppeal(
        id=str(row.id),
        state=row.state,
        text=row.text,
        evidence=row.evidence,
        filed_at=timestamp(row.filed_at),
        due_at=timestamp(row.due_at),
        decided_at=timestamp(row.decided_at) if row.decided_at else None,
        answer=row.answer,
        new_decision_id=str(row.new_decision_id) if row.new_decision_id else None,
    )


def _shown(row: AppealShown | AppealRow, reviewer: Reviewer, **more: Any) -> dict[str, Any]:
    known: dict[str, Any] = {}
    if isinstance(row, AppealShown):
        known = {"subject_kind": row.subject_kind, "clause": row.clause, "took_part": row.took_part}
    return {
        "id": str(row.id),
        "decision_id": str(row.decision_id),
        "side": row.side,
        "state": row.state,
        "text": row.text,
        "language": row.language,
        "filed_at": timestamp(row.filed_at),
        "due_at": timestamp(row.due_at),
        "decided_at": timestamp(row.decided_at) if row.decided_at else None,
        "leased_until": timestamp(row.lease_until) if row.lease_until else None,
        "leased_to_me": row.assigned_to == reviewer.account_id,
        **known,
        **more,
    }


async def _whole(call: Call, appeal_id: int) -> AppealWhole:
    reviewer = _reviewer(call)
    whole: AppealFile = await get_appeal(call.res.desk, reviewer, appeal_id)
    appeal, decision = whole.appeal, whole.decision
    return AppealWhole(
        **_shown(
            appeal, reviewer, subject_kind=decision.subject_kind, clause=decision.clause, took_part=whole.took_part
        ),
        evidence=appeal.evidence,
        outcome=decision.outcome,
        facts=decision.facts,
        actions=[render_action(action) for action in whole.actions],
        answer=appeal.answer,
        new_decision_id=str(appeal.new_decision_id) if appeal.new_decision_id else None,
        revision=whole.revision,
    )


def _rate(rate: Rate) -> RateEntity:
    return RateEntity(key=rate.key, decided=rate.decided, overturned=rate.overturned, modified=rate.modified)
