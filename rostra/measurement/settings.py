"""What those who measure can set; each change is in the ledger."""

from __future__ import annotations

import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import OutOfRange
from rostra.ledger.append import Entry, append
from rostra.measurement import plan_queries
from rostra.measurement.plan_queries import Settings

# By field, what it may be.
BOUNDS = {
    "daily_sample": (0, 20_000), "double_share": (0.1, 1), "second_share": (0.02, 1), "golden_share": (0, 0.5),
    "golden_case_share": (0, 0.5), "golden_cases_daily": (0, 50),
}  # fmt: skip


async def change_settings(db: Database, clock: Clock, settings: Settings, *, actor_id: int) -> None:
    """Set how much is drawn, labelled twice, looked at again and golden. Raises Invalid."""
    given = msgspec.structs.asdict(settings)
    for field, (least, most) in BOUNDS.items():
        if not least <= given[field] <= most:
            raise OutOfRange(field, least, most)
    at = clock.now()
    async with db.transaction() as tx:
        await plan_queries.save_settings(tx, settings)
        entry = Entry(
            type="measurement_set", subject_kind="sample", subject_id=0, actor_id=actor_id, details=given
        )  # fmt: skip
        await append(tx, at, entry)
