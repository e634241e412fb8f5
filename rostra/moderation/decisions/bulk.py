"""One decision over many subjects: ordered as previewed, carried out by a worker, each item a decision of its own.

The job works in batches and goes on where it stopped: what a killed worker had committed is done, the rest is not. An
item that was edited since the preview, or that somebody else decided, is skipped and says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import asyncpg
import msgspec

from rostra.accounts.permissions import check_may
from rostra.accounts.records import Role
from rostra.kit.errors import Invalid, NotFound, RostraError, Unavailable
from rostra.kit.jobs import Kind, enqueue
from rostra.ledger.append import Entry, append
from rostra.moderation.decisions import bulk_queries
from rostra.moderation.decisions.bulk_queries import BulkRow
from rostra.moderation.decisions.checks import CHANGED
from rostra.moderation.decisions.decide import decide_subject
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
    check_may(reviewer.role, "decide" if kind == "status" else "sanction")
    if any(wish.on == "account" for wish in draft.wishes):
        check_may(reviewer.role, "sanction")
    if not subject_ids:
        raise Invalid("subjects", "are needed: nothing was chosen")
    if len(set(subject_ids)) > MOST:
        raise Invalid("subjects", f"are too many (at most {MOST} at once)")
    current = await desk.policies.current(desk.db)
    if draft.outcome == "violates" and draft.clause not in current.clauses:
        raise Invalid("clause", "is needed: a clause of the policy in force")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        kept: dict[str, Any] = msgspec.to_builtins(draft)
        bulk_id, total = await bulk_queries.insert_bulk(
            tx, reviewer.account_id, {**kept, "role": reviewer.role}, current.bundle.version, kind,
            list(dict.fromkeys(subject_ids)), at,
        )  # fmt: skip
        entry = Entry(
            type="bulk_started",
            subject_kind="decision",
            subject_id=bulk_id,
            actor_id=reviewer.account_id,
            policy=current.bundle.version,
            clause=draft.clause,
            details={"items": total, "kind": kind},
        )
        await append(tx, at, entry)
        await enqueue(tx, [BULK.job(BulkWanted(bulk_id=bulk_id))])
    return bulk_id


async def run_bulk(desk: Desk, bulk_id: int) -> None:
    """Decide what is left of it. Bears being repeated, and being killed at any moment."""
    bulk = await get_bulk(desk, bulk_id)
    if bulk.actor_id is None or bulk.state != "running":
        return
    draft, role = _draft(bulk.draft)
    reviewer = Reviewer(account_id=bulk.actor_id, role=role)
    while True:
        async with desk.db.read() as conn:
            state = await bulk_queries.find_state(conn, bulk_id)
            waiting = await bulk_queries.list_items(conn, bulk_id, _TOGETHER) if state == "running" else []
        if not waiting:
            break
        for item in waiting:
            await _decide(desk, reviewer, bulk_id, item, draft)
        async with desk.db.transaction() as tx:
            await bulk_queries.count(tx, bulk_id)
    async with desk.db.transaction() as tx:
        await bulk_queries.finish(tx, bulk_id, desk.clock.now())


async def stop_bulk(desk: Desk, reviewer: Reviewer, bulk_id: int) -> None:
    """Decide no further items; what was decided stays, and can be turned round one by one. Raises NotFound."""
    check_may(reviewer.role, "decide")
    await get_bulk(desk, bulk_id)
    async with desk.db.transaction() as tx:
        await bulk_queries.stop(tx, bulk_id, desk.clock.now())


async def get_bulk(desk: Desk, bulk_id: int) -> BulkRow:
    """How far it is. Raises NotFound."""
    async with desk.db.read() as conn:
        found = await bulk_queries.find_bulk(conn, bulk_id)
    if found is None:
        raise NotFound
    return found


async def preview(desk: Desk, kind: SubjectKind, subject_ids: Sequence[int]) -> bulk_queries.Preview:
    """What a decision over these would reach: how many there are, of how many authors, seen how often."""
    async with desk.db.read() as conn:
        return await bulk_queries.preview(conn, kind, list(dict.fromkeys(subject_ids)))


async def _decide(desk: Desk, reviewer: Reviewer, bulk_id: int, item: bulk_queries.Item, draft: Draft) -> None:
    mine = msgspec.structs.replace(draft, revision=item.revision, bulk_id=bulk_id)
    try:
        made = await bulk_queries.find_decided(desk.db, bulk_id, item)
        if made is None:
            made = await decide_subject(desk, reviewer, item.subject_kind, item.subject_id, mine)
        why = None
    except asyncpg.UniqueViolationError:
        # Another worker is at it as well, and was quicker.
        made, why = await bulk_queries.find_decided(desk.db, bulk_id, item), None
    except NotFound:
        made, why = None, "gone"
    except Unavailable:
        raise
    except RostraError as error:
        made, why = None, "changed" if error.text == CHANGED else error.text
    async with desk.db.transaction() as tx:
        await bulk_queries.mark(tx, bulk_id, item.position, made, why)


def _draft(kept: dict[str, Any]) -> tuple[Draft, Role]:
    role: Role = kept.pop("role", "moderator")
    return msgspec.convert(kept, Draft), role
