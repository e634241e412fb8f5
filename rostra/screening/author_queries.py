"""SQL of what is known of authors and of copies of what they write: one statement for all who are asked about together,
which costs three of them what it costs two by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

import msgspec

from rostra.detect.signatures import EMPTY, NEAR, Signature, most_different_bits
from rostra.kit.db import Reader, as_records
from rostra.kit.ids import first_id_at
from rostra.screening.near_queries import MOST_OF_KEY, bits_of, counting_near, keys_of
from rostra.screening.record_queries import AUTHOR_COVERS

_COPIES_OF: Final = timedelta(hours=24)


def strike_points(account: LiteralString, at: LiteralString) -> LiteralString:
    """SQL: the strike points of an account that hold at a moment: given, not lifted, not expired."""
    return f"""(select coalesce(sum((e.details ->> 'points')::integer), 0) from moderation_events e
    where e.account_id = {account} and e.type = 'strike' and (e.details ->> 'expires_at')::timestamptz > {at}
      and not exists (select from moderation_events r where r.account_id = {account} and r.type = 'strike_lifted'
        and r.details ->> 'event_id' = e.id::text))"""


# What is asked about, in order: $1 the authors, $2 what they write with, $3 the statuses that they edit, $4 signatures.
# $5 is now, $6 and $7 the ids of an hour and of a month ago; $8 and $9 whom each mentions, by its number from 1.
_AUTHOR: Final = f"""
select a.created_at, a.domain, a.labels, {AUTHOR_COVERS} as sensitized,
  st.statuses_count, st.followers_count,
  make_id($5) as next_id, a.moved_to_id is not null as has_moved, app.name as app_name, app.website as app_website,
  exists (select from follows f where f.target_id = a.id and f.notify) as rings,
  coalesce(u.role, 'user') as role, coalesce(u.locale, 'en') as locale,
  (select count(*) from (
    select from statuses s where s.account_id = a.id and s.id > $6 limit 1000) x) as posts_last_hour,
  (select count(*) from holds h where h.account_id = a.id and h.decided_at is null) as held,
  (select count(distinct r.account_id) from reports r where r.target_id = a.id and r.id > $7) as reports,
  {strike_points("a.id", "$5")} as strikes,
  (select count(*) from unnest($8::bigint[], $9::bigint[]) m(place, id) where m.place = asked.place and m.id <> a.id
    and not exists (select from follows f where f.account_id = m.id and f.target_id = a.id)) as strangers,
  -- Asked of young accounts only: who comes back does so as a newcomer.
  (a.created_at > $5::timestamptz - interval '30 days' and exists (
    select from accounts x left join users y on y.account_id = x.id
    where x.suspended_at is not null and x.id <> a.id
      and (y.sign_up_ip = u.sign_up_ip
        or lower(x.username) = lower(a.username) or similarity(x.username, a.username) > 0.7))) as like_suspended
from accounts a join account_stats st on st.account_id = a.id left join users u on u.account_id = a.id
left join apps app on app.id = asked.app_id
where a.id = asked.account_id
"""


def _keys(band: int) -> LiteralString:
    """SQL: the keys of a band. $10 has those of all bands of the first that is asked about, then of the next, $11 of
    them for each band."""
    first: LiteralString = f"((asked.place::integer - 1) * 6 + {_NUMBERS[band]}) * $11::integer"
    return f"($10::bigint[])[{first} + 1 : {first} + $11]"


_NUMBERS: Final[tuple[LiteralString, ...]] = ("0", "1", "2", "3", "4", "5")
_NEAR: Final = counting_near(
    _keys, "asked.signature", "$12", different="$13", most="$14",
    but_author="asked.account_id", but_status="asked.status_id",
)  # fmt: skip

# `offset 0` has the planner look each of them up: it cannot know that they are few.
AUTHORS: Final = f"""
select asked.place, author.*, near.copies, near.authors
from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bit(256)[])
  with ordinality asked(account_id, app_id, status_id, signature, place)
cross join lateral ({_AUTHOR} offset 0) author
cross join lateral ({_NEAR} offset 0) near
"""


REJECTED: Final = """
select exists (
  select from moderation_events e where e.subject_id = $1 and e.subject_kind = 'account' and e.type = 'verdict'
    and e.id > $3 and e.details ->> 'action' = 'reject' and (e.details ->> 'sample')::bigint = $2)
"""


class AuthorRow(msgspec.Struct, frozen=True, kw_only=True):
    """An author as the database knows them; `locale` is the language of what they are told, `next_id` the id of what
    they are about to write."""

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
    next_id: int
    has_moved: bool
    # Whether somebody wants to be told of each post.
    rings: bool
    app_name: str | None
    app_website: str | None
    # Near-copies, where they were asked for, and how many others wrote them.
    copies: int = 0
    authors: int = 0
    # Its number among those that were asked about.
    place: int = 1


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to find, and what they are about to publish: its signature where copies are of interest, whom it mentions,
    of an edit the status that it changes, and what it is written with."""

    account_id: int
    made: Signature = EMPTY
    mentioned: Sequence[int] = ()
    status_id: int | None = None
    app_id: int | None = None


async def find_authors(conn: Reader, asked: Sequence[Asked], at: datetime) -> list[AuthorRow | None]:
    """What is known of authors at that time, in order, and how many copies there are of what each writes. None for
    accounts that are not there."""
    since = at - _COPIES_OF
    keys = [keys_of(each.made, since, at) for each in asked]
    spans = max((len(band) for bands in keys for band in bands), default=0)
    mentioned = [(place, each) for place, one in enumerate(asked, 1) for each in one.mentioned]
    rows = await conn.fetch(
        AUTHORS,
        [each.account_id for each in asked],
        [each.app_id for each in asked],
        [each.status_id or 0 for each in asked],
        [bits_of(each.made) if each.made.bits else None for each in asked],
        at, first_id_at(at - timedelta(hours=1)), first_id_at(at - timedelta(days=30)),
        [place for place, _ in mentioned],
        [account_id for _, account_id in mentioned],
        [key for bands in keys for band in bands or [[None] * spans] * len(_NUMBERS) for key in band],
        spans, since, most_different_bits(NEAR), MOST_OF_KEY,
    )  # fmt: skip
    found = {row.place: row for row in as_records(AuthorRow, rows)}
    return [found.get(place) for place in range(1, len(asked) + 1)]


async def was_rejected(conn: Reader, account_id: int, sample: int, since: datetime) -> bool:
    """Whether a draft of the account with this hash was rejected since then."""
    return await conn.fetchval(REJECTED, account_id, sample, first_id_at(since))
