"""What a rule for a server does to the accounts that are known of it; a job, in pieces, that can be repeated.

What single accounts are decided on stays theirs: an account is hidden or limited while a decision or the rule says so.
"""

from __future__ import annotations

from typing import Final

from rostra.events import AccountHidden, AccountShown, Emit, FilesLetGo
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.moderation import domain_queries as queries

_BATCH: Final = 200


async def apply_domain_policy(db: Database, clock: Clock, emit: Emit, domain: str) -> None:
    """Bring the accounts of a domain, and of all below it, in line with the rules that hold now. Takes their media and
    images away where a rule rejects them, for good: they would have to be fetched again."""
    async with db.read() as conn:
        known = await queries.find_known_below(conn, domain)
    for name, severity in known:
        async with db.read() as conn:
            block = await queries.find_policy(conn, name)
        await _apply(db, clock, emit, name, severity, reject_media=block is not None and block.reject_media)


async def _apply(
    db: Database, clock: Clock, emit: Emit, domain: str, severity: str | None, *, reject_media: bool
) -> None:
    after = 0
    while True:
        async with db.transaction() as tx:
            ids = await queries.list_accounts_of(tx, domain, after, _BATCH)
            if not ids:
                return
            for account_id, is_suspended in (await queries.apply(tx, ids, severity, clock.now())).items():
                event = AccountHidden if is_suspended else AccountShown
                await emit(tx, event(account_id=account_id))
            keys = await queries.let_go_of_files(tx, ids) if reject_media else []
            if keys:
                await emit(tx, FilesLetGo(media_keys=keys))
        after = ids[-1]
