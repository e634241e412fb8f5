"""SQL of publishing and of the parts of a status. What lists choose is beside the lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from rostra.kit.db import Reader, Tx, find_record
from rostra.posts.access import VISIBLE_STATUS
from rostra.posts.records import MediaPart, StatusParts

PARTS: Final = """
select s.id, s.uri, s.url, s.content, s.spoiler_text, s.visibility, s.sensitive, s.language, s.in_reply_to_id,
  s.in_reply_to_account_id, s.created_at, s.edited_at, s.text, app.name as app_name, app.website as app_website,
  coalesce((select jsonb_agg(jsonb_build_object('id', m.id, 'type', m.type, 'description', m.description,
      'focus_x', m.focus_x, 'focus_y', m.focus_y, 'blurhash', m.blurhash, 'original_key', m.original_key,
      'preview_key', m.preview_key, 'meta', m.meta) order by m.position, m.id)
    from media_attachments m where m.status_id = s.id), '[]') as media,
  coalesce((select jsonb_agg(jsonb_build_object('id', x.id, 'username', x.username, 'domain', x.domain, 'url', x.url)
      order by x.id)
    from mentions m join accounts x on x.id = m.account_id where m.status_id = s.id), '[]') as mentions,
  coalesce((select jsonb_agg(jsonb_build_object('name', t.name, 'display_name', t.display_name) order by t.name)
    from status_tags st join tags t on t.id = st.tag_id where st.status_id = s.id), '[]') as tags,
  (select to_jsonb(c) from preview_cards c where c.id = s.card_id and c.usable) as card,
  coalesce((select p.options from polls p where p.status_id = s.id), '{}') as poll_options
from statuses s left join apps app on app.id = s.app_id where s.id = any($1::bigint[])
"""

LOCK_STATUSES: Final = "select id from statuses where id = any($1::bigint[]) order by id for no key update"

STORE_RENDERED: Final = """
update statuses s set rendered = given.rendered, rendered_for = $3
from unnest($1::bigint[], $2::text[]) as given(id, rendered) where s.id = given.id
"""

NEXT_ID: Final = "select make_id($1)"

PARENT: Final = f"""
select s.id, s.account_id, s.conversation_id, s.visibility, s.reblog_of_id
from statuses s join accounts a on a.id = s.account_id where s.id = $2 and {VISIBLE_STATUS}
"""

OWN_MEDIA: Final = """
select m.id, m.type, m.description, m.focus_x, m.focus_y, m.blurhash, m.original_key, m.preview_key, m.meta
from unnest($2::bigint[]) with ordinality as wanted(id, place)
join media_attachments m on m.id = wanted.id
where m.account_id = $1 and m.status_id is null and (m.scheduled_status_id is null or m.scheduled_status_id = $3)
order by wanted.place
"""

CLAIM_KEY: Final = """
insert into idempotency_keys (account_id, key, status_id, scheduled_status_id, created_at) values ($1, $2, $3, $4, $5)
on conflict do nothing
"""

FIND_KEY: Final = "select status_id, scheduled_status_id from idempotency_keys where account_id = $1 and key = $2"

LOCK_KEY: Final = "select pg_advisory_xact_lock(hashtextextended($1, 0))"

NEW_CONVERSATION: Final = "insert into conversations (id, created_at) values ($1, $2)"

INSERT_STATUS: Final = """
insert into statuses (id, account_id, uri, url, text, content, spoiler_text, visibility, sensitive, language,
  in_reply_to_id, in_reply_to_account_id, reblog_of_id, conversation_id, app_id, created_at, rendered, rendered_for,
  has_poll)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
"""

INSERT_STATS: Final = "insert into status_stats (status_id) values ($1)"

COUNT_REPLY: Final = "update status_stats set replies_count = replies_count + 1 where status_id = $1"

COUNT_STATUS: Final = """
update account_stats set statuses_count = statuses_count + 1, last_status_at = greatest(last_status_at, $2)
where account_id = $1
"""

INSERT_MENTIONS: Final = """
insert into mentions (status_id, account_id) select $1, unnest($2::bigint[]) on conflict do nothing
"""

UPSERT_TAGS: Final = """
with given as (select name, display_name from unnest($1::text[], $2::text[]) as g(name, display_name)),
made as (
  insert into tags (id, name, display_name, last_used_at, created_at)
  select make_id($3), name, display_name, $3, $3 from given order by name
  on conflict (name) do update set last_used_at = excluded.last_used_at returning id)
insert into status_tags (tag_id, status_id) select id, $4 from made on conflict do nothing
"""

COUNT_TAG_USES: Final = """
insert into tag_uses (tag_id, used_on, account_id)
select tag_id, $2, $3 from status_tags where status_id = $1 order by tag_id
on conflict (tag_id, used_on, account_id) do update set uses = tag_uses.uses + 1
"""

ATTACH_MEDIA: Final = """
update media_attachments m set status_id = $1, scheduled_status_id = null, position = given.place
from unnest($2::bigint[]) with ordinality as given(id, place)
where m.id = given.id and m.account_id = $3 and m.status_id is null
"""

INSERT_POLL: Final = """
insert into polls (id, status_id, account_id, options, votes, multiple, hide_totals, expires_at, created_at)
values ($1, $2, $3, $4, array_fill(0, array[cardinality($4::text[])]), $5, $6, $7, $8)
"""

APP: Final = "select name, website from apps where id = $1"


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """A status that is replied to or boosted."""

    id: int
    account_id: int
    conversation_id: int
    visibility: str
    reblog_of_id: int | None


async def find_parts(db: Reader, ids: Sequence[int]) -> list[StatusParts]:
    """What the static JSON of these statuses is made of."""
    return [msgspec.convert(dict(row.items()), StatusParts) for row in await db.fetch(PARTS, ids)]


async def lock_statuses(tx: Tx, ids: Iterable[int]) -> list[int]:
    """Lock statuses against being changed until the transaction ends, always in one order; those that exist."""
    return [row["id"] for row in await tx.fetch(LOCK_STATUSES, list(ids))]


async def store_rendered(tx: Tx, rendered: Sequence[tuple[int, str]], fingerprint: int) -> None:
    """Keep the static JSON of statuses."""
    await tx.execute(STORE_RENDERED, [row[0] for row in rendered], [row[1] for row in rendered], fingerprint)


async def next_id(db: Reader, at: datetime) -> int:
    """A new snowflake for the moment `at`."""
    return await db.fetchval(NEXT_ID, at)


async def find_parent(db: Reader, viewer_id: int, status_id: int) -> Parent | None:
    """The status, if this account may see it."""
    return find_record(Parent, await db.fetchrow(PARENT, viewer_id, status_id))


async def find_own_media(
    db: Reader, account_id: int, ids: Sequence[int], scheduled_status_id: int | None = None
) -> list[MediaPart]:
    """The account's own attachments that no status has yet, in the order of `ids`."""
    rows = await db.fetch(OWN_MEDIA, account_id, ids, scheduled_status_id)
    return [msgspec.convert(dict(row.items()), MediaPart) for row in rows]


async def lock_key(tx: Tx, account_id: int, key: str) -> tuple[int | None, int | None] | None:
    """Take the lock of an idempotency key until the transaction ends; what it made before, if anything, as
    (status, scheduled status)."""
    await tx.fetchval(LOCK_KEY, f"{account_id}:{key}")
    row = await tx.fetchrow(FIND_KEY, account_id, key)
    return None if row is None else (row["status_id"], row["scheduled_status_id"])


async def keep_key(
    tx: Tx, account_id: int, key: str, *, status_id: int | None, scheduled_status_id: int | None, at: datetime
) -> None:
    """Remember what a request with this key made."""
    await tx.execute(CLAIM_KEY, account_id, key, status_id, scheduled_status_id, at)


async def insert_conversation(tx: Tx, conversation_id: int, at: datetime) -> None:
    """Begin a conversation."""
    await tx.execute(NEW_CONVERSATION, conversation_id, at)


async def insert_status(
    tx: Tx,
    parts: StatusParts,
    *,
    account_id: int,
    conversation_id: int,
    reblog_of_id: int | None,
    app_id: int | None,
    rendered: str,
    fingerprint: int,
) -> None:
    """Write a status, its counts, and what it changes of its author's and its parent's."""
    await tx.execute(
        INSERT_STATUS, parts.id, account_id, parts.uri, parts.url, parts.text, parts.content, parts.spoiler_text,
        parts.visibility, parts.sensitive, parts.language, parts.in_reply_to_id, parts.in_reply_to_account_id,
        reblog_of_id, conversation_id, app_id, parts.created_at, rendered, fingerprint,
        bool(parts.poll_options),
    )  # fmt: skip
    await tx.execute(INSERT_STATS, parts.id)
    await tx.execute(COUNT_STATUS, account_id, parts.created_at)
    if parts.in_reply_to_id is not None:
        await tx.execute(COUNT_REPLY, parts.in_reply_to_id)


async def insert_mentions(tx: Tx, status_id: int, account_ids: Sequence[int]) -> None:
    """Write who is mentioned; those that are there already stay."""
    await tx.execute(INSERT_MENTIONS, status_id, account_ids)


async def insert_tags(
    tx: Tx, status_id: int, tags: Sequence[tuple[str, str]], *, account_id: int, at: datetime, count: bool
) -> None:
    """Write the hashtags (normalised, as written) of a status; count their use where others may see it."""
    await tx.execute(UPSERT_TAGS, [name for name, _ in tags], [shown for _, shown in tags], at, status_id)
    if count:
        await tx.execute(COUNT_TAG_USES, status_id, at.date(), account_id)


async def attach_media(tx: Tx, status_id: int, media_ids: Sequence[int], account_id: int) -> int:
    """Attach the account's free attachments in this order; returns how many could be."""
    answer = await tx.execute(ATTACH_MEDIA, status_id, media_ids, account_id)
    return int(answer.rpartition(" ")[2])


async def insert_poll(
    tx: Tx, *, poll_id: int, status_id: int, account_id: int, options: Sequence[str], multiple: bool,
    hide_totals: bool, expires_at: datetime, at: datetime,
) -> None:  # fmt: skip
    """Write a poll without votes."""
    await tx.execute(INSERT_POLL, poll_id, status_id, account_id, options, multiple, hide_totals, expires_at, at)


async def find_app_name(db: Reader, app_id: int | None) -> tuple[str | None, str | None]:
    """Name and website of an app, or (None, None)."""
    row: Any = None if app_id is None else await db.fetchrow(APP, app_id)
    return (None, None) if row is None else (row["name"], row["website"])
