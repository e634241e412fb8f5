"""From a notice to work: each example is found, and all its near-copies; each of them becomes a case with the clock.

A job does it, item by item, each in a transaction of its own; killed in between, it goes on with those that are left.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rostra.kit.db import Tx
from rostra.ledger.append import Entry, append
from rostra.moderation.cases.open import open_case
from rostra.moderation.desk import Desk
from rostra.notices import item_queries, queries
from rostra.notices.find import Target, find_copies, find_targets
from rostra.notices.item_queries import Pending, Post
from rostra.notices.records import Notice
from rostra.screening.active import Current

# A host does not name what it has not looked at.
_P: Final = 0.9
_P_OF_COPY: Final = 0.85
_SEVERITY: Final = 3


async def expand(desk: Desk, notice_id: int) -> None:
    """Find what a notice names, and everything like it. Nothing for a notice that is further, or put aside."""
    at = desk.clock.now()
    current = await desk.policies.current(desk.db)
    async with desk.db.transaction() as tx:
        state = await queries.lock_notice(tx, notice_id)
        if state == "parsed":
            await queries.move_notice(tx, notice_id, "expanding", None, at)
        elif state not in ("expanding", "acting"):
            return
        pending = await item_queries.list_pending(tx, notice_id)
        targets = await find_targets(tx, pending, desk.urls, at)
        notice = await queries.find_notice(tx, notice_id)
    if notice is None:
        return
    for item in pending:
        async with desk.db.transaction() as tx:
            await _expand_item(tx, current, notice, item, targets[item.id], at)
    async with desk.db.transaction() as tx:
        if await queries.lock_notice(tx, notice_id) == "expanding":
            await queries.move_notice(tx, notice_id, "acting", None, desk.clock.now())
            await append(tx, desk.clock.now(), await _summary(tx, notice_id))


async def _expand_item(tx: Tx, current: Current, notice: Notice, item: Pending, target: Target, at: datetime) -> None:
    if not await item_queries.lock_pending(tx, item.id):
        # Another worker was quicker.
        return
    # A person has no copies; a file of theirs that no post shows has.
    found = await find_copies(tx, target, at) if target.kind != "account" or target.looks else []
    authors = {post.account_id for post, _ in found} | ({target.account_id} if target.account_id else set[int]())
    reach = await item_queries.list_reach(tx, sorted(authors))
    fresh: list[tuple[int, int, int]] = []
    if found:
        rows = [(post.id, post.account_id, alike, reach.get(post.account_id, 0)) for post, alike in found]
        fresh = await item_queries.insert_copies(tx, notice.id, item.id, rows)
    case_id = None
    if (
        target.kind is not None
        and target.subject_id is not None
        and target.account_id is not None
        and not target.is_refused
    ):
        case_id = await _open(
            tx, current, notice, item.clause, target.kind, target.subject_id, target.account_id, _P, at
        )
    posts = {post.id: post for post, _ in found}
    for status_id, _, _ in fresh:
        await _open_copy(tx, current, notice, item, posts[status_id], at)
    concerned = {account for _, account, _ in fresh} | ({target.account_id} if target.account_id else set[int]())
    await item_queries.settle_item(
        tx, item.id, target.match, kind=target.kind, subject_id=target.subject_id, account_id=target.account_id,
        case_id=case_id, copies=len(fresh), authors=len(concerned), reach=sum(reach.get(each, 0) for each in concerned),
    )  # fmt: skip


async def _open_copy(tx: Tx, current: Current, notice: Notice, item: Pending, post: Post, at: datetime) -> None:
    if post.is_refused:
        return
    case_id = await _open(tx, current, notice, item.clause, "status", post.id, post.account_id, _P_OF_COPY, at)
    await item_queries.set_case_of_copy(tx, notice.id, post.id, case_id)


async def _open(
    tx: Tx,
    current: Current,
    notice: Notice,
    clause_id: str,
    kind: str,
    subject_id: int,
    account_id: int,
    p: float,
    at: datetime,
) -> int:
    clause = current.clauses.get(clause_id)
    return await open_case(
        tx, at, kind="status" if kind == "status" else "account", subject_id=subject_id, account_id=account_id,
        clause=clause.id if clause else "", severity=clause.severity if clause else _SEVERITY,
        policy=current.bundle.version, source="notice", p=p, due_at=notice.due_at, regime=notice.regime,
        notice_id=notice.id,
    )  # fmt: skip


async def _summary(tx: Tx, notice_id: int) -> Entry:
    items = await item_queries.list_items(tx, notice_id)
    matches = [item.match for item in items]
    details = {match: matches.count(match) for match in dict.fromkeys(matches)}
    return Entry(
        type="notice_expanded",
        subject_kind="notice",
        subject_id=notice_id,
        details={"items": len(items), "copies": sum(item.copies for item in items), **details},
    )
