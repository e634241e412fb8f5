"""SQL of searching and of keeping the index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rostra.kit.db import Reader, Tx
from rostra.relationships.wanted import unwanted

INDEX: Final = """
insert into status_search (status_id, account_id, open, words)
select s.id, s.account_id, s.visibility = 'public' and a.indexable, to_tsvector('plain', concat_ws(' ',
  s.spoiler_text, s.text,
  (select string_agg(m.description, ' ') from media_attachments m where m.status_id = s.id),
  (select array_to_string(p.options, ' ') from polls p where p.status_id = s.id)))
from statuses s join accounts a on a.id = s.account_id where s.id = any($1::bigint[]) and s.reblog_of_id is null
on conflict (status_id) do update set open = excluded.open, words = excluded.words
"""

REOPEN: Final = """
update status_search x set open = s.visibility = 'public' and a.indexable
from statuses s join accounts a on a.id = s.account_id
where x.account_id = $1 and s.id = x.status_id and x.open <> (s.visibility = 'public' and a.indexable)
"""

# A name in full finds everybody; the beginning of one finds everybody too, for that is how a mention is completed; any
# part of a name finds those who wish to be found and those whom the viewer follows.
ACCOUNTS: Final = f"""
select a.id from accounts a join account_stats st on st.account_id = a.id
left join follows f on f.account_id = $1 and f.target_id = a.id
where a.suspended_at is null and a.id not in ({unwanted("$1", "$7")})
  and plain_text(lower(a.username || ' ' || a.display_name)) like '%' || $2 || '%'
  and (a.discoverable or f.id is not null or a.id = $1 or lower(a.username) like $2 || '%')
  and ($3::text is null or coalesce(lower(a.domain), '') = $3)
  and (not $4 or f.id is not null)
order by (lower(a.username) = $2) desc, (f.id is not null) desc, (lower(a.username) like $2 || '%') desc,
  st.followers_count desc, a.id
limit $5 offset $6
"""

ACCOUNT_AT: Final = "select id from accounts where (url = $1 or uri = $1) and suspended_at is null"

STATUS_AT: Final = "select id from statuses where url = $1 or uri = $1"

HASHTAGS: Final = """
select t.name from tags t where t.name like $1 || '%' and t.listable
order by (t.name = $1) desc, t.last_used_at desc nulls last limit $2 offset $3
"""


async def index(tx: Tx, status_ids: Sequence[int]) -> None:
    """Make these statuses findable, or anew after an edit."""
    await tx.execute(INDEX, status_ids)


async def reopen(tx: Tx, account_id: int) -> None:
    """Follow an author's change of mind about being found."""
    await tx.execute(REOPEN, account_id)


async def find_accounts(
    db: Reader, viewer_id: int | None, name: str, domain: str | None, *, following: bool, limit: int, offset: int,
    at: Any,
) -> list[int]:  # fmt: skip
    """Ids of accounts by (a part of) their name, best first. `name` is plain and escaped for LIKE."""
    rows = await db.fetch(ACCOUNTS, viewer_id, name, domain, following, limit, offset, at)
    return [row["id"] for row in rows]


async def find_account_at(db: Reader, url: str) -> int | None:
    """The account with this address."""
    return await db.fetchval(ACCOUNT_AT, url)


async def find_status_at(db: Reader, url: str) -> int | None:
    """The status with this address."""
    return await db.fetchval(STATUS_AT, url)


async def find_hashtags(db: Reader, prefix: str, limit: int, offset: int) -> list[str]:
    """Normalised names of hashtags that begin so. `prefix` is escaped for LIKE."""
    return [row["name"] for row in await db.fetch(HASHTAGS, prefix, limit, offset)]
