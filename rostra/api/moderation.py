"""The desk for programs: the queue, leases, notes, decisions, reversals, bulk decisions. Everything that the pages do
goes through the same functions; who may do what is asked there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rostra.accounts.staff import find_user_by_name
from rostra.api.admin.staff import ById, staff
from rostra.api.call import Call
from rostra.api.route import Answer, Routes
from rostra.entities.account import IdText, Timestamp, timestamp
from rostra.kit.errors import Invalid
from rostra.kit.paging import Id
from rostra.measurement import golden_cases
from rostra.measurement.golden_case_queries import Turn
from rostra.moderation.cases import queue
from rostra.moderation.cases.queue import Query
from rostra.moderation.cases.queue_queries import CaseShown
from rostra.moderation.decisions import bulk
from rostra.moderation.decisions.decide import decide_case, decide_subject
from rostra.moderation.decisions.history import DecisionView, get_decision, list_decisions
from rostra.moderation.decisions.reverse import reverse
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import ActedOn, ActionKind, ActionRow, Draft, Outcome, SubjectKind, Wish

routes = Routes("moderation")

READ = "admin:read:reports"
WRITE = "admin:write:reports"
Seconds = Annotated[int, Meta(ge=60, le=10 * 366 * 86_400)]
Text = Annotated[str, Meta(max_length=5000)]


class CaseEntity(msgspec.Struct, frozen=True, kw_only=True):
    """A case. `probability` that the policy is broken, `views` expected within a day; `exposure`: 0 mild words, 1 harsh
    words, 2 pictures, 3 harsh pictures."""

    id: IdText
    state: Literal["queued", "escalated", "closed"]
    subject_kind: SubjectKind
    subject_id: IdText
    account_id: IdText
    acct: str
    source: str
    clause: str
    rule: str
    severity: int
    probability: float
    views: float
    exposure: int
    language: str | None
    reports_count: int
    opened_at: Timestamp
    due_at: Timestamp | None
    leased_until: Timestamp | None
    leased_to_me: bool
    withheld: str | None
    excerpt: str | None
    outcome: str | None
    closed_at: Timestamp | None


class CasesEntity(msgspec.Struct, frozen=True, kw_only=True):
    """A page of cases; `next` goes on, empty at the end."""

    cases: list[CaseEntity]
    next: str


class NextEntity(msgspec.Struct, frozen=True, kw_only=True):
    """A case that was leased; null where nothing waits."""

    case: CaseEntity | None


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


class BulkEntity(msgspec.Struct, frozen=True, kw_only=True):
    id: IdText
    state: Literal["running", "finished", "stopped"]
    total: int
    done: int
    skipped: int


class NoteEntity(msgspec.Struct, frozen=True, kw_only=True):
    id: IdText


class QueueForm(msgspec.Struct, frozen=True, kw_only=True):
    """`clause` may be the first part of one; `after` is the `next` of the page before."""

    state: Literal["queued", "escalated", "closed"] = "queued"
    clause: str = ""
    language: str = ""
    exposure: Annotated[int, Meta(ge=0, le=3)] | None = None
    source: str = ""
    after: str = ""

    @property
    def query(self) -> Query:
        return Query(
            state=self.state, clause=self.clause, language=self.language, exposure=self.exposure, source=self.source
        )


class NextForm(QueueForm, frozen=True, kw_only=True):
    skipped: Annotated[list[Id], Meta(max_length=200)] = []


class NoteForm(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    note: Text


class HandOverForm(msgspec.Struct, frozen=True, kw_only=True):
    """`to` is a colleague's username."""

    id: Id
    to: str
    note: Text = ""


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


class BulkForm(DraftForm, frozen=True, kw_only=True):
    subject_kind: SubjectKind = "status"
    subject_ids: Annotated[list[Id], Meta(min_length=1, max_length=bulk.MOST)]


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


def _reviewer(call: Call) -> Reviewer:
    me = staff(call, "queue")
    return Reviewer(account_id=me.account_id, role=me.role)


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)


def render_case(row: CaseShown, me: int) -> CaseEntity:
    """A case as an entity for the reviewer `me`."""
    return CaseEntity(
        id=str(row.id),
        state=row.state,
        subject_kind=row.subject_kind,
        subject_id=str(row.subject_id),
        account_id=str(row.account_id),
        acct=f"{row.username}@{row.domain}" if row.domain else row.username,
        source=row.source,
        clause=row.clause,
        rule=row.rule,
        severity=row.severity,
        probability=round(row.p, 3),
        views=round(row.views, 1),
        exposure=row.exposure,
        language=row.language,
        reports_count=row.reports_count,
        opened_at=timestamp(row.opened_at),
        due_at=_time(row.due_at),
        leased_until=_time(row.lease_until),
        leased_to_me=row.assigned_to == me,
        withheld=row.withheld,
        excerpt=row.excerpt,
        outcome=row.outcome,
        closed_at=_time(row.closed_at),
    )


def render_action(action: ActionRow) -> ActionEntity:
    by_ladder = action.detail == "ladder"
    return ActionEntity(
        kind=action.kind,
        on=action.subject_kind,
        media_id=str(action.subject_id) if action.subject_kind == "media" else None,
        label=None if by_ladder or not action.detail else action.detail,
        by_ladder=by_ladder,
        ends_at=_time(action.ends_at),
        ended_at=_time(action.ended_at),
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
        reversed_at=_time(row.reversed_at),
        reversed_why=row.reversed_why,
        actions=[render_action(action) for action in view.actions],
    )


@routes.get("/api/rostra/v1/moderation/cases", scopes=READ)
async def list_cases(call: Call, form: QueueForm) -> CasesEntity:
    """Cases: open ones the most urgent first, closed ones the latest first."""
    reviewer = _reviewer(call)
    rows, following = await queue.list_cases(call.res.desk, reviewer, form.query, form.after)
    return CasesEntity(cases=[render_case(row, reviewer.account_id) for row in rows], next=following)


@routes.post("/api/rostra/v1/moderation/cases/next", scopes=WRITE)
async def take_next(call: Call, form: NextForm) -> NextEntity:
    """Lease the most urgent case that one may take, for five minutes; null where nothing waits."""
    reviewer = _reviewer(call)
    found = await golden_cases.take_golden(call.res.desk, reviewer, form.query)
    found = found or await queue.take_next(call.res.desk, reviewer, form.query, form.skipped)
    return NextEntity(case=None if found is None else await _case(call, reviewer, found))


@routes.get("/api/rostra/v1/moderation/cases/{id}", scopes=READ)
async def show_case(call: Call, form: ById) -> CaseEntity:
    """One case."""
    return await _case(call, _reviewer(call), form.id)


@routes.post("/api/rostra/v1/moderation/cases/{id}/take", scopes=WRITE)
async def take(call: Call, form: ById) -> CaseEntity:
    """Lease a case for five minutes, or renew one's lease."""
    reviewer = _reviewer(call)
    if await golden_cases.find_turn(call.res.desk, reviewer, form.id) is None:
        await queue.take(call.res.desk, reviewer, form.id)
    return await _case(call, reviewer, form.id)


@routes.post("/api/rostra/v1/moderation/cases/{id}/release", scopes=WRITE)
async def release(call: Call, form: ById) -> CaseEntity:
    """Give a case back."""
    reviewer = _reviewer(call)
    if await golden_cases.find_turn(call.res.desk, reviewer, form.id) is None:
        await queue.release(call.res.desk, reviewer, form.id)
    return await _case(call, reviewer, form.id)


@routes.post("/api/rostra/v1/moderation/cases/{id}/escalate", scopes=WRITE)
async def escalate(call: Call, form: NoteForm) -> CaseEntity:
    """Pass a case to those above, with a note that says why."""
    reviewer = _reviewer(call)
    turn = await golden_cases.find_turn(call.res.desk, reviewer, form.id)
    if turn is not None:
        return await _pass_on_golden(call.res.desk, reviewer, turn)
    await queue.escalate(call.res.desk, reviewer, form.id, form.note)
    return await _case(call, reviewer, form.id)


@routes.post("/api/rostra/v1/moderation/cases/{id}/hand_over", scopes=WRITE)
async def hand_over(call: Call, form: HandOverForm) -> CaseEntity:
    """Keep a case for a colleague, for a day."""
    reviewer = _reviewer(call)
    user = await find_user_by_name(call.res.db, form.to)
    if user is None:
        raise Invalid("to", "is nobody here")
    turn = await golden_cases.find_turn(call.res.desk, reviewer, form.id)
    if turn is not None:
        return await _pass_on_golden(call.res.desk, reviewer, turn)
    to = Reviewer(account_id=user.account_id, role=user.role)
    await queue.hand_over(call.res.desk, reviewer, form.id, to, form.note)
    return await _case(call, reviewer, form.id)


@routes.post("/api/rostra/v1/moderation/cases/{id}/notes", scopes=WRITE)
async def add_note(call: Call, form: NoteForm) -> NoteEntity:
    """Write something down for colleagues."""
    desk, reviewer = call.res.desk, _reviewer(call)
    if await golden_cases.find_turn(desk, reviewer, form.id) is not None:
        # There is no case that it could be kept with.
        return NoteEntity(id=str(form.id))
    return NoteEntity(id=str(await queue.add_note(desk, reviewer, form.id, form.note)))


@routes.post("/api/rostra/v1/moderation/cases/{id}/decide", scopes=WRITE)
async def decide(call: Call, form: DecideForm) -> DecisionEntity:
    """Decide a case."""
    desk, reviewer = call.res.desk, _reviewer(call)
    turn = await golden_cases.find_turn(desk, reviewer, form.id)
    if turn is not None:
        return await _decide_golden(desk, reviewer, turn, form)
    made = await decide_case(desk, reviewer, form.id, form.draft)
    return render_decision(await get_decision(call.res.desk, made))


@routes.post("/api/rostra/v1/moderation/decisions", scopes=WRITE)
async def act(call: Call, form: SubjectForm) -> DecisionEntity:
    """Decide on a post or an account that nobody reported."""
    made = await decide_subject(call.res.desk, _reviewer(call), form.subject_kind, form.subject_id, form.draft)
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
    await reverse(call.res.desk, _reviewer(call), form.id, form.why)
    return render_decision(await get_decision(call.res.desk, form.id))


@routes.post("/api/rostra/v1/moderation/bulk", scopes=WRITE)
async def start_bulk(call: Call, form: BulkForm) -> Answer:
    """Decide on many subjects as they are now; a worker does it."""
    made = await bulk.start_bulk(call.res.desk, _reviewer(call), form.subject_kind, form.subject_ids, form.draft)
    return Answer(await _bulk(call, made), status=202)


@routes.get("/api/rostra/v1/moderation/bulk/{id}", scopes=READ)
async def show_bulk(call: Call, form: ById) -> BulkEntity:
    """How far a bulk decision is."""
    staff(call, "queue")
    return await _bulk(call, form.id)


@routes.post("/api/rostra/v1/moderation/bulk/{id}/stop", scopes=WRITE)
async def stop_bulk(call: Call, form: ById) -> BulkEntity:
    """Decide no further items."""
    await bulk.stop_bulk(call.res.desk, _reviewer(call), form.id)
    return await _bulk(call, form.id)


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


async def _pass_on_golden(desk: Desk, reviewer: Reviewer, turn: Turn) -> CaseEntity:
    """Somebody else is to say: that is "cannot tell", and there is nothing more to do."""
    shown = await _golden_case(desk, reviewer, turn)
    await golden_cases.decide_golden(desk, reviewer, turn, "unclear", "")
    return shown


async def _golden_case(desk: Desk, reviewer: Reviewer, turn: Turn) -> CaseEntity:
    seen = await golden_cases.read_turn(desk, reviewer, turn)
    case = seen.case
    shown = CaseShown(
        **{name: getattr(case, name) for name in CaseShown.__struct_fields__ if hasattr(case, name)},
        rank=0.0,
        username=seen.author.username,
        domain=seen.author.domain,
        withheld=None,
        excerpt=(seen.status.text or seen.status.spoiler_text)[:300] if seen.status else None,
    )
    return render_case(shown, reviewer.account_id)


async def _case(call: Call, reviewer: Reviewer, case_id: int) -> CaseEntity:
    turn = await golden_cases.find_turn(call.res.desk, reviewer, case_id)
    if turn is not None:
        return await _golden_case(call.res.desk, reviewer, turn)
    return render_case(await queue.get_case(call.res.desk, case_id), reviewer.account_id)


async def _bulk(call: Call, bulk_id: int) -> BulkEntity:
    row = await bulk.get_bulk(call.res.desk, bulk_id)
    return BulkEntity(id=str(row.id), state=row.state, total=row.total, done=row.done, skipped=row.skipped)
