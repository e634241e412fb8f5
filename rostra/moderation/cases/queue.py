"""The queue: cases in the order of expected harm, handed out one at a time on leases of five minutes.

What a reviewer gets fits their languages, leaves out what they decline, and stays within what a person should look at
in a day. Nobody gets what is their own.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

from rostra.accounts.permissions import check_may, may
from rostra.accounts.records import Role
from rostra.kit.errors import Conflict, Invalid, NotFound
from rostra.kit.ids import MAX_ID
from rostra.ledger.append import Entry, append
from rostra.moderation.cases import case_queries, queue_queries
from rostra.moderation.cases.case_queries import Note
from rostra.moderation.cases.queue_queries import CaseShown, ReviewerRow
from rostra.moderation.decisions import action_queries
from rostra.moderation.decisions.action_queries import FileRow
from rostra.moderation.desk import Desk, Reviewer

LEASE: Final = timedelta(minutes=5)
RESERVED: Final = timedelta(days=1)
PAGE: Final = 30
LONGEST_NOTE: Final = 2000
# Items of each exposure that one person looks at in a day: 0 mild words, 1 harsh words, 2 pictures, 3 harsh pictures.
BUDGET: Final[dict[int, int]] = {0: 1000, 1: 400, 2: 300, 3: 60}
# After two hours of it a quarter of an hour's rest is due.
SHIFT: Final = timedelta(hours=2)
REST: Final = timedelta(minutes=15)


class CaseClosed(Conflict):
    """Somebody has decided it meanwhile."""

    text = "This case is closed"


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases. Empty fields ask for nothing; `clause` may be the first part of one (`violence`)."""

    state: Literal["queued", "escalated", "closed"] = "queued"
    clause: str = ""
    language: str = ""
    exposure: int | None = None
    source: str = ""

    @property
    def wanted(self) -> tuple[object, ...]:
        return (self.clause, self.language, self.exposure, self.source)


async def list_cases(desk: Desk, reviewer: Reviewer, query: Query, after: str = "") -> tuple[list[CaseShown], str]:
    """A page of cases and where to go on (empty at the end). Open: the most urgent first; closed: the latest."""
    check_may(reviewer.role, "queue")
    async with desk.db.read() as conn:
        if query.state == "closed":
            before, last = _closed_cursor(after)
            rows = await queue_queries.list_closed(conn, query.wanted, before, last, PAGE + 1)
        else:
            rank, last = _open_cursor(after)
            rows = await queue_queries.list_waiting(conn, query.state, query.wanted, rank, last, PAGE + 1)
    page = rows[:PAGE]
    if len(rows) <= PAGE:
        return page, ""
    end = page[-1]
    return page, f"{end.closed_at.isoformat() if end.closed_at else repr(end.rank)}_{end.id}"


async def get_case(desk: Desk, case_id: int) -> CaseShown:
    """One case, as lists show it. Raises NotFound."""
    async with desk.db.read() as conn:
        found = await queue_queries.find_shown(conn, case_id)
    if found is None:
        raise NotFound
    return found


async def find_post(desk: Desk, status_id: int) -> tuple[int | None, list[FileRow]]:
    """The revision of a post as it is now, None where it is gone, and its files with what holds of each."""
    async with desk.db.read() as conn:
        subject = await case_queries.find_subject(conn, "status", status_id)
        return subject[1] if subject else None, await action_queries.list_files(conn, status_id)


async def take_next(desk: Desk, reviewer: Reviewer, query: Query, skipped: Sequence[int] = ()) -> int | None:
    """Lease the most urgent case that fits; its id, None where nothing does. Raises Conflict while a rest is due."""
    check_may(reviewer.role, "queue")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        kept = await queue_queries.find_reviewer(tx, reviewer.account_id)
        if kept.resting_until is not None and kept.resting_until > at:
            raise Conflict("A rest is due: somebody else takes over meanwhile")
        most = await _most_exposure(tx, reviewer.account_id, kept, at)
        limits = (kept.languages, kept.declined, most, list(skipped))
        return await queue_queries.lease_next(tx, query.wanted, reviewer.account_id, at, at + LEASE, limits)


async def take(desk: Desk, reviewer: Reviewer, case_id: int) -> None:
    """Lease a case that was picked. Raises NotFound, and Conflict where somebody else has it or it is closed."""
    check_may(reviewer.role, "queue")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        if not await queue_queries.lease(tx, case_id, reviewer.account_id, at, at + LEASE):
            await _refuse(tx, case_id)


async def renew(desk: Desk, reviewer: Reviewer, case_id: int) -> None:
    """Keep a lease for another five minutes. Raises Conflict where it has run out."""
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        if not await queue_queries.renew(tx, case_id, reviewer.account_id, at, at + LEASE):
            await _refuse(tx, case_id)


async def release(desk: Desk, reviewer: Reviewer, case_id: int) -> None:
    """Give a case back to the queue. Nothing happens where the lease is not the reviewer's."""
    async with desk.db.transaction() as tx:
        await queue_queries.release(tx, case_id, reviewer.account_id)


async def hand_over(desk: Desk, reviewer: Reviewer, case_id: int, to: Reviewer, note: str = "") -> None:
    """Keep a case for a colleague, for a day. Raises Invalid where they may not take it, Conflict where it is not
    ours."""
    check_may(reviewer.role, "queue")
    if not may(to.role, "queue"):
        raise Invalid("to", "cannot take cases: give them a role first")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        if not await queue_queries.hand_over(tx, case_id, reviewer.account_id, to.account_id, at + RESERVED, at):
            await _refuse(tx, case_id)
        if note.strip():
            await case_queries.insert_note(tx, case_id, reviewer.account_id, note.strip()[:LONGEST_NOTE], at)


async def escalate(desk: Desk, reviewer: Reviewer, case_id: int, note: str) -> None:
    """Pass a case to those above; it leaves there only by being closed. Raises Invalid without a note, Conflict."""
    check_may(reviewer.role, "dismiss")
    if not note.strip():
        raise Invalid("note", "is needed: say why this needs somebody else")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        case = await case_queries.lock_case(tx, case_id)
        if case is None or not await queue_queries.escalate(tx, case_id, reviewer.account_id, at):
            await _refuse(tx, case_id)
        await case_queries.insert_note(tx, case_id, reviewer.account_id, note.strip()[:LONGEST_NOTE], at)
        entry = Entry(type="case_escalated", subject_kind="case", subject_id=case_id, actor_id=reviewer.account_id)
        await append(tx, at, entry)


async def add_note(desk: Desk, reviewer: Reviewer, case_id: int, text: str) -> int:
    """Write something down for colleagues; the note's id. Raises Invalid and NotFound."""
    check_may(reviewer.role, "queue")
    if not text.strip():
        raise Invalid("note", "can't be blank", code="ERR_BLANK")
    async with desk.db.transaction() as tx:
        if await case_queries.find_case(tx, case_id) is None:
            raise NotFound
        return await case_queries.insert_note(
            tx, case_id, reviewer.account_id, text.strip()[:LONGEST_NOTE], desk.clock.now()
        )


async def list_notes(desk: Desk, case_id: int) -> list[Note]:
    """What colleagues wrote down, the first note first. Raises NotFound."""
    async with desk.db.read() as conn:
        if await case_queries.find_case(conn, case_id) is None:
            raise NotFound
        return await case_queries.list_notes(conn, case_id)


async def get_reviewer(desk: Desk, account_id: int) -> ReviewerRow:
    """What a reviewer takes on."""
    async with desk.db.read() as conn:
        return await queue_queries.find_reviewer(conn, account_id)


async def keep_reviewer(desk: Desk, account_id: int, kept: ReviewerRow) -> None:
    """Remember what a reviewer takes on; the first time they get a pseudonym."""
    if not 0 <= kept.most_exposure <= max(BUDGET):
        raise Invalid("most_exposure", "must be 0, 1, 2 or 3")
    async with desk.db.transaction() as tx:
        await queue_queries.keep_reviewer(tx, account_id, f"reviewer-{secrets.token_hex(4)}", kept)


async def _most_exposure(tx: queue_queries.Tx, account_id: int, kept: ReviewerRow, at: datetime) -> int:
    """The highest exposure that the reviewer takes on and has not had enough of today; -1: enough of everything."""
    had = await queue_queries.list_exposures(tx, account_id, at.astimezone(UTC).date())
    for exposure in range(kept.most_exposure, -1, -1):
        if all(had.get(each, (0, 0))[0] < BUDGET[each] for each in range(exposure + 1)):
            return exposure
    return -1


async def find_most_exposure(tx: queue_queries.Tx, account_id: int, at: datetime) -> int:
    """The highest exposure that the reviewer takes on and has not had enough of today; -1: enough of everything. Raises
    Conflict while a rest is due."""
    kept = await queue_queries.find_reviewer(tx, account_id)
    if kept.resting_until is not None and kept.resting_until > at:
        raise Conflict("A rest is due: somebody else takes over meanwhile")
    return await _most_exposure(tx, account_id, kept, at)


async def _refuse(tx: queue_queries.Tx, case_id: int) -> None:
    case = await case_queries.find_case(tx, case_id)
    if case is None:
        raise NotFound
    if case.state == "closed":
        raise CaseClosed
    raise Conflict("Somebody else is looking at this case")


def as_reviewer(account_id: int, role: Role) -> Reviewer:
    """Whoever is signed in, as a reviewer."""
    return Reviewer(account_id=account_id, role=role)


def _open_cursor(after: str) -> tuple[float, int]:
    rank, _, last = after.rpartition("_")
    try:
        return (float(rank), int(last)) if after else (float("inf"), 0)
    except ValueError:
        return float("inf"), 0


def _closed_cursor(after: str) -> tuple[datetime, int]:
    far = datetime(9999, 1, 1, tzinfo=UTC), MAX_ID
    closed_at, _, last = after.rpartition("_")
    try:
        return (datetime.fromisoformat(closed_at), int(last)) if after else far
    except ValueError:
        return far
