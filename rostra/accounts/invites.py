"""Invitations: a code that lets somebody sign up, and past the wait for approval."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final

from rostra.accounts import invite_queries as queries
from rostra.accounts.records import Invite
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Invalid, NotFound, OutOfRange

MAX_USES: Final = 1_000
MAX_LIFETIME: Final = timedelta(days=365)
_MOST: Final = 500
# No letters that are taken for one another.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"


async def create_invite(
    db: Database, clock: Clock, account_id: int, *, max_uses: int | None = None, expires_in: int | None = None
) -> Invite:
    """Make an invitation; `expires_in` is in seconds, None is for ever. Raises Invalid."""
    if max_uses is not None and not 1 <= max_uses <= MAX_USES:
        raise OutOfRange("max_uses", 1, MAX_USES)
    if expires_in is not None and not 60 <= expires_in <= MAX_LIFETIME.total_seconds():
        raise Invalid("expires_in", "must be between a minute and a year")
    at = clock.now()
    async with db.transaction() as tx:
        return await queries.insert_invite(
            tx,
            code="".join(secrets.choice(_ALPHABET) for _ in range(10)),
            account_id=account_id,
            max_uses=max_uses,
            expires_at=None if expires_in is None else at + timedelta(seconds=expires_in),
            at=at,
        )


async def list_invites(db: Database, account_id: int) -> list[Invite]:
    """The invitations of a person, the latest first."""
    async with db.read() as conn:
        return await queries.list_invites(conn, account_id, _MOST)


async def list_all_invites(db: Database) -> list[Invite]:
    """Everybody's invitations, the latest first; for administrators."""
    async with db.read() as conn:
        return await queries.list_all_invites(conn, _MOST)


async def find_invite(db: Database, clock: Clock, code: str) -> Invite | None:
    """The invitation with this code, if it still works."""
    async with db.read() as conn:
        return await queries.find_usable_invite(conn, code.strip(), clock.now())


async def delete_invite(db: Database, invite_id: int, account_id: int | None) -> None:
    """Withdraw an invitation: one's own, or anybody's where `account_id` is None. Raises NotFound."""
    async with db.transaction() as tx:
        if not await queries.delete_invite(tx, invite_id, account_id):
            raise NotFound
