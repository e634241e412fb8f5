"""A fixed population, written by a few large statements: people who follow each other, posts, home timelines,
favourites, notifications. The same numbers give the same database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import asyncpg
from rostra.entities.account import AccountStatic
from rostra.entities.account import encode_static as encode_account
from rostra.entities.status import StatusStatic, StatusTag, encode_static
from rostra.oauth.tokens import hash_token
from rostra.text.urls import Urls

PEOPLE: Final = 200
FOLLOWS: Final = 50
HOME_LENGTH: Final = 400
NOTIFICATIONS: Final = 200
START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_WORDS: Final = (
    "the forum was full this morning and nobody could hear the speaker, so we walked down to the river and talked about "
    "bread, ships, taxes, the new bridge, and whether the augurs had read the birds right this time"
)


def token_of(person: int) -> str:
    return f"bench-token-{person}"


def account_id(person: int) -> int:
    return ((1_767_225_600_000 + person) << 16) + 1


def _account(urls: Urls) -> str:
    return encode_account(
        AccountStatic(
            id="{ID}", username="{NAME}", acct="{NAME}", display_name="Person {NAME}", locked=False, bot=False,
            discoverable=True, indexable=True, created_at="2026-01-01T00:00:00.000Z",
            note="<p>Writes about bread and bridges, mostly from the left bank. Opinions of the baker.</p>",
            url=urls.account("{NAME}"), uri=urls.account_uri("{NAME}"), avatar=urls.missing_avatar,
            avatar_static=urls.missing_avatar, avatar_description="", header=urls.missing_header,
            header_static=urls.missing_header, header_description="", hide_collections=False, noindex=False,
            emojis=[], roles=[], fields=[],
        )
    )  # fmt: skip


def _status(urls: Urls) -> str:
    return encode_static(
        StatusStatic(
            id="{ID}", created_at="2026-01-01T00:00:00.000Z", in_reply_to_id=None, in_reply_to_account_id=None,
            sensitive=False, spoiler_text="", visibility="public", language="en", uri=urls.status_uri("{NAME}", 0),
            url=urls.status("{NAME}", 0), edited_at=None, application=None, media_attachments=[], mentions=[],
            content=f"<p>{_WORDS} <a href=\"{urls.tag('rome')}\" class=\"mention hashtag\" rel=\"tag\">#<span>rome</span>"
            "</a></p>",
            tags=[StatusTag(name="rome", url=urls.tag("rome"))], emojis=[], card=None,
        )
    )  # fmt: skip


async def seed(dsn: str, urls: Urls, posts: int) -> None:
    """Write the population with `posts` statuses into an empty, migrated database."""
    conn = await asyncpg.connect(dsn)
    try:
        await conn.execute("set synchronous_commit = off")
        await _people(conn, urls)
        await _posts(conn, urls, posts)
        await _around(conn)
        await conn.execute("analyze")
        await conn.execute("checkpoint")
    finally:
        await conn.close()


async def _people(conn: asyncpg.Connection, urls: Urls) -> None:
    ids = [account_id(person) for person in range(PEOPLE)]
    template, fingerprint = _account(urls), urls.fingerprint
    await conn.execute(
        "insert into accounts (id, username, uri, url, display_name, created_at, updated_at, discoverable, indexable,"
        " rendered, rendered_for) select id, name, $3 || name, $4 || name, 'Person ' || name, $2, $2, true, true,"
        " replace(replace($5, '{ID}', id::text), '{NAME}', name), $6"
        " from unnest($1::bigint[]) with ordinality u(id, n), lateral (select 'bench' || n as name) x",
        ids, START, urls.account_uri(""), urls.account(""), template, fingerprint,
    )  # fmt: skip
    await conn.execute("insert into account_stats (account_id) select id from accounts")
    await conn.execute(
        "insert into users (account_id, email, email_key, password_hash, confirmed_at, approved_at, created_at,"
        " last_active_on) select id, username || '@example.com', username || '@example.com', 'x', $1, $1, $1,"
        " current_date from accounts",
        START,
    )
    await conn.execute(
        "insert into apps (id, name, redirect_uris, scopes, client_id, client_secret_hash, created_at)"
        " values (1, 'bench', '{urn:ietf:wg:oauth:2.0:oob}', '{read,write,follow,push}', 'bench', '', $1)",
        START,
    )
    await conn.executemany(
        "insert into access_tokens (id, token_hash, app_id, account_id, scopes, created_at, last_used_on)"
        " values ($1, $2, 1, $3, '{read,write,follow,push}', $4, current_date)",
        [(person + 1, hash_token(token_of(person)), ids[person], START) for person in range(PEOPLE)],
    )
    pairs = [(ids[a], ids[(a + step) % PEOPLE]) for a in range(PEOPLE) for step in range(1, FOLLOWS + 1)]
    await conn.executemany(
        "insert into follows (id, account_id, target_id, created_at) values ($1, $2, $3, $4)",
        [(number, a, b, START) for number, (a, b) in enumerate(pairs, 1)],
    )
    await conn.execute(
        "update account_stats set followers_count = $1, following_count = $1, last_status_at = $2", FOLLOWS, START
    )


async def _posts(conn: asyncpg.Connection, urls: Urls, posts: int) -> None:
    """Statuses a second apart, by one person after the other; every fifth answers the one before."""
    await conn.execute(
        "insert into tags (id, name, display_name, created_at) values (1, 'rome', 'Rome', $1)", START
    )
    await conn.execute("insert into conversations (id, created_at) values (1, $1)", START)
    await conn.execute(
        "insert into statuses (id, account_id, uri, url, text, content, visibility, language, conversation_id,"
        " in_reply_to_id, in_reply_to_account_id, created_at, rendered, rendered_for)"
        " select id, a.id, $3 || id, $3 || id, $4, $4, 'public', 'en', 1,"
        " case when n % 5 = 0 then $8 + ((n - 1) * 1000::bigint << 16) end,"
        " case when n % 5 = 0 then a.id end, $2 + n * interval '1 second',"
        " replace(replace($5, '{ID}', id::text), '{NAME}', a.username), $6"
        " from generate_series(1, $1::bigint) n, lateral (select $8 + (n * 1000 << 16) as id) x"
        " join lateral (select * from accounts where id = $7 + ((n % $9) << 16)) a on true",
        posts, START, urls.status_uri("bench", 0), _WORDS + " #rome", _status(urls), urls.fingerprint,
        account_id(0), 1_767_225_600_000 << 16, PEOPLE,
    )  # fmt: skip
    await conn.execute("insert into status_stats (status_id) select id from statuses")
    await conn.execute("update account_stats set statuses_count = $1", posts // PEOPLE)
    await conn.execute("insert into status_tags (tag_id, status_id) select 1, id from statuses where id % 10 = 0")
    await conn.execute(
        "insert into status_search (status_id, account_id, open, words)"
        " select id, account_id, true, to_tsvector('plain', text || ' n' || (id >> 16) % 5000) from statuses"
    )


async def _around(conn: asyncpg.Connection) -> None:
    await conn.execute(
        "insert into home_entries (account_id, status_id, subject_id, author_id, subject_author_id)"
        " select a.id, s.id, s.id, s.account_id, s.account_id from accounts a cross join lateral ("
        "  select s.id, s.account_id from statuses s where s.account_id in ("
        "    select target_id from follows where account_id = a.id) order by s.id desc limit $1) s",
        HOME_LENGTH,
    )
    newest = "(select id, account_id from statuses order by id desc limit 2000)"
    await conn.execute(
        "insert into favourites (id, account_id, status_id, created_at)"
        f" select row_number() over (), a.id, s.id, $1 from {newest} s join accounts a on (a.id >> 16) % 20 = s.id % 20",
        START,
    )
    await conn.execute(
        "insert into notifications (id, account_id, type, from_account_id, status_id, created_at)"
        " select (n << 16) + 1000 + (a.id >> 16) % 60000, a.id, 'favourite', f.target_id, s.id, $1"
        " from accounts a join lateral (select id, row_number() over (order by id desc) n from statuses"
        "  where account_id = a.id order by id desc limit $2) s on true"
        " join lateral (select target_id from follows where account_id = a.id order by id limit 1) f on true",
        START, NOTIFICATIONS,
    )  # fmt: skip
