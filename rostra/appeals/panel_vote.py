"""Voting on a panel, and what it comes to: two thirds of the weight in both groups, else a member of the staff decides.

Nobody sees how others vote, or who they are. The ledger has of each ballot the hash of vote and nonce, so that none can
be changed afterwards, and none can be read there.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from rostra.accounts.permissions import check_may
from rostra.appeals import juror_queries, panel_queries, queries
from rostra.appeals.juror_queries import JurorRow
from rostra.appeals.outcome import settle
from rostra.appeals.panel_draw import substitute
from rostra.appeals.panel_queries import AskedRow, PanelRow
from rostra.appeals.records import Ruling
from rostra.appeals.viewpoints import Vote, find_factors, outcome_of, quality_of, tally_of, weight_of
from rostra.kit.db import Tx
from rostra.kit.errors import Conflict, Invalid, NotFound
from rostra.ledger.append import Entry, append
from rostra.moderation.decisions import decision_queries
from rostra.moderation.desk import Desk, Reviewer

_LONGEST: Final = 1000
# Ballots older than this say nothing any more of where somebody stands.
_REMEMBERED: Final = timedelta(days=730)


async def find_juror(desk: Desk, account_id: int) -> JurorRow | None:
    """Somebody as a juror; None where they have not offered to be one."""
    async with desk.db.read() as conn:
        return await juror_queries.find_juror(conn, account_id)


async def offer(desk: Desk, reviewer: Reviewer, *, willing: bool) -> None:
    """Be drawn from now on, or not any more."""
    check_may(reviewer.role, "panel")
    async with desk.db.transaction() as tx:
        if willing:
            await juror_queries.opt_in(tx, reviewer.account_id, desk.clock.now())
        else:
            await juror_queries.opt_out(tx, reviewer.account_id)


async def list_asked(desk: Desk, reviewer: Reviewer) -> list[AskedRow]:
    """What a juror is asked, what waits first; then what they have answered."""
    check_may(reviewer.role, "panel")
    async with desk.db.read() as conn:
        return await panel_queries.list_asked(conn, reviewer.account_id)


async def get_asked(desk: Desk, reviewer: Reviewer, panel_id: int) -> AskedRow:
    """One of them. Raises NotFound for who was not asked."""
    check_may(reviewer.role, "panel")
    async with desk.db.read() as conn:
        found = await panel_queries.list_asked(conn, reviewer.account_id, panel_id)
    if not found or not found[0].question:
        raise NotFound
    return found[0]


async def vote(desk: Desk, reviewer: Reviewer, panel_id: int, vote: Vote, reason: str = "") -> None:
    """Cast a ballot, once. Raises NotFound for who was not asked, Conflict where it is over, or cast."""
    check_may(reviewer.role, "panel")
    if len(reason) > _LONGEST:
        raise Invalid("reason", f"is too long (maximum is {_LONGEST} characters)", code="ERR_TOO_LONG")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        panel = await _open_panel(tx, reviewer, panel_id)
        juror = await juror_queries.find_juror(tx, reviewer.account_id)
        nonce = secrets.token_hex(16)
        weight = weight_of(juror.quality if juror else 0.5)
        values = (panel_id, reviewer.account_id, vote, reason.strip(), weight, nonce, at)
        await panel_queries.insert_ballot(tx, values)
        await panel_queries.set_member(tx, panel_id, reviewer.account_id, "voted")
        details = {"sha256": commitment(panel_id, vote, nonce)}
        entry = Entry(
            type="ballot_cast", subject_kind="panel", subject_id=panel_id, actor_id=reviewer.account_id, details=details
        )
        await append(tx, at, entry)
        await _close_if_done(tx, desk, panel, at)


async def decline(desk: Desk, reviewer: Reviewer, panel_id: int) -> None:
    """Leave it to somebody else, without a reason. Raises as `vote`."""
    check_may(reviewer.role, "panel")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        panel = await _open_panel(tx, reviewer, panel_id)
        await panel_queries.set_member(tx, panel_id, reviewer.account_id, "declined")
        await substitute(tx, desk, panel, at)
        await _close_if_done(tx, desk, panel, at)


async def tick_panels(desk: Desk) -> int:
    """Find others for jurors whose time is over, and end panels whose time is over; how many were looked at."""
    at = desk.clock.now()
    async with desk.db.read() as conn:
        due = await panel_queries.list_due(conn, at)
    for panel_id in due:
        async with desk.db.transaction() as tx:
            panel = await panel_queries.lock_panel(tx, panel_id)
            if panel is None or panel.state != "voting":
                continue
            await panel_queries.lapse_members(tx, panel_id, at)
            if panel.due_at <= at:
                await _close(tx, desk, panel, at)
            else:
                await substitute(tx, desk, panel, at)
                await _close_if_done(tx, desk, panel, at)
    return len(due)


async def fit_jurors(desk: Desk) -> int:
    """Place all jurors anew by their ballots, and count how often they were right; how many could be placed."""
    at = desk.clock.now()
    async with desk.db.read() as conn:
        casts = await juror_queries.list_casts(conn, at - _REMEMBERED)
        right = await juror_queries.list_right(conn)
        jurors = await juror_queries.list_jurors(conn)
    factors = find_factors(casts)
    qualities = [quality_of(right[one].right, right[one].asked) if one in right else 0.5 for one in jurors]
    async with desk.db.transaction() as tx:
        await juror_queries.keep_jurors(tx, jurors, [factors.get(one) for one in jurors], qualities, at)
    return len(factors)


def commitment(panel_id: int, vote: str, nonce: str) -> str:
    """What the ledger has of a ballot."""
    return hashlib.sha256(f"{panel_id}:{vote}:{nonce}".encode()).hexdigest()


async def _open_panel(tx: Tx, reviewer: Reviewer, panel_id: int) -> PanelRow:
    panel = await panel_queries.lock_panel(tx, panel_id)
    members = await panel_queries.list_members(tx, panel_id) if panel else []
    mine = next((member for member in members if member.juror_id == reviewer.account_id), None)
    if panel is None or mine is None:
        raise NotFound
    if panel.state != "voting" or mine.state != "asked":
        raise Conflict("This panel is over, or you have voted")
    return panel


async def _close_if_done(tx: Tx, desk: Desk, panel: PanelRow, at: datetime) -> None:
    if not any(member.state == "asked" for member in await panel_queries.list_members(tx, panel.id)):
        await _close(tx, desk, panel, at)


async def _close(tx: Tx, desk: Desk, panel: PanelRow, at: datetime) -> None:
    votes = await panel_queries.list_votes(tx, panel.id)
    outcome, tally = outcome_of(votes), tally_of(votes)
    appeal = await queries.lock_appeal(tx, panel.appeal_id) if panel.appeal_id is not None else None
    decision = await decision_queries.find_decision(tx, appeal.decision_id) if appeal else None
    if appeal is not None and appeal.state != "panel":
        # What it was about was taken back meanwhile.
        appeal = None
    # What is to be done about what a reporter was right about is for a person with that permission to say.
    binds = panel.truth is not None or (
        appeal is not None and outcome is not None and (appeal.side == "author" or outcome == "uphold")
    )
    await panel_queries.close_panel(tx, panel.id, "decided" if binds else "returned", outcome, tally, at)
    details = {"outcome": outcome, "binds": binds, "tally": tally}
    await append(tx, at, Entry(type="panel_closed", subject_kind="panel", subject_id=panel.id, details=details))
    if appeal is None or decision is None:
        return
    if binds:
        ruling = Ruling(finding="upheld" if outcome == "uphold" else "overturned")
        await settle(tx, desk, appeal, decision, ruling, None, by="panel")
    else:
        await queries.take_back_from_panel(tx, appeal.id)
