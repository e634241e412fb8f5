"""SQL of who may not sign up: providers of e-mail, single addresses as hashes, networks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Final, Literal

import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.kit.paging import Window, both_orders

Network = IPv4Network | IPv6Network
IpSeverity = Literal["sign_up_requires_approval", "sign_up_block", "no_access"]

# $1 the domain of an address, $2 the hash of the address, $3 where somebody comes from, $4 the time.
OBSTACLES: Final = """
select
  array(select b.id from email_domain_blocks b
    where b.domain = any(domain_and_above($1)) and not b.allow_with_approval order by b.id) as refusing,
  array(select b.id from email_domain_blocks b
    where b.domain = any(domain_and_above($1)) and b.allow_with_approval order by b.id) as delaying,
  exists (select from canonical_email_blocks c where c.canonical_email_hash = $2) as is_refused_address,
  array(select distinct i.severity from ip_blocks i
    where i.network >>= $3::inet and (i.expires_at is null or i.expires_at > $4)) as of_network
"""

NOTE_ATTEMPT: Final = """
insert into email_domain_attempts (block_id, day, address, attempts)
select block_id, $2, $3, 1 from unnest($1::bigint[]) as b(block_id)
on conflict (block_id, day, address) do update set attempts = email_domain_attempts.attempts + 1
"""

FORGET_ATTEMPTS: Final = "delete from email_domain_attempts where block_id = any($1::bigint[]) and day < $2"

FORGET_OLD_ATTEMPTS: Final = "delete from email_domain_attempts where day < $1"

_EMAIL_DOMAIN: Final = """
  b.id, b.domain, b.allow_with_approval, b.created_at, (
    select coalesce(jsonb_object_agg(d.day, jsonb_build_array(d.accounts, d.uses)), '{}') from (
      select day, count(*) as accounts, sum(attempts) as uses from email_domain_attempts
      where block_id = b.id and day > $1 group by day) d) as history
"""

EMAIL_DOMAINS: Final = both_orders(f"""
select {_EMAIL_DOMAIN} from email_domain_blocks b where b.id < $2 and b.id > $3 order by b.id desc /*page*/ limit $4
""")

EMAIL_DOMAIN: Final = f"select {_EMAIL_DOMAIN} from email_domain_blocks b where b.id = $2"

INSERT_EMAIL_DOMAIN: Final = """
insert into email_domain_blocks (id, domain, allow_with_approval, created_at) values (make_id($3), $1, $2, $3)
on conflict (domain) do nothing returning id
"""

DELETE_EMAIL_DOMAIN: Final = "delete from email_domain_blocks where id = $1 returning domain"

CANONICAL: Final = both_orders("""
select id, canonical_email_hash from canonical_email_blocks where id < $1 and id > $2 order by id desc /*page*/ limit $3
""")

ONE_CANONICAL: Final = "select id, canonical_email_hash from canonical_email_blocks where id = $1"

CANONICAL_BY_HASH: Final = "select id, canonical_email_hash from canonical_email_blocks where canonical_email_hash = $1"

INSERT_CANONICAL: Final = """
insert into canonical_email_blocks (id, canonical_email_hash, created_at) values (make_id($2), $1, $2)
on conflict (canonical_email_hash) do nothing returning id, canonical_email_hash
"""

DELETE_CANONICAL: Final = "delete from canonical_email_blocks where id = $1 returning id"

_IP: Final = "id, network, severity, comment, expires_at, created_at"

IP_BLOCKS: Final = both_orders(f"""
select {_IP} from ip_blocks where id < $1 and id > $2 order by id desc /*page*/ limit $3
""")

IP_BLOCK: Final = f"select {_IP} from ip_blocks where id = $1"

LOCK_IP_BLOCK: Final = f"select {_IP} from ip_blocks where id = $1 for update"

INSERT_IP_BLOCK: Final = f"""
insert into ip_blocks (id, network, severity, comment, expires_at, created_at) values (make_id($5), $1, $2, $3, $4, $5)
on conflict (network) do nothing returning {_IP}
"""

UPDATE_IP_BLOCK: Final = "update ip_blocks set network = $2, severity = $3, comment = $4, expires_at = $5 where id = $1"

DELETE_IP_BLOCK: Final = f"delete from ip_blocks where id = $1 returning {_IP}"

DELETE_EXPIRED_IP_BLOCKS: Final = "delete from ip_blocks where expires_at <= $1"

IP_REVISION: Final = "select revision from ip_blocks_state"

SHUT_NETWORKS: Final = "select network, expires_at from ip_blocks where severity = 'no_access'"


class Obstacles(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the way of somebody who signs up; `refusing` and `delaying` are blocks of their provider."""

    refusing: list[int] = []
    delaying: list[int] = []
    is_refused_address: bool = False
    of_network: list[IpSeverity] = []


class EmailDomainBlock(msgspec.Struct, frozen=True, kw_only=True):
    """A provider of e-mail. `history`: ISO date to [addresses, attempts], of the last seven days."""

    id: int
    domain: str
    allow_with_approval: bool
    created_at: datetime
    history: dict[str, list[int]]


class CanonicalEmailBlock(msgspec.Struct, frozen=True, kw_only=True):
    """An address of which only the hash is known."""

    id: int
    canonical_email_hash: str


class IpBlock(msgspec.Struct, frozen=True, kw_only=True):
    """A network."""

    id: int
    network: Network
    severity: IpSeverity
    comment: str
    expires_at: datetime | None
    created_at: datetime


async def find_obstacles(db: Reader, domain: str, email_hash: str, address: str | None, at: datetime) -> Obstacles:
    """What stands in the way of an address and of whoever comes from `address`."""
    return as_records(Obstacles, await db.fetch(OBSTACLES, domain, email_hash, address, at))[0]


async def note_attempt(tx: Tx, block_ids: Sequence[int], day: date, address: str, oldest: date) -> None:
    """Count an attempt with these providers, and forget those before `oldest`."""
    await tx.execute(FORGET_ATTEMPTS, block_ids, oldest)
    await tx.execute(NOTE_ATTEMPT, block_ids, day, address)


async def forget_old_attempts(tx: Tx, oldest: date) -> None:
    """Forget all attempts before `oldest`, and where they came from."""
    await tx.execute(FORGET_OLD_ATTEMPTS, oldest)


async def list_email_domains(db: Reader, window: Window, since: date) -> list[EmailDomainBlock]:
    """A page of blocked providers with their days after `since`."""
    rows = await db.fetch(window.choose(EMAIL_DOMAINS), since, window.below, window.above, window.limit)
    return as_records(EmailDomainBlock, rows)


async def find_email_domain(db: Reader, block_id: int, since: date) -> EmailDomainBlock | None:
    """One blocked provider."""
    return find_record(EmailDomainBlock, await db.fetchrow(EMAIL_DOMAIN, since, block_id))


async def insert_email_domain(tx: Tx, domain: str, at: datetime, *, allow_with_approval: bool) -> int | None:
    """Block a provider; its id, or None where it is blocked already."""
    return await tx.fetchval(INSERT_EMAIL_DOMAIN, domain, allow_with_approval, at)


async def delete_email_domain(tx: Tx, block_id: int) -> str | None:
    """Unblock a provider; its domain."""
    return await tx.fetchval(DELETE_EMAIL_DOMAIN, block_id)


async def list_canonical(db: Reader, window: Window) -> list[CanonicalEmailBlock]:
    """A page of blocked addresses."""
    rows = await db.fetch(window.choose(CANONICAL), window.below, window.above, window.limit)
    return as_records(CanonicalEmailBlock, rows)


async def find_canonical(db: Reader, block_id: int) -> CanonicalEmailBlock | None:
    """One of them."""
    return find_record(CanonicalEmailBlock, await db.fetchrow(ONE_CANONICAL, block_id))


async def find_canonical_by_hash(db: Reader, email_hash: str) -> CanonicalEmailBlock | None:
    """The one with this hash."""
    return find_record(CanonicalEmailBlock, await db.fetchrow(CANONICAL_BY_HASH, email_hash))


async def insert_canonical(tx: Tx, email_hash: str, at: datetime) -> CanonicalEmailBlock | None:
    """Block an address; None where it is blocked already."""
    return find_record(CanonicalEmailBlock, await tx.fetchrow(INSERT_CANONICAL, email_hash, at))


async def delete_canonical(tx: Tx, block_id: int) -> bool:
    """Unblock an address; False where there was none."""
    return await tx.fetchval(DELETE_CANONICAL, block_id) is not None


async def list_ip_blocks(db: Reader, window: Window) -> list[IpBlock]:
    """A page of blocked networks."""
    rows = await db.fetch(window.choose(IP_BLOCKS), window.below, window.above, window.limit)
    return as_records(IpBlock, rows)


async def find_ip_block(db: Reader, block_id: int) -> IpBlock | None:
    """One blocked network."""
    return find_record(IpBlock, await db.fetchrow(IP_BLOCK, block_id))


async def lock_ip_block(tx: Tx, block_id: int) -> IpBlock | None:
    """The same, held until the transaction ends."""
    return find_record(IpBlock, await tx.fetchrow(LOCK_IP_BLOCK, block_id))


async def insert_ip_block(
    tx: Tx, network: Network, severity: IpSeverity, comment: str, expires_at: datetime | None, at: datetime
) -> IpBlock | None:
    """Block a network; None where it is blocked already."""
    return find_record(IpBlock, await tx.fetchrow(INSERT_IP_BLOCK, network, severity, comment, expires_at, at))


async def update_ip_block(tx: Tx, block: IpBlock) -> None:
    """Write a changed block. Raises asyncpg.UniqueViolationError where another has the network."""
    await tx.execute(UPDATE_IP_BLOCK, block.id, block.network, block.severity, block.comment, block.expires_at)


async def delete_ip_block(tx: Tx, block_id: int) -> IpBlock | None:
    """Unblock a network; what it was."""
    return find_record(IpBlock, await tx.fetchrow(DELETE_IP_BLOCK, block_id))


async def delete_expired_ip_blocks(tx: Tx, at: datetime) -> None:
    """Delete the blocks whose time is over."""
    await tx.execute(DELETE_EXPIRED_IP_BLOCKS, at)


async def find_ip_revision(db: Reader) -> int:
    """A number that changes with every change to the blocked networks."""
    return await db.fetchval(IP_REVISION)


async def list_shut_networks(db: Reader) -> list[tuple[Network, datetime | None]]:
    """The networks without any access, and until when."""
    return [(row["network"], row["expires_at"]) for row in await db.fetch(SHUT_NETWORKS)]
