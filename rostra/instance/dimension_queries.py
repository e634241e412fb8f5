"""SQL of the rankings that administrators look at: languages, apps, servers, space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, LiteralString

import msgspec

from rostra.instance.measure_queries import Span
from rostra.kit.db import Reader, as_records

# $1 the first day, $2 the last; $3 and $4 the ids of the first moment and of the one past the last; $5 how many rows;
# $6 belongs to the key.
_FITTED: Final = "$1::date is not null and $2::date is not null and $3::bigint is not null and $4::bigint is not null"


def _ranked(source: LiteralString) -> LiteralString:
    return f"""
select s.key, count(*)::bigint as value from ({source}) s where {_FITTED} and s.key is not null
group by s.key order by value desc, s.key limit $5"""


LANGUAGES: Final = _ranked("select u.locale as key from users u where u.last_active_on between $1 and $2")

SOURCES: Final = _ranked("""
  select coalesce(p.name, 'web') as key from users u left join apps p on p.id = u.app_id
  where u.created_at >= $1::timestamp at time zone 'UTC' and u.created_at < ($2::date + 1)::timestamp at time zone 'UTC'
""")

SERVERS: Final = _ranked("""
  select coalesce(a.domain, '') as key from statuses s join accounts a on a.id = s.account_id
  where s.id >= $3 and s.id < $4""")

_TAGGED: Final = """from status_tags x join statuses s on s.id = x.status_id join accounts a on a.id = s.account_id
  where x.tag_id = $6 and x.status_id >= $3 and x.status_id < $4 and s.visibility in ('public', 'unlisted')"""

TAG_SERVERS: Final = _ranked(f"select coalesce(a.domain, '') as key {_TAGGED}")

TAG_LANGUAGES: Final = _ranked(f"select coalesce(s.language, 'und') as key {_TAGGED}")

INSTANCE_LANGUAGES: Final = _ranked("""
  select coalesce(s.language, 'und') as key from statuses s join accounts a on a.id = s.account_id
  where a.domain = $6::text and s.id >= $3 and s.id < $4""")

INSTANCE_ACCOUNTS: Final = f"""
select a.username as key, st.followers_count as value from accounts a join account_stats st on st.account_id = a.id
where a.domain = $6::text and {_FITTED} order by st.followers_count desc, a.id limit $5
"""

SPACE: Final = """
select 'postgresql' as key, pg_database_size(current_database()) as value
union all select 'media', (select coalesce(sum(size_bytes), 0)::bigint from media_attachments)
"""

DATABASE_VERSION: Final = "select current_setting('server_version')"

RANKINGS: Final[Mapping[str, LiteralString]] = {
    "languages": LANGUAGES,
    "sources": SOURCES,
    "servers": SERVERS,
    "tag_servers": TAG_SERVERS,
    "tag_languages": TAG_LANGUAGES,
    "instance_accounts": INSTANCE_ACCOUNTS,
    "instance_languages": INSTANCE_LANGUAGES,
}


class Ranked(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a ranking."""

    key: str
    value: int


async def rank(db: Reader, statement: LiteralString, span: Span, limit: int, *more: Any) -> list[Ranked]:
    """Run one of the RANKINGS."""
    rows = await db.fetch(statement, span.first, span.last, span.first_id, span.end_id, limit, *more)
    return as_records(Ranked, rows)


async def measure_space(db: Reader) -> list[Ranked]:
    """How many bytes the database and the media take."""
    return as_records(Ranked, await db.fetch(SPACE))


async def find_database_version(db: Reader) -> str:
    """What the database calls itself."""
    return await db.fetchval(DATABASE_VERSION)
