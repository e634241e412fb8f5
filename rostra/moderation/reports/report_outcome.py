"""What those who report hear of it: the letter with the outcome, and their reports as they see them.

A decision's outcome is told half a minute after it, so that what is undone at once tells nobody; the same outcome is
told once, another one again. No member of the staff is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from rostra.dsa.explain import appeal_ends
from rostra.events import Decided, DecisionReversed, ReportsClosed
from rostra.kit.errors import NotFound
from rostra.kit.sealing import Sealer
from rostra.moderation.desk import Desk
from rostra.moderation.reports import report_outcome_queries as queries
from rostra.moderation.reports.legal import SEAL
from rostra.moderation.reports.report_letters import Told, report_link, status_link, write_outcome
from rostra.moderation.reports.report_outcome_queries import OwnReport, Part, Untold
from rostra.text.urls import Urls

_DELAY: Final = timedelta(seconds=30)
_AT_ONCE: Final = 200


def starts_at(event: Decided | ReportsClosed) -> datetime | None:
    """When to tell of it."""
    return None if event.at is None else event.at + _DELAY


async def tell_reporters(
    desk: Desk, sealer: Sealer, report_ids: Sequence[int], *, decision_id: int | None = None
) -> None:
    """Write to those who made these reports what came of them, unless they know."""
    for start in range(0, len(report_ids), _AT_ONCE):
        await _tell(desk, sealer, report_ids[start : start + _AT_ONCE], decision_id)


async def tell_change(desk: Desk, sealer: Sealer, event: DecisionReversed) -> None:
    """Write to those who were told of a decision's outcome where it is another one now."""
    async with desk.db.read() as conn:
        concerned = await queries.list_of_decision(conn, event.decision_id)
    for start in range(0, len(concerned), _AT_ONCE):
        await _tell(desk, sealer, concerned[start : start + _AT_ONCE], None, by_appeal=event.why == "appeal")


async def _tell(
    desk: Desk, sealer: Sealer, report_ids: Sequence[int], decision_id: int | None, *, by_appeal: bool = False
) -> None:
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        untold = await queries.lock_untold(tx, report_ids, decision_id)
        if by_appeal:
            # What is decided anew after an appeal is told with that decision.
            untold = [one for one in untold if one.outcome != "upheld"]
        await queries.mark_told(tx, [one.id for one in untold], at)
        for one in untold:
            # Who has an account was written to with the outcome of the appeal.
            known = one.appealed or (by_appeal and not one.is_legal)
            if one.reachable and one.told_outcome != one.outcome and not known:
                told = _told(one, desk.urls, sealer, at)
                name = "" if one.is_legal else one.name or ""
                await desk.emit(tx, write_outcome(told, one.email, name, one.locale, desk.urls))


def _told(one: Untold, urls: Urls, sealer: Sealer, at: datetime) -> Told:
    page = report_link(urls, one.id)
    if one.is_legal:
        token = sealer.decrypt(SEAL, one.token_sealed)
        page = status_link(urls, token.decode()) if token else ""
    appealable = bool(page) and (one.is_legal or one.dismissed) and one.outcome != "upheld"
    return Told(
        kind="legal" if one.is_legal else "report",
        outcome=one.outcome,
        created_at=one.created_at,
        again=one.told_outcome is not None,
        # Of a notice that came to nothing it would tell that something is there.
        detected=one.detected and (one.outcome in ("upheld", "partly") or not one.is_legal),
        automated=one.automated,
        posts=one.posts,
        who=one.who,
        page=page,
        appeal_link=f"{page}#appeal" if appealable else "",
        appeal_until=appeal_ends(at),
    )


async def list_own_reports(desk: Desk, account_id: int, below: int, limit: int) -> list[OwnReport]:
    """What somebody has reported, the latest first, below an id."""
    async with desk.db.read() as conn:
        return await queries.list_own(conn, account_id, below, limit, desk.clock.now())


async def get_own_report(desk: Desk, account_id: int, report_id: int) -> tuple[OwnReport, list[Part]]:
    """One report of somebody's, with what was decided of each thing that it is about. Raises NotFound."""
    async with desk.db.read() as conn:
        found = await queries.find_own(conn, account_id, report_id, desk.clock.now())
        if found is None:
            raise NotFound
        return found, await queries.list_parts(conn, report_id)


def state_of_part(part: Part, at: datetime) -> str:
    """What became of one thing that a report is about: `waits`, `acted`, `nothing` found, or `gone`. What was decided
    less than half a minute ago still waits: what is undone at once is heard by nobody."""
    is_young = part.decided_at is not None and part.decided_at > at - _DELAY
    if part.state != "closed" or part.outcome is None or is_young:
        return "waits"
    return {"violates": "acted", "gone": "gone"}.get(part.outcome, "nothing")


def state_of(report: OwnReport) -> str:
    """`received`, `looked_at`, `decided`, or `unheard` where the reporter was muted."""
    if report.outcome is not None or report.action_taken_at is not None:
        return "decided"
    if report.muted:
        return "unheard"
    return "looked_at" if report.looked_at else "received"
