"""Those who report: who is heard no more because they abuse it, who is trusted to know."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from rostra.accounts.permissions import check_may
from rostra.kit.db import Tx
from rostra.kit.errors import NotFound
from rostra.ledger.append import Entry, append
from rostra.moderation.desk import Desk, Reviewer

MUTE: Final = """
insert into reporters (account_id, muted_at, muted_by) values ($1, $2, $3)
on conflict (account_id) do update set muted_at = excluded.muted_at, muted_by = excluded.muted_by
"""
TRUST: Final = """
insert into reporters (account_id, trusted_at) values ($1, $2)
on conflict (account_id) do update set trusted_at = excluded.trusted_at
"""
EXISTS: Final = "select exists (select from accounts where id = $1)"


async def mute_reporter(desk: Desk, reviewer: Reviewer, account_id: int, *, muted: bool) -> None:
    """Log somebody's reports without effect from now on, or hear them again. Raises Forbidden and NotFound."""
    check_may(reviewer.role, "sanction")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        await _check(tx, account_id)
        await tx.execute(MUTE, account_id, at if muted else None, reviewer.account_id if muted else None)
        await _log(tx, at, "reporter_muted" if muted else "reporter_heard", account_id, reviewer)


async def trust_reporter(desk: Desk, reviewer: Reviewer, account_id: int, *, trusted: bool) -> None:
    """Take somebody for a trusted flagger (Regulation (EU) 2022/2065, Article 22), or no more."""
    check_may(reviewer.role, "settings")
    at = desk.clock.now()
    async with desk.db.transaction() as tx:
        await _check(tx, account_id)
        await tx.execute(TRUST, account_id, at if trusted else None)
        await _log(tx, at, "reporter_trusted" if trusted else "reporter_not_trusted", account_id, reviewer)


async def _check(tx: Tx, account_id: int) -> None:
    if not await tx.fetchval(EXISTS, account_id):
        raise NotFound


async def _log(tx: Tx, at: datetime, kind: str, account_id: int, reviewer: Reviewer) -> None:
    entry = Entry(
        type=kind, subject_kind="account", subject_id=account_id, account_id=account_id, actor_id=reviewer.account_id
    )
    await append(tx, at, entry)
