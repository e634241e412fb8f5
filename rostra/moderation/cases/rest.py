"""Reviewers are people: what they have looked at today against the budget, and a rest after each two hours of it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from rostra.accounts.permissions import roles_with
from rostra.kit.db import Reader
from rostra.moderation.cases import queue_queries, reviewer_queries
from rostra.moderation.cases.queue import BUDGET, REST, SHIFT
from rostra.moderation.cases.queue_queries import ReviewerRow
from rostra.moderation.cases.reviewer_queries import Colleague
from rostra.moderation.desk import Desk, Reviewer

# Whoever leaves a page open has not looked at it all the while.
LONGEST: Final = timedelta(minutes=10)
# A rest is proposed when so much of the two hours is left.
SOON: Final = timedelta(minutes=10)


class Today(msgspec.Struct, frozen=True, kw_only=True):
    """What a reviewer has looked at today: items of each exposure and of how many, and the time of it all."""

    items: dict[int, int]
    seconds: int = 0
    resting_until: datetime | None = None

    @property
    def budgets(self) -> list[tuple[int, int, int]]:
        """(exposure, looked at, of how many), the mildest first."""
        return [(exposure, self.items.get(exposure, 0), most) for exposure, most in BUDGET.items()]

    @property
    def open_to(self) -> int:
        """The highest exposure that is not used up, nor any milder one; -1: enough of everything."""
        return next((exposure - 1 for exposure, had, most in self.budgets if had >= most), max(BUDGET))

    @property
    def used_up(self) -> bool:
        """Whether there was enough of anything."""
        return self.open_to < max(BUDGET)

    @property
    def until_rest(self) -> timedelta:
        """How much longer until a rest is due."""
        shift = int(SHIFT.total_seconds())
        return timedelta(seconds=shift - self.seconds % shift)

    @property
    def is_tiring(self) -> bool:
        """Whether a rest is near."""
        return self.seconds > 0 and self.until_rest <= SOON


async def note_looked(desk: Desk, reviewer: Reviewer, exposure: int, seconds: int) -> datetime | None:
    """Count an item that a reviewer has looked at, ten minutes at most. Each full two hours of a day make a rest due:
    until when, None where none is."""
    at = desk.clock.now()
    day, spent = at.astimezone(UTC).date(), max(0, min(seconds, int(LONGEST.total_seconds())))
    shift = int(SHIFT.total_seconds())
    async with desk.db.transaction() as tx:
        before = await reviewer_queries.count_seconds(tx, reviewer.account_id, day)
        await queue_queries.add_exposure(tx, reviewer.account_id, day, exposure, spent)
        if (before + spent) // shift == before // shift:
            return None
        await reviewer_queries.set_rest(tx, reviewer.account_id, f"reviewer-{secrets.token_hex(4)}", at + REST)
    return at + REST


async def read_today(conn: Reader, account_id: int, kept: ReviewerRow, at: datetime) -> Today:
    """What a reviewer has looked at today."""
    had = await queue_queries.list_exposures(conn, account_id, at.astimezone(UTC).date())
    resting = kept.resting_until if kept.resting_until is not None and kept.resting_until > at else None
    return Today(
        items={exposure: items for exposure, (items, _) in had.items()},
        seconds=sum(seconds for _, seconds in had.values()),
        resting_until=resting,
    )


async def list_colleagues(conn: Reader, but: int) -> list[Colleague]:
    """Those to whom a case can be handed over."""
    return [each for each in await reviewer_queries.list_colleagues(conn, roles_with("queue")) if each.id != but]
