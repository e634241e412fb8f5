"""Legal notices: anybody, with or without an account, says that something here is against the law.

Regulation (EU) 2022/2065, Article 16. The answer is the same, and takes as long, whatever is at the addresses: a job
looks them up afterwards, keeps what is there as evidence and opens the cases, each with a clock. Personal details of
the sender stand in `legal_notices` alone, and go a year after the notice is closed.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from rostra.accounts.permissions import check_may
from rostra.accounts.sessions import hash_secret
from rostra.dsa.explain import appeal_ends
from rostra.events import LegalNoticeFiled, LegalNoticeRead, ReportsClosed
from rostra.kit.db import Reader, Tx
from rostra.kit.errors import Conflict, FieldProblem, Invalid, InvalidFields, NotFound
from rostra.kit.mail import is_address
from rostra.kit.sealing import Sealer
from rostra.ledger.append import Entry, append
from rostra.moderation.cases import case_queries
from rostra.moderation.cases.evidence import take_snapshots
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.reports import legal_queries as sql
from rostra.moderation.reports import report_queries as queries
from rostra.moderation.reports.legal_queries import NoticeState
from rostra.moderation.reports.report_letters import write_acknowledgement
from rostra.screening.cases import CaseKind, NewCase, open_cases
from rostra.text.places import place_of
from rostra.text.urls import Urls

# The law says "in a timely manner"; what we hold ourselves to.
ANSWER_WITHIN: Final = timedelta(days=7)
# How long after it is closed we know who sent it.
KEPT: Final = timedelta(days=365)
MOST_URLS: Final = 50
# Of why it should be looked at again: as long as an appeal.
MOST_TEXT: Final = 4000
SEAL: Final = "legal notice"
LONGEST: Final = {"name": 200, "email": 254, "explanation": 5000, "law": 500}
_LONGEST_URL: Final = 2048
_AT_ONCE: Final = 500
_SEVERITY: Final = 3
# Of material that shows the abuse of children; where the policy has it.
_CHILDREN: Final = "minors.sexual"


class LegalDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A notice as it is sent. `urls`: one address on a line. Name and e-mail may be left out of one about the sexual
    abuse of children only. `reason` is a clause of the policy, or empty."""

    urls: str
    explanation: str
    law: str = ""
    reason: str = ""
    name: str = ""
    email: str = ""
    children: bool = False
    good_faith: bool = False
    language: str = "en"


async def file_notice(desk: Desk, sealer: Sealer, draft: LegalDraft) -> str:
    """Take in a notice and send its acknowledgement; the token by which its sender follows it. Raises InvalidFields."""
    current = await desk.policies.current(desk.db)
    draft = _tidied(draft)
    problems = _problems(draft, desk.urls)
    if draft.reason and draft.reason not in current.clauses:
        problems["reason"] = "ERR_INCLUSION"
    if problems:
        raise InvalidFields({field: [FieldProblem(code, "is invalid")] for field, code in problems.items()})
    reason = draft.reason or (_CHILDREN if draft.children and _CHILDREN in current.clauses else "")
    at, token = desk.clock.now(), secrets.token_urlsafe(32)
    async with desk.db.transaction() as tx:
        report_id = await sql.insert_report(tx, at, reason, draft.language)
        await sql.insert_notice(
            tx,
            (
                report_id, draft.name, draft.email, lines_of(draft.urls), draft.explanation, draft.law,
                hash_secret(token), sealer.encrypt(SEAL, token.encode()), at,
            ),
        )  # fmt: skip
        if draft.email:
            await desk.emit(tx, write_acknowledgement(draft.email, draft.language, desk.urls, token))
        await desk.emit(tx, LegalNoticeFiled(report_id=report_id))
    return token


def lines_of(urls: str) -> list[str]:
    """The addresses, each once, in their order."""
    return list(dict.fromkeys(line.strip() for line in urls.splitlines() if line.strip()))


def _tidied(draft: LegalDraft) -> LegalDraft:
    tidy = {name: str(getattr(draft, name)).replace("\x00", "").strip() for name in (*LONGEST, "urls")}
    return msgspec.structs.replace(draft, **tidy)


def _problems(draft: LegalDraft, urls: Urls) -> dict[str, str]:
    """Fields and Mastodon's codes of what is wrong with them."""
    needed = ("urls", "explanation") if draft.children else ("urls", "explanation", "name", "email")
    problems = {name: "ERR_BLANK" for name in needed if not getattr(draft, name)}
    problems |= {name: "ERR_TOO_LONG" for name, most in LONGEST.items() if len(getattr(draft, name)) > most}
    if draft.email and "email" not in problems and not is_address(draft.email):
        problems["email"] = "ERR_INVALID"
    if not draft.good_faith:
        problems["good_faith"] = "ERR_ACCEPTED"
    lines = lines_of(draft.urls)
    if len(lines) > MOST_URLS or any(len(line) > _LONGEST_URL for line in lines):
        problems["urls"] = "ERR_TOO_LONG"
    elif any(place_of(line, urls).kind in ("elsewhere", "unknown") for line in lines):
        problems["urls"] = "ERR_INVALID"
    return problems


async def resolve_notice(desk: Desk, report_id: int) -> None:
    """Look up what a notice names, keep it as evidence, and open the cases; once."""
    current = await desk.policies.current(desk.db)
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        notice = await sql.lock_waiting(tx, report_id)
        if notice is None or notice.resolved_at is not None:
            return
        posts, people = await _find(tx, desk.urls, notice.urls)
        seen = await take_snapshots(tx, at, "status", sorted(posts))
        seen_people = await take_snapshots(tx, at, "account", sorted(people))
        target_id = next(iter(posts.values()), None) or next(iter(sorted(people)), None)
        snapshots = sorted([*seen.values(), *seen_people.values()])
        await sql.mark_resolved(tx, report_id, at, target_id, sorted(posts), snapshots)
        clause = current.clauses.get(notice.reason)
        case = NewCase(
            kind="status",
            subject_id=0,
            account_id=0,
            source="legal",
            clause=notice.reason,
            policy=current.bundle.version,
            severity=max(clause.severity if clause else 0, _SEVERITY),
            due_at=notice.created_at + ANSWER_WITHIN,
            reports=1,
        )
        cases, sent = await _open(tx, at, case, posts, people), notice.created_at
        await queries.link_cases(tx, report_id, cases)
        for case_id in cases:
            await case_queries.insert_deadline(
                tx,
                case_id,
                "legal",
                notice_id=None,
                starts_at=sent,
                due_at=sent + ANSWER_WITHIN,
            )
        await append(tx, at, _entry("report_received", report_id, target_id, notice.reason, cases=len(cases)))
        await desk.emit(tx, LegalNoticeRead(report_id=report_id))


async def _find(conn: Reader, urls: Urls, addresses: list[str]) -> tuple[dict[int, int], set[int]]:
    """What is at the addresses: whose each post is, and accounts."""
    places = [place_of(address, urls) for address in addresses]
    files = await sql.find_files(conn, [place.value for place in places if place.kind == "file"])
    ids = {int(place.value) for place in places if place.kind == "status"}
    ids |= {status_id for status_id, _ in files if status_id is not None}
    people = set(await sql.find_accounts(conn, [place.value for place in places if place.kind == "account"]))
    people |= {account_id for status_id, account_id in files if status_id is None}
    return await sql.find_statuses(conn, sorted(ids)), people


async def _open(tx: Tx, at: datetime, case: NewCase, posts: dict[int, int], people: set[int]) -> list[int]:
    by_author: defaultdict[int, list[int]] = defaultdict(list)
    for status_id, account_id in posts.items():
        by_author[account_id].append(status_id)
    wanted: list[tuple[CaseKind, int, list[int]]] = []
    wanted.extend(("status", who, ids) for who, ids in sorted(by_author.items()))
    wanted.extend(("account", who, [who]) for who in sorted(people))
    found: list[int] = []
    for kind, account_id, ids in wanted:
        one = msgspec.structs.replace(case, kind=kind, account_id=account_id)
        found += (await open_cases(tx, at, one, ids)).values()
    return sorted(found)


async def get_notice(desk: Desk, token: str) -> NoticeState:
    """What became of a notice, for who holds its token. Raises NotFound."""
    async with desk.db.read() as conn:
        found = await sql.find_by_token(conn, hash_secret(token))
    if found is None:
        raise NotFound
    return found


def may_ask_again(notice: NoticeState, at: datetime) -> bool:
    """Whether the sender may have it looked at again: once, where not all of it was acted on, for six months."""
    if notice.outcome in (None, "upheld") or notice.appealed_at is not None:
        return False
    told_at = notice.told_at or notice.action_taken_at
    return told_at is None or at.astimezone(UTC).date() <= appeal_ends(told_at)


def check_text(field: str, text: str) -> None:
    """Raises Invalid where why it should be looked at again is not said, or at too great a length."""
    if not text.strip():
        raise Invalid(field, "can't be blank", code="ERR_BLANK")
    if len(text) > MOST_TEXT:
        raise Invalid(field, f"is too long (maximum is {MOST_TEXT} characters)", code="ERR_TOO_LONG")


async def ask_again(desk: Desk, token: str, text: str) -> None:
    """Have a notice looked at again of which nothing was found. Raises NotFound, Invalid, Conflict."""
    notice, text = await get_notice(desk, token), text.strip()
    check_text("text", text)
    if notice.dismissed or not may_ask_again(notice, desk.clock.now()):
        raise Conflict("This waits, is to be appealed against, or it is too late")
    async with desk.db.transaction() as tx:
        if not await sql.ask_again(tx, notice.id, desk.clock.now(), text):
            raise Conflict("Another look was asked for already")


async def note_appealed(desk: Desk, report_id: int) -> None:
    """Remember that the sender has appealed."""
    async with desk.db.transaction() as tx:
        await sql.mark_appealed(tx, report_id, desk.clock.now())


async def close_unfound(desk: Desk, reviewer: Reviewer, report_id: int) -> None:
    """Find that there is nothing at the addresses of a notice. Raises Forbidden, and NotFound for any other report."""
    check_may(reviewer.role, "dismiss")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        if not await sql.lock_unfound(tx, report_id):
            raise NotFound
        await sql.close_unfound(tx, report_id, at)
        await append(tx, at, _entry("report_closed", report_id, None, "", actor_id=reviewer.account_id, cases=0))
        await desk.emit(tx, ReportsClosed(report_ids=[report_id], at=at))


async def forget_senders(desk: Desk) -> int:
    """Forget who sent the notices that were closed a year ago; how many."""
    before = desk.clock.now() - KEPT
    forgotten = 0
    while True:
        async with desk.db.transaction() as tx:
            some = await sql.forget(tx, before, _AT_ONCE)
        forgotten += some
        if some < _AT_ONCE:
            return forgotten


def _entry(
    what: str, report_id: int, target_id: int | None, clause: str, *, actor_id: int | None = None, cases: int
) -> Entry:
    return Entry(
        type=what,
        subject_kind="report",
        subject_id=report_id,
        clause=clause,
        account_id=target_id,
        actor_id=actor_id,
        details={"source": "legal", "cases": cases},
    )
