"""SQL of lists as an import writes them: many titles and members in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rostra.kit.db import Tx

# A list is made for each title that is not there, as far as the owner may have that many ($4).
ENSURE_LISTS: Final = """
with own as materialized (select id, title from lists where account_id = $1),
given as (select title, min(place) as place from unnest($2::text[]) with ordinality as g(title, place)
  where title not in (select title from own) group by title order by min(place)
  limit greatest($4 - (select count(*) from own), 0)),
made as (
  insert into lists (id, account_id, title, created_at)
  select make_id($3), $1, title, $3 from given order by place returning id, title)
select min(id) as id, title from (select id, title from own union all select id, title from made) named
where title = any($2::text[]) group by title
"""

INSERT_MANY: Final = """
insert into list_accounts (id, list_id, account_id)
select make_id($3), given.list_id, given.account_id
from unnest($1::bigint[], $2::bigint[]) as given(list_id, account_id) on conflict do nothing
"""

DELETE_LISTS_BUT: Final = """
delete from lists where account_id = $1 and title <> all($2::text[]) and created_at <= $3
"""

# $2 and $3 belong together: a title, and a member that the list is to keep.
DELETE_MEMBERS_BUT: Final = """
delete from list_accounts la using lists l
where l.id = la.list_id and l.account_id = $1 and l.title = any($2::text[]) and not exists (
  select from unnest($2::text[], $3::bigint[]) as kept(title, account_id)
  where kept.title = l.title and kept.account_id = la.account_id)
"""


async def ensure_lists(tx: Tx, owner_id: int, titles: Sequence[str], at: datetime, most: int) -> dict[str, int]:
    """The owner's lists with these titles, by title; of those that are missing, as many are made as there is room for
    up to `most` lists."""
    return {row["title"]: row["id"] for row in await tx.fetch(ENSURE_LISTS, owner_id, titles, at, most)}


async def insert_many(tx: Tx, members: Sequence[tuple[int, int]], at: datetime) -> None:
    """Add members as (list, account); those that are there already stay."""
    await tx.execute(INSERT_MANY, [each[0] for each in members], [each[1] for each in members], at)


async def delete_lists_but(tx: Tx, owner_id: int, titles: Sequence[str], until: datetime) -> None:
    """Delete the owner's other lists, but for those made after `until`."""
    await tx.execute(DELETE_LISTS_BUT, owner_id, titles, until)


async def delete_members_but(tx: Tx, owner_id: int, members: Sequence[tuple[str, int]]) -> None:
    """Take out of the owner's lists with these titles whoever is not named as (title, account)."""
    await tx.execute(DELETE_MEMBERS_BUT, owner_id, [each[0] for each in members], [each[1] for each in members])
