"""Labelling: people say of sampled posts whether they violate the policy, without seeing what anybody else said.

One item at a time is theirs for ten minutes, and for as long an answer can be taken back. Some items are labelled by
two; where these do not agree, a third decides. Second looks at decisions and golden items come among the others and
look like them.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, time, timedelta
from typing import Final

import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Conflict, Invalid
from rostra.ledger.append import Entry, append
from rostra.measurement import golden_queries, label_queries, plan_queries
from rostra.measurement.frame import chosen
from rostra.measurement.golden import WAITS, answer_golden, give_golden
from rostra.measurement.label_queries import Given, Item, Outcome, Progress
from rostra.moderation.cases.evidence import Snapshot, find_snapshots
from rostra.moderation.cases.open import open_case
from rostra.policy.records import Clause
from rostra.screening.active import ActivePolicy

LEASE: Final = timedelta(minutes=10)
# For so long an answer can be taken back.
UNDO: Final = timedelta(minutes=10)
# Older items are not offered any more: the alarm is about what is now.
OFFERED_FOR: Final = timedelta(days=14)
# What the first labels of a sample say of a case that is opened by one.
_P: Final = 0.8


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is to label: a post as it was, and nothing of what anybody or anything thinks of it."""

    number: int
    snapshot: Snapshot


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says of an item; a clause with a violation, and only then. `seconds` is how long they looked."""

    outcome: Outcome
    clause: str = ""
    seconds: int = 0


async def take_item(db: Database, clock: Clock, account_id: int) -> Offer | None:
    """The next item of somebody, theirs for ten minutes; the one that they have, if they have one. None: no more."""
    at = clock.now()
    while True:
        async with db.transaction() as tx:
            golden = await _golden(tx, account_id, at)
            if golden is not None:
                number, snapshot_id = golden
            else:
                taken = await label_queries.take(tx, account_id, at, at + LEASE, at - OFFERED_FOR)
                if taken is None:
                    return None
                number, snapshot_id = taken.id, taken.snapshot_id
            found = await find_snapshots(tx, [snapshot_id]) if snapshot_id else {}
            if snapshot_id in found:
                return Offer(number=number, snapshot=found[snapshot_id])
            # Its evidence is gone meanwhile.
            await label_queries.settle(tx, number, "gone", None, "", at)


async def _golden(tx: Tx, account_id: int, at: datetime) -> tuple[int, int] | None:
    """The golden item whose turn it is: the one they have, or now and then a new one, by what they have labelled."""
    share = (await plan_queries.get_settings(tx)).golden_share
    if share <= 0:
        return None
    if not await golden_queries.has_pending(tx, account_id, at - WAITS):
        given = await label_queries.count_given(tx, account_id, at - timedelta(days=365))
        drawn = int.from_bytes(hashlib.sha256(f"golden/{account_id}/{given}".encode()).digest()[:4]) / 2**32
        if drawn >= share:
            return None
    golden = await golden_queries.find_due(tx, account_id, at - WAITS)
    if golden is None:
        return None
    await give_golden(tx, golden.id, account_id, at)
    return golden.id, golden.snapshot_id


async def label_item(
    db: Database, clock: Clock, policies: ActivePolicy, account_id: int, number: int, answer: Answer
) -> None:
    """Take somebody's answer to what `take_item` gave them.

    A violation opens a case. Raises Conflict where the item is not theirs any more or was labelled by them, Invalid
    where the answer has a clause too many, too few, or unknown.
    """
    current = await policies.current(db)
    clause = current.clauses.get(answer.clause)
    if (answer.outcome == "violates") != (clause is not None) or (clause is None and answer.clause):
        raise Invalid("clause", "must be one of the policy's, for a violation")
    at = clock.now()
    async with db.transaction() as tx:
        if await golden_queries.find_given(tx, number, account_id) is not None:
            await answer_golden(tx, number, account_id, at, answer.outcome, answer.clause)
            return
        item = await label_queries.lock_item(tx, number)
        if item is None or item.state != "open" or item.lease_by != account_id or (item.lease_until or at) <= at:
            raise Conflict("Somebody else has this item now")
        await label_queries.insert_label(
            tx, item.id, account_id, answer.outcome, answer.clause, seconds=min(answer.seconds, 3600), at=at
        )
        settled, outcome, words = settle(item, answer)
        await label_queries.settle(tx, item.id, "settled" if settled else "open", outcome, words, at)
        if answer.outcome == "violates" and clause is not None and item.case_id is None:
            await _open_case(tx, at, item, clause, current.bundle.version)


def settle(item: Item, answer: Answer) -> tuple[bool, Outcome, str]:
    """What an item is after one more answer: whether that is final, and what holds until then.

    One answer is enough, unless it is to have two. Two that agree are enough; the third decides.
    """
    if item.labels == 0:
        return not item.twice, answer.outcome, answer.clause
    if item.labels == 1 and (answer.outcome, answer.clause) != (item.outcome, item.clause):
        assert item.outcome is not None
        return False, item.outcome, item.clause
    return True, answer.outcome, answer.clause


async def _open_case(tx: Tx, at: datetime, item: Item, clause: Clause, policy: str) -> None:
    author_id = await label_queries.find_author_at_large(tx, item.status_id)
    if author_id is None:
        return
    case_id = await open_case(
        tx, at, kind="status", subject_id=item.status_id, account_id=author_id, clause=clause.id,
        severity=clause.severity, policy=policy, source="sample", p=_P,
    )  # fmt: skip
    await label_queries.note_case(tx, item.id, case_id)


async def find_given(db: Database, clock: Clock, account_id: int, number: int) -> Given | None:
    """What somebody said of an item, where they can still take it back; golden ones are as all others."""
    since = clock.now() - UNDO
    async with db.read() as conn:
        golden = await golden_queries.find_answer(conn, number, account_id, since)
        return golden or await label_queries.find_label(conn, number, account_id, since)


async def take_back(db: Database, clock: Clock, account_id: int, number: int) -> None:
    """Take somebody's answer back, within ten minutes; the item is theirs again. Raises Conflict where it is too late,
    or somebody else has labelled it since."""
    at = clock.now()
    async with db.transaction() as tx:
        if await golden_queries.find_answer(tx, number, account_id, at - UNDO) is not None:
            await golden_queries.take_back(tx, number, account_id, at)
            return
        await label_queries.lock_item(tx, number)
        given = await label_queries.find_label(tx, number, account_id, at - UNDO)
        if given is None:
            raise Conflict("It cannot be taken back any more")
        await label_queries.undo_label(tx, given, number, account_id, at + LEASE)


async def put_back(db: Database, account_id: int, number: int) -> None:
    """Leave an item to somebody else. A golden one waits for its hour to be over."""
    async with db.transaction() as tx:
        await label_queries.release(tx, number, account_id)


async def count_progress(db: Database, clock: Clock, account_id: int) -> Progress:
    """What waits, and how many the person has labelled today."""
    at = clock.now()
    midnight = datetime.combine(at.date(), time(), UTC)
    async with db.read() as conn:
        return await label_queries.count_progress(conn, account_id, at - OFFERED_FOR, midnight)


async def draw_second(db: Database, clock: Clock) -> int:
    """Draw yesterday's decisions that somebody else looks at again without knowing the first: how many.

    The share of the settings, rounded up, by a seed that the ledger gets with it. Once for each day.
    """
    at = clock.now()
    day = at.date() - timedelta(days=1)
    since = datetime.combine(day, time(), UTC)
    async with db.transaction() as tx:
        share = (await plan_queries.get_settings(tx)).second_share
        decided = await label_queries.list_decided(tx, since, since + timedelta(days=1))
        if not decided or await label_queries.is_second_drawn(tx, str(day)):
            return 0
        seed = secrets.token_hex(16)
        drawn = sorted(chosen(seed, "second", decided, share))
        said = {
            "day": str(day),
            "seed": seed,
            "share": share,
            "decisions": len(decided),
            "drawn": [str(n) for n in drawn],
        }
        await append(tx, at, Entry(type="second_drawn", subject_kind="sample", subject_id=0, details=said))
        await label_queries.insert_second(tx, at, drawn)
        return len(drawn)
