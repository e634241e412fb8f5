"""SQL of what is known of an author, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

import msgspec

from rostra.detect.near import EMPTY, Signature
from rostra.kit.db import Reader, find_record
from rostra.kit.ids import first_id_at
from rostra.screening.near_queries import COUNT_NEAR, count_arguments

_COPIES_OF: Final = timedelta(hours=24)


def strike_points(account: LiteralString, at: LiteralString) -> LiteralString:
    """SQL: the strike points of an account that hold at a moment: given, not lifted, not expired."""
    return f"""(select coalesce(sum((e.details ->> 'points')::integer), 0) from moderation_events e
    where e.account_id = {account} and e.type = 'strike' and (e.details ->> 'expires_at')::timestamptz > {at}
      and not exists (select from moderation_events r where r.account_id = {account} and r.type = 'strike_lifted'
        and r.details ->> 'event_id' = e.id::text))"""


def _author(
    author: LiteralString,
    at: LiteralString,
    hour_ago: LiteralString,
    month_ago: LiteralString,
    mentioned: LiteralString,
) -> LiteralString:
    """SQL of an author: `hour_ago` and `month_ago` are ids of those moments, `mentioned` whom the post mentions.

    Whether somebody is like a suspended account is asked of young accounts only: who comes back does so as a newcomer.
    """
    return f"""
select a.created_at, a.domain, a.labels, a.sensitized_at is not null as sensitized,
  st.statuses_count, st.followers_count,
  coalesce(u.role, 'user') as role, coalesce(u.locale, 'en') as locale,
  (select count(*) from (
    select from statuses s where s.account_id = a.id and s.id > {hour_ago} limit 1000) x) as posts_last_hour,
  (select count(*) from holds h where h.account_id = a.id and h.decided_at is null) as held,
  (select count(distinct r.account_id) from reports r where r.target_id = a.id and r.id > {month_ago}) as reports,
  {strike_points("a.id", at)} as strikes,
  (select count(*) from unnest({mentioned}::bigint[]) m(id) where m.id <> a.id
    and not exists (select from follows f where f.account_id = m.id and f.target_id = a.id)) as strangers,
  (a.created_at > {at}::timestamptz - interval '30 days' and exists (
    select from accounts x left join users y on y.account_id = x.id
    where x.suspended_at is not null and x.id <> a.id
      and (y.sign_up_ip = u.sign_up_ip
        or lower(x.username) = lower(a.username) or similarity(x.username, a.username) > 0.7))) as like_suspended
from accounts a join account_stats st on st.account_id = a.id left join users u on u.account_id = a.id
where a.id = {author}
"""


AUTHOR: Final = _author("$1", "$2", "$3", "$4", "$5")

# With the near-copies of the post, whose parameters come first.
AUTHOR_AND_COPIES: Final = f"""
select author.*, near.copies, near.authors
from ({_author("$13", "$14", "$15", "$16", "$17")}) author cross join ({COUNT_NEAR}) near
"""


REJECTED: Final = """
select exists (
  select from moderation_events e where e.subject_id = $1 and e.subject_kind = 'account' and e.type = 'verdict'
    and e.id > $3 and e.details ->> 'action' = 'reject' and (e.details ->> 'sample')::bigint = $2)
"""


class AuthorRow(msgspec.Struct, frozen=True, kw_only=True):
    """An author as the database knows them; `locale` is the language of what they are told."""

    created_at: datetime
    domain: str | None
    labels: list[dict[str, Any]] | None
    statuses_count: int
    followers_count: int
    role: str
    locale: str
    posts_last_hour: int
    held: int
    reports: int
    strikes: int
    strangers: int
    like_suspended: bool
    sensitized: bool
    # Near-copies, where they were asked for, and how many others wrote them.
    copies: int = 0
    authors: int = 0


async def find_author(
    conn: Reader,
    account_id: int,
    at: datetime,
    mentioned: Sequence[int],
    *,
    made: Signature = EMPTY,
    status_id: int | None = None,
) -> AuthorRow | None:
    """What is known of an author at that time, and how many copies of the post there are, given its signature."""
    asked = (account_id, at, first_id_at(at - timedelta(hours=1)), first_id_at(at - timedelta(days=30)), mentioned)
    if not made.bits:
        return find_record(AuthorRow, await conn.fetchrow(AUTHOR, *asked))
    near = count_arguments(made, since=at - _COPIES_OF, until=at, but_author=account_id, but_status=status_id or 0)
    return find_record(AuthorRow, await conn.fetchrow(AUTHOR_AND_COPIES, *near, *asked))


async def was_rejected(conn: Reader, account_id: int, sample: int, since: datetime) -> bool:
    """Whether a draft of the account with this hash was rejected since then."""
    return await conn.fetchval(REJECTED, account_id, sample, first_id_at(since))
