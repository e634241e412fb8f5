"""SQL of what publishing looks up, and of the parts of a status; each further act has a `*_queries` of its own, the
writing of a new status too. What lists choose is beside the lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from rostra.kit.db import Reader, Tx, find_record
from rostra.kit.errors import Forbidden, Invalid
from rostra.posts.access import VISIBLE_STATUS
from rostra.posts.records import Made, MediaPart, StatusParts
from rostra.relationships.follow import HAS_MOVED
from rostra.screening.record_queries import AUTHOR_COVERS, SHOWN_LABELS

PARTS: Final = f"""
select s.id, s.uri, s.url, s.content, s.spoiler_text, s.visibility, s.sensitive, s.language, s.in_reply_to_id,
  s.in_reply_to_account_id, s.created_at, s.edited_at, s.text, s.covered,
  app.name as app_name, app.website as app_website,
  coalesce((select jsonb_agg(jsonb_build_object('id', m.id, 'type', m.type, 'description', m.description,
      'focus_x', m.focus_x, 'focus_y', m.focus_y, 'blurhash', m.blurhash, 'original_key', m.original_key,
      'preview_key', m.preview_key, 'meta', m.meta, 'covered', case when m.covered and not whole.covered then (
        select d.clause from actions x join decisions d on d.id = x.decision_id
        where x.subject_kind = 'media' and x.subject_id = m.id and x.kind = 'sensitive' and x.ended_at is null
        order by x.id limit 1) end) order by m.position, m.id)
    from media_attachments m where m.status_id = s.id and m.removed_at is null), '[]') as media,
  coalesce((select jsonb_agg(jsonb_build_object('id', x.id, 'username', x.username, 'domain', x.domain, 'url', x.url)
      order by x.id)
    from mentions m join accounts x on x.id = m.account_id where m.status_id = s.id), '[]') as mentions,
  coalesce((select jsonb_agg(jsonb_build_object('name', t.name, 'display_name', t.display_name) order by t.name)
    from status_tags st join tags t on t.id = st.tag_id where st.status_id = s.id), '[]') as tags,
  (select to_jsonb(c) from preview_cards c where c.id = s.card_id and c.usable) as card,
  coalesce((select p.options from polls p where p.status_id = s.id), '{{}}') as poll_options
from statuses s left join apps app on app.id = s.app_id
  -- Whether all of it is covered anyhow, whichever files are.
  cross join lateral (select s.sensitive
    or exists (select from accounts a where a.id = s.account_id and {AUTHOR_COVERS})
    or exists (select from actions x where x.subject_kind = 'status' and x.subject_id = s.id and x.kind = 'sensitive'
      and x.ended_at is null)
    or exists (select from labels l where l.subject_kind = 'status' and l.subject_id = s.id and l.covers)
    as covered) whole
where s.id = any($1::bigint[])
"""

LOCK_STATUSES: Final = "select id from statuses where id = any($1::bigint[]) order by id for no key update"

STORE_RENDERED: Final = """
update statuses s set rendered = given.rendered, rendered_for = $3
from unnest($1::bigint[], $2::text[]) as given(id, rendered) where s.id = given.id
"""

# Of a boost; of a status, what is known of its author says all this.
START: Final = """
select make_id($1) as id, app.name as app_name, app.website as app_website,
  exists (select from accounts a where a.id = $3 and a.moved_to_id is not null) as has_moved
from (select) nothing left join apps app on app.id = $2
"""

SUBJECT: Final = f"""
select s.id, s.account_id, s.conversation_id, s.visibility,
  s.interaction_off and s.account_id <> $1 as is_closed, s.withheld is not null as is_withheld,
  ({SHOWN_LABELS}) is not null as is_labelled,
  exists (select from blocks b where b.account_id = $1 and b.target_id = s.account_id) as is_blocked
from statuses named
join statuses s on s.id = coalesce(named.reblog_of_id, named.id)
join accounts a on a.id = s.account_id
where named.id = $2 and {VISIBLE_STATUS}
"""

BLOCKED_AMONG: Final = "select target_id from blocks where account_id = $1 and target_id = any($2::bigint[])"

# What moderation has removed is not to be had again; what it has covered stays where it is.
OWN_MEDIA: Final = """
select m.id, m.type, m.description, m.focus_x, m.focus_y, m.blurhash, m.original_key, m.preview_key, m.meta,
  m.pdq, m.pdq_quality
from unnest($2::bigint[]) with ordinality as wanted(id, place)
join media_attachments m on m.id = wanted.id
where m.account_id = $1 and (m.status_id is null and not m.covered or m.status_id = $4) and m.removed_at is null
  and (m.scheduled_status_id is null or m.scheduled_status_id = $3)
order by wanted.place
"""

FIND_KEY: Final = """
select status_id, scheduled_status_id as scheduled_id from idempotency_keys
where account_id = $1 and key = $2 and created_at > $3
"""

LOCK_NAME: Final = "select pg_advisory_xact_lock(hashtextextended($1, 0))"

KEYS: Final = "idempotency_keys_pkey"
"""What is violated where a key is known already."""

KEEP_KEY: Final = """
insert into idempotency_keys (account_id, key, scheduled_status_id, created_at) values ($1, $2, $3, $4)
"""

DELETE_KEYS: Final = "delete from idempotency_keys where created_at <= $1"

# Whoever adds to a status locks its counts before anything else, and so does whoever deletes it: in this order nobody
# waits in a circle. No row: the status is gone.
COUNT_REPLY: Final = "update status_stats set replies_count = replies_count + $2 where status_id = $1"

INSERT_MENTIONS: Final = """
insert into mentions (status_id, account_id) select $1, unnest($2::bigint[]) on conflict do nothing
"""

# Known tags are only read, and touched once an hour: a popular one is not to be a queue of all who use it. Where not
# everybody may see the post ($5 false), its tags do not count as used: what was said in confidence is not to be found.
INSERT_TAGS: Final = """
with given as (select name, display_name from unnest($1::text[], $2::text[]) as g(name, display_name)),
known as (select t.id, t.name, t.last_used_at, t.usable from tags t where t.name = any($1::text[])),
made as (
  insert into tags (id, name, display_name, last_used_at, created_at)
  select make_id($3), g.name, g.display_name, case when $5 then $3 end, $3 from given g
  where not exists (select from known k where k.name = g.name) order by g.name
  on conflict (name) do update set last_used_at = coalesce(excluded.last_used_at, tags.last_used_at) returning id),
stale as (
  select t.id from tags t where $5 and t.id in (
    select k.id from known k where k.last_used_at is null or k.last_used_at < $3::timestamptz - interval '1 hour')
  order by t.id for no key update skip locked),
touched as (update tags t set last_used_at = $3 from stale where t.id = stale.id),
tagged as (
  insert into status_tags (tag_id, status_id)
  select id, $4 from (select id from known union select id from made) used on conflict do nothing)
select k.name from known k where not k.usable order by k.name
"""

COUNT_TAG_USES: Final = """
insert into tag_uses (tag_id, used_on, account_id)
select t.id, $2, $3 from tags t where t.name = any($1::text[]) order by t.id
on conflict (tag_id, used_on, account_id) do update set uses = tag_uses.uses + 1
"""

ATTACH_MEDIA: Final = """
update media_attachments m set status_id = $1, scheduled_status_id = null, position = given.place
from unnest($2::bigint[]) with ordinality as given(id, place)
where m.id = given.id and m.account_id = $3 and (m.status_id is null and not m.covered or m.status_id = $1)
  and m.removed_at is null
"""


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """What a new status begins with: its id, the app that it comes from."""

    id: int
    app_name: str | None
    app_website: str | None


class Parent(msgspec.Struct, frozen=True, kw_only=True):
    """A status that somebody acts on: never a boost, but what it boosts. `is_blocked`: by whoever acts."""

    id: int
    account_id: int
    conversation_id: int
    visibility: str
    is_blocked: bool
    # Whether moderation has closed it to everybody but its author.
    is_closed: bool
    is_withheld: bool
    is_labelled: bool


async def find_parts(db: Reader, ids: Sequence[int]) -> list[StatusParts]:
    """What the static JSON of these statuses is made of."""
    return [msgspec.convert(dict(row.items()), StatusParts) for row in await db.fetch(PARTS, ids)]


async def lock_statuses(tx: Tx, ids: Iterable[int]) -> list[int]:
    """Lock statuses against being changed until the transaction ends, always in one order; those that exist."""
    return [row["id"] for row in await tx.fetch(LOCK_STATUSES, list(ids))]


async def store_rendered(tx: Tx, rendered: Sequence[tuple[int, str]], fingerprint: int) -> None:
    """Keep the static JSON of statuses."""
    await tx.execute(STORE_RENDERED, [row[0] for row in rendered], [row[1] for row in rendered], fingerprint)


async def find_start(db: Reader, at: datetime, app_id: int | None, author_id: int) -> Start:
    """A new id for the moment `at`, and the app's name and website. Raises Forbidden where the author has moved to
    another account."""
    row = await db.fetchrow(START, at, app_id, author_id)
    assert row is not None
    if row["has_moved"]:
        raise Forbidden(HAS_MOVED)
    return Start(id=row["id"], app_name=row["app_name"], app_website=row["app_website"])


async def find_subject(db: Reader, viewer_id: int | None, status_id: int) -> Parent | None:
    """The status, or what it boosts, if this account may see it."""
    return find_record(Parent, await db.fetchrow(SUBJECT, viewer_id, status_id))


async def find_blocked_among(db: Reader, account_id: int, ids: Sequence[int]) -> set[int]:
    """Those of `ids` whom the account has blocked."""
    return {row["target_id"] for row in await db.fetch(BLOCKED_AMONG, account_id, ids)} if ids else set()


async def find_own_media(
    db: Reader, account_id: int, ids: Sequence[int], *, scheduled_id: int | None, status_id: int | None
) -> list[MediaPart]:
    """The account's attachments that nothing has yet but perhaps these two, in the order of `ids`."""
    rows = await db.fetch(OWN_MEDIA, account_id, ids, scheduled_id, status_id)
    return [msgspec.convert(dict(row.items()), MediaPart) for row in rows]


async def find_made(db: Reader, account_id: int, key: str, since: datetime) -> Made | None:
    """What a request with this key has made since then."""
    return find_record(Made, await db.fetchrow(FIND_KEY, account_id, key, since))


async def lock_name(tx: Tx, account_id: int, name: str) -> None:
    """Take the lock of a name that an account has but one of until the transaction ends."""
    await tx.fetchval(LOCK_NAME, f"{account_id}:{name}")


async def keep_key(tx: Tx, account_id: int, key: str, scheduled_id: int, at: datetime) -> None:
    """Remember which scheduled status a request with this key made; a status is written with its key. Raises asyncpg's
    UniqueViolationError where the key is known."""
    await tx.execute(KEEP_KEY, account_id, key, scheduled_id, at)


async def delete_keys(tx: Tx, until: datetime) -> None:
    """Forget the keys from before then."""
    await tx.execute(DELETE_KEYS, until)


async def count_reply(tx: Tx, parent_id: int, *, listed: bool) -> bool:
    """Lock the parent's counts, and count a reply that is `listed` for everybody; False where the parent is gone."""
    return _changed(await tx.execute(COUNT_REPLY, parent_id, int(listed))) == 1


async def insert_mentions(tx: Tx, status_id: int, account_ids: Sequence[int]) -> None:
    """Write who is mentioned; those that are there already stay."""
    await tx.execute(INSERT_MENTIONS, status_id, account_ids)


async def insert_tags(
    tx: Tx, status_id: int, tags: Sequence[tuple[str, str]], *, account_id: int, at: datetime, count: bool
) -> None:
    """Write hashtags (normalised, as written) of a status; `count` their use where everybody may see it.

    Raises Invalid where staff has taken one of them out of use.
    """
    names = [name for name, _ in tags]
    unusable = await tx.fetch(INSERT_TAGS, names, [shown for _, shown in tags], at, status_id, count)
    if unusable:
        named = ", ".join(row["name"] for row in unusable)
        raise Invalid("text", f"contained a disallowed hashtag: {named}")
    if count:
        await count_tag_uses(tx, names, account_id=account_id, at=at)


async def count_tag_uses(tx: Tx, names: Sequence[str], *, account_id: int, at: datetime) -> None:
    """Count that the account has used these hashtags that day where everybody may see it."""
    await tx.execute(COUNT_TAG_USES, names, at.date(), account_id)


async def attach_media(tx: Tx, status_id: int, media_ids: Sequence[int], account_id: int) -> int:
    """Attach the account's free attachments, and those that are attached here already, in this order; how many."""
    return _changed(await tx.execute(ATTACH_MEDIA, status_id, media_ids, account_id))


def _changed(answer: str) -> int:
    return int(answer.rpartition(" ")[2])
