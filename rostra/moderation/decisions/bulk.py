"""One decision over many subjects: ordered as previewed, carried out by a worker, each item a decision of its own.

The job works in batches and goes on where it stopped: what a killed worker had committed is done, the rest is not. An
item that was edited since the preview, or that somebody else decided, is skipped and says why. An order over very many
waits until somebody else has looked at it (`second_look.py`). It goes on for as long as whoever ordered it may decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
import msgspec

from rostra.accounts.permissions import check_may
from rostra.kit.errors import Conflict, Invalid, NotFound, RostraError, Unavailable
from rostra.kit.jobs import Kind, enqueue
from rostra.ledger.append import Entry, append
from rostra.moderation.decisions import bulk_queries, second_look_queries
from rostra.moderation.decisions.bulk_queries import BulkRow
from rostra.moderation.decisions.checks import CHANGED
from rostra.moderation.decisions.decide import decide_subject
from rostra.moderation.decisions.second_look import check_approval, find_reviewer, needed, right_over
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import Draft, SubjectKind

MOST: Final = 20_000
_TOGETHER: Final = 50


class BulkWanted(msgspec.Struct, frozen=True, kw_only=True):
    """A bulk decision that waits to be carried out."""

    bulk_id: int


BULK: Final = Kind("moderation.bulk", BulkWanted, -5)


async def start_bulk(
    desk: Desk, reviewer: Reviewer, kind: SubjectKind, subject_ids: Sequence[int], draft: Draft
) -> int:
    """Order a decision over these subjects as they are now; its id. Raises Invalid and Forbidden before anything is
    ordered; what concerns single items is found out as they are decided."""
    right = right_over(kind, draft)
    check_may(reviewer.role, right)
    chosen = list(dict.fromkeys(subject_ids))
    if not chosen:
        raise Invalid("subjects", "are needed: nothing was chosen", code="ERR_NOTHING_CHOSEN")
    if len(chosen) > MOST:
        raise Invalid("subjects", f"are too many (at most {MOST} at once)")
    current = await desk.policies.current(desk.db)
    if draft.outcome == "violates" and draft.clause not in current.clauses:
        raise Invalid("clause", "is needed: a clause of the policy in force", code="ERR_CLAUSE")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        second = await needed(tx, reviewer, len(chosen), right)
        kept: dict[str, Any] = msgspec.to_builtins(draft)
        bulk_id, total = await bulk_queries.insert_bulk(
            tx,
            reviewer.account_id,
            {**kept, "kind": kind},
            current.bundle.version,
            kind,
            chosen,
            second,
            at,
        )
        if not total:
            raise Invalid("subjects", "are needed: none of these is here")
        entry = Entry(
            type="bulk_started",
            subject_kind="decision",
            subject_id=bulk_id,
            actor_id=reviewer.account_id,
            policy=current.bundle.version,
            clause=draft.clause,
            details={"items": total, "kind": kind, "second_look": second},
        )
        await append(tx, at, entry)
        if second != "asked":
            await enqueue(tx, [BULK.job(BulkWanted(bulk_id=bulk_id))])
    return bulk_id


async def run_bulk(desk: Desk, bulk_id: int) -> None:
    """Decide what is left of it. Bears being repeated, and being killed at any moment."""
    bulk = await get_bulk(desk, bulk_id)
    if bulk.actor_id is None or bulk.state != "running":
        return
    kind, draft = order_of(bulk)
    async with desk.db.transaction() as tx:
        await bulk_queries.take_over(tx, bulk_id)
    while True:
        async with desk.db.read() as conn:
            state = await bulk_queries.find_state(conn, bulk_id)
            waiting = await bulk_queries.list_items(conn, bulk_id, _TOGETHER) if state == "running" else []
            reviewer = await find_reviewer(conn, bulk.actor_id, right_over(kind, draft))
        if not waiting:
            break
        if reviewer is None:
            await _stop(desk, bulk, None)
            return
        said = [(item.position, *await _decide(desk, reviewer, bulk_id, item, draft)) for item in waiting]
        async with desk.db.transaction() as tx:
            await bulk_queries.mark(tx, bulk_id, said)
    async with desk.db.transaction() as tx:
        await bulk_queries.finish(tx, bulk_id, desk.clock.now())


async def stop_bulk(desk: Desk, reviewer: Reviewer, bulk_id: int) -> None:
    """Decide no further items, or none where it waits to be looked at; what was decided stays, and can be turned
    round. Raises NotFound, and Forbidden where the role does not allow it."""
    check_may(reviewer.role, "decide")
    await _stop(desk, await get_bulk(desk, bulk_id), reviewer.account_id)


async def _stop(desk: Desk, bulk: BulkRow, actor_id: int | None) -> None:
    """Stop it: somebody did, or, None, whoever ordered it may not decide any more."""
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        before = await bulk_queries.stop(tx, bulk.id, actor_id, at)
        if before is None:
            return
        refused = before == "waiting" and bulk.actor_id != actor_id
        entry = Entry(
            type="bulk_refused" if refused else "bulk_stopped",
            subject_kind="decision",
            subject_id=bulk.id,
            actor_id=actor_id,
            policy=bulk.policy,
            details={"why": "orderer_may_not_decide"} if actor_id is None else {},
        )
        await append(tx, at, entry)


async def approve_bulk(desk: Desk, reviewer: Reviewer, bulk_id: int) -> None:
    """Let one that waits for a second person be carried out.

    Raises NotFound; Forbidden for whoever ordered it and where the role does not allow it; Conflict where it does not
    wait, or whoever ordered it may not decide any more.
    """
    bulk = await get_bulk(desk, bulk_id)
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        await check_approval(tx, reviewer, bulk, right_over(*order_of(bulk)))
        if not await second_look_queries.approve(tx, bulk_id, reviewer.account_id, at):
            raise Conflict("This does not wait for anybody: it goes on already, or was stopped")
        entry = Entry(
            type="bulk_approved",
            subject_kind="decision",
            subject_id=bulk_id,
            actor_id=reviewer.account_id,
            policy=bulk.policy,
            details={"items": bulk.total},
        )
        await append(tx, at, entry)
        await enqueue(tx, [BULK.job(BulkWanted(bulk_id=bulk_id))])


async def get_bulk(desk: Desk, bulk_id: int) -> BulkRow:
    """How far it is. Raises NotFound."""
    async with desk.db.read() as conn:
        found = await bulk_queries.find_bulk(conn, bulk_id)
    if found is None:
        raise NotFound
    return found


def order_of(bulk: BulkRow) -> tuple[SubjectKind, Draft]:
    """What it is about, and what is decided."""
    kept = dict(bulk.draft)
    # Older orders keep the role in which they were given.
    kept.pop("role", None)
    kind: SubjectKind = kept.pop("kind", "status")
    return kind, msgspec.convert(kept, Draft)


async def preview(desk: Desk, kind: SubjectKind, subject_ids: Sequence[int]) -> bulk_queries.Preview:
    """What a decision over these would reach: how many there are, of how many authors, seen how often."""
    async with desk.db.read() as conn:
        return await bulk_queries.preview(conn, kind, list(dict.fromkeys(subject_ids)))


async def _decide(
    desk: Desk, reviewer: Reviewer, bulk_id: int, item: bulk_queries.Item, draft: Draft
) -> tuple[int | None, str | None]:
    """The decision on it, or why there is none."""
    mine = msgspec.structs.replace(draft, revision=item.revision, bulk_id=bulk_id)
    try:
        return await decide_subject(desk, reviewer, item.subject_kind, item.subject_id, mine), None
    except asyncpg.UniqueViolationError:
        # Another worker is at it as well, and was quicker.
        return await bulk_queries.find_decided(desk.db, bulk_id, item), None
    except NotFound:
        return None, "gone"
    except Unavailable:
        raise
    except RostraError as error:
        return None, "changed" if error.text == CHANGED else error.text
