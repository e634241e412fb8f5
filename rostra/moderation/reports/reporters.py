"""Those who report: who is warned and then heard no more because they abuse it, who is trusted to know.

Regulation (EU) 2022/2065, Articles 22 and 23. Nobody is muted by arithmetic: numbers propose, a person decides, and
only after a warning.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from rostra.accounts.permissions import check_may
from rostra.kit.db import Tx
from rostra.kit.errors import NotFound, Refused
from rostra.ledger.append import Entry, append
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.reports import reporter_queries as queries
from rostra.moderation.reports.report_letters import write_muted, write_warning
from rostra.moderation.reports.reporter_queries import Reached, ReporterRow

Tab = Literal["all", "proposed", "muted", "trusted"]

PAGE = 40


async def list_reporters(
    desk: Desk, reviewer: Reviewer, tab: Tab, before: tuple[int, int] | None = None
) -> tuple[list[ReporterRow], tuple[int, int] | None]:
    """A page of those who report, whoever was answered most often first, and where to go on (None at the end).

    `before`: how many reports of somebody's were decided, and their account. Raises Forbidden.
    """
    check_may(reviewer.role, "sanction")
    async with desk.db.read() as conn:
        found = await queries.list_reporters(conn, tab, before, PAGE + 1)
    page = found[:PAGE]
    end = page[-1] if len(found) > PAGE else None
    return page, (end.upheld + end.rejected, end.account_id) if end else None


async def warn_reporter(desk: Desk, reviewer: Reviewer, account_id: int) -> None:
    """Write to somebody of this server that their reports will be left unheard if they go on like this.

    Raises Forbidden, NotFound, and Refused where no report of theirs was found wrong, where they were warned already or
    cannot be written to.
    """
    check_may(reviewer.role, "sanction")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        one = await _get(tx, account_id)
        if one.warned_at is not None:
            raise Refused("They were warned already")
        if one.rejected == 0:
            raise Refused("No report of theirs was found wrong")
        if not one.email:
            raise Refused("They cannot be written to")
        await queries.warn(tx, account_id, at)
        await _log(tx, at, "reporter_warned", account_id, reviewer)
        await desk.emit(
            tx,
            write_warning(one.email, one.username, one.locale, desk.urls, upheld=one.upheld, rejected=one.rejected),
        )


async def mute_reporter(desk: Desk, reviewer: Reviewer, account_id: int, *, muted: bool) -> None:
    """Log somebody's reports without effect from now on, or hear them again; who can be written to is told.

    Raises Forbidden, NotFound, and Refused for somebody of this server who was not warned before.
    """
    check_may(reviewer.role, "sanction")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        one = await _get(tx, account_id)
        if muted == (one.muted_at is not None):
            return
        if muted and one.warned_at is None and one.email:
            raise Refused("They must be warned first")
        await queries.mute(tx, account_id, at if muted else None, reviewer.account_id if muted else None)
        await _log(tx, at, "reporter_muted" if muted else "reporter_heard", account_id, reviewer)
        if one.email:
            await desk.emit(tx, write_muted(one.email, one.username, one.locale, desk.urls, muted=muted))


async def trust_reporter(desk: Desk, reviewer: Reviewer, account_id: int, *, trusted: bool) -> None:
    """Take somebody for a trusted flagger (Article 22), or no more. Raises Forbidden and NotFound."""
    check_may(reviewer.role, "settings")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        await _get(tx, account_id)
        await queries.trust(tx, account_id, at if trusted else None)
        await _log(tx, at, "reporter_trusted" if trusted else "reporter_not_trusted", account_id, reviewer)


async def _get(tx: Tx, account_id: int) -> Reached:
    found = await queries.find_reached(tx, account_id)
    if found is None:
        raise NotFound
    return found


async def _log(tx: Tx, at: datetime, kind: str, account_id: int, reviewer: Reviewer) -> None:
    entry = Entry(
        type=kind, subject_kind="account", subject_id=account_id, account_id=account_id, actor_id=reviewer.account_id
    )
    await append(tx, at, entry)
