"""Decisions for programs: on a case, without a report, and turning one round."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rostra.api.admin.staff import staff
from rostra.api.call import Call
from rostra.api.moderation_cases import READ, WRITE, Text, reviewer_of
from rostra.api.route import Routes
from rostra.entities.account import IdText, Timestamp, timestamp, timestamp_or_none
from rostra.kit.paging import ById, Id
from rostra.measurement import golden_cases
from rostra.measurement.golden_case_queries import Turn
from rostra.moderation.decisions.decide import decide_case, decide_subject
from rostra.moderation.decisions.history import DecisionView, get_decision, list_decisions
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import ActedOn, ActionKind, ActionRow, Draft, Outcome, SubjectKind, Wish

routes = Routes("moderation")

Seconds = Annotated[int, Meta(ge=60, le=10 * 366 * 86_400)]


class ActionEntity(msgspec.Struct, frozen=True, kw_only=True):
    kind: ActionKind
    on: ActedOn
    media_id: IdText | None
    label: str | None
    by_ladder: bool
    ends_at: Timestamp | None
    ended_at: Timestamp | None
    ended_why: str | None


class GoldenEntity(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided was a golden item: nothing was done to anybody. The known answer, and whether it was given (null
    where somebody could not tell)."""

    outcome: Literal["violates", "fine"]
    clause: str
    right: bool | None


class DecisionEntity(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with its actions. Who decided is a pseudonym, null where nobody did. `golden`: it was none."""

    id: IdText
    case_id: IdText | None
    subject_kind: SubjectKind
    subject_id: IdText
    revision: int
    account_id: IdText
    reviewer: str | None
    policy: str
    clause: str
    outcome: Outcome
    facts: str
    confidence: float | None
    origin: str
    automated: bool
    created_at: Timestamp
    reversed_at: Timestamp | None
    reversed_why: str | None
    actions: list[ActionEntity]
    golden: GoldenEntity | None = None


class WishForm(msgspec.Struct, frozen=True, kw_only=True):
    """One action; `seconds` where it ends by itself. On a file of the post: its `media_id`; that of another post's file
    means those that look like it."""

    kind: ActionKind
    on: ActedOn = "status"
    media_id: Id | None = None
    label: str = ""
    seconds: Seconds | None = None

    @property
    def wish(self) -> Wish:
        lasts = None if self.seconds is None else timedelta(seconds=self.seconds)
        return Wish(kind=self.kind, on=self.on, media_id=self.media_id, label=self.label, lasts=lasts)


class DraftForm(msgspec.Struct, frozen=True, kw_only=True):
    """`revision` is that of the post that was looked at; `reason` by language, empty for the clause's own words."""

    outcome: Outcome
    clause: str = ""
    actions: Annotated[list[WishForm], Meta(max_length=10)] = []
    reason: dict[str, Text] = {}
    facts: Text = ""
    note: Text = ""
    confidence: Annotated[float, Meta(ge=0, le=1)] | None = None
    revision: int | None = None

    @property
    def draft(self) -> Draft:
        wishes = tuple(each.wish for each in self.actions)
        return Draft(
            outcome=self.outcome, clause=self.clause, wishes=wishes, reason=self.reason, facts=self.facts,
            note=self.note, confidence=self.confidence, revision=self.revision,
        )  # fmt: skip


class DecideForm(DraftForm, frozen=True, kw_only=True):
    id: Id


class SubjectForm(DraftForm, frozen=True, kw_only=True):
    subject_kind: SubjectKind
    subject_id: Id


class DecisionsForm(msgspec.Struct, frozen=True, kw_only=True):
    """The decisions on an account's content, or on one subject; `max_id` goes on."""

    account_id: Id | None = None
    subject_id: Id | None = None
    max_id: Id | None = None
    limit: Annotated[int, Meta(ge=1, le=80)] = 40


class ReverseForm(msgspec.Struct, frozen=True, kw_only=True):
    """`undo` takes one's own decision back within ten minutes and opens the case again."""

    id: Id
    why: Literal["undo", "review"] = "review"
    # The reason, for colleagues.
    note: Text = ""


def render_action(action: ActionRow) -> ActionEntity:
    by_ladder = action.detail == "ladder"
    return ActionEntity(
        kind=action.kind,
        on=action.subject_kind,
        media_id=str(action.subject_id) if action.subject_kind == "media" else None,
        label=action.detail if action.kind == "label" else None,
        by_ladder=by_ladder,
        ends_at=timestamp_or_none(action.ends_at),
        ended_at=timestamp_or_none(action.ended_at),
        ended_why=action.ended_why,
    )


def render_decision(view: DecisionView) -> DecisionEntity:
    row = view.decision
    return DecisionEntity(
        id=str(row.id),
        case_id=None if row.case_id is None else str(row.case_id),
        subject_kind=row.subject_kind,
        subject_id=str(row.subject_id),
        revision=row.revision,
        account_id=str(row.account_id),
        reviewer=view.reviewer,
        policy=row.policy,
        clause=row.clause,
        outcome=row.outcome,
        facts=row.facts,
        confidence=row.confidence,
        origin=row.origin,
        automated=row.automated_decision,
        created_at=timestamp(row.created_at),
        reversed_at=timestamp_or_none(row.reversed_at),
        reversed_why=row.reversed_why,
        actions=[render_action(action) for action in view.actions],
    )


@routes.post("/api/rostra/v1/moderation/cases/{id}/decide", scopes=WRITE)
async def decide(call: Call, form: DecideForm) -> DecisionEntity:
    """Decide a case."""
    desk, reviewer = call.res.desk, reviewer_of(call)
    turn = await golden_cases.find_turn(desk, reviewer, form.id)
    if turn is not None:
        return await _decide_golden(desk, reviewer, turn, form)
    made = await decide_case(desk, reviewer, form.id, form.draft)
    return render_decision(await get_decision(call.res.desk, made))


@routes.post("/api/rostra/v1/moderation/decisions", scopes=WRITE)
async def act(call: Call, form: SubjectForm) -> DecisionEntity:
    """Decide on a post or an account that nobody reported."""
    made = await decide_subject(call.res.desk, reviewer_of(call), form.subject_kind, form.subject_id, form.draft)
    return render_decision(await get_decision(call.res.desk, made))


@routes.get("/api/rostra/v1/moderation/decisions", scopes=READ)
async def decisions(call: Call, form: DecisionsForm) -> list[DecisionEntity]:
    """Decisions, the latest first."""
    staff(call, "queue")
    found = await list_decisions(
        call.res.desk, account_id=form.account_id, subject_id=form.subject_id, before=form.max_id, limit=form.limit
    )
    return [render_decision(view) for view in found]


@routes.get("/api/rostra/v1/moderation/decisions/{id}", scopes=READ)
async def show_decision(call: Call, form: ById) -> DecisionEntity:
    """One decision."""
    staff(call, "queue")
    return render_decision(await get_decision(call.res.desk, form.id))


@routes.post("/api/rostra/v1/moderation/decisions/{id}/reverse", scopes=WRITE)
async def turn_round(call: Call, form: ReverseForm) -> DecisionEntity:
    """Turn a decision round wholly: visibility, counters, strikes, what reporters were told."""
    await reverse(call.res.desk, reviewer_of(call), form.id, form.why, note=form.note)
    return render_decision(await get_decision(call.res.desk, form.id))


async def _decide_golden(desk: Desk, reviewer: Reviewer, turn: Turn, form: DecideForm) -> DecisionEntity:
    seen = await golden_cases.read_turn(desk, reviewer, turn)
    made = await golden_cases.decide_golden(desk, reviewer, turn, form.outcome, form.clause or seen.case.clause)
    return DecisionEntity(
        id=str(turn.turn_id),
        case_id=str(turn.turn_id),
        subject_kind="status",
        subject_id=str(seen.case.subject_id),
        revision=seen.status.revision if seen.status else 0,
        account_id=str(seen.case.account_id),
        reviewer=None,
        policy="",
        clause=form.clause,
        outcome=form.outcome,
        facts="",
        confidence=None,
        origin="own",
        automated=False,
        created_at=timestamp(desk.clock.now()),
        reversed_at=None,
        reversed_why=None,
        actions=[],
        golden=GoldenEntity(outcome=turn.outcome, clause=turn.clause, right=made.right),
    )
