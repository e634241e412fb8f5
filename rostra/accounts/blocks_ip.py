"""The list of blocked networks: from where nobody signs up, signs up unseen, or comes in at all."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import Final

import asyncpg
import msgspec
from msgspec import UNSET, UnsetType

from rostra.accounts import blocks_queries as queries
from rostra.accounts.audit_queries import insert_audit_event
from rostra.accounts.blocks_queries import IpBlock, IpSeverity, Network
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Invalid, NotFound
from rostra.kit.paging import Window

MAX_COMMENT: Final = 1_000
_LONGEST: Final = timedelta(days=100 * 365)
_TAKEN: Final = "has already been taken"


class IpWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a block is to be; of a block that is there, what is UNSET stays. `expires_in` in seconds, None: for good."""

    ip: str | UnsetType = UNSET
    severity: IpSeverity | UnsetType = UNSET
    comment: str | UnsetType = UNSET
    expires_in: int | UnsetType | None = UNSET


def parse_network(text: str) -> Network:
    """An address or a network in any notation; IPv4 addresses inside IPv6 ones are unwrapped. Raises Invalid("ip")."""
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        raise Invalid("ip", "is not a valid IP address", code="ERR_NETWORK") from None
    mapped = network.network_address.ipv4_mapped if isinstance(network, ipaddress.IPv6Network) else None
    if mapped is not None and network.prefixlen >= 96:
        return ipaddress.ip_network((mapped, network.prefixlen - 96))
    return network


async def list_ip_blocks(db: Database, window: Window) -> list[IpBlock]:
    """A page of blocked networks, the latest first."""
    async with db.read() as conn:
        return await queries.list_ip_blocks(conn, window)


async def get_ip_block(db: Database, block_id: int) -> IpBlock:
    """One of them. Raises NotFound."""
    async with db.read() as conn:
        found = await queries.find_ip_block(conn, block_id)
    if found is None:
        raise NotFound
    return found


async def block_ip(db: Database, clock: Clock, actor_id: int, wish: IpWish, *, own_address: str | None) -> IpBlock:
    """Block a network. `own_address` is where whoever does this comes from: nobody locks themselves out.

    Raises Invalid.
    """
    if wish.ip is UNSET or wish.severity is UNSET:
        raise Invalid("severity" if wish.ip else "ip", "can't be blank", code="ERR_BLANK")
    at = clock.now()
    blank = IpBlock(
        id=0, network=parse_network(wish.ip), severity=wish.severity, comment="", expires_at=None, created_at=at
    )
    block = _change(blank, wish, clock)
    _check_not_own(block, own_address)
    async with db.transaction() as tx:
        made = await queries.insert_ip_block(
            tx, block.network, block.severity, block.comment, block.expires_at, block.created_at
        )
        if made is None:
            raise Invalid("ip", _TAKEN, code="ERR_TAKEN")
        await _note(tx, actor_id, "ip_block.created", made, clock)
    return made


async def change_ip_block(
    db: Database, clock: Clock, actor_id: int, block_id: int, wish: IpWish, *, own_address: str | None
) -> IpBlock:
    """Change a block. Raises NotFound and Invalid."""
    try:
        async with db.transaction() as tx:
            before = await queries.lock_ip_block(tx, block_id)
            if before is None:
                raise NotFound
            block = _change(before, wish, clock)
            _check_not_own(block, own_address)
            await queries.update_ip_block(tx, block)
            await _note(tx, actor_id, "ip_block.changed", block, clock)
    except asyncpg.UniqueViolationError:
        raise Invalid("ip", _TAKEN, code="ERR_TAKEN") from None
    return block


async def unblock_ip(db: Database, clock: Clock, actor_id: int, block_id: int) -> None:
    """Unblock a network. Raises NotFound."""
    async with db.transaction() as tx:
        gone = await queries.delete_ip_block(tx, block_id)
        if gone is None:
            raise NotFound
        await _note(tx, actor_id, "ip_block.deleted", gone, clock)


async def forget_expired(db: Database, clock: Clock) -> None:
    """Delete the blocks whose time is over; until then they have no effect either."""
    async with db.transaction() as tx:
        await queries.delete_expired_ip_blocks(tx, clock.now())


def _change(block: IpBlock, wish: IpWish, clock: Clock) -> IpBlock:
    comment = block.comment if wish.comment is UNSET else wish.comment.strip()
    if len(comment) > MAX_COMMENT:
        raise Invalid("comment", f"is too long (maximum is {MAX_COMMENT} characters)", code="ERR_TOO_LONG")
    expires_at = block.expires_at
    if wish.expires_in is not UNSET:
        expires_at = None
        if wish.expires_in:
            if not 0 < wish.expires_in <= _LONGEST.total_seconds():
                raise Invalid("expires_in", "must be a number of seconds ahead")
            expires_at = clock.now() + timedelta(seconds=wish.expires_in)
    return msgspec.structs.replace(
        block,
        network=block.network if wish.ip is UNSET else parse_network(wish.ip),
        severity=block.severity if wish.severity is UNSET else wish.severity,
        comment=comment,
        expires_at=expires_at,
    )


def _check_not_own(block: IpBlock, own_address: str | None) -> None:
    if block.severity != "no_access" or own_address is None:
        return
    try:
        own = parse_network(own_address.partition("%")[0])
    except Invalid:
        return
    if own.version == block.network.version and own.network_address in block.network:
        raise Invalid("ip", "includes the address that you come from", code="ERR_OWN_ADDRESS")


async def _note(tx: Tx, actor_id: int, action: str, block: IpBlock, clock: Clock) -> None:
    details = {"network": str(block.network), "severity": block.severity}
    await insert_audit_event(
        tx, actor_id=actor_id, action=action, subject=str(block.id), details=details, at=clock.now()
    )
