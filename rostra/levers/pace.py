"""The slow mode's turns: whoever posts has the next one after a while, exact across all processes."""

from __future__ import annotations

from datetime import datetime

from rostra.kit.db import Tx
from rostra.levers import queries
from rostra.levers.active import ActiveLevers
from rostra.levers.enforce import Pace, too_soon


async def keep_pace(
    tx: Tx, levers: ActiveLevers, account_id: int, pace: Pace | None, at: datetime, *, locale: str
) -> None:
    """Take the account's turn in the transaction that writes its post, which gives it back where that fails.

    Raises TooSoon, in the language `locale`, where it is not its turn; no statement where the slow mode does not hold.
    """
    if pace is None:
        return
    until = await queries.take_turn(tx, account_id, at, at + pace.every)
    if until is not None:
        levers.count(pace.pull_id, "refused")
        raise too_soon(pace, until, at, locale)
