"""What a decision means for those who reported: an outcome for each report, a record of how often each was right."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from rostra.kit.db import Tx
from rostra.moderation import decision_queries
from rostra.moderation.records import Outcome

ReportOutcome = Literal["upheld", "partly", "rejected", "gone"]

# What is unclear says nothing of the reporter.
OUTCOMES: Final[dict[Outcome, ReportOutcome]] = {
    "violates": "upheld",
    "ok": "rejected",
    "unclear": "partly",
    "out_of_scope": "rejected",
}


async def settle_reports(tx: Tx, case_id: int, outcome: Outcome, at: datetime) -> None:
    """Close the reports of a case. Those of muted reporters are closed too, and change nothing."""
    came_to = OUTCOMES[outcome]
    settled = await decision_queries.settle_reports(tx, case_id, came_to, at)
    reporters = {reporter for _, reporter, muted in settled if reporter is not None and not muted}
    await decision_queries.count_reporters(
        tx, sorted(reporters), upheld=int(came_to == "upheld"), rejected=int(outcome == "ok")
    )


async def unsettle_reports(tx: Tx, case_id: int, *, reopened: bool) -> None:
    """The decision was reversed: the reports wait again, or turn out to have been wrong."""
    before = await decision_queries.unsettle_reports(tx, case_id, None if reopened else "rejected")
    for outcome, upheld, rejected in (("upheld", -1, 0), ("rejected", 0, -1)):
        concerned = {who for who, muted, was in before if who is not None and not muted and was == outcome}
        await decision_queries.count_reporters(tx, sorted(concerned), upheld=upheld, rejected=rejected)
    if not reopened:
        wrong = {who for who, muted, _ in before if who is not None and not muted}
        await decision_queries.count_reporters(tx, sorted(wrong), upheld=0, rejected=1)
