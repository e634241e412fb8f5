"""SQL of searching accounts and hashtags, and of keeping the index of posts. Posts are chosen in `find`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString

import msgspec

from rostra.kit.db import Reader, Tx
from rostra.relationships.wanted import unwanted

INDEX: Final = """
insert into status_search (status_id, account_id, open, words)
select s.id, s.account_id, s.visibility = 'public' and a.indexable and not s.limited,
  to_tsvector('plain', concat_ws(' ',
  s.spoiler_text, s.text,
  (select string_agg(m.description, ' ') from media_attachments m
    where m.status_id = s.id and m.removed_at is null),
  (select array_to_string(p.options, ' ') from polls p where p.status_id = s.id)))
from statuses s join accounts a on a.id = s.account_id where s.id = any($1::bigint[]) and s.reblog_of_id is null
  and s.withheld is null
on conflict (status_id) do update set open = excluded.open, words = excluded.words
"""

DELETE_ENTRY: Final = "delete from status_search where status_id = $1"

# A batch of an author's posts from the id $2 on; answers the last one that was looked at.
REOPEN: Final = """
with batch as (
  select x.status_id, x.open, s.visibility = 'public' and a.indexable and not s.limited as wanted
  from status_search x join statuses s on s.id = x.status_id join accounts a on a.id = x.account_id
  where x.account_id = $1 and x.status_id > $2 order by x.status_id limit $3),
changed as (
  update status_search x set open = b.wanted from batch b where x.status_id = b.status_id and b.open <> b.wanted)
select max(status_id) from batch
"""


# What was typed, as the columns that are searched have it; and that, escaped for LIKE.
_TYPED: Final = "plain_text(lower($2))"
_PATTERN: Final = rf"replace(replace(replace({_TYPED}, '\', '\\'), '%', '\%'), '_', '\_')"


def begins(column: LiteralString, prefix: LiteralString) -> LiteralString:
    """SQL: whether a column begins with a text, by an index with text_pattern_ops. LIKE can use one only where the text
    is known when the statement is planned."""
    return f"({column} ~>=~ {prefix} and {column} ~<~ ({prefix} || chr(1114111)))"


# $1 viewer, $2 what was typed, $3 domain ('' ours, null any), $4 only whom the viewer follows, $5 limit, $6 offset,
# $7 time. A name in full finds everybody; the beginning of one finds everybody too, for that is how a mention is
# completed; any part of a name finds those who wish to be found and those whom the viewer follows. Whom the viewer has
# blocked or muted is found by the name in full alone, which is how an app takes that back. One or two letters are
# looked for at the beginning of words only, since an index knows nothing shorter than three. Of very many that match,
# five hundred are looked at.
_OF_DOMAIN: Final = "a.suspended_at is null and ($3::text is null or coalesce(lower(a.domain), '') = $3)"

_NAMED: Final = f"""plain_text(lower(a.username || ' ' || a.display_name))
    like case when char_length($2) < 3 then '% ' else '%' end || {_PATTERN} || '%'"""

_BEGINS: Final = begins("lower(a.username)", _TYPED)

ACCOUNTS: Final = f"""
with found as (
  (select a.id, a.username, false as followed from accounts a
    where not $4 and a.discoverable and a.silenced_at is null and {_OF_DOMAIN} and {_NAMED} limit 500)
  union all
  (select a.id, a.username, false from accounts a
    where not $4 and {_OF_DOMAIN} and {_BEGINS} and (a.silenced_at is null or lower(a.username) = lower($2))
    order by lower(a.username) using ~<~ limit 500)
  union all
  select a.id, a.username, k.followed
  from (select f.target_id, true as followed from follows f where f.account_id = $1
    union all select $1, false where not $4) k
  join accounts a on a.id = k.target_id
  where {_OF_DOMAIN} and ({_NAMED} or {_BEGINS})
),
people as (select id, lower(username) as name, bool_or(followed) as followed from found group by id, username)
select p.id from people p
where case when p.name = lower($2) then not exists (
      select from blocks b where b.account_id = p.id and b.target_id = $1)
    else p.id not in ({unwanted("$1", "$7")})
      and not exists (select from accounts a join account_domain_blocks d on d.domain = a.domain
        where a.id = p.id and d.account_id = $1) end
  and not exists (
    select from users u where u.account_id = p.id and (u.confirmed_at is null or u.approved_at is null))
order by (p.name = lower($2)) desc, p.followed desc, starts_with(p.name, {_TYPED}) desc,
  (select st.followers_count from account_stats st where st.account_id = p.id) desc, p.id
limit $5 offset $6
"""

ACCOUNT_BY_HANDLE: Final = """
select id from accounts where lower(username) = lower($1) and coalesce(lower(domain), '') = $2 and suspended_at is null
"""

ACCOUNT_AT: Final = "select id from accounts where uri = $1 and suspended_at is null"

STATUS_AT: Final = "select id from statuses where uri = $1"

HASHTAGS: Final = f"""
select t.id from tags t where {begins("t.name", "$1")} and t.listable and t.last_used_at is not null
order by (t.name = $1) desc, t.last_used_at desc limit $2 offset $3
"""


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for among accounts: a name, or the part of a handle before its domain, and that domain ('' this
    server's own, None any)."""

    name: str
    domain: str | None = None


async def index(tx: Tx, status_ids: Sequence[int]) -> None:
    """Make these statuses findable, or anew after an edit."""
    await tx.execute(INDEX, status_ids)


async def delete_entry(tx: Tx, status_id: int) -> None:
    """Take a status out of the index."""
    await tx.execute(DELETE_ENTRY, status_id)


async def reopen(tx: Tx, account_id: int, after: int, limit: int) -> int | None:
    """Follow an author's change of mind in the next `limit` posts; where to go on, or None at the end."""
    return await tx.fetchval(REOPEN, account_id, after, limit)


async def find_accounts(
    db: Reader, viewer_id: int | None, typed: Typed, *, following: bool, limit: int, offset: int, at: datetime
) -> list[int]:
    """Ids of accounts by (a part of) their name, best first."""
    rows = await db.fetch(ACCOUNTS, viewer_id, typed.name, typed.domain, following, limit, offset, at)
    return [row["id"] for row in rows]


async def find_account(db: Reader, username: str, domain: str) -> int | None:
    """The account with this handle; the domain '' is this server's own."""
    return await db.fetchval(ACCOUNT_BY_HANDLE, username, domain)


async def find_account_at(db: Reader, uri: str) -> int | None:
    """The account with this ActivityPub id."""
    return await db.fetchval(ACCOUNT_AT, uri)


async def find_status_at(db: Reader, uri: str) -> int | None:
    """The status with this ActivityPub id."""
    return await db.fetchval(STATUS_AT, uri)


async def find_hashtags(db: Reader, prefix: str, limit: int, offset: int) -> list[int]:
    """Ids of hashtags whose normalised names begin so, the exact one first, then the last used."""
    return [row["id"] for row in await db.fetch(HASHTAGS, prefix, limit, offset)]
