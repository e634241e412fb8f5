"""SQL of follows, requests, blocks, mutes and notes between two accounts. Lists of accounts are in `people_queries`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rostra.kit.db import Reader, Tx, as_record, as_records, find_record
from rostra.relationships.records import FollowOptions, RelationshipRow, Target

# Whatever changes a follow or a block between two accounts takes these locks first, the smaller id before the larger:
# so the counts stay exact, a block cannot slip past a follow, and two such changes cannot wait for each other.
LOCK_PAIR: Final = """
select a.id from accounts a join account_stats st on st.account_id = a.id
where a.id in ($1, $2) order by a.id for key share of a for no key update of st
"""

TARGET: Final = """
select a.id, a.domain, a.locked, a.hide_collections, a.suspended_at is not null as suspended,
  exists (select from blocks b where b.account_id = a.id and b.target_id = $1) as blocks_viewer,
  exists (select from blocks b where b.account_id = $1 and b.target_id = a.id) as blocked_by_viewer,
  exists (select from account_domain_blocks d where d.account_id = $1 and d.domain = a.domain) as domain_blocked,
  exists (select from accounts v where v.id = $1 and v.silenced_at is not null) as viewer_silenced,
  exists (select from accounts v where v.id = $1 and v.moved_to_id is not null) as viewer_moved
from accounts a
where a.id = $2 and not exists (
  select from users u where u.account_id = a.id and (u.confirmed_at is null or u.approved_at is null))
"""

RELATIONSHIPS: Final = """
select a.id, f.id is not null as following, r.id is not null as requested,
  coalesce(f.show_reblogs, r.show_reblogs, false) as showing_reblogs, coalesce(f.notify, r.notify, false) as notifying,
  coalesce(f.languages, r.languages) as languages,
  exists (select from follows x where x.account_id = a.id and x.target_id = $1) as followed_by,
  exists (select from follow_requests x where x.account_id = a.id and x.target_id = $1) as requested_by,
  exists (select from blocks x where x.account_id = $1 and x.target_id = a.id) as blocking,
  exists (select from blocks x where x.account_id = a.id and x.target_id = $1) as blocked_by,
  m.id is not null as muting, coalesce(m.hide_notifications, false) as muting_notifications,
  m.expires_at as muting_expires_at,
  exists (select from account_domain_blocks x where x.account_id = $1 and x.domain = a.domain) as domain_blocking,
  coalesce(n.comment, '') as note
from unnest($2::bigint[]) with ordinality as wanted(id, place)
join accounts a on a.id = wanted.id
left join follows f on f.account_id = $1 and f.target_id = a.id
left join follow_requests r on r.account_id = $1 and r.target_id = a.id
left join mutes m on m.account_id = $1 and m.target_id = a.id and (m.expires_at is null or m.expires_at > $3)
left join account_notes n on n.account_id = $1 and n.target_id = a.id
where $4 or a.suspended_at is null
order by wanted.place
"""

INSERT_FOLLOW: Final = """
insert into follows (id, account_id, target_id, show_reblogs, notify, languages, created_at)
values (make_id($3), $1, $2, coalesce($4, true), coalesce($5, false), nullif($6::text[], '{}'), $3)
"""

INSERT_REQUEST: Final = """
insert into follow_requests (id, account_id, target_id, show_reblogs, notify, languages, created_at)
values (make_id($3), $1, $2, coalesce($4, true), coalesce($5, false), nullif($6::text[], '{}'), $3)
"""

# A null leaves an option as it is; no languages at all means every language.
UPDATE_FOLLOW: Final = """
update follows set show_reblogs = coalesce($3, show_reblogs), notify = coalesce($4, notify),
  languages = case when $5::text[] is null then languages else nullif($5, '{}') end
where account_id = $1 and target_id = $2 returning id
"""

UPDATE_REQUEST: Final = """
update follow_requests set show_reblogs = coalesce($3, show_reblogs), notify = coalesce($4, notify),
  languages = case when $5::text[] is null then languages else nullif($5, '{}') end
where account_id = $1 and target_id = $2 returning id
"""

DELETE_FOLLOW: Final = "delete from follows where account_id = $1 and target_id = $2 returning id"

DELETE_REQUEST: Final = """
delete from follow_requests where account_id = $1 and target_id = $2 returning show_reblogs, notify, languages
"""

COUNT_FOLLOW: Final = """
update account_stats set
  following_count = following_count + case when account_id = $1 then $3 else 0 end,
  followers_count = followers_count + case when account_id = $2 then $3 else 0 end
where account_id in ($1, $2)
"""

FORGET_MEMBER: Final = """
delete from list_accounts la using lists l where l.id = la.list_id and l.account_id = $1 and la.account_id = $2
"""

FORGET_FOLLOW_NOTICE: Final = """
delete from notifications where account_id = $2 and from_account_id = $1 and type in ('follow', 'follow_request')
"""

FORGET_NOTICES: Final = "delete from notifications where account_id = $1 and from_account_id = $2"

INSERT_BLOCK: Final = """
insert into blocks (id, account_id, target_id, created_at) values (make_id($3), $1, $2, $3)
on conflict (account_id, target_id) do nothing returning id
"""

DELETE_BLOCK: Final = "delete from blocks where account_id = $1 and target_id = $2"

UPSERT_MUTE: Final = """
insert into mutes (id, account_id, target_id, hide_notifications, expires_at, created_at)
values (make_id($5), $1, $2, $3, $4, $5)
on conflict (account_id, target_id)
do update set hide_notifications = excluded.hide_notifications, expires_at = excluded.expires_at
"""

DELETE_MUTE: Final = "delete from mutes where account_id = $1 and target_id = $2"

UPSERT_NOTE: Final = """
insert into account_notes (account_id, target_id, comment, updated_at) values ($1, $2, $3, $4)
on conflict (account_id, target_id) do update set comment = excluded.comment, updated_at = excluded.updated_at
"""

DELETE_NOTE: Final = "delete from account_notes where account_id = $1 and target_id = $2"


async def lock_pair(tx: Tx, one_id: int, other_id: int) -> None:
    """Until the transaction ends, nobody else changes a follow or a block of these two."""
    await tx.fetch(LOCK_PAIR, one_id, other_id)


async def find_target(db: Reader, viewer_id: int | None, account_id: int) -> Target | None:
    """The account as `viewer_id` (None: a visitor) meets it; one that is not confirmed or approved is not there yet."""
    return find_record(Target, await db.fetchrow(TARGET, viewer_id, account_id))


async def find_relationships(
    db: Reader, viewer_id: int, ids: Sequence[int], at: datetime, *, with_suspended: bool
) -> list[RelationshipRow]:
    """What the viewer and each of these accounts are to each other, in that order; unknown ids are left out."""
    return as_records(RelationshipRow, await db.fetch(RELATIONSHIPS, viewer_id, ids, at, with_suspended))


async def insert_follow(tx: Tx, account_id: int, target_id: int, options: FollowOptions, at: datetime) -> None:
    """Write a follow and count it. The pair must be locked."""
    await tx.execute(INSERT_FOLLOW, account_id, target_id, at, options.show_reblogs, options.notify, options.languages)
    await tx.execute(COUNT_FOLLOW, account_id, target_id, 1)


async def insert_request(tx: Tx, account_id: int, target_id: int, options: FollowOptions, at: datetime) -> None:
    """Write a request to follow."""
    await tx.execute(INSERT_REQUEST, account_id, target_id, at, options.show_reblogs, options.notify, options.languages)


async def update_follow(tx: Tx, account_id: int, target_id: int, options: FollowOptions) -> bool:
    """Change the options of a follow or of a request; whether there was one."""
    given = (account_id, target_id, options.show_reblogs, options.notify, options.languages)
    if await tx.fetchval(UPDATE_FOLLOW, *given) is not None:
        return True
    return await tx.fetchval(UPDATE_REQUEST, *given) is not None


async def delete_follow(tx: Tx, account_id: int, target_id: int) -> bool:
    """Delete a follow and all that hangs on it: its counts, its place in lists, its notification. The pair must be
    locked. Whether there was one."""
    if await tx.fetchval(DELETE_FOLLOW, account_id, target_id) is None:
        return False
    await tx.execute(COUNT_FOLLOW, account_id, target_id, -1)
    await tx.execute(FORGET_MEMBER, account_id, target_id)
    await tx.execute(FORGET_FOLLOW_NOTICE, account_id, target_id)
    return True


async def delete_request(tx: Tx, account_id: int, target_id: int, *, refused: bool = True) -> FollowOptions | None:
    """Delete a request with its notification, and with its place in lists where it was `refused`; what was asked for,
    or None where there was none."""
    row = await tx.fetchrow(DELETE_REQUEST, account_id, target_id)
    if row is None:
        return None
    if refused:
        await tx.execute(FORGET_MEMBER, account_id, target_id)
    await tx.execute(FORGET_FOLLOW_NOTICE, account_id, target_id)
    return as_record(FollowOptions, row)


async def insert_block(tx: Tx, account_id: int, target_id: int, at: datetime) -> bool:
    """Write a block; whether it is new."""
    return await tx.fetchval(INSERT_BLOCK, account_id, target_id, at) is not None


async def delete_block(tx: Tx, account_id: int, target_id: int) -> None:
    """Lift a block."""
    await tx.execute(DELETE_BLOCK, account_id, target_id)


async def forget_notices(tx: Tx, account_id: int, from_id: int) -> None:
    """Delete all that `account_id` was told about what `from_id` did."""
    await tx.execute(FORGET_NOTICES, account_id, from_id)


async def upsert_mute(
    tx: Tx, account_id: int, target_id: int, *, hide_notifications: bool, expires_at: datetime | None, at: datetime
) -> None:
    """Write a mute, or change the one that is there."""
    await tx.execute(UPSERT_MUTE, account_id, target_id, hide_notifications, expires_at, at)


async def delete_mute(tx: Tx, account_id: int, target_id: int) -> None:
    """Lift a mute."""
    await tx.execute(DELETE_MUTE, account_id, target_id)


async def upsert_note(tx: Tx, account_id: int, target_id: int, comment: str, at: datetime) -> None:
    """Keep what an account notes about another; the empty comment deletes it."""
    if comment:
        await tx.execute(UPSERT_NOTE, account_id, target_id, comment, at)
    else:
        await tx.execute(DELETE_NOTE, account_id, target_id)
