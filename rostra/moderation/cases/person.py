"""How somebody stands with moderation: what was decided and holds, who reported them and whom they report."""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.moderation.cases import person_queries
from rostra.moderation.cases.person_queries import ReportOf, Standing, Strike
from rostra.moderation.decisions import action_queries
from rostra.moderation.decisions.history import DecisionView, list_decisions
from rostra.moderation.desk import Desk
from rostra.moderation.records import ActionRow

_REPORTS: Final = 5


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `decisions` are on the account and on what it wrote, the latest first."""

    standing: Standing
    strikes: list[Strike]
    holding: list[ActionRow]
    reports: list[ReportOf]
    decisions: list[DecisionView]

    @property
    def points(self) -> int:
        """Strike points that hold."""
        return sum(strike.points for strike in self.strikes)


async def read_record(desk: Desk, account_id: int, *, before: int | None = None, limit: int = 10) -> Record:
    """How an account stands, with six statements. `before` and `limit` are of the decisions."""
    decisions = await list_decisions(desk, account_id=account_id, before=before, limit=limit)
    async with desk.db.read() as conn:
        return Record(
            standing=await person_queries.get_standing(conn, account_id),
            strikes=await person_queries.list_strikes(conn, account_id, desk.clock.now()),
            holding=await action_queries.list_holding(conn, "account", account_id),
            reports=await person_queries.list_reports_of(conn, account_id, _REPORTS),
            decisions=decisions,
        )
