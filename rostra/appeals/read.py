"""Reading appeals: the list for reviewers, one with all that its reviewer needs, how often decisions are overturned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

from rostra.accounts.permissions import check_may
from rostra.appeals import panel_queries, queries, review_queries
from rostra.appeals.panel_queries import PanelRow, Reason
from rostra.appeals.queries import Counts
from rostra.appeals.records import AppealRow, AppealShown, Rate
from rostra.appeals.review_queries import Before, Said
from rostra.kit.db import Reader
from rostra.kit.errors import NotFound
from rostra.kit.ids import MAX_ID
from rostra.moderation.cases import case_queries
from rostra.moderation.cases.evidence import Snapshot, find_snapshots
from rostra.moderation.decisions import action_queries, decision_queries
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import ActionRow, DecisionRow

PAGE: Final = 30
_RATES_OVER: Final = timedelta(days=180)

Tab = Literal["filed", "panel", "decided"]


class AppealFile(msgspec.Struct, frozen=True, kw_only=True):
    """One appeal with all that its reviewer needs. `is_mine`: whether the viewer may look at it at all."""

    appeal: AppealRow
    decision: DecisionRow
    actions: tuple[ActionRow, ...]
    seen: Snapshot | None
    said: tuple[Said, ...]
    before: tuple[Before, ...]
    took_part: bool
    # Of the post as it is now; None where it is gone, or about an account.
    revision: int | None = None
    panel: PanelRow | None = None
    reasons: tuple[Reason, ...] = ()


async def is_looked_at_again(desk: Desk, report_id: int) -> bool:
    """Whether an appeal against what came of a report still waits."""
    async with desk.db.read() as conn:
        return await queries.has_open_of_report(conn, report_id)


async def list_appeals(desk: Desk, reviewer: Reviewer, tab: Tab, after: str = "") -> tuple[list[AppealShown], str]:
    """A page of appeals and where to go on (empty at the end): what is due first, or of decided ones the latest."""
    check_may(reviewer.role, "decide")
    async with desk.db.read() as conn:
        if tab == "decided":
            found = await queries.list_decided(conn, reviewer.account_id, _cursor(after, last=True), PAGE + 1)
        else:
            found = await queries.list_open(conn, reviewer.account_id, tab, _cursor(after, last=False), PAGE + 1)
    page = found[:PAGE]
    if len(found) <= PAGE:
        return page, ""
    end = page[-1]
    return page, f"{(end.decided_at or end.due_at).isoformat()}_{end.id}"


async def get_appeal(desk: Desk, reviewer: Reviewer, appeal_id: int) -> AppealFile:
    """One appeal for a reviewer. Raises NotFound."""
    check_may(reviewer.role, "decide")
    async with desk.db.read() as conn:
        appeal = await queries.find_appeal(conn, appeal_id)
        decision = await decision_queries.find_decision(conn, appeal.decision_id) if appeal else None
        if appeal is None or decision is None:
            raise NotFound
        seen = await find_snapshots(conn, [decision.snapshot_id] if decision.snapshot_id else [])
        panel = await panel_queries.find_panel_of(conn, appeal_id)
        return AppealFile(
            appeal=appeal,
            decision=decision,
            actions=tuple(await action_queries.list_actions(conn, [decision.id])),
            seen=seen.get(decision.snapshot_id or 0),
            said=tuple(await review_queries.list_said(conn, decision.id, appeal.side)),
            before=tuple(await review_queries.list_before(conn, decision.id)),
            took_part=await queries.took_part(conn, decision.id, reviewer.account_id),
            revision=await _find_revision(conn, decision),
            panel=panel,
            reasons=tuple(await panel_queries.list_reasons(conn, panel.id)) if panel else (),
        )


async def _find_revision(conn: Reader, decision: DecisionRow) -> int | None:
    if decision.subject_kind == "account":
        return None
    subject = await case_queries.find_subject(conn, "status", decision.subject_id)
    return None if subject is None else subject[1]


async def count_appeals(desk: Desk) -> Counts:
    """What waits."""
    async with desk.db.read() as conn:
        return await queries.count_open(conn, desk.clock.now())


async def list_states(desk: Desk, decision_ids: Sequence[int]) -> dict[int, str]:
    """The states of authors' appeals, by decision."""
    if not decision_ids:
        return {}
    async with desk.db.read() as conn:
        return await queries.find_states(conn, decision_ids)


async def overturn_rates(desk: Desk, since: datetime | None = None) -> dict[str, list[Rate]]:
    """How appeals ended in the last half year, or since a moment: by side (all appeals); and those of authors by
    clause, rule, reviewer (pseudonyms) and language."""
    async with desk.db.read() as conn:
        return await review_queries.list_rates(conn, since or desk.clock.now() - _RATES_OVER)


def _cursor(after: str, *, last: bool) -> tuple[datetime, int]:
    far = (datetime(9999, 1, 1, tzinfo=UTC), MAX_ID) if last else (datetime(1970, 1, 1, tzinfo=UTC), 0)
    moment, _, appeal_id = after.rpartition("_")
    try:
        return (datetime.fromisoformat(moment), int(appeal_id)) if after else far
    except ValueError:
        return far
