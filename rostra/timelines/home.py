"""The home timeline, in one statement.

Entries are copied out by `fan_out` when a status is posted. Authors with very many followers are not copied but merged
in here, so that their posting costs what anybody's does.
"""

from __future__ import annotations

from typing import Final

from rostra.entities.status import RawStatus
from rostra.kit.paging import Page, Window, both_orders
from rostra.posts.access import unwanted, wanted
from rostra.posts.hydrate import StatusReader, page_of

_COPIED: Final = f"""
  select e.status_id as id from home_entries e
  join accounts x on x.id = e.author_id
  where e.account_id = $1 and e.status_id < $3 and e.status_id > $4
    and {wanted("$1", "e.author_id", "x", "$2")} and e.subject_author_id not in ({unwanted("$1", "$2")})
  order by e.status_id desc /*page*/ limit $5
"""

# What fan-out would have copied, chosen from each large author in turn.
_MERGED: Final = f"""
  select latest.id from accounts x
  join follows f on f.target_id = x.id and f.account_id = $1
  cross join lateral (
    select s.id from statuses s left join statuses o on o.id = s.reblog_of_id
    where s.account_id = x.id and s.id < $3 and s.id > $4 and s.visibility <> 'direct'
      and (f.show_reblogs or o.id is null)
      and (f.languages is null or s.language is null or s.language = any(f.languages))
      and (s.in_reply_to_account_id is null or s.in_reply_to_account_id in ($1, x.id) or exists (
        select from follows r where r.account_id = $1 and r.target_id = s.in_reply_to_account_id))
      and (o.id is null or o.account_id not in ({unwanted("$1", "$2")}))
      and not exists (
        select from home_entries e where e.account_id = $1 and e.subject_id = coalesce(o.id, s.id))
    order by s.id desc /*page*/ limit $5) latest
  where x.merged_on_read and {wanted("$1", "x.id", "x", "$2")}
    and not exists (select from list_accounts la join lists l on l.id = la.list_id
      where la.account_id = x.id and l.account_id = $1 and l.exclusive)
"""

HOME: Final = both_orders(
    page_of(f"select id from (({_COPIED}) union all ({_MERGED})) e order by id desc /*page*/ limit $5")
)


async def home(reader: StatusReader, window: Window) -> Page[RawStatus]:
    """A page of the reader's home timeline, newest first."""
    return await reader.page(HOME, window, context="home")
