"""SQL of trends: counting them, and reading what was counted.

What counts is how many different people did something lately, each once, with the weight of the last time, which
halves with every day. Of posts only those count that are public and not marked as sensitive, by authors who wish to be
discovered and are neither limited nor suspended.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx
from rostra.posts.access import visible
from rostra.posts.records import CardPart
from rostra.relationships.wanted import wanted

# $1 the oldest id that counts, $2 the time, $3 how many people it takes, $4 how many trends are kept.
_WEIGHT: Final = "power(0.5::float8, extract(epoch from $2::timestamptz - at)::float8 / 86400)"

_ELIGIBLE: Final = """
  s.visibility = 'public' and s.reblog_of_id is null and not s.sensitive and not s.covered
  and s.withheld is null and not s.limited
  and a.discoverable and a.silenced_at is null and a.suspended_at is null"""

# However much is posted, a count costs no more than this many of the latest posts do.
_POSTS: Final = f"""
  select s.id, s.account_id, s.card_id, s.created_at as at from statuses s join accounts a on a.id = s.account_id
  where s.id >= $1 and {_ELIGIBLE} order by s.id desc limit 50000"""

COUNT_TAGS: Final = f"""
with posts as materialized ({_POSTS}),
people as (
  select st.tag_id, p.account_id, max({_WEIGHT}) as weight
  from posts p join status_tags st on st.status_id = p.id group by st.tag_id, p.account_id),
fresh as materialized (
  select p.tag_id, sum(p.weight) as score from people p
  group by p.tag_id having count(*) >= $3 order by score desc limit $4),
gone as (delete from trending_tags x where not exists (select from fresh f where f.tag_id = x.tag_id))
insert into trending_tags (tag_id, score) select tag_id, score from fresh order by tag_id
on conflict (tag_id) do update set score = excluded.score
"""

# $5 the oldest id of the seven days that are shown.
COUNT_LINKS: Final = f"""
with posts as materialized ({_POSTS}),
people as (
  select p.card_id, p.account_id, max({_WEIGHT}) as weight
  from posts p where p.card_id is not null group by p.card_id, p.account_id),
fresh as materialized (
  select p.card_id, sum(p.weight) as score from people p join preview_cards c on c.id = p.card_id and c.usable
  group by p.card_id having count(*) >= $3 order by score desc limit $4),
gone as (delete from trending_links x where not exists (select from fresh f where f.card_id = x.card_id))
insert into trending_links (card_id, score, history)
select f.card_id, f.score, (
  select jsonb_object_agg(d.day, jsonb_build_array(d.accounts, d.uses)) from (
    select s.created_at::date as day, count(distinct s.account_id) as accounts, count(*) as uses
    from statuses s join accounts a on a.id = s.account_id
    where s.card_id = f.card_id and s.id >= $5 and {_ELIGIBLE} group by 1) d)
from fresh f order by f.card_id
on conflict (card_id) do update set score = excluded.score, history = excluded.history
"""

# People who favourited, boosted or answered; of one author no more than three posts. $5 the oldest id of a post.
COUNT_STATUSES: Final = f"""
with acts as (
  (select f.status_id, f.account_id, f.created_at as at from favourites f
    where f.id >= $1 order by f.id desc limit 50000)
  union all
  (select s.reblog_of_id, s.account_id, s.created_at from statuses s
    where s.id >= $1 and s.reblog_of_id is not null order by s.id desc limit 50000)
  union all
  (select s.in_reply_to_id, s.account_id, s.created_at from statuses s
    where s.id >= $1 and s.in_reply_to_id is not null and s.visibility in ('public', 'unlisted')
    order by s.id desc limit 50000)),
people as (
  select d.status_id, d.account_id, max({_WEIGHT}) as weight
  from acts d join accounts x on x.id = d.account_id and x.silenced_at is null and x.suspended_at is null
  group by d.status_id, d.account_id),
scored as (
  select s.id, s.account_id, sum(p.weight) as score
  from people p join statuses s on s.id = p.status_id join accounts a on a.id = s.account_id
  where s.id >= $5 and {_ELIGIBLE} and s.in_reply_to_id is null and p.account_id <> s.account_id
  group by s.id having count(*) >= $3),
placed as (
  select id, score, row_number() over (partition by account_id order by score desc, id desc) as place from scored),
fresh as materialized (select id, score from placed where place <= 3 order by score desc limit $4),
gone as (delete from trending_statuses x where not exists (select from fresh f where f.id = x.status_id))
insert into trending_statuses (status_id, score) select id, score from fresh order by id
on conflict (status_id) do update set score = excluded.score
"""

TAGS: Final = """
select x.tag_id as id from trending_tags x join tags t on t.id = x.tag_id
where t.trendable and t.listable order by x.score desc, x.tag_id desc limit $1 offset $2
"""

_MAY_TREND: Final = """
  not exists (select from trend_reviews r where r.kind = 'status' and r.subject_id = s.id and not r.allowed)"""

# $1 viewer, $2 time. What has changed since the count is asked again, so that nobody stays who should not.
STATUSES: Final = f"""
select s.id from trending_statuses x
join statuses s on s.id = x.status_id join accounts a on a.id = s.account_id
where {_ELIGIBLE} and {_MAY_TREND} and {visible("$1", "s", "a")} and {wanted("$1", "s.account_id", "a", "$2")}
order by x.score desc, s.id desc limit $3 offset $4
"""

LINKS: Final = """
select c.url, c.title, c.description, c.language, c.type, c.author_name, c.author_url, c.provider_name, c.provider_url,
  c.image_key, c.image_description, c.width, c.height, c.blurhash, c.published_at, x.history
from trending_links x join preview_cards c on c.id = x.card_id
where c.usable and coalesce(
  (select r.allowed from trend_reviews r where r.kind = 'link' and r.subject_id = c.id),
  (select r.allowed from trend_reviews r where r.kind = 'publisher' and r.subject_id = c.publisher_id), true)
order by x.score desc, c.id desc limit $1 offset $2
"""

# $1 the time. Sites are known from when one of their pages first trends.
NAME_PUBLISHERS: Final = """
with hosts as materialized (
  select c.id, substring(lower(c.url) from '^https?://(?:[^/@]*@)?([^/:?#]+)') as domain
  from trending_links x join preview_cards c on c.id = x.card_id where c.publisher_id is null),
made as (
  insert into link_publishers (id, domain, created_at)
  select make_id($1), h.domain, $1 from (select distinct domain from hosts where domain is not null order by 1) h
  on conflict (domain) do update set domain = excluded.domain returning id, domain)
update preview_cards c set publisher_id = m.id from hosts h join made m on m.domain = h.domain where c.id = h.id
"""


class TrendingCard(CardPart, frozen=True, kw_only=True):
    """A link's preview with its days: ISO date to [people, uses]."""

    history: dict[str, list[int]]


async def count_tags(tx: Tx, since_id: int, at: datetime, people: int, keep: int) -> None:
    """Count hashtags anew."""
    await tx.execute(COUNT_TAGS, since_id, at, people, keep)


async def count_links(tx: Tx, since_id: int, at: datetime, people: int, keep: int, shown_since_id: int) -> None:
    """Count links anew, and their days since `shown_since_id`."""
    await tx.execute(COUNT_LINKS, since_id, at, people, keep, shown_since_id)
    await tx.execute(NAME_PUBLISHERS, at)


async def count_statuses(tx: Tx, since_id: int, at: datetime, people: int, keep: int, oldest_id: int) -> None:
    """Count posts anew, none older than `oldest_id`."""
    await tx.execute(COUNT_STATUSES, since_id, at, people, keep, oldest_id)


async def find_tags(db: Reader, limit: int, offset: int) -> Sequence[int]:
    """Ids of trending hashtags, best first."""
    return [row["id"] for row in await db.fetch(TAGS, limit, offset)]


async def find_statuses(db: Reader, viewer_id: int | None, at: datetime, limit: int, offset: int) -> Sequence[int]:
    """Ids of trending posts that the viewer may and wants to see, best first."""
    return [row["id"] for row in await db.fetch(STATUSES, viewer_id, at, limit, offset)]


async def find_links(db: Reader, limit: int, offset: int) -> list[TrendingCard]:
    """Trending links, best first."""
    return [msgspec.convert(dict(row.items()), TrendingCard) for row in await db.fetch(LINKS, limit, offset)]
