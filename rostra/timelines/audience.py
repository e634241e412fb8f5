"""Of those who are connected, whose timelines a status stands in: the choice that reading makes, asked the other way
round. Whether they may and want to see it is asked when it is rendered for them. A test holds both to the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rostra.kit.db import Reader

# As `home` reads it: what was copied, and what is merged in. $1 the status, $2 whose home timelines.
HOMES: Final = """
select e.account_id from home_entries e where e.status_id = $1 and e.account_id = any($2::bigint[])
union
select f.account_id from statuses s join accounts x on x.id = s.account_id and x.merged_on_read
left join statuses o on o.id = s.reblog_of_id
join follows f on f.target_id = s.account_id and f.account_id = any($2)
where s.id = $1 and s.visibility <> 'direct'
  and (f.show_reblogs or o.id is null)
  and (f.languages is null or s.language is null or s.language = any(f.languages))
  and (s.in_reply_to_account_id is null or s.in_reply_to_account_id in (f.account_id, x.id) or exists (
    select from follows r where r.account_id = f.account_id and r.target_id = s.in_reply_to_account_id))
  and not exists (
    select from home_entries e where e.account_id = f.account_id and e.subject_id = coalesce(o.id, s.id))
  and not exists (select from list_accounts la join lists l on l.id = la.list_id
    where la.account_id = x.id and l.account_id = f.account_id and l.exclusive)
"""

# Where a status stands, be it as a boost.
HOMES_SHOWING: Final = """
select e.account_id from home_entries e where e.subject_id = $1 and e.account_id = any($2::bigint[])
"""

# As `public.listed` reads it. $1 the status, $2 the lists.
LISTS: Final = """
select l.id from statuses s left join statuses o on o.id = s.reblog_of_id
join list_accounts la on la.account_id = s.account_id and la.list_id = any($2::bigint[])
join lists l on l.id = la.list_id
join follows f on f.account_id = l.account_id and f.target_id = s.account_id
where s.id = $1 and s.visibility <> 'direct' and (f.show_reblogs or o.id is null)
  and (s.in_reply_to_account_id is null or s.in_reply_to_account_id in (s.account_id, l.account_id)
    or (l.replies_policy = 'list' and exists (select from list_accounts r
      where r.list_id = l.id and r.account_id = s.in_reply_to_account_id))
    or (l.replies_policy = 'followed' and exists (select from follows r
      where r.account_id = l.account_id and r.target_id = s.in_reply_to_account_id)))
"""


async def find_homes(db: Reader, status_id: int, account_ids: Sequence[int]) -> set[int]:
    """Those of the accounts in whose home timelines the status, or the boost, stands."""
    return {row["account_id"] for row in await db.fetch(HOMES, status_id, account_ids)}


async def find_homes_showing(db: Reader, status_id: int, account_ids: Sequence[int]) -> set[int]:
    """Those of the accounts whose home timelines show the status, itself or by a boost. For authors whose posts are
    merged in, only those who have it by a boost; `find_homes` knows the others."""
    return {row["account_id"] for row in await db.fetch(HOMES_SHOWING, status_id, account_ids)}


async def find_lists(db: Reader, status_id: int, list_ids: Sequence[int]) -> set[int]:
    """Those of the lists that the status stands in."""
    return {row["id"] for row in await db.fetch(LISTS, status_id, list_ids)}
