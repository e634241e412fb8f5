"""Golden items among the cases of the desk: now and then the next case is one whose answer is known.

It is shown as a case and is none: it has a number of its own that is in no table of cases, and the only thing that can
be done with it is to answer. So whatever somebody decides of it concerns nobody, and it is in no count of the queue.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

import msgspec

from rostra.accounts.permissions import check_may
from rostra.kit.db import Reader
from rostra.kit.errors import Invalid, NotFound
from rostra.kit.ids import first_id_at
from rostra.ledger.append import Entry, append
from rostra.measurement import golden_case_queries as queries
from rostra.measurement import plan_queries
from rostra.measurement.golden import WAITS
from rostra.measurement.golden_case_queries import Turn
from rostra.moderation.cases import dossier_queries, queue
from rostra.moderation.cases.dossier import Copies, Dossier, parts_of_subject, read_again
from rostra.moderation.cases.dossier_records import Author, CaseFull, StatusNow
from rostra.moderation.cases.evidence import Snapshot, find_snapshots
from rostra.moderation.cases.queue import LEASE, Query
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import Outcome

_SHOWN: Final = 6


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody is told once they have decided. `right` is None where they could not tell; `outcome` and `clause`
    are what holds."""

    golden_id: int
    right: bool | None
    outcome: str
    clause: str


async def take_golden(desk: Desk, reviewer: Reviewer, query: Query) -> int | None:
    """Now and then the number of a golden item in place of the next case, None otherwise. Never while the queue is
    narrowed or has nothing to hand out. Raises Conflict while a rest is due."""
    check_may(reviewer.role, "queue")
    if query != Query():
        return None
    at = desk.clock.now()
    day = at.astimezone(UTC).date()
    async with desk.db.transaction() as tx:
        settings = await plan_queries.get_settings(tx)
        if settings.golden_case_share <= 0 or settings.golden_cases_daily <= 0:
            return None
        first = first_id_at(datetime.combine(day, time(), UTC))
        stand = await queries.find_stand(tx, reviewer.account_id, day, first, at)
        if not stand.waits or stand.had >= settings.golden_cases_daily:
            return None
        if _drawn(f"{reviewer.account_id}/{day}/{stand.done}") >= settings.golden_case_share:
            return None
        most = await queue.find_most_exposure(tx, reviewer.account_id, at)
        due = await queries.find_due(tx, reviewer.account_id, only_words=most < 2) if most >= 0 else None
        return await queries.give(tx, due.id, reviewer.account_id, at) if due is not None else None


async def find_turn(desk: Desk, reviewer: Reviewer, number: int) -> Turn | None:
    """The golden item that the reviewer has before them under this number; None for everything else."""
    async with desk.db.read() as conn:
        return await queries.find_turn(conn, number, reviewer.account_id, desk.clock.now() - WAITS)


async def decide_golden(desk: Desk, reviewer: Reviewer, turn: Turn, outcome: Outcome, clause: str) -> Result:
    """Take a decision on a golden item: nothing is done, it is compared with the answer. Raises Invalid for a violation
    of no clause, Forbidden as for a case, NotFound where it is answered already."""
    current = await desk.policies.current(desk.db)
    check_may(reviewer.role, "decide" if outcome == "violates" else "dismiss")
    if outcome == "violates" and clause not in current.clauses:
        raise Invalid("clause", "is needed: a clause of the policy in force", code="ERR_CLAUSE")
    said = {"violates": "violates", "ok": "fine"}.get(outcome, "unclear")
    named = clause if said == "violates" else ""
    right = None if said == "unclear" else (said, named) == (turn.outcome, turn.clause)
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        if not await queries.answer(tx, turn.turn_id, said, named, at):
            raise NotFound
        entry = Entry(
            type="golden_answered",
            subject_kind="sample",
            subject_id=turn.golden_id,
            actor_id=reviewer.account_id,
            details={"said": said, "right": right, "among": "cases"},
        )
        await append(tx, at, entry)
    return Result(golden_id=turn.golden_id, right=right, outcome=turn.outcome, clause=turn.clause)


async def read_turn(desk: Desk, reviewer: Reviewer, turn: Turn) -> Dossier:
    """The item as the page of a case takes it. Raises NotFound where its author or what it shows is gone."""
    at = desk.clock.now()
    current = await desk.policies.current(desk.db)
    async with desk.db.read() as conn:
        seen = (await find_snapshots(conn, [turn.snapshot_id])).get(turn.snapshot_id)
        author = None if seen is None else await dossier_queries.find_author(conn, seen.account_id, at, 0)
        if seen is None or author is None:
            raise NotFound
        status = await _status_then(conn, seen)
        before = await dossier_queries.list_before(conn, author.id, _SHOWN)
        return Dossier(
            case=_as_case(turn, seen, author, reviewer, at, current.clauses),
            author=author,
            status=status,
            evidence=None,
            seen=await read_again(desk, current, parts_of_subject(author, status, None), at),
            verdict=await dossier_queries.find_verdict(conn, "status", 0),
            around=await dossier_queries.list_around(conn, "status", seen.subject_id),
            before=[each for each in before if (each.subject_kind, each.subject_id) != ("status", seen.subject_id)],
            other_cases=await dossier_queries.list_other_cases(conn, author.id, 0, _SHOWN),
            reports=[],
            copies=Copies(),
            related=await dossier_queries.list_related(conn, author.id, []),
            deadlines=[],
            holding=await dossier_queries.list_holding(conn, "account", author.id, author.id),
            notes=[],
            current=current,
            acts_on_nobody=True,
        )


def _drawn(what: str) -> float:
    """A number from 0 to 1 that is the same whenever it is asked again."""
    return int.from_bytes(hashlib.sha256(f"golden-case/{what}".encode()).digest()[:4]) / 2**32


async def _status_then(conn: Reader, seen: Snapshot) -> StatusNow:
    """The post as the snapshot has it, with what it has of answers and views by now."""
    said = seen.content
    made = datetime.fromisoformat(said["created_at"])
    edited = said.get("edited_at")
    now = await dossier_queries.find_status(conn, seen.subject_id)
    return StatusNow(
        id=seen.subject_id,
        account_id=seen.account_id,
        revision=seen.revision,
        text=said.get("text") or "",
        spoiler_text=said.get("spoiler_text") or "",
        language=said.get("language"),
        visibility=said.get("visibility") or "public",
        sensitive=bool(said.get("sensitive")),
        created_at=made,
        edited_at=datetime.fromisoformat(edited) if edited else None,
        withheld=None,
        limited=False,
        interaction_off=False,
        covered=False,
        in_reply_to_id=int(said["in_reply_to_id"]) if said.get("in_reply_to_id") else None,
        options=said.get("poll") or [],
        media=said.get("media") or [],
        replies=now.replies if now else 0,
        boosts=now.boosts if now else 0,
        favourites=now.favourites if now else 0,
        views=now.views if now else 0,
    )


def _as_case(
    turn: Turn, seen: Snapshot, author: Author, reviewer: Reviewer, at: datetime, clauses: dict[str, Any]
) -> CaseFull:
    """What a case of it would be: opened some minutes before it was handed out, and the reviewer's."""
    clause = turn.doubted or turn.clause
    severity = clauses[clause].severity if clause in clauses else 2
    waited = timedelta(minutes=3 + 57 * _drawn(f"age/{turn.turn_id}"))
    return CaseFull(
        id=turn.turn_id,
        subject_kind="status",
        subject_id=seen.subject_id,
        account_id=author.id,
        state="queued",
        # What a rule finds has the rule's clause: without one, nobody but a colleague can have opened it.
        source=turn.source or ("rule" if clause else "person"),
        policy="",
        clause=clause,
        rule="",
        severity=severity,
        p=round(0.3 + 0.5 * _drawn(f"p/{turn.turn_id}"), 2),
        views=round(5 + 80 * _drawn(f"views/{turn.turn_id}"), 1),
        opened_at=turn.given_at - waited,
        due_at=None,
        language=turn.language,
        exposure=(severity >= 4) + 2 * bool(seen.content.get("media")),
        reports_count=0,
        assigned_to=reviewer.account_id,
        lease_until=at + LEASE,
        reserved_for=None,
        reserved_until=None,
        escalated_at=None,
        closed_at=None,
        outcome=None,
        decision_id=None,
        bulk_id=None,
        holder=None,
        kept_for=None,
        escalated_by=None,
        closed_by=None,
    )
