"""The home timeline, in one statement.

Entries are copied out by `fan_out` when a status is posted. Authors with very many followers are not copied but merged
in here, so that their posting costs what anybody's does.
"""

from __future__ import annotations

from typing import Final

from rostra.entities.status import RawStatus
from rostra.kit.paging import Page, Window, both_orders
from rostra.posts.hydrate import StatusReader, page_of
from rostra.relationships.wanted import unwanted_ids, unwanted_once, wanted_by_id

# Most people block no domains; then no author is looked up.
_COPIED: Final = f"""
  select e.status_id as id from home_entries e
  where e.account_id = $1 and e.status_id < $3 and e.status_id > $4
    and not (array[e.author_id, e.subject_author_id] && {unwanted_ids("$1", "$2")})
    and ((select true from account_domain_blocks d where d.account_id = $1 limit 1) is null or not exists (
      select from accounts x join account_domain_blocks d on d.account_id = $1 and d.domain = x.domain
      where x.id in (e.author_id, e.subject_author_id)))
  order by e.status_id desc /*page*/ limit $5
"""

# What fan-out would have copied, chosen from each large author in turn. The look-ups are scalar so that they are made
# for the few rows that need them.
_MERGED: Final = f"""
  select latest.id from accounts x
  join follows f on f.target_id = x.id and f.account_id = $1
  cross join lateral (
    select s.id from statuses s left join statuses o on o.id = s.reblog_of_id
    where s.account_id = x.id and s.id < $3 and s.id > $4 and s.visibility <> 'direct'
      and (f.show_reblogs or o.id is null)
      and (f.languages is null or s.language is null or s.language = any(f.languages))
      and (s.in_reply_to_account_id is null or s.in_reply_to_account_id in ($1, x.id) or (
        select true from follows r where r.account_id = $1 and r.target_id = s.in_reply_to_account_id))
      and (o.id is null or {wanted_by_id("$1", "o.account_id")})
      and (select true from home_entries e
        where e.account_id = $1 and e.subject_id = coalesce(o.id, s.id)) is null
    order by s.id desc /*page*/ limit $5) latest
  where x.merged_on_read and {wanted_by_id("$1", "x.id")}
    and (select true from list_accounts la join lists l on l.id = la.list_id
      where la.account_id = x.id and l.account_id = $1 and l.exclusive limit 1) is null
"""

HOME: Final = both_orders(
    page_of(f"""
      with {unwanted_once("$1", "$2")}
      select id from (({_COPIED}) union all ({_MERGED})) e order by id desc /*page*/ limit $5
    """)
)


# For those who follow no such author: to prepare what is then not done would be a quarter of the work.
HOME_COPIED: Final = both_orders(page_of(_COPIED))


async def home(reader: StatusReader, window: Window, *, merges: bool = True) -> Page[RawStatus]:
    """A page of the reader's home timeline, newest first. `merges` is whether they follow anybody who is merged in; not
    to know is to say True."""
    return await reader.page(HOME if merges else HOME_COPIED, window, context="home")
