"""The desk for programs: the queue, leases and notes. Everything that the pages do goes through the same functions; who
may do what is asked there."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rostra.accounts.staff import find_user_by_name
from rostra.api.admin.staff import staff
from rostra.api.call import Call
from rostra.api.route import Routes
from rostra.entities.account import IdText, Timestamp, timestamp, timestamp_or_none
from rostra.kit.errors import Invalid
from rostra.kit.paging import ById, Id
from rostra.measurement import golden_cases
from rostra.measurement.golden_case_queries import Turn
from rostra.moderation.cases import queue
from rostra.moderation.cases.queue import Query
from rostra.moderation.cases.queue_queries import CaseShown
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import SubjectKind

routes = Routes("moderation")

READ = "admin:read:reports"
WRITE = "admin:write:reports"
Text = Annotated[str, Meta(max_length=5000)]


class CaseEntity(msgspec.Struct, frozen=True, kw_only=True):
    """A case. `probability` that the policy is broken, `views` expected within a day; `exposure`: 0 mild words, 1 harsh
    words, 2 pictures, 3 harsh pictures. Of what is held, `decides_at` is when the clock decides if nobody does, and
    `then` what."""

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
    decides_at: Timestamp | None
    then: Literal["release", "refuse"] | None
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


class NoteEntity(msgspec.Struct, frozen=True, kw_only=True):
    id: IdText


class WrittenNoteEntity(NoteEntity, frozen=True, kw_only=True):
    """What a colleague, or the server (null), wrote down about a case."""

    text: str
    username: str | None
    created_at: Timestamp


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


def reviewer_of(call: Call) -> Reviewer:
    """Whoever asks, as the desk knows them. Raises Forbidden where they are not of the staff."""
    me = staff(call, "queue")
    return Reviewer(account_id=me.account_id, role=me.role)


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
        due_at=timestamp_or_none(row.due_at),
        leased_until=timestamp_or_none(row.lease_until),
        leased_to_me=row.assigned_to == me,
        withheld=row.withheld,
        decides_at=timestamp_or_none(row.decides_at),
        then=row.then,
        excerpt=row.excerpt,
        outcome=row.outcome,
        closed_at=timestamp_or_none(row.closed_at),
    )


@routes.get("/api/rostra/v1/moderation/cases", scopes=READ)
async def list_cases(call: Call, form: QueueForm) -> CasesEntity:
    """Cases: open ones the most urgent first, closed ones the latest first."""
    reviewer = reviewer_of(call)
    rows, following = await queue.list_cases(call.res.desk, reviewer, form.query, form.after)
    return CasesEntity(cases=[render_case(row, reviewer.account_id) for row in rows], next=following)


@routes.post("/api/rostra/v1/moderation/cases/next", scopes=WRITE)
async def take_next(call: Call, form: NextForm) -> NextEntity:
    """Lease the most urgent case that one may take, for five minutes; null where nothing waits."""
    reviewer = reviewer_of(call)
    found = await golden_cases.take_golden(call.res.desk, reviewer, form.query)
    found = found or await queue.take_next(call.res.desk, reviewer, form.query, form.skipped)
    return NextEntity(case=None if found is None else await _case(call, reviewer, found))


@routes.get("/api/rostra/v1/moderation/cases/{id}", scopes=READ)
async def show_case(call: Call, form: ById) -> CaseEntity:
    """One case."""
    return await _case(call, reviewer_of(call), form.id)


@routes.post("/api/rostra/v1/moderation/cases/{id}/take", scopes=WRITE)
async def take(call: Call, form: ById) -> CaseEntity:
    """Lease a case for five minutes, or renew one's lease."""
    reviewer = reviewer_of(call)
    if await golden_cases.find_turn(call.res.desk, reviewer, form.id) is None:
        await queue.take(call.res.desk, reviewer, form.id)
    return await _case(call, reviewer, form.id)


@routes.post("/api/rostra/v1/moderation/cases/{id}/release", scopes=WRITE)
async def release(call: Call, form: ById) -> CaseEntity:
    """Give a case back."""
    reviewer = reviewer_of(call)
    if await golden_cases.find_turn(call.res.desk, reviewer, form.id) is None:
        await queue.release(call.res.desk, reviewer, form.id)
    return await _case(call, reviewer, form.id)


@routes.post("/api/rostra/v1/moderation/cases/{id}/escalate", scopes=WRITE)
async def escalate(call: Call, form: NoteForm) -> CaseEntity:
    """Pass a case to those above, with a note that says why."""
    reviewer = reviewer_of(call)
    turn = await golden_cases.find_turn(call.res.desk, reviewer, form.id)
    if turn is not None:
        return await _pass_on_golden(call.res.desk, reviewer, turn)
    await queue.escalate(call.res.desk, reviewer, form.id, form.note)
    return await _case(call, reviewer, form.id)


@routes.post("/api/rostra/v1/moderation/cases/{id}/hand_over", scopes=WRITE)
async def hand_over(call: Call, form: HandOverForm) -> CaseEntity:
    """Keep a case for a colleague, for a day."""
    reviewer = reviewer_of(call)
    user = await find_user_by_name(call.res.db, form.to)
    if user is None:
        raise Invalid("to", "is nobody here")
    turn = await golden_cases.find_turn(call.res.desk, reviewer, form.id)
    if turn is not None:
        return await _pass_on_golden(call.res.desk, reviewer, turn)
    to = Reviewer(account_id=user.account_id, role=user.role)
    await queue.hand_over(call.res.desk, reviewer, form.id, to, form.note)
    return await _case(call, reviewer, form.id)


@routes.get("/api/rostra/v1/moderation/cases/{id}/notes", scopes=READ)
async def list_notes(call: Call, form: ById) -> list[WrittenNoteEntity]:
    """What was written down about a case, the first note first."""
    desk, reviewer = call.res.desk, reviewer_of(call)
    if await golden_cases.find_turn(desk, reviewer, form.id) is not None:
        return []
    return [
        WrittenNoteEntity(
            id=str(note.id), text=note.text, username=note.username, created_at=timestamp(note.created_at)
        )
        for note in await queue.list_notes(desk, form.id)
    ]


@routes.post("/api/rostra/v1/moderation/cases/{id}/notes", scopes=WRITE)
async def add_note(call: Call, form: NoteForm) -> NoteEntity:
    """Write something down for colleagues."""
    desk, reviewer = call.res.desk, reviewer_of(call)
    if await golden_cases.find_turn(desk, reviewer, form.id) is not None:
        # There is no case that it could be kept with.
        return NoteEntity(id=str(form.id))
    return NoteEntity(id=str(await queue.add_note(desk, reviewer, form.id, form.note)))


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
