"""SQL of hashtags as somebody sees and follows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx, as_records, find_record
from rostra.kit.paging import Window, both_orders

# $1 is the viewer, $2 today.
_COLUMNS: Final = """
select t.id, t.name, t.display_name, coalesce((
    select jsonb_object_agg(d.used_on, jsonb_build_array(d.accounts, d.uses)) from (
      select u.used_on, count(*) as accounts, sum(u.uses) as uses from tag_uses u
      where u.tag_id = t.id and u.used_on > $2::date - 7 and u.used_on <= $2 group by u.used_on) d), '{}') as history,
  exists (select from tag_follows x where x.tag_id = t.id and x.account_id = $1) as following
"""

# One that stands only in posts which not everybody may see is as good as unused.
TAG_BY_NAME: Final = f"""
{_COLUMNS}, 0 as cursor from tags t where t.name = $3 and (t.last_used_at is not null
  or exists (select from tag_follows x where x.tag_id = t.id and x.account_id = $1))
"""

TAGS_BY_IDS: Final = f"""
{_COLUMNS}, 0 as cursor from unnest($3::bigint[]) with ordinality as wanted(id, place) join tags t on t.id = wanted.id
order by wanted.place
"""

FOLLOWED: Final = both_orders(f"""
{_COLUMNS}, page.id as cursor from (
  select f.id, f.tag_id from tag_follows f where f.account_id = $1 and f.id < $3 and f.id > $4
  order by f.id desc /*page*/ limit $5) page
join tags t on t.id = page.tag_id order by page.id desc
""")

# Touches the row where there is one, so that its id is answered either way.
ENSURE_TAG: Final = """
insert into tags (id, name, display_name, created_at) values (make_id($3), $1, $2, $3)
on conflict (name) do update set name = excluded.name returning id
"""

FOLLOW_TAG: Final = """
insert into tag_follows (id, account_id, tag_id, created_at) values (make_id($3), $1, $2, $3)
on conflict (account_id, tag_id) do nothing
"""

UNFOLLOW_TAG: Final = """
delete from tag_follows f using tags t where t.id = f.tag_id and f.account_id = $1 and t.name = $2 returning t.id
"""


class TagRow(msgspec.Struct, frozen=True, kw_only=True):
    """A hashtag with its last seven days: by ISO date, how many people and how many uses."""

    id: int
    name: str
    display_name: str
    history: dict[str, list[int]]
    following: bool
    cursor: int = 0


async def find_tag(db: Reader, viewer_id: int | None, name: str, today: date) -> TagRow | None:
    """The hashtag with this normalised name, if it was used where everybody may see it, or if the viewer follows it."""
    return find_record(TagRow, await db.fetchrow(TAG_BY_NAME, viewer_id, today, name))


async def find_tags(db: Reader, viewer_id: int | None, ids: Sequence[int], today: date) -> list[TagRow]:
    """The hashtags with these ids, in that order."""
    return as_records(TagRow, await db.fetch(TAGS_BY_IDS, viewer_id, today, ids))


async def find_followed(db: Reader, account_id: int, window: Window, today: date) -> list[TagRow]:
    """A page of the hashtags that the account follows, the latest first, with the ids of the follows as cursors."""
    rows = await db.fetch(window.choose(FOLLOWED), account_id, today, window.below, window.above, window.limit)
    return as_records(TagRow, rows)


async def ensure_tag(tx: Tx, name: str, display_name: str, at: datetime) -> int:
    """The id of the hashtag with this normalised name, which is made if need be."""
    return await tx.fetchval(ENSURE_TAG, name, display_name, at)


async def insert_tag_follow(tx: Tx, account_id: int, tag_id: int, at: datetime) -> None:
    """Follow a hashtag; one that is followed already stays so."""
    await tx.execute(FOLLOW_TAG, account_id, tag_id, at)


async def delete_tag_follow(tx: Tx, account_id: int, name: str) -> int | None:
    """No longer follow a hashtag; its id, or None where it was not followed."""
    return await tx.fetchval(UNFOLLOW_TAG, account_id, name)
