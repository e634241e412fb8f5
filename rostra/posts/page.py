"""The SQL that reads a page of statuses with everything that a Status shows, in one statement.

A list's own statement is only the choice of ids. Here it is joined to the stored JSON of the statuses, of what they
boost and of all authors, to the counts, the polls and the viewer's own flags. What a status boosts comes as a row of
its own, without a cursor; `hydrate` puts the two together.
"""

from __future__ import annotations

from functools import cache
from typing import Final, LiteralString

from rostra.posts.access import VISIBLE_STATUS
from rostra.screening.record_queries import SHOWN_LABELS

# The bits of `flags`; the statement below says them as numbers.
FAVOURITED: Final = 1
REBLOGGED: Final = 2
BOOKMARKED: Final = 4
MUTED: Final = 8
PINNED: Final = 16

# All ids of the page and of what it boosts. The viewer's favourites, boosts and bookmarks among them are found by one
# descent into an index each, not by one for each status.
_IDS: Final = "(select ids.everything from ids)::bigint[]"

_FLAGS: Final = f"""
  case when s.id = any(array(select x.status_id from favourites x
    where x.account_id = $1 and x.status_id = any({_IDS}))) then 1 else 0 end
  + case when s.id = any(array(select x.reblog_of_id from statuses x
    where x.account_id = $1 and x.reblog_of_id = any({_IDS}))) then 2 else 0 end
  + case when s.id = any(array(select x.status_id from bookmarks x
    where x.account_id = $1 and x.status_id = any({_IDS}))) then 4 else 0 end
  + case when s.conversation_id = any(array(
    select x.conversation_id from conversation_mutes x where x.account_id = $1)) then 8 else 0 end
  + case when s.account_id = $1 and s.id = any(array(
    select x.status_id from status_pins x where x.account_id = $1)) then 16 else 0 end as flags"""

_POLL: Final = """
  case when s.has_poll then (
    select json_build_object('id', p.id, 'account_id', p.account_id, 'options', p.options, 'votes', p.votes,
      'voters_count', p.voters_count, 'multiple', p.multiple, 'hide_totals', p.hide_totals,
      'expires_at', p.expires_at, 'choices', (
        select v.choices from poll_votes v where v.poll_id = p.id and v.account_id = $1))
    from polls p where p.status_id = s.id) end as poll"""

# $1 is the viewer, $2 the time, $3… belong to the page. The time is a parameter of every page, whether or not its
# choice of ids needs one.
_TEXTS: Final = """s.rendered, s.rendered_for, a.rendered as account_rendered,
  a.rendered_for as account_rendered_for"""
_VERSIONS: Final = "s.rendered_version, a.rendered_version as account_version"

# Behind the cursor, and in this order: see COLUMNS.
_STATUSES: Final = f"""
  s.id, s.account_id, s.reblog_of_id, s.withheld, ({SHOWN_LABELS})::text as labels,
  ast.followers_count, ast.following_count, ast.statuses_count, ast.last_status_at::date as last_status_on,
  coalesce(st.replies_count, 0) as replies_count, coalesce(st.reblogs_count, 0) as reblogs_count,
  coalesce(st.favourites_count, 0) as favourites_count, {_FLAGS}, {_POLL}, {_TEXTS}
from statuses s
join accounts a on a.id = s.account_id
join account_stats ast on ast.account_id = s.account_id
left join status_stats st on st.status_id = s.id"""

# What rows are made of, whichever statement they come from; the texts or their versions follow.
COLUMNS: Final = [
    "cursor", "id", "account_id", "reblog_of_id", "withheld", "labels",
    "followers_count", "following_count", "statuses_count", "last_status_on",
    "replies_count", "reblogs_count", "favourites_count", "flags", "poll",
]  # fmt: skip

_WHERE: Final = f"where s.id = any({_IDS}) and $2::timestamptz is not null and {VISIBLE_STATUS}"


def _with_boosted(page: LiteralString) -> LiteralString:
    """`page` (an array of ids) and what it boosts, as the one row of `ids`. The offset keeps PostgreSQL from writing
    `page` out, and running it, once for each time it is named."""
    return f"""ids as materialized (
      select page.ids as page, page.ids || array_remove(array(
        select s.reblog_of_id from statuses s where s.id = any(page.ids)), null) as everything
      from (select {page} as ids offset 0) page)"""


def page_of(ids: LiteralString) -> LiteralString:
    """A statement that reads the statuses which `ids` selects; their cursor is their id.

    `ids` is a select of one column `id`; $1 is the viewer, $2 the time, further parameters are its own. What the viewer
    may not see is left out, whatever `ids` says.
    """
    return f"""with {_with_boosted(f"array(select chosen.id from ({ids}) chosen)")}
      select case when s.id = any((select ids.page from ids)::bigint[]) then s.id end as cursor, {_STATUSES} {_WHERE}"""


def page_by_cursor(ids: LiteralString) -> LiteralString:
    """Like `page_of`, for a list whose cursor is the id of another row (a favourite, a bookmark): `ids` selects `id`
    and `cursor`."""
    return f"""with page as materialized ({ids}), {_with_boosted("array(select page.id from page)")}
      select page.cursor, {_STATUSES} left join page on page.id = s.id {_WHERE}"""


# Of accounts (`x`, with their `account_stats` as `ast`), for `StatusReader.render_accounts`.
ACCOUNT_COLUMNS: Final = """x.id as account_id, x.rendered_version as account_version, ast.followers_count,
  ast.following_count, ast.statuses_count, ast.last_status_at::date as last_status_on"""


@cache
def without_texts(statement: LiteralString) -> LiteralString:
    """A statement of `page_of` or its like, with the version in place of each stored text: for readers who may know the
    texts already. Rows have `rendered_version` and `account_version`, and neither texts nor what they were made for."""
    return statement.replace(_TEXTS, _VERSIONS)


# The stored JSON of the statuses $1 and of the accounts $2.
TEXTS: Final = """
select true as is_status, id, rendered, rendered_for, rendered_version from statuses where id = any($1::bigint[])
union all
select false, id, rendered, rendered_for, rendered_version from accounts where id = any($2::bigint[])
"""

# Whatever the viewer may otherwise see.
BY_IDS_FOR_STAFF: Final = f"""with {_with_boosted("$3::bigint[]")} select s.id as cursor, {_STATUSES}
where s.id = any({_IDS}) and $2::timestamptz is not null"""

BY_IDS: Final = f"with {_with_boosted('$3::bigint[]')} select s.id as cursor, {_STATUSES} {_WHERE}"
