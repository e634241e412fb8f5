"""SQL of follows, blocks and mutes of many pairs at once: each statement takes arrays, so that their number does not
grow with the pairs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx, as_records

# In the order of `queries.LOCK_PAIR`, so that nobody waits in a circle.
LOCK_ALL: Final = """
select a.id from accounts a join account_stats st on st.account_id = a.id
where a.id = any($1::bigint[]) order by a.id for key share of a for no key update of st
"""

STANDING: Final = """
select p.account_id, p.target_id, a.id is not null as found, coalesce(a.locked, false) as locked,
  a.suspended_at is not null as suspended, v.silenced_at is not null as viewer_silenced,
  v.moved_to_id is not null as viewer_moved,
  exists (select from blocks b where b.account_id = p.target_id and b.target_id = p.account_id) as blocked_by,
  exists (select from blocks b where b.account_id = p.account_id and b.target_id = p.target_id) as blocking,
  exists (select from account_domain_blocks d where d.account_id = p.account_id and d.domain = a.domain) as apart,
  exists (select from follows f where f.account_id = p.account_id and f.target_id = p.target_id) as following,
  exists (select from follow_requests r where r.account_id = p.account_id and r.target_id = p.target_id) as requested
from unnest($1::bigint[], $2::bigint[]) with ordinality as p(account_id, target_id, place)
left join accounts v on v.id = p.account_id
left join accounts a on a.id = p.target_id and not exists (
  select from users u where u.account_id = a.id and (u.confirmed_at is null or u.approved_at is null))
order by p.place
"""

# Languages come as one text a pair, for arrays of arrays must be of one length; null leaves them as they are.
_WISHES: Final = """
unnest($1::bigint[], $2::bigint[], $3::boolean[], $4::boolean[], $5::text[])
  as w(account_id, target_id, show_reblogs, notify, languages)
"""

INSERT_FOLLOWS: Final = f"""
insert into follows (id, account_id, target_id, show_reblogs, notify, languages, created_at)
select make_id($6), w.account_id, w.target_id, coalesce(w.show_reblogs, true), coalesce(w.notify, false),
  nullif(string_to_array(w.languages, ','), '{{}}'), $6
from {_WISHES} on conflict (account_id, target_id) do nothing
"""

INSERT_REQUESTS: Final = f"""
insert into follow_requests (id, account_id, target_id, show_reblogs, notify, languages, created_at)
select make_id($6), w.account_id, w.target_id, coalesce(w.show_reblogs, true), coalesce(w.notify, false),
  nullif(string_to_array(w.languages, ','), '{{}}'), $6
from {_WISHES} on conflict (account_id, target_id) do nothing
"""

UPDATE_FOLLOWS: Final = f"""
with wishes as materialized (select * from {_WISHES}),
asked as (
  update follow_requests r set show_reblogs = coalesce(w.show_reblogs, r.show_reblogs),
    notify = coalesce(w.notify, r.notify), languages = case when w.languages is null then r.languages
      else nullif(string_to_array(w.languages, ','), '{{}}') end
  from wishes w where r.account_id = w.account_id and r.target_id = w.target_id)
update follows f set show_reblogs = coalesce(w.show_reblogs, f.show_reblogs), notify = coalesce(w.notify, f.notify),
  languages = case when w.languages is null then f.languages else nullif(string_to_array(w.languages, ','), '{{}}') end
from wishes w where f.account_id = w.account_id and f.target_id = w.target_id
"""

# $3 is 1 or -1.
COUNT_FOLLOWS: Final = """
update account_stats st set following_count = following_count + d.following * $3,
  followers_count = followers_count + d.followers * $3
from (
  select x.id, sum(x.following) as following, sum(x.followers) as followers from (
    select p.account_id as id, 1 as following, 0 as followers
    from unnest($1::bigint[], $2::bigint[]) as p(account_id, target_id)
    union all
    select p.target_id, 0, 1 from unnest($1::bigint[], $2::bigint[]) as p(account_id, target_id)) x
  group by x.id) d
where st.account_id = d.id
"""

_PAIRS: Final = "unnest($1::bigint[], $2::bigint[]) as p(account_id, target_id)"

DELETE_FOLLOWS: Final = f"""
delete from follows f using {_PAIRS} where f.account_id = p.account_id and f.target_id = p.target_id
returning f.account_id, f.target_id
"""

DELETE_REQUESTS: Final = f"""
delete from follow_requests r using {_PAIRS} where r.account_id = p.account_id and r.target_id = p.target_id
returning r.account_id, r.target_id
"""

FORGET_MEMBERS: Final = f"""
delete from list_accounts la using lists l, {_PAIRS}
where l.id = la.list_id and l.account_id = p.account_id and la.account_id = p.target_id
"""

FORGET_FOLLOW_NOTICES: Final = f"""
delete from notifications n using {_PAIRS}
where n.account_id = p.target_id and n.from_account_id = p.account_id and n.type in ('follow', 'follow_request')
"""

FORGET_NOTICES: Final = f"""
delete from notifications n using {_PAIRS} where n.account_id = p.account_id and n.from_account_id = p.target_id
"""

INSERT_BLOCKS: Final = f"""
insert into blocks (id, account_id, target_id, created_at)
select make_id($3), p.account_id, p.target_id, $3 from {_PAIRS}
on conflict (account_id, target_id) do nothing returning account_id, target_id
"""

DELETE_BLOCKS: Final = f"""
delete from blocks b using {_PAIRS} where b.account_id = p.account_id and b.target_id = p.target_id
"""

UPSERT_MUTES: Final = """
insert into mutes (id, account_id, target_id, hide_notifications, created_at)
select make_id($4), p.account_id, p.target_id, p.hide, $4
from unnest($1::bigint[], $2::bigint[], $3::boolean[]) as p(account_id, target_id, hide)
on conflict (account_id, target_id) do update set hide_notifications = excluded.hide_notifications, expires_at = null
"""

DELETE_MUTES: Final = f"""
delete from mutes m using {_PAIRS} where m.account_id = p.account_id and m.target_id = p.target_id
"""

INSERT_DOMAIN_BLOCKS: Final = """
insert into account_domain_blocks (id, account_id, domain, created_at)
select make_id($3), $1, d.domain, $3 from unnest($2::text[]) as d(domain) on conflict (account_id, domain) do nothing
"""

DELETE_DOMAIN_BLOCKS: Final = "delete from account_domain_blocks where account_id = $1 and domain = any($2::text[])"

TIED_TO_DOMAINS: Final = """
select a.id from accounts a where a.domain = any($2::text[]) and a.id in (
  select f.target_id from follows f where f.account_id = $1
  union select f.account_id from follows f where f.target_id = $1
  union select r.target_id from follow_requests r where r.account_id = $1
  union select r.account_id from follow_requests r where r.target_id = $1)
order by a.id
"""

Pair = tuple[int, int]


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What stands between one account and another that it wants to follow."""

    account_id: int
    target_id: int
    found: bool
    locked: bool
    suspended: bool
    viewer_silenced: bool
    viewer_moved: bool
    blocked_by: bool
    blocking: bool
    # The follower has blocked the target's server.
    apart: bool
    following: bool
    requested: bool


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A follow that somebody wants, with its options; None leaves an option as it is, or at its default."""

    account_id: int
    target_id: int
    show_reblogs: bool | None = None
    notify: bool | None = None
    languages: list[str] | None = None


async def lock_all(tx: Tx, ids: Sequence[int]) -> None:
    """Until the transaction ends, nobody else changes a follow or a block of these accounts."""
    await tx.fetch(LOCK_ALL, sorted(set(ids)))


async def find_standing(db: Reader, pairs: Sequence[Pair]) -> list[Standing]:
    """What stands between the two of each pair, in the order of `pairs`."""
    return as_records(Standing, await db.fetch(STANDING, *_columns(pairs)))


async def insert_follows(tx: Tx, wishes: Sequence[Wish], at: datetime) -> None:
    """Write follows that are not there and count them. The accounts must be locked."""
    await tx.execute(INSERT_FOLLOWS, *_wished(wishes), at)
    await tx.execute(COUNT_FOLLOWS, *_columns([(each.account_id, each.target_id) for each in wishes]), 1)


async def insert_requests(tx: Tx, wishes: Sequence[Wish], at: datetime) -> None:
    """Write requests to follow."""
    await tx.execute(INSERT_REQUESTS, *_wished(wishes), at)


async def update_follows(tx: Tx, wishes: Sequence[Wish]) -> None:
    """Change the options of follows and requests."""
    await tx.execute(UPDATE_FOLLOWS, *_wished(wishes))


async def delete_follows(tx: Tx, pairs: Sequence[Pair]) -> list[Pair]:
    """Delete follows and all that hangs on them: counts, places in lists, notifications. The accounts must be locked.
    Those that there were."""
    rows = await tx.fetch(DELETE_FOLLOWS, *_columns(pairs))
    gone: list[Pair] = [(row["account_id"], row["target_id"]) for row in rows]
    await tx.execute(COUNT_FOLLOWS, *_columns(gone), -1)
    await tx.execute(FORGET_MEMBERS, *_columns(gone))
    await tx.execute(FORGET_FOLLOW_NOTICES, *_columns(gone))
    return gone


async def delete_requests(tx: Tx, pairs: Sequence[Pair]) -> None:
    """Delete requests with their places in lists and their notifications."""
    rows = await tx.fetch(DELETE_REQUESTS, *_columns(pairs))
    gone: list[Pair] = [(row["account_id"], row["target_id"]) for row in rows]
    await tx.execute(FORGET_MEMBERS, *_columns(gone))
    await tx.execute(FORGET_FOLLOW_NOTICES, *_columns(gone))


async def insert_blocks(tx: Tx, pairs: Sequence[Pair], at: datetime) -> list[Pair]:
    """Write blocks; those that are new."""
    rows = await tx.fetch(INSERT_BLOCKS, *_columns(pairs), at)
    return [(row["account_id"], row["target_id"]) for row in rows]


async def delete_blocks(tx: Tx, pairs: Sequence[Pair]) -> None:
    """Lift blocks."""
    await tx.execute(DELETE_BLOCKS, *_columns(pairs))


async def forget_notices(tx: Tx, pairs: Sequence[Pair]) -> None:
    """Delete all that the first of each pair was told about what the second did."""
    await tx.execute(FORGET_NOTICES, *_columns(pairs))


async def upsert_mutes(tx: Tx, mutes: Sequence[tuple[int, int, bool]], at: datetime) -> None:
    """Write mutes without end as (account, target, hides notifications), or change those that are there."""
    await tx.execute(UPSERT_MUTES, *_columns([each[:2] for each in mutes]), [each[2] for each in mutes], at)


async def delete_mutes(tx: Tx, pairs: Sequence[Pair]) -> None:
    """Lift mutes."""
    await tx.execute(DELETE_MUTES, *_columns(pairs))


async def insert_domain_blocks(tx: Tx, account_id: int, domains: Sequence[str], at: datetime) -> None:
    """Write that an account has blocked these domains."""
    await tx.execute(INSERT_DOMAIN_BLOCKS, account_id, domains, at)


async def delete_domain_blocks(tx: Tx, account_id: int, domains: Sequence[str]) -> None:
    """Lift the blocks of these domains."""
    await tx.execute(DELETE_DOMAIN_BLOCKS, account_id, domains)


async def find_tied_to_domains(db: Reader, account_id: int, domains: Sequence[str]) -> list[int]:
    """The accounts on these domains that follow this one, are followed by it, or where one has asked to."""
    return [row["id"] for row in await db.fetch(TIED_TO_DOMAINS, account_id, domains)]


def _columns(pairs: Sequence[Pair]) -> tuple[list[int], list[int]]:
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _wished(
    wishes: Sequence[Wish],
) -> tuple[list[int], list[int], list[bool | None], list[bool | None], list[str | None]]:
    return (
        [each.account_id for each in wishes],
        [each.target_id for each in wishes],
        [each.show_reblogs for each in wishes],
        [each.notify for each in wishes],
        [None if each.languages is None else ",".join(each.languages) for each in wishes],
    )
