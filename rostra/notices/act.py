"""One act for an example and its copies: a decision on the example now, and the same over the copies as a bulk job.

What is decided in the queue counts as well; nothing here keeps a second record of what was done.
"""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.accounts.permissions import check_may
from rostra.kit.errors import Conflict, NotFound
from rostra.ledger.append import Entry, append
from rostra.moderation.decisions.bulk import start_bulk
from rostra.moderation.decisions.decide import decide_subject
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import Draft, Origin, Outcome, Wish
from rostra.notices import item_queries, queries
from rostra.notices.item_queries import Tally
from rostra.notices.records import Item, Regime

_ORIGINS: Final[dict[Regime, Origin]] = {
    "host": "host", "store": "host", "own": "host", "order": "order", "terrorist": "order", "legal": "legal",
}  # fmt: skip
CHANGED: Final = "What this is about has changed since it was shown: look again"


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What a reviewer decides about an item as it was shown: `revision` is that of its post, `seen` what the
    tally said of its copies. An item of which nothing is left here can still have copies."""

    item_id: int
    outcome: Outcome
    clause: str = ""
    wishes: tuple[Wish, ...] = ()
    with_copies: bool = False
    revision: int | None = None
    seen: str = ""
    facts: str = ""
    note: str = ""


async def act(desk: Desk, reviewer: Reviewer, notice_id: int, wanted: Act) -> int | None:
    """Decide; the id of the bulk decision over the copies, None where there is none.

    Raises Forbidden, NotFound, Invalid, and Conflict where the post or one of its copies changed since it was seen.
    """
    check_may(reviewer.role, "notices")
    item, regime, tally, chosen = await _find(desk, notice_id, wanted.item_id)
    if wanted.with_copies and tally is not None and wanted.seen != tally.seen:
        raise Conflict(CHANGED)
    if wanted.with_copies and item.bulk_waits:
        raise Conflict("What was ordered for the copies waits for a second person: see to that first")
    draft = Draft(
        outcome=wanted.outcome,
        clause=wanted.clause or item.clause,
        wishes=wanted.wishes,
        facts=wanted.facts,
        note=wanted.note,
        revision=wanted.revision,
        origin=_ORIGINS[regime],
    )
    decision_id = bulk_id = None
    if item.subject_kind is not None and item.subject_id is not None and item.decided is None:
        decision_id = await decide_subject(desk, reviewer, item.subject_kind, item.subject_id, draft)
    if wanted.with_copies and chosen:
        # The copies are as they are now, which is as they were seen.
        over = msgspec.structs.replace(draft, revision=None)
        bulk_id = await start_bulk(desk, reviewer, "status", chosen, over)
    await _record(desk, reviewer, notice_id, item, decision_id, bulk_id)
    return bulk_id


async def remark(desk: Desk, reviewer: Reviewer, notice_id: int, item_id: int, text: str) -> None:
    """Write something about an item for the answer. Raises Forbidden and NotFound."""
    check_may(reviewer.role, "notices")
    async with desk.db.transaction() as tx:
        if not await item_queries.set_remark(tx, notice_id, item_id, text.strip()[:2000]):
            raise NotFound


async def _find(desk: Desk, notice_id: int, item_id: int) -> tuple[Item, Regime, Tally | None, list[int]]:
    async with desk.db.read() as conn:
        notice = await queries.find_notice(conn, notice_id)
        items = await item_queries.list_items(conn, notice_id)
        tally = (await item_queries.tally_copies(conn, [item_id])).get(item_id)
        chosen = await item_queries.list_open_copies(conn, item_id)
    item = next((each for each in items if each.id == item_id), None)
    if notice is None or item is None or notice.state not in ("acting", "drafting", "follow_up", "contested"):
        raise NotFound
    return item, notice.regime, tally, chosen


async def _record(
    desk: Desk, reviewer: Reviewer, notice_id: int, item: Item, decision_id: int | None, bulk_id: int | None
) -> None:
    at = desk.clock.now()
    details = {
        "item": item.position,
        "decision": str(decision_id) if decision_id else "",
        "bulk": str(bulk_id) if bulk_id else "",
    }
    async with desk.db.transaction() as tx:
        state = await queries.lock_notice(tx, notice_id)
        if state in ("follow_up", "contested", "drafting"):
            await queries.move_notice(tx, notice_id, "acting", reviewer.account_id, at)
        if bulk_id is not None:
            await item_queries.set_bulk(tx, item.id, bulk_id)
        entry = Entry(
            type="notice_acted", subject_kind="notice", subject_id=notice_id, actor_id=reviewer.account_id,
            account_id=item.account_id, clause=item.clause, details=details,
        )  # fmt: skip
        await append(tx, at, entry)
