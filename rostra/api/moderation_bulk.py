"""Bulk decisions for programs: one draft over many subjects, done by a worker."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from rostra.api.admin.staff import staff
from rostra.api.call import Call
from rostra.api.moderation_cases import READ, WRITE, reviewer_of
from rostra.api.moderation_decisions import DraftForm
from rostra.api.route import Answer, Routes
from rostra.entities.account import IdText, Timestamp, timestamp_or_none
from rostra.kit.paging import ById, Id
from rostra.moderation.decisions import bulk, second_look_queries
from rostra.moderation.decisions.bulk_queries import BulkState, SecondLook
from rostra.moderation.decisions.bulk_reverse import order_reversal
from rostra.moderation.decisions.second_look import change_limit
from rostra.moderation.records import SubjectKind

routes = Routes("moderation")

_LISTED: Final = 40


class BulkEntity(msgspec.Struct, frozen=True, kw_only=True):
    id: IdText
    state: BulkState
    total: int
    done: int
    skipped: int
    # Decisions of it that were turned round since.
    reversed: int
    # Whether somebody else was to look first ("asked"), or would have been, had there been anybody ("alone").
    second_look: SecondLook
    approved_at: Timestamp | None


class BulkForm(DraftForm, frozen=True, kw_only=True):
    subject_kind: SubjectKind = "status"
    subject_ids: Annotated[list[Id], Meta(min_length=1, max_length=bulk.MOST)]


@routes.post("/api/rostra/v1/moderation/bulk", scopes=WRITE)
async def start_bulk(call: Call, form: BulkForm) -> Answer:
    """Decide on many subjects as they are now; a worker does it, once a second person has approved where they are very
    many."""
    made = await bulk.start_bulk(call.res.desk, reviewer_of(call), form.subject_kind, form.subject_ids, form.draft)
    return Answer(await _bulk(call, made), status=202)


class BulkList(msgspec.Struct, frozen=True, kw_only=True):
    bulk: list[BulkEntity]


@routes.get("/api/rostra/v1/moderation/bulk", scopes=READ)
async def list_waiting(call: Call) -> BulkList:
    """The bulk decisions that wait for a second person, the oldest first, at most 40."""
    staff(call, "queue")
    async with call.res.db.read() as conn:
        waiting = await second_look_queries.list_waiting(conn, _LISTED)
    return BulkList(
        bulk=[
            BulkEntity(
                id=str(each.id), state="waiting", total=each.total, done=0, skipped=0, reversed=0, second_look="asked",
                approved_at=None,
            )
            for each in waiting
        ]
    )  # fmt: skip


class BulkLimit(msgspec.Struct, frozen=True, kw_only=True):
    # A decision over more than so many waits for a second person; 0: none does.
    over: int


@routes.get("/api/rostra/v1/moderation/bulk_limit", scopes=READ)
async def show_limit(call: Call) -> BulkLimit:
    """Over how many a second person looks first."""
    staff(call, "queue")
    return await _limit(call)


@routes.put("/api/rostra/v1/moderation/bulk_limit", scopes=WRITE)
async def set_limit(call: Call, form: BulkLimit) -> BulkLimit:
    """Set it, as an administrator."""
    await change_limit(call.res.desk, reviewer_of(call), form.over)
    return await _limit(call)


async def _limit(call: Call) -> BulkLimit:
    async with call.res.db.read() as conn:
        return BulkLimit(over=await second_look_queries.find_limit(conn))


@routes.get("/api/rostra/v1/moderation/bulk/{id}", scopes=READ)
async def show_bulk(call: Call, form: ById) -> BulkEntity:
    """How far a bulk decision is."""
    staff(call, "queue")
    return await _bulk(call, form.id)


@routes.post("/api/rostra/v1/moderation/bulk/{id}/approve", scopes=WRITE)
async def approve_bulk(call: Call, form: ById) -> Answer:
    """As a second person, let what somebody else has ordered be carried out; a worker does it."""
    await bulk.approve_bulk(call.res.desk, reviewer_of(call), form.id)
    return Answer(await _bulk(call, form.id), status=202)


@routes.post("/api/rostra/v1/moderation/bulk/{id}/stop", scopes=WRITE)
async def stop_bulk(call: Call, form: ById) -> BulkEntity:
    """Decide no further items, or none where it waits for a second person."""
    await bulk.stop_bulk(call.res.desk, reviewer_of(call), form.id)
    return await _bulk(call, form.id)


class ReverseForm(ById, frozen=True, kw_only=True):
    note: Annotated[str, Meta(max_length=2000)] = ""


@routes.post("/api/rostra/v1/moderation/bulk/{id}/reverse", scopes=WRITE)
async def reverse_bulk(call: Call, form: ReverseForm) -> Answer:
    """Turn all of it round that still stands; a worker does it."""
    await order_reversal(call.res.desk, reviewer_of(call), form.id, form.note)
    return Answer(await _bulk(call, form.id), status=202)


async def _bulk(call: Call, bulk_id: int) -> BulkEntity:
    row = await bulk.get_bulk(call.res.desk, bulk_id)
    return BulkEntity(
        id=str(row.id), state=row.state, total=row.total, done=row.done, skipped=row.skipped, reversed=row.reversed,
        second_look=row.second_look, approved_at=timestamp_or_none(row.approved_at),
    )  # fmt: skip
