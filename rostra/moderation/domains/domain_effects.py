"""What a rule for a server does to the accounts that are known of it; a job, in pieces, that can be repeated.

What single accounts are decided on stays theirs: an account is hidden or limited while a decision or the rule says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rostra.events import AccountHidden, AccountShown, Emit, FilesLetGo
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.moderation.domains import domain_queries as queries

_BATCH: Final = 200
_FILES: Final = 500


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
        if reject_media:
            await _let_go(db, emit, ids)
        after = ids[-1]


async def _let_go(db: Database, emit: Emit, account_ids: Sequence[int]) -> None:
    """Forget the files of accounts, a few at a time."""
    keys: list[str] | None = None
    while keys is None or keys:
        async with db.transaction() as tx:
            keys = await queries.let_go_of_media(tx, account_ids, _FILES)
            await _remove(tx, emit, keys)
    async with db.transaction() as tx:
        await _remove(tx, emit, await queries.let_go_of_images(tx, account_ids))


async def _remove(tx: Tx, emit: Emit, keys: Sequence[str]) -> None:
    gone = sorted(set(keys) - await queries.find_evidence(tx, keys))
    if gone:
        await emit(tx, FilesLetGo(media_keys=gone))
