"""SQL of evidence. A snapshot is made by the database itself: nothing of it passes through here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from rostra.kit.db import Reader, Tx

# The context is not part of what makes two states different: who answers above changes nothing in what was said.
STATUS_SNAPSHOTS: Final = """
with state as (
  select s.id, s.revision, s.account_id,
    jsonb_build_object('text', s.text, 'spoiler_text', s.spoiler_text, 'language', s.language,
      'visibility', s.visibility, 'sensitive', s.sensitive, 'created_at', s.created_at, 'edited_at', s.edited_at,
      'in_reply_to_id', s.in_reply_to_id::text,
      'poll', (select to_jsonb(p.options) from polls p where p.status_id = s.id),
      'media', coalesce((select jsonb_agg(jsonb_build_object('id', m.id::text, 'type', m.type, 'key', m.original_key,
          'preview_key', m.preview_key, 'description', m.description, 'blurhash', m.blurhash)
          || case when m.removed_at is null then '{}' else jsonb_build_object('removed', true) end
          order by m.position, m.id)
        from media_attachments m where m.status_id = s.id), '[]')) as said,
    jsonb_build_object('acct', a.username || coalesce('@' || a.domain, ''), 'display_name', a.display_name,
      'context', coalesce((
        with recursive above as (
          select p.id, p.account_id, p.text, p.in_reply_to_id, 1 as depth from statuses p
          where p.id = s.in_reply_to_id and p.visibility in ('public', 'unlisted')
          union all
          select p.id, p.account_id, p.text, p.in_reply_to_id, above.depth + 1
          from above join statuses p on p.id = above.in_reply_to_id and p.visibility in ('public', 'unlisted')
          where above.depth < 5)
        select jsonb_agg(jsonb_build_object('id', above.id::text, 'text', above.text,
          'acct', w.username || coalesce('@' || w.domain, '')) order by above.id)
        from above join accounts w on w.id = above.account_id), '[]')) as around,
    coalesce((select array_agg(k.key) from media_attachments m
      cross join lateral (values (m.original_key), (m.preview_key)) k(key) where m.status_id = s.id), '{}') as keys
  from statuses s join accounts a on a.id = s.account_id
  where s.id = any($1::bigint[]) and s.reblog_of_id is null)
insert into snapshots (id, subject_kind, subject_id, revision, account_id, sha256, content, media_keys, taken_at)
select make_id($2), 'status', id, revision, account_id, sha256(convert_to(said::text, 'UTF8')), said || around, keys, $2
from state
on conflict (subject_kind, subject_id, sha256) do update set revision = greatest(snapshots.revision, excluded.revision)
returning subject_id, id
"""

ACCOUNT_SNAPSHOTS: Final = """
with state as (
  select a.id,
    jsonb_build_object('acct', a.username || coalesce('@' || a.domain, ''), 'display_name', a.display_name,
      'note_text', a.note_text, 'fields', a.fields, 'avatar_key', a.avatar_key, 'header_key', a.header_key,
      'created_at', a.created_at) as said,
    array_remove(array[a.avatar_key, a.header_key], null) as keys
  from accounts a where a.id = any($1::bigint[]))
insert into snapshots (id, subject_kind, subject_id, account_id, sha256, content, media_keys, taken_at)
select make_id($2), 'account', id, id, sha256(convert_to(said::text, 'UTF8')), said, keys, $2 from state
on conflict (subject_kind, subject_id, sha256) do update set revision = snapshots.revision
returning subject_id, id
"""

_COLUMNS: Final = "id, subject_kind, subject_id, revision, account_id, content, taken_at"

SNAPSHOTS: Final = f"select {_COLUMNS} from snapshots where id = any($1::bigint[])"

LATEST: Final = f"""
select {_COLUMNS} from snapshots where subject_kind = $1 and subject_id = $2 order by id desc limit 1
"""

KEPT: Final = """
select distinct k.key from snapshots s cross join lateral unnest(s.media_keys) k(key)
where s.media_keys && $1::text[] and k.key = any($1::text[])
"""

# Only the files of what is gone may go: those that a post or a profile still shows are not the evidence's.
SWEEP: Final = """
with old as (
  delete from snapshots s where s.id in (
    select x.id from snapshots x where x.taken_at < $1
      and not exists (select from decisions d where d.snapshot_id = x.id and d.created_at >= $1)
      and not exists (select from golden_items g where g.snapshot_id = x.id)
      and not exists (select from label_items l where l.snapshot_id = x.id and l.created_at >= $1)
      and not exists (select from cases c where c.subject_kind = x.subject_kind and c.subject_id = x.subject_id
        and c.state <> 'closed')
    order by x.taken_at limit $2)
  returning s.media_keys)
select distinct k.key from old cross join lateral unnest(old.media_keys) k(key)
where not exists (select from media_attachments m where k.key in (m.original_key, m.preview_key))
  and not exists (select from accounts a where k.key in (a.avatar_key, a.header_key))
"""


async def insert_snapshots(tx: Tx, kind: str, subject_ids: Sequence[int], at: datetime) -> dict[int, int]:
    rows = await tx.fetch(STATUS_SNAPSHOTS if kind == "status" else ACCOUNT_SNAPSHOTS, subject_ids, at)
    return {row["subject_id"]: row["id"] for row in rows}


async def list_snapshots(conn: Reader, ids: Sequence[int]) -> Sequence[Any]:
    return await conn.fetch(SNAPSHOTS, ids)


async def find_latest(conn: Reader, kind: str, subject_id: int) -> Any:
    return await conn.fetchrow(LATEST, kind, subject_id)


async def find_kept(conn: Reader, keys: Sequence[str]) -> set[str]:
    return {row["key"] for row in await conn.fetch(KEPT, keys)}


async def sweep(tx: Tx, before: datetime, limit: int) -> list[str]:
    return [row["key"] for row in await tx.fetch(SWEEP, before, limit)]
