"""The lists of blocked e-mail providers and of blocked addresses. What they do is said in `blocks`."""

from __future__ import annotations

import re
from typing import Final

from rostra.accounts import blocks_queries as queries
from rostra.accounts.audit_queries import insert_audit_event
from rostra.accounts.blocks import DAYS_KEPT, hash_canonical
from rostra.accounts.blocks_queries import CanonicalEmailBlock, EmailDomainBlock
from rostra.kit.addresses import normalise_domain
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Invalid, NotFound
from rostra.kit.paging import Window
from rostra.ledger.append import Entry, append

_HASH: Final = re.compile(r"[0-9a-f]{64}")


async def list_email_domains(db: Database, clock: Clock, window: Window) -> list[EmailDomainBlock]:
    """A page of blocked providers, the latest first."""
    async with db.read() as conn:
        return await queries.list_email_domains(conn, window, clock.now().date() - DAYS_KEPT)


async def get_email_domain(db: Database, clock: Clock, block_id: int) -> EmailDomainBlock:
    """One of them. Raises NotFound."""
    async with db.read() as conn:
        found = await queries.find_email_domain(conn, block_id, clock.now().date() - DAYS_KEPT)
    if found is None:
        raise NotFound
    return found


async def block_email_domain(
    db: Database, clock: Clock, actor_id: int, domain: str, *, allow_with_approval: bool = False
) -> int:
    """Block a provider and all below its domain; the id. Raises Invalid("domain") for what is no domain or is blocked
    already."""
    domain = normalise_domain(domain.strip().removeprefix("@"))
    at = clock.now()
    async with db.transaction() as tx:
        block_id = await queries.insert_email_domain(tx, domain, at, allow_with_approval=allow_with_approval)
        if block_id is None:
            raise Invalid("domain", "has already been taken", code="ERR_TAKEN")
        details = {"domain": domain, "allow_with_approval": allow_with_approval}
        await append(tx, at, Entry(
            type="email_domain_blocked", subject_kind="domain", subject_id=block_id, actor_id=actor_id, details=details
        ))  # fmt: skip
    return block_id


async def unblock_email_domain(db: Database, clock: Clock, actor_id: int, block_id: int) -> None:
    """Unblock a provider. Raises NotFound."""
    at = clock.now()
    async with db.transaction() as tx:
        domain = await queries.delete_email_domain(tx, block_id)
        if domain is None:
            raise NotFound
        await append(tx, at, Entry(
            type="email_domain_unblocked", subject_kind="domain", subject_id=block_id, actor_id=actor_id,
            details={"domain": domain},
        ))  # fmt: skip


async def forget_attempts(db: Database, clock: Clock) -> None:
    """Forget attempts that are shown no more, and where they came from; for a periodic job."""
    async with db.transaction() as tx:
        await queries.forget_old_attempts(tx, clock.now().date() - DAYS_KEPT)


async def list_canonical(db: Database, window: Window) -> list[CanonicalEmailBlock]:
    """A page of blocked addresses, the latest first."""
    async with db.read() as conn:
        return await queries.list_canonical(conn, window)


async def get_canonical(db: Database, block_id: int) -> CanonicalEmailBlock:
    """One of them. Raises NotFound."""
    async with db.read() as conn:
        found = await queries.find_canonical(conn, block_id)
    if found is None:
        raise NotFound
    return found


async def find_canonical(db: Database, email: str) -> CanonicalEmailBlock | None:
    """The block that an address falls under."""
    async with db.read() as conn:
        return await queries.find_canonical_by_hash(conn, hash_canonical(email))


async def block_canonical(
    db: Database, clock: Clock, actor_id: int, *, email: str | None = None, email_hash: str | None = None
) -> CanonicalEmailBlock:
    """Block an address, given as itself or as its hash. Raises Invalid."""
    if email:
        email_hash = hash_canonical(email)
    if email_hash is None or not _HASH.fullmatch(email_hash.lower()):
        raise Invalid("canonical_email_hash", "is not a SHA-256 hash" if email_hash else "can't be blank")
    at = clock.now()
    async with db.transaction() as tx:
        made = await queries.insert_canonical(tx, email_hash.lower(), at)
        if made is None:
            raise Invalid("canonical_email_hash", "has already been taken", code="ERR_TAKEN")
        await insert_audit_event(
            tx, actor_id=actor_id, action="canonical_email_block.created", subject=str(made.id), details={}, at=at
        )
    return made


async def unblock_canonical(db: Database, clock: Clock, actor_id: int, block_id: int) -> None:
    """Unblock an address. Raises NotFound."""
    async with db.transaction() as tx:
        if not await queries.delete_canonical(tx, block_id):
            raise NotFound
        await insert_audit_event(
            tx, actor_id=actor_id, action="canonical_email_block.deleted", subject=str(block_id), details={},
            at=clock.now(),
        )  # fmt: skip
