"""Rules for other servers: which are limited or shut out, and which are let in while the instance is closed to others.

What follows for the accounts that are known of them is `domain_effects`; lists as files are `domain_csv`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from rostra.events import DomainPolicyChanged, Emit
from rostra.kit.addresses import normalise_domain
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader, Tx
from rostra.kit.errors import Invalid, NotFound
from rostra.kit.paging import Window
from rostra.ledger.append import Entry, append
from rostra.moderation.domains import decisions
from rostra.moderation.domains import domain_queries as queries
from rostra.moderation.domains.decisions import Why
from rostra.moderation.domains.domain_queries import DomainAllow, DomainBlock, Severity

MAX_COMMENT: Final = 2_000
# What an import writes at once.
_TOGETHER: Final = 100


class DomainWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a block is to be; what is UNSET stays, or is as in a new one."""

    severity: Severity | UnsetType = UNSET
    reject_media: bool | UnsetType = UNSET
    reject_reports: bool | UnsetType = UNSET
    private_comment: str | UnsetType = UNSET
    public_comment: str | UnsetType = UNSET
    obfuscate: bool | UnsetType = UNSET


class DomainPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How a server is to be treated. `suspend`: nothing is exchanged with it; `silence`: its people are seen by those
    who follow them; `none`: as any other."""

    severity: Literal["none", "noop", "silence", "suspend"] = "none"
    reject_media: bool = False
    reject_reports: bool = False


class Blocked(Invalid):
    """The domain has a block already."""

    def __init__(self, existing: DomainBlock) -> None:
        super().__init__("domain", "has already been taken", code="ERR_TAKEN")
        self.existing = existing


def digest(domain: str) -> str:
    """By which a domain can be recognised where its name is hidden."""
    return hashlib.sha256(domain.encode()).hexdigest()


def obscure(domain: str) -> str:
    """A domain with its middle half hidden, dots kept: `ex****e.c*m` tells those who know it, and nobody else."""
    shown = len(domain) // 4
    return "".join(
        sign if sign == "." or place < shown or place >= len(domain) - shown else "*"
        for place, sign in enumerate(domain)
    )


async def find_domain_policy(db: Reader, domain: str, *, closed: bool) -> DomainPolicy:
    """How the server `domain` (as `normalise_domain` spells it) is to be treated: by its own block, or by the nearest
    of a domain that it lies in. `closed`: the instance lets in only those that are listed, each by its exact name."""
    if closed and not await queries.is_allowed(db, domain):
        return DomainPolicy(severity="suspend", reject_media=True, reject_reports=True)
    block = await queries.find_policy(db, domain)
    if block is None:
        return DomainPolicy()
    return DomainPolicy(severity=block.severity, reject_media=block.reject_media, reject_reports=block.reject_reports)


async def list_blocks(db: Database, window: Window) -> list[DomainBlock]:
    """A page of blocks, the latest first."""
    async with db.read() as conn:
        return await queries.list_blocks(conn, window)


async def list_shown_blocks(db: Database) -> list[DomainBlock]:
    """The blocks that everybody may know of, the severest first."""
    async with db.read() as conn:
        return await queries.list_shown_blocks(conn)


async def get_block(db: Database, block_id: int) -> DomainBlock:
    """One block. Raises NotFound."""
    async with db.read() as conn:
        found = await queries.find_block(conn, block_id)
    if found is None:
        raise NotFound
    return found


async def block_domain(
    db: Database,
    clock: Clock,
    emit: Emit,
    actor_id: int,
    domain: str,
    wish: DomainWish,
    *,
    own_domain: str,
    why: Why | None = None,
) -> DomainBlock:
    """Decide to block a domain and all below it: limited, unless the wish says otherwise. Raises Invalid, Blocked."""
    at = clock.now()
    blank = DomainBlock(
        id=0,
        domain=_checked(domain, own_domain),
        severity="silence",
        reject_media=False,
        reject_reports=False,
        private_comment="",
        public_comment="",
        obfuscate=False,
        created_at=at,
    )
    block = _changed(blank, wish)
    async with db.transaction() as tx:
        made = await _insert(tx, emit, actor_id, block, at, why)
        if made is None:
            raise Blocked((await queries.find_blocks_of(tx, [block.domain]))[block.domain])
    return made


async def change_block(
    db: Database,
    clock: Clock,
    emit: Emit,
    actor_id: int,
    block_id: int,
    wish: DomainWish,
    *,
    why: Why | None = None,
) -> DomainBlock:
    """Decide to change a block; `why` None: for the reason and the time that it has. Raises NotFound and Invalid."""
    async with db.transaction() as tx:
        before = await queries.lock_block(tx, block_id)
        if before is None:
            raise NotFound
        return await _update(tx, emit, actor_id, before, _changed(before, wish), clock.now(), why)


async def unblock_domain(db: Database, clock: Clock, emit: Emit, actor_id: int, block_id: int) -> None:
    """Lift a block; what was decided on single accounts stays. Raises NotFound."""
    async with db.transaction() as tx:
        gone = await queries.delete_block(tx, block_id)
        if gone is None:
            raise NotFound
        await decisions.lift(tx, gone.domain, actor_id, clock.now())
        await _note(tx, "domain_unblocked", actor_id, gone.id, _told(gone), clock.now())
        await emit(tx, DomainPolicyChanged(domain=gone.domain))


async def import_blocks(
    db: Database, clock: Clock, emit: Emit, actor_id: int, wishes: Sequence[tuple[str, DomainWish]], *, own_domain: str
) -> int:
    """Write many blocks, new ones and changes to those that are there; how many. A few at a time: what was written
    before an error stays. Raises Invalid."""
    at = clock.now()
    checked = [(_checked(domain, own_domain), wish) for domain, wish in wishes]
    for start in range(0, len(checked), _TOGETHER):
        some = dict(checked[start : start + _TOGETHER])
        async with db.transaction() as tx:
            known = await queries.find_blocks_of(tx, list(some))
            for domain, wish in some.items():
                before = known.get(domain)
                if before is not None:
                    await _update(tx, emit, actor_id, before, _changed(before, wish), at)
                    continue
                blank = DomainBlock(
                    id=0, domain=domain, severity="silence", reject_media=False, reject_reports=False,
                    private_comment="", public_comment="", obfuscate=False, created_at=at,
                )  # fmt: skip
                await _insert(tx, emit, actor_id, _changed(blank, wish), at)
    return len(checked)


async def list_allows(db: Database, window: Window) -> list[DomainAllow]:
    """A page of the servers that are let in, the latest first."""
    async with db.read() as conn:
        return await queries.list_allows(conn, window)


async def get_allow(db: Database, allow_id: int) -> DomainAllow:
    """One of them. Raises NotFound."""
    async with db.read() as conn:
        found = await queries.find_allow(conn, allow_id)
    if found is None:
        raise NotFound
    return found


async def allow_domain(db: Database, clock: Clock, actor_id: int, domain: str, *, own_domain: str) -> DomainAllow:
    """Let a server in, also while the instance is closed; one that is let in already stays so. Raises Invalid."""
    name, at = _checked(domain, own_domain), clock.now()
    async with db.transaction() as tx:
        made = await queries.insert_allow(tx, name, at)
        if made is not None:
            await _note(tx, "domain_allowed", actor_id, made.id, {"domain": name}, at)
        found = made or await queries.find_allow_of(tx, name)
    assert found is not None
    return found


async def disallow_domain(db: Database, clock: Clock, actor_id: int, allow_id: int) -> None:
    """Let a server in no more while the instance is closed. Raises NotFound."""
    async with db.transaction() as tx:
        gone = await queries.delete_allow(tx, allow_id)
        if gone is None:
            raise NotFound
        await _note(tx, "domain_disallowed", actor_id, gone.id, {"domain": gone.domain}, clock.now())


def _checked(domain: str, own_domain: str) -> str:
    name = normalise_domain(domain.strip(), allow_port=":" in own_domain)
    if name == own_domain or own_domain.endswith(f".{name}"):
        raise Invalid("domain", "is this server's own", code="ERR_OWN_DOMAIN")
    return name


def _changed(block: DomainBlock, wish: DomainWish) -> DomainBlock:
    given: dict[str, Any] = {
        field: value for field, value in msgspec.structs.asdict(wish).items() if value is not UNSET
    }
    for field in ("private_comment", "public_comment"):
        if len(given.get(field, "")) > MAX_COMMENT:
            raise Invalid(field, f"is too long (maximum is {MAX_COMMENT} characters)", code="ERR_TOO_LONG")
    return msgspec.structs.replace(block, **given)


async def _insert(
    tx: Tx, emit: Emit, actor_id: int, block: DomainBlock, at: datetime, why: Why | None = None
) -> DomainBlock | None:
    made = await queries.insert_block(tx, block)
    if made is not None:
        event_id = await _note(tx, "domain_blocked", actor_id, made.id, _told(made), at, why)
        await decisions.record(tx, made, event_id, actor_id, why or Why(), at)
        await emit(tx, DomainPolicyChanged(domain=made.domain))
    return made


async def _update(
    tx: Tx,
    emit: Emit,
    actor_id: int,
    before: DomainBlock,
    block: DomainBlock,
    at: datetime,
    why: Why | None = None,
) -> DomainBlock:
    if block != before or why is not None:
        await queries.update_block(tx, block, at)
        event_id = await _note(tx, "domain_changed", actor_id, block.id, _told(block), at, why)
        await decisions.record(tx, block, event_id, actor_id, why, at)
        await emit(tx, DomainPolicyChanged(domain=block.domain))
    return block


async def _note(
    tx: Tx,
    what: str,
    actor_id: int,
    subject_id: int,
    details: dict[str, Any],
    at: datetime,
    why: Why | None = None,
) -> int:
    entry = Entry(
        type=what,
        subject_kind="domain",
        subject_id=subject_id,
        actor_id=actor_id,
        policy=why.policy if why else "",
        clause=why.clause if why else "",
        details=details,
    )
    return await append(tx, at, entry)


def _told(block: DomainBlock) -> dict[str, Any]:
    """What the ledger keeps of a block. The private comment is for staff, who find it with the block."""
    return {
        "domain": block.domain,
        "severity": block.severity,
        "reject_media": block.reject_media,
        "reject_reports": block.reject_reports,
        "obfuscate": block.obfuscate,
        "comment": block.public_comment,
    }
