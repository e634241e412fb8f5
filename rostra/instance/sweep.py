"""Tidying up what has run out: links of letters, codes, sessions, and sign-ups that nobody ever confirmed."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from rostra.accounts.blocks_email import forget_attempts
from rostra.accounts.blocks_ip import forget_expired
from rostra.accounts.session_queries import delete_expired_email_tokens, delete_idle_sessions
from rostra.accounts.sessions import IDLE_LIFETIME
from rostra.accounts.user_queries import delete_unconfirmed
from rostra.instance.measures import forget_activity
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.oauth.queries import delete_old_codes

# Long enough for a letter that was overlooked; then the name is free again.
UNCONFIRMED_FOR: Final = timedelta(days=7)
# Who sends a used code again is noticed for that long.
_CODES_FOR: Final = timedelta(days=1)
_BATCH: Final = 500


async def sweep(db: Database, clock: Clock) -> None:
    """Delete all of it; for a periodic job."""
    now = clock.now()
    async with db.transaction() as tx:
        await delete_expired_email_tokens(tx, now)
        await delete_old_codes(tx, now - _CODES_FOR)
        await delete_idle_sessions(tx, now - IDLE_LIFETIME)
    await forget_activity(db, clock)
    await forget_expired(db, clock)
    await forget_attempts(db, clock)
    deleted = _BATCH
    while deleted == _BATCH:
        async with db.transaction() as tx:
            deleted = await delete_unconfirmed(tx, now - UNCONFIRMED_FOR, _BATCH)
