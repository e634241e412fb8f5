"""What a decision means for those who reported: an outcome for each report, a record of how often each was right."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from rostra.kit.db import Tx
from rostra.moderation.decisions import decision_queries


async def settle_reports(tx: Tx, case_id: int, at: datetime) -> list[int]:
    """Close the reports of a closed case that wait for no other; their ids. Those of muted reporters are closed too,
    and change nothing."""
    settled = await decision_queries.settle_reports(tx, case_id, at)
    await _count(tx, ((reporter, muted, outcome) for _, reporter, muted, outcome in settled), 1)
    return [report_id for report_id, *_ in settled]


async def unsettle_reports(tx: Tx, case_id: int) -> None:
    """The decision does not hold any more: what it meant for reports and reporters is taken back."""
    await _count(tx, await decision_queries.unsettle_reports(tx, case_id), -1)


async def _count(tx: Tx, outcomes: Iterable[tuple[int | None, bool, str]], step: int) -> None:
    """Add to how often each was right or wrong; what was right in part, or unclear, says nothing."""
    counted = [(reporter, outcome) for reporter, muted, outcome in outcomes if reporter is not None and not muted]
    for name, upheld, rejected in (("upheld", step, 0), ("rejected", 0, step)):
        concerned = {reporter for reporter, outcome in counted if outcome == name}
        await decision_queries.count_reporters(tx, sorted(concerned), upheld=upheld, rejected=rejected)
