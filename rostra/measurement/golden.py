"""Golden items: posts of which the answer is known, given to reviewers among other work without their knowing.

They come from decisions that an appeal or a review has turned round, and from experts. Each person meets each once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader, Tx
from rostra.kit.errors import Invalid, NotFound
from rostra.ledger.append import Entry, append
from rostra.measurement import golden_queries
from rostra.measurement.intervals import Interval, wilson

# How long a golden item waits for the answer of whom it was given to.
WAITS: Final = timedelta(hours=1)
_LOOK_BACK: Final = timedelta(days=30)
# Of each kind, before errors are taken out of estimates.
LEAST_ANSWERS: Final = 30


class Errors(msgspec.Struct, frozen=True, kw_only=True):
    """How often people find what violates, and clear what does not, by golden items. None: too few answers."""

    sensitivity: Interval | None
    specificity: Interval | None


async def add_golden(
    tx: Tx,
    at: datetime,
    snapshot_id: int,
    *,
    outcome: str,
    clause: str = "",
    decision_id: int | None = None,
    created_by: int | None = None,
) -> int:
    """Make a golden item of what a snapshot shows; its id. Raises NotFound where there is no such snapshot of a post,
    Invalid where a violation has no clause."""
    if outcome not in ("violates", "fine") or (outcome == "violates") != bool(clause):
        raise Invalid("clause", "must be given for a violation, and only for one")
    golden_id = await golden_queries.insert(
        tx, at, snapshot_id, outcome=outcome, clause=clause, origin="expert", decision_id=decision_id,
        created_by=created_by,
    )  # fmt: skip
    if golden_id is None:
        raise NotFound
    said = {"snapshot": str(snapshot_id), "outcome": outcome}
    entry = Entry(
        type="golden_added",
        subject_kind="sample",
        subject_id=golden_id,
        actor_id=created_by,
        clause=clause,
        details=said,
    )
    await append(tx, at, entry)
    return golden_id


async def add_from_decision(db: Database, clock: Clock, decision_id: int, *, actor_id: int) -> int:
    """Make a golden item of a decision that those who looked at it again settled, with their answer; its id. Raises
    NotFound where it is not settled so, or is one already."""
    at = clock.now()
    async with db.transaction() as tx:
        settled = await golden_queries.find_settled(tx, decision_id)
        if settled is None:
            raise NotFound
        return await add_golden(
            tx, at, settled.snapshot_id, outcome=settled.outcome, clause=settled.clause, decision_id=decision_id,
            created_by=actor_id,
        )  # fmt: skip


async def collect_golden(db: Database, clock: Clock) -> int:
    """Make golden items of what appeals and reviews turned round in the last month; how many are new."""
    at = clock.now()
    async with db.transaction() as tx:
        return await golden_queries.insert_reversed(tx, at, at - _LOOK_BACK)


async def give_golden(tx: Tx, golden_id: int, account_id: int, at: datetime) -> None:
    """Note that somebody has it before them."""
    await golden_queries.give(tx, golden_id, account_id, at)


async def answer_golden(tx: Tx, golden_id: int, account_id: int, at: datetime, outcome: str, clause: str = "") -> bool:
    """Take somebody's answer to an item that they were given: whether it is right. NotFound where they were not given
    it, or have answered."""
    golden = await golden_queries.find_given(tx, golden_id, account_id)
    if golden is None or not await golden_queries.answer(tx, golden_id, account_id, outcome, clause, at):
        raise NotFound
    return (golden.outcome, golden.clause) == (outcome, clause)


async def read_errors(conn: Reader, since: datetime) -> Errors:
    """How people answer golden items, all together. "Cannot tell" is no answer."""
    bad = found = good = cleared = 0
    for each in await golden_queries.list_answers(conn, since):
        if each.outcome == "unclear":
            continue
        if each.truth == "violates":
            bad += each.answers
            found += each.answers * (each.outcome == "violates")
        else:
            good += each.answers
            cleared += each.answers * (each.outcome == "fine")
    return Errors(
        sensitivity=wilson(found, bad) if bad >= LEAST_ANSWERS else None,
        specificity=wilson(cleared, good) if good >= LEAST_ANSWERS else None,
    )
