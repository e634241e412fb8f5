"""SQL of rules for other servers, and of what follows from them for the accounts that are known of those."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.kit.paging import Window, both_orders

Severity = Literal["silence", "suspend", "noop"]

_BLOCK: Final = """
  id, domain, severity, reject_media, reject_reports, private_comment, public_comment, obfuscate, created_at
"""

BLOCKS: Final = both_orders(f"""
select {_BLOCK} from domain_blocks where id < $1 and id > $2 order by id desc /*page*/ limit $3
""")

BLOCK: Final = f"select {_BLOCK} from domain_blocks where id = $1"

LOCK_BLOCK: Final = f"select {_BLOCK} from domain_blocks where id = $1 for update"

BLOCKS_OF: Final = f"select {_BLOCK} from domain_blocks where domain = any($1::text[])"

ALL_BLOCKS: Final = f"select {_BLOCK} from domain_blocks order by domain"

# What everybody may know of: those that keep something from people here.
SHOWN_BLOCKS: Final = f"""
select {_BLOCK} from domain_blocks where severity <> 'noop' order by severity desc, domain
"""

# Of several the one for the longest name.
POLICY: Final = f"""
select {_BLOCK} from domain_blocks where domain = any(domain_and_above($1)) order by length(domain) desc limit 1
"""

IS_ALLOWED: Final = "select exists (select from domain_allows where domain = $1)"

INSERT_BLOCK: Final = f"""
insert into domain_blocks (id, domain, severity, reject_media, reject_reports, private_comment, public_comment,
  obfuscate, created_at, updated_at)
values (make_id($8), $1, $2, $3, $4, $5, $6, $7, $8, $8) on conflict (domain) do nothing returning {_BLOCK}
"""

UPDATE_BLOCK: Final = """
update domain_blocks set severity = $2, reject_media = $3, reject_reports = $4, private_comment = $5,
  public_comment = $6, obfuscate = $7, updated_at = $8
where id = $1
"""

DELETE_BLOCK: Final = f"delete from domain_blocks where id = $1 returning {_BLOCK}"

ALLOWS: Final = both_orders("""
select id, domain, created_at from domain_allows where id < $1 and id > $2 order by id desc /*page*/ limit $3
""")

ALLOW: Final = "select id, domain, created_at from domain_allows where id = $1"

ALLOW_OF: Final = "select id, domain, created_at from domain_allows where domain = $1"

ALL_ALLOWS: Final = "select id, domain, created_at from domain_allows order by domain"

INSERT_ALLOW: Final = """
insert into domain_allows (id, domain, created_at) values (make_id($2), $1, $2)
on conflict (domain) do nothing returning id, domain, created_at
"""

DELETE_ALLOW: Final = "delete from domain_allows where id = $1 returning id, domain, created_at"

# Steps from one domain to the next in the index, so that it costs what there are domains, not accounts.
KNOWN_BELOW: Final = """
with recursive known as (
  (select domain from accounts where domain is not null order by domain limit 1)
  union all
  select (select a.domain from accounts a where a.domain is not null and a.domain > k.domain order by a.domain limit 1)
  from known k where k.domain is not null)
select domain, domain_severity(domain) as severity from known
where domain = $1 or right(domain, length($1) + 1) = '.' || $1
"""

ACCOUNTS_OF: Final = "select id from accounts where domain = $1 and id > $2 order by id limit $3"

# Since when each is so: by a decision on it, or by the rule for its server; $3 is the rule's severity.
APPLY: Final = """
with held as materialized (
  select id, suspended_at from accounts where id = any($1::bigint[]) order by id for no key update),
wanted as (
  select h.id, h.suspended_at is not null as was_suspended,
    least((select min(x.starts_at) from actions x where x.subject_kind = 'account' and x.subject_id = h.id
      and x.kind = 'suspend' and x.ended_at is null),
      case when $3 = 'suspend' then $2::timestamptz end) as suspended_at,
    least((select min(x.starts_at) from actions x where x.subject_kind = 'account' and x.subject_id = h.id
      and x.kind = 'limit' and x.ended_at is null), case when $3 = 'silence' then $2::timestamptz end) as silenced_at
  from held h)
update accounts a set rendered_for = 0,
  suspended_at = case when w.suspended_at is null then null else coalesce(a.suspended_at, w.suspended_at) end,
  silenced_at = case when w.silenced_at is null then null else coalesce(a.silenced_at, w.silenced_at) end
from wanted w where a.id = w.id
  and ((w.suspended_at is null) <> (a.suspended_at is null) or (w.silenced_at is null) <> (a.silenced_at is null))
returning a.id, w.was_suspended, a.suspended_at is not null as is_suspended
"""

# Their files, and what of those is not evidence that has to stay.
LET_GO_MEDIA: Final = """
with gone as (
  delete from media_attachments where id = any(array(
    select m.id from media_attachments m where m.account_id = any($1::bigint[]) limit $2))
  returning status_id, original_key, preview_key),
anew as (update statuses s set rendered_for = 0 where s.id in (select status_id from gone))
select original_key as key from gone union select preview_key from gone
"""

LET_GO_IMAGES: Final = """
with had as materialized (
  select id, avatar_key, avatar_static_key, header_key, header_static_key from accounts
  where id = any($1::bigint[]) and (avatar_key is not null or header_key is not null) order by id for no key update),
gone as (
  update accounts a set avatar_key = null, avatar_static_key = null, header_key = null, header_static_key = null,
    rendered_for = 0
  from had where a.id = had.id)
select avatar_key as key from had union select avatar_static_key from had
union select header_key from had union select header_static_key from had
"""

EVIDENCE: Final = """
select k.key from unnest($1::text[]) as k(key) where exists (select from snapshots s where s.media_keys @> array[k.key])
"""


class DomainBlock(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a server and all below its domain."""

    id: int
    domain: str
    severity: Severity
    reject_media: bool
    reject_reports: bool
    private_comment: str
    public_comment: str
    obfuscate: bool
    created_at: datetime


class DomainAllow(msgspec.Struct, frozen=True, kw_only=True):
    """A server that is let in while the instance is closed to others."""

    id: int
    domain: str
    created_at: datetime


async def list_blocks(db: Reader, window: Window) -> list[DomainBlock]:
    """A page of blocks."""
    rows = await db.fetch(window.choose(BLOCKS), window.below, window.above, window.limit)
    return as_records(DomainBlock, rows)


async def find_block(db: Reader, block_id: int) -> DomainBlock | None:
    """One block."""
    return find_record(DomainBlock, await db.fetchrow(BLOCK, block_id))


async def lock_block(tx: Tx, block_id: int) -> DomainBlock | None:
    """The same, held until the transaction ends."""
    return find_record(DomainBlock, await tx.fetchrow(LOCK_BLOCK, block_id))


async def find_blocks_of(db: Reader, domains: Sequence[str]) -> dict[str, DomainBlock]:
    """The blocks of exactly these domains."""
    return {block.domain: block for block in as_records(DomainBlock, await db.fetch(BLOCKS_OF, domains))}


async def list_all_blocks(db: Reader) -> list[DomainBlock]:
    """All blocks, by name."""
    return as_records(DomainBlock, await db.fetch(ALL_BLOCKS))


async def list_shown_blocks(db: Reader) -> list[DomainBlock]:
    """The blocks that limit somebody, the severest first."""
    return as_records(DomainBlock, await db.fetch(SHOWN_BLOCKS))


async def find_policy(db: Reader, domain: str) -> DomainBlock | None:
    """The block that holds for a domain: its own, or the nearest above."""
    return find_record(DomainBlock, await db.fetchrow(POLICY, domain))


async def is_allowed(db: Reader, domain: str) -> bool:
    """Whether the domain is on the list of those that are let in."""
    return await db.fetchval(IS_ALLOWED, domain)


async def insert_block(tx: Tx, block: DomainBlock) -> DomainBlock | None:
    """Write a block, whose id is made here; None where the domain has one."""
    row = await tx.fetchrow(
        INSERT_BLOCK, block.domain, block.severity, block.reject_media, block.reject_reports, block.private_comment,
        block.public_comment, block.obfuscate, block.created_at,
    )  # fmt: skip
    return find_record(DomainBlock, row)


async def update_block(tx: Tx, block: DomainBlock, at: datetime) -> None:
    """Write a changed block."""
    await tx.execute(
        UPDATE_BLOCK, block.id, block.severity, block.reject_media, block.reject_reports, block.private_comment,
        block.public_comment, block.obfuscate, at,
    )  # fmt: skip


async def delete_block(tx: Tx, block_id: int) -> DomainBlock | None:
    """Delete a block; what it was."""
    return find_record(DomainBlock, await tx.fetchrow(DELETE_BLOCK, block_id))


async def list_allows(db: Reader, window: Window) -> list[DomainAllow]:
    """A page of servers that are let in."""
    rows = await db.fetch(window.choose(ALLOWS), window.below, window.above, window.limit)
    return as_records(DomainAllow, rows)


async def list_all_allows(db: Reader) -> list[DomainAllow]:
    """All of them, by name."""
    return as_records(DomainAllow, await db.fetch(ALL_ALLOWS))


async def find_allow(db: Reader, allow_id: int) -> DomainAllow | None:
    """One of them."""
    return find_record(DomainAllow, await db.fetchrow(ALLOW, allow_id))


async def find_allow_of(db: Reader, domain: str) -> DomainAllow | None:
    """The one of a domain."""
    return find_record(DomainAllow, await db.fetchrow(ALLOW_OF, domain))


async def insert_allow(tx: Tx, domain: str, at: datetime) -> DomainAllow | None:
    """Let a server in; None where it is."""
    return find_record(DomainAllow, await tx.fetchrow(INSERT_ALLOW, domain, at))


async def delete_allow(tx: Tx, allow_id: int) -> DomainAllow | None:
    """Let a server in no more; which it was."""
    return find_record(DomainAllow, await tx.fetchrow(DELETE_ALLOW, allow_id))


async def find_known_below(db: Reader, domain: str) -> list[tuple[str, str | None]]:
    """The domains at or below this one of which accounts are known, each with the severity that holds for it."""
    return [(row["domain"], row["severity"]) for row in await db.fetch(KNOWN_BELOW, domain)]


async def list_accounts_of(db: Reader, domain: str, after: int, limit: int) -> list[int]:
    """Some accounts of exactly this domain, from the one after the id `after`."""
    return [row["id"] for row in await db.fetch(ACCOUNTS_OF, domain, after, limit)]


async def apply(tx: Tx, account_ids: Sequence[int], severity: str | None, at: datetime) -> dict[int, bool]:
    """Have accounts be as decisions on them and the rule for their server say; those that are hidden now and were not
    (True), or were and are not (False)."""
    rows = await tx.fetch(APPLY, account_ids, at, severity)
    return {row["id"]: row["is_suspended"] for row in rows if row["is_suspended"] != row["was_suspended"]}


async def let_go_of_media(tx: Tx, account_ids: Sequence[int], limit: int) -> list[str]:
    """Forget up to `limit` attachments of accounts; the keys of their files."""
    return [row["key"] for row in await tx.fetch(LET_GO_MEDIA, account_ids, limit)]


async def let_go_of_images(tx: Tx, account_ids: Sequence[int]) -> list[str]:
    """Forget the avatars and headers of accounts; the keys of their files."""
    return [row["key"] for row in await tx.fetch(LET_GO_IMAGES, account_ids) if row["key"]]


async def find_evidence(db: Reader, keys: Sequence[str]) -> set[str]:
    """Those of the files that have to stay."""
    return {row["key"] for row in await db.fetch(EVIDENCE, keys)}
