"""The dossier: all that a reviewer needs beside a case, gathered with the same number of statements however much it is.

Reads only. What is marked in a text is read anew by the detectors that hold now, for a verdict keeps no texts; what the
rules said then stands beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from rostra.detect.signatures import Signature
from rostra.kit.db import Reader
from rostra.kit.errors import NotFound
from rostra.moderation.cases import case_queries, dossier_queries, queue_queries
from rostra.moderation.cases.case_queries import Note
from rostra.moderation.cases.dossier_records import (
    Around,
    Author,
    Before,
    CaseFull,
    Deadline,
    Holding,
    OtherCase,
    RefusedDraft,
    Related,
    ReportLine,
    StatusNow,
    VerdictRow,
)
from rostra.moderation.cases.evidence import Snapshot
from rostra.moderation.cases.pictures import find_alike, find_looks
from rostra.moderation.decisions.strikes import step_between
from rostra.moderation.desk import Desk
from rostra.moderation.records import Wish
from rostra.policy.records import Clause, Step
from rostra.screening.active import Current
from rostra.screening.near_queries import NearRow, find_near
from rostra.screening.subject import Mark, Part, Subject, parts_of

# How far back copies are looked for, and how many are taken together.
COPIES_SINCE: Final = timedelta(days=90)
MOST_COPIES: Final = 3000
_SHOWN_COPIES: Final = 8
_SHOWN: Final = 6
# Scores below this say nothing.
_LEAST: Final = 0.05


class Copies(msgspec.Struct, frozen=True, kw_only=True):
    """Near-copies of a post: how many, by how many others, how many followers these have; the most similar of them."""

    count: int = 0
    authors: int = 0
    reach: int = 0
    shown: list[dict[str, Any]] = []
    author_ids: list[int] = []


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What the detectors find in the text that is shown. `scores`: category and probability, the highest first."""

    parts: tuple[Part, ...] = ()
    marks: tuple[Mark, ...] = ()
    scores: list[tuple[str, float]] = []
    found: list[str] = []


class Dossier(msgspec.Struct, frozen=True, kw_only=True):
    """A case and all beside it. `status` is None where the case is about an account, or the post is gone; `evidence` is
    the subject as it was when it was reported, else as it was last kept."""

    case: CaseFull
    author: Author
    status: StatusNow | None
    evidence: Snapshot | None
    seen: Seen
    verdict: VerdictRow
    around: list[Around]
    before: list[Before]
    other_cases: list[OtherCase]
    reports: list[ReportLine]
    copies: Copies
    # Posts with pictures like those of this one.
    alike: Copies = Copies()
    related: list[Related]
    deadlines: list[Deadline]
    holding: list[Holding]
    notes: list[Note]
    current: Current
    # It is shown as a case and is none: nothing may be done from its page to anybody.
    acts_on_nobody: bool = False
    # Of an account's case: what it wanted to say and was told not to.
    refused: list[RefusedDraft] = []

    @property
    def is_gone(self) -> bool:
        """Whether the post was deleted."""
        return self.case.subject_kind == "status" and self.status is None

    @property
    def is_changed(self) -> bool:
        """Whether the text is another than that which was reported."""
        if self.status is None or self.evidence is None:
            return False
        said = self.evidence.content
        return (self.status.text, self.status.spoiler_text) != (said.get("text"), said.get("spoiler_text"))


async def read_dossier(desk: Desk, case_id: int) -> Dossier:
    """Everything about a case. Raises NotFound."""
    at = desk.clock.now()
    current = await desk.policies.current(desk.db)
    async with desk.db.read() as conn:
        case = await dossier_queries.find_case(conn, case_id)
        author = None if case is None else await dossier_queries.find_author(conn, case.account_id, at, case_id)
        if case is None or author is None:
            raise NotFound
        kind, subject_id = case.subject_kind, case.subject_id
        status = await dossier_queries.find_status(conn, subject_id) if kind == "status" else None
        reports = await dossier_queries.list_reports(conn, case_id)
        reported = [snapshot_id for report in reports for snapshot_id in report.snapshot_ids]
        evidence = await dossier_queries.find_evidence(conn, kind, subject_id, reported)
        copies = await _find_copies(conn, subject_id, at) if kind == "status" else Copies()
        kept = None if evidence is None else Snapshot(**dict(evidence.items()))
        return Dossier(
            case=case,
            author=author,
            status=status,
            evidence=kept,
            seen=await read_again(desk, current, parts_of_subject(author, status, kept), at),
            verdict=await dossier_queries.find_verdict(conn, kind, subject_id),
            around=await dossier_queries.list_around(conn, kind, subject_id),
            before=await dossier_queries.list_before(conn, author.id, _SHOWN),
            other_cases=await dossier_queries.list_other_cases(conn, author.id, case_id, _SHOWN),
            reports=reports,
            copies=copies,
            alike=await _find_alike(conn, subject_id) if status is not None and status.media else Copies(),
            related=await dossier_queries.list_related(conn, author.id, copies.author_ids[:200]),
            deadlines=await dossier_queries.list_deadlines(conn, case_id),
            holding=await dossier_queries.list_holding(conn, kind, subject_id, author.id),
            notes=await case_queries.list_notes(conn, case_id),
            current=current,
            refused=await dossier_queries.list_refused(conn, subject_id, _SHOWN) if kind == "account" else [],
        )


async def list_copies(desk: Desk, status_id: int) -> list[int]:
    """The ids of all near-copies of a post, itself first: what "act on all" acts on."""
    async with desk.db.read() as conn:
        made = await dossier_queries.find_signature(conn, status_id)
        rows = await _near(conn, made, desk.clock.now()) if made is not None else []
    return list(dict.fromkeys([status_id, *(row.status_id for row in rows)]))


async def list_cases_by_id(desk: Desk, case_ids: Sequence[int]) -> list[queue_queries.CaseShown]:
    """Open cases as the queue shows them, in the order of the queue. What is closed or unknown is left out."""
    async with desk.db.read() as conn:
        return await dossier_queries.list_cases_by_id(conn, case_ids)


def step_of(ladder: Sequence[Step], strikes: int, clause: Clause) -> Wish | None:
    """What the ladder would add if the clause's points were given to somebody who has so many."""
    points = clause.strikes.points if clause.strikes is not None else 0
    return step_between(ladder, strikes, strikes + points) if points else None


async def _near(conn: Reader, made: Signature, at: datetime) -> list[NearRow]:
    return await find_near(conn, made, since=at - COPIES_SINCE, until=at, limit=MOST_COPIES)


async def _find_copies(conn: Reader, status_id: int, at: datetime) -> Copies:
    made = await dossier_queries.find_signature(conn, status_id)
    rows = [row for row in await _near(conn, made, at) if row.status_id != status_id] if made is not None else []
    authors = list(dict.fromkeys(row.account_id for row in rows))
    nearest = [row.status_id for row in rows[:_SHOWN_COPIES]]
    reach, shown = await dossier_queries.find_copies(conn, authors, nearest)
    return Copies(count=len(rows), authors=len(authors), reach=reach, shown=shown, author_ids=authors)


async def _find_alike(conn: Reader, status_id: int) -> Copies:
    rows = await find_alike(conn, await find_looks(conn, [status_id]), but=status_id)
    authors = list(dict.fromkeys(row.account_id for row in rows))
    reach, shown = await dossier_queries.find_copies(conn, authors, [row.status_id for row in rows[:_SHOWN_COPIES]])
    return Copies(count=len(rows), authors=len(authors), reach=reach, shown=shown, author_ids=authors)


def parts_of_subject(author: Author, status: StatusNow | None, evidence: Snapshot | None) -> tuple[Part, ...]:
    """What is shown of the subject, as it is judged: as it is now, or as it was where it is gone."""
    if status is not None:
        texts = [("spoiler_text", status.spoiler_text), ("text", status.text)]
        texts += [(f"poll[options][{n}]", option) for n, option in enumerate(status.options)]
        return parts_of(*texts, *((f"description[{n}]", m.get("description")) for n, m in enumerate(status.media)))
    if evidence is not None and evidence.subject_kind == "status":
        said = evidence.content
        return parts_of(("spoiler_text", said.get("spoiler_text")), ("text", said.get("text")))
    return parts_of(("display_name", author.display_name), ("note", author.note_text))


async def read_again(desk: Desk, current: Current, parts: tuple[Part, ...], at: datetime) -> Seen:
    """What the detectors that hold now find in these parts, when they take their time."""
    if not parts:
        return Seen()
    subject, banks = Subject(kind="post", parts=parts), desk.policies.banks
    found = await asyncio.to_thread(current.detectors.read, subject, banks, at.date(), thorough=True)
    scores = sorted(found.scores.items(), key=lambda each: -each[1])
    names = list(dict.fromkeys([mark.name for mark in found.marks] + found.text.matches + found.text.lists))
    return Seen(
        parts=parts,
        marks=found.marks,
        scores=[(name, score) for name, score in scores if score >= _LEAST],
        found=names,
    )
