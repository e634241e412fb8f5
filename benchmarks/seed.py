"""A fixed population, written by a few large statements: people who follow each other, posts, threads, boosts,
pictures, home timelines, favourites, notifications. The same numbers give the same database.

Stored JSON is made by the program's own renderers, so that the first reader finds nothing to do.
"""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import asyncpg

from rostra.accounts.render import refresh_accounts
from rostra.kit.db import connect
from rostra.oauth.tokens import hash_token
from rostra.posts.records import MediaPart, StatusParts, TagPart
from rostra.posts.render import render_static
from rostra.text.format import find_entities, render_html
from rostra.text.urls import Urls

PEOPLE: Final = 200
# Each follows this many and is followed by as many.
FOLLOWS: Final = 50
_NOISE_BYTES: Final = 48 * 1024
HOME_LENGTH: Final = 400
NOTIFICATIONS: Final = 200
# How many posts share a word that a search can ask for.
POSTS_PER_WORD: Final = 20
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_START_MS: Final = 1_767_225_600_000
_TEXT: Final = (
    "the forum was full this morning and nobody could hear the speaker, so we walked down to the river and talked "
    "about bread, ships, taxes, the new bridge, and whether the augurs had read the birds right this time #rome"
)
# Stand-ins that a template's `replace` finds.
_ID: Final = 8_000_000_000_000_000_001
_PARENT: Final = 8_000_000_000_000_000_002
_PARENT_ACCOUNT: Final = 8_000_000_000_000_000_003
_PICTURE: Final = 8_000_000_000_000_000_004
_NAME: Final = "~name~"
_MADE_AT: Final = "2026-01-01T00:00:00.000Z"


def token_of(person: int) -> str:
    """The access token of the person with this number."""
    return f"bench-token-{person}"


def account_id(person: int) -> int:
    """The id of the person with this number."""
    return (_START_MS + person) << 16 | 1


def username(person: int) -> str:
    return f"bench{person}"


ACCOUNTS: Final = """
insert into accounts (id, username, uri, url, display_name, note_text, note, created_at, updated_at, discoverable,
  indexable)
select id, name, $4 || name, $5 || name, 'Person ' || name, 'Writes about bread.', '<p>Writes about bread.</p>', $3, $3,
  true, true
from unnest($1::bigint[], $2::text[]) as u(id, name)
"""

USERS: Final = """
insert into users (account_id, email, email_key, password_hash, confirmed_at, approved_at, created_at, last_active_on)
select id, username || '@example.com', username || '@example.com', 'x', $1, $1, $1, $2 from accounts
"""

ACCOUNT_STATS: Final = """
insert into account_stats (account_id, followers_count, following_count, statuses_count, last_status_at)
select id, $1, $1, $2, $3 from accounts
"""

APP: Final = """
insert into apps (id, name, redirect_uris, scopes, client_id, client_secret_hash, created_at)
values (1, 'bench', '{urn:ietf:wg:oauth:2.0:oob}', '{read,write,follow,push}', 'bench', '', $1)
"""

TOKEN: Final = """
insert into access_tokens (id, token_hash, app_id, account_id, scopes, created_at, last_used_on)
values ($1, $2, 1, $3, '{read,write,follow,push}', $4, $5)
"""

FOLLOW: Final = "insert into follows (id, account_id, target_id, created_at) values ($1, $2, $3, $4)"

REGISTER: Final = """
insert into stored_objects (key, size, sha256, put_at)
select key, $2, sha256, $3 from unnest($1::text[], $4::bytea[]) as each(key, sha256)
"""

# A post a second, by one person after the other. Of each hundred, twenty are a thread in the form of a binary tree
# (every fifth), ten are boosts of what another hundred brought, and ten have a picture.
# $1 posts, $2 id of the first person, $3 id before the first post.
NUMBERED: Final = f"""
create temporary table numbered as
with given as (
  select n, n % 100 / 5 as place, case when n < 110 then 'plain' when n % 5 = 0 and n % 100 > 0 then 'answer'
    when n % 10 = 3 then 'boost' when n % 10 = 6 then 'picture' else 'plain' end as kind
  from generate_series(1, $1::bigint) n),
related as (
  select n, kind,
    case kind when 'boost' then n - 102 when 'answer' then n - n % 100 + (place - 1) / 2 * 5 end as other,
    case kind when 'boost' then n - 102 when 'answer' then n - n % 100 else n end as root
  from given)
select n, kind, $3 + (n * 1000 << 16) as id, $2 + ((n + n / {PEOPLE}) % {PEOPLE} << 16) as account_id,
  'bench' || (n + n / {PEOPLE}) % {PEOPLE} as username, $3 + (other * 1000 << 16) as other_id,
  $2 + ((other + other / {PEOPLE}) % {PEOPLE} << 16) as other_account_id,
  $3 + (root * 1000 << 16) as conversation_id, $4::timestamptz + n * interval '1 second' as made_at
from related
"""

CONVERSATIONS: Final = (
    "insert into conversations (id, created_at) select distinct conversation_id, $1::timestamptz from numbered"
)

# $1 text, $2 content, $3 where uris of users begin, $4 where pages of accounts begin, $5… templates by kind.
STATUSES: Final = f"""
insert into statuses (id, account_id, uri, url, text, content, visibility, language, conversation_id, in_reply_to_id,
  in_reply_to_account_id, reblog_of_id, created_at, rendered, rendered_for)
select id, account_id, $3 || username || '/statuses/' || id, $4 || username || '/' || id,
  case when kind = 'boost' then '' else $1 end, case when kind = 'boost' then '' else $2 end, 'public', 'en',
  conversation_id, case when kind = 'answer' then other_id end, case when kind = 'answer' then other_account_id end,
  case when kind = 'boost' then other_id end, made_at,
  replace(replace(replace(replace(replace(replace(
    case kind when 'boost' then $5 when 'picture' then $6 when 'answer' then $7 else $8 end,
    '{_ID}', id::text), '{_PICTURE}', (id + 1)::text), '{_NAME}', username),
    '{_MADE_AT}', to_char(made_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
    '{_PARENT}', coalesce(other_id::text, '')), '{_PARENT_ACCOUNT}', coalesce(other_account_id::text, '')), $9
from numbered order by n
"""

MEDIA: Final = """
insert into media_attachments (id, account_id, status_id, type, description, focus_x, focus_y, blurhash, content_type,
  original_key, preview_key, size_bytes, meta, created_at)
select id + 1, account_id, id, $1, $2, 0, 0, $3, 'image/webp', $4, $5, 1000, $6, made_at from numbered
where kind = 'picture'
"""

STATUS_STATS: Final = """
insert into status_stats (status_id, replies_count, reblogs_count)
select n.id, coalesce(r.answers, 0), coalesce(r.boosts, 0) from numbered n left join (
  select other_id, count(*) filter (where kind = 'answer') as answers, count(*) filter (where kind = 'boost') as boosts
  from numbered where other_id is not null group by other_id) r on r.other_id = n.id
"""

TAG: Final = "insert into tags (id, name, display_name, created_at) values (1, 'rome', 'rome', $1)"

STATUS_TAGS: Final = "insert into status_tags (tag_id, status_id) select 1, id from numbered where kind <> 'boost'"

STATUS_SEARCH: Final = """
insert into status_search (status_id, account_id, open, words)
select id, account_id, true, to_tsvector('plain', $1 || ' n' || n % greatest($2::bigint, 1)) from numbered
where kind <> 'boost'
"""

# The older first, so that of a post and its boost the earlier one stays, as after a real fan-out.
HOME: Final = """
insert into home_entries (account_id, status_id, subject_id, author_id, subject_author_id)
select a.id, s.id, coalesce(s.reblog_of_id, s.id), s.account_id, coalesce(o.account_id, s.account_id)
from accounts a
cross join lateral (
  select s.id, s.account_id, s.reblog_of_id from statuses s
  where s.account_id in (select target_id from follows where account_id = a.id union all select a.id)
    and s.id > $2::bigint
  order by s.id desc limit $1) s
left join statuses o on o.id = s.reblog_of_id
order by s.id on conflict do nothing
"""

# By every twentieth person, of the newest posts.
FAVOURITES: Final = """
insert into favourites (id, account_id, status_id, created_at)
select row_number() over (), a.id, s.id, $1
from (select n, id from numbered where kind <> 'boost' order by n desc limit 2000) s
join accounts a on (a.id >> 16) % 20 = s.n % 20
"""

FAVOURITE_COUNTS: Final = """
update status_stats set favourites_count = f.number
from (select status_id, count(*) as number from favourites group by status_id) f
where f.status_id = status_stats.status_id
"""

# Somebody whom the author follows has favourited each of the author's latest posts.
NOTIFIED: Final = """
insert into notifications (id, account_id, type, from_account_id, status_id, created_at)
select s.id + 7, a.id, 'favourite', f.target_id, s.id, $1 from accounts a
cross join lateral (
  select id, row_number() over (order by id desc) as place from statuses
  where account_id = a.id and reblog_of_id is null order by id desc limit $2) s
join lateral (
  select target_id from follows where account_id = a.id order by id offset s.place % $3 limit 1) f on true
"""


async def seed(dsn: str, urls: Urls, posts: int) -> None:
    """Write the population with `posts` statuses into an empty, migrated database."""
    conn = await connect(dsn)
    try:
        await conn.execute("set synchronous_commit = off")
        await _people(conn, urls, posts)
        await _posts(conn, urls, posts)
        await _around(conn, posts)
        # Else autovacuum would do it while we measure.
        await conn.execute("vacuum analyze")
    finally:
        await conn.close()


async def store_media(dsn: str, store: Path, count: int) -> None:
    """Put files of noise where media is kept, and register them. Nothing shows them; they are there to be copied."""
    connection = await connect(dsn)
    try:
        keys, digests = _write_noise(store, count)
        await connection.execute(REGISTER, keys, _NOISE_BYTES, datetime.now(UTC), digests)
    finally:
        await connection.close()


def _write_noise(store: Path, count: int) -> tuple[list[str], list[bytes]]:
    keys: list[str] = []
    digests: list[bytes] = []
    for _ in range(count):
        token, body = os.urandom(16).hex(), os.urandom(_NOISE_BYTES)
        keys.append(f"attachments/{token[:2]}/{token}/original.webp")
        digests.append(hashlib.sha256(body).digest())
        (store / keys[-1]).parent.mkdir(parents=True)
        (store / keys[-1]).write_bytes(body)
    return keys, digests


async def _people(conn: asyncpg.Connection, urls: Urls, posts: int) -> None:
    people = range(PEOPLE)
    ids = [account_id(person) for person in people]
    names = [username(person) for person in people]
    today = datetime.now(UTC).date()
    await conn.execute(ACCOUNTS, ids, names, START, urls.account_uri(""), urls.account(""))
    await conn.execute(USERS, START, today)
    await conn.execute(ACCOUNT_STATS, FOLLOWS, posts // PEOPLE, START)
    await conn.execute(APP, START)
    tokens = [(person + 1, hash_token(token_of(person)), ids[person], START, today) for person in people]
    await conn.executemany(TOKEN, tokens)
    pairs = [(ids[one], ids[(one + step) % PEOPLE]) for one in people for step in range(1, FOLLOWS + 1)]
    await conn.executemany(FOLLOW, [(number, one, other, START) for number, (one, other) in enumerate(pairs, 1)])
    async with conn.transaction():
        await refresh_accounts(conn, ids, urls)


async def _posts(conn: asyncpg.Connection, urls: Urls, posts: int) -> None:
    await conn.execute(TAG, START)
    await conn.execute(NUMBERED, posts, account_id(0), _START_MS << 16, START)
    await conn.execute("create index on numbered (id)")
    await conn.execute("analyze numbered")
    await conn.execute(CONVERSATIONS, START)
    entities = find_entities(_TEXT, domain=urls.domain)
    content = render_html(_TEXT, domain=urls.domain, mentions={}, tag_base=urls.tag(""), entities=entities)
    templates = [_template(kind, content, urls) for kind in ("boost", "picture", "answer", "plain")]
    people, pages = urls.account_uri(""), urls.account("")
    await conn.execute(STATUSES, _TEXT, content, people, pages, *templates, urls.fingerprint)
    picture = _picture()
    await conn.execute(
        MEDIA, picture.type, picture.description, picture.blurhash, picture.original_key, picture.preview_key,
        picture.meta,
    )  # fmt: skip
    await conn.execute(STATUS_STATS)
    await conn.execute(STATUS_TAGS)
    await conn.execute(STATUS_SEARCH, _TEXT, posts // POSTS_PER_WORD)


async def _around(conn: asyncpg.Connection, posts: int) -> None:
    oldest = (_START_MS + max(0, posts - HOME_LENGTH * 8) * 1000) << 16
    await conn.execute(HOME, HOME_LENGTH, oldest)
    await conn.execute(FAVOURITES, START)
    await conn.execute(FAVOURITE_COUNTS)
    await conn.execute(NOTIFIED, START, NOTIFICATIONS, FOLLOWS)


def _picture() -> MediaPart:
    size = {"width": 1200, "height": 800, "size": "1200x800", "aspect": 1.5}
    return MediaPart(
        id=_PICTURE,
        type="image",
        description="A bridge over a brown river, with people on it",
        focus_x=0,
        focus_y=0,
        blurhash="LEHV6nWB2yk8pyo0adR*.7kCMdnj",
        original_key="ab/cd/original.webp",
        preview_key="ab/cd/preview.webp",
        meta={"original": size, "small": {**size, "width": 600, "height": 400, "size": "600x400"}},
    )


def _template(kind: str, content: str, urls: Urls) -> str:
    """The stored JSON of a status of this kind, with stand-ins for what differs."""
    boost, answer = kind == "boost", kind == "answer"
    return render_static(
        StatusParts(
            id=_ID,
            uri=urls.status_uri(_NAME, _ID),
            url=urls.status(_NAME, _ID),
            content="" if boost else content,
            text="" if boost else _TEXT,
            spoiler_text="",
            visibility="public",
            sensitive=False,
            language="en",
            in_reply_to_id=_PARENT if answer else None,
            in_reply_to_account_id=_PARENT_ACCOUNT if answer else None,
            created_at=START,
            media=[_picture()] if kind == "picture" else [],
            tags=[] if boost else [TagPart(name="rome", display_name="rome")],
        ),
        [],
        urls,
    )
