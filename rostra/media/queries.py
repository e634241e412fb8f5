"""SQL of media attachments. Attaching them to statuses and reading them with one is done by `posts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import asyncpg

from rostra.kit.db import Reader, Tx, as_record, find_record
from rostra.media.records import Focus, MediaAttachment, NewMedia

_COLUMNS: Final = """
  id, account_id, status_id, scheduled_status_id, type, description, focus_x, focus_y, blurhash, content_type,
  original_key, preview_key, size_bytes, meta, created_at
"""

INSERT_MEDIA: Final = f"""
insert into media_attachments (id, account_id, type, description, focus_x, focus_y, blurhash, content_type,
  original_key, preview_key, size_bytes, meta, created_at, pdq, pdq_quality)
values (make_id($1), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $1, $13, $14)
returning {_COLUMNS}
"""

OWN_MEDIA: Final = f"select {_COLUMNS} from media_attachments where id = $2 and account_id = $1"

UPDATE_UNPOSTED: Final = f"""
update media_attachments set
  description = case when $3 then $4 else description end,
  focus_x = case when $5 then $6 else focus_x end,
  focus_y = case when $5 then $7 else focus_y end
where id = $2 and account_id = $1 and status_id is null
returning {_COLUMNS}
"""

DELETE_UNATTACHED: Final = """
delete from media_attachments
where id = $2 and account_id = $1 and status_id is null and scheduled_status_id is null
returning original_key, preview_key
"""

# Evidence keeps its files until its own time is over.
DELETE_ORPHANS: Final = """
delete from media_attachments where id in (
  select id from media_attachments
  where status_id is null and scheduled_status_id is null and created_at < $1
    and not exists (select from snapshots s where s.media_keys && array[original_key, preview_key])
  order by created_at limit $2 for update skip locked)
returning original_key, preview_key
"""

# An orphan's day counts from here: the moment of upload is of no more use to anybody. What moderation has removed stays
# with its post, or goes with it; what waited for review is for its author only.
RELEASE_MEDIA: Final = """
update media_attachments m set status_id = null, position = 0, created_at = $3::timestamptz,
  own_only = s.withheld is not null, removed_at = case when s.withheld = 'refused' then $3::timestamptz end
from statuses s
where s.id = $1 and m.status_id = $1 and not m.id = any($2::bigint[]) and m.removed_at is null
"""

DELETE_OF_STATUS: Final = "delete from media_attachments where status_id = $1 returning original_key, preview_key"

KEYS_OF_ACCOUNT: Final = "select original_key, preview_key from media_attachments where account_id = $1"

# With a quality and no hash: its file was looked at and could not be hashed.
UNHASHED: Final = """
select id, preview_key from media_attachments
where pdq_quality is null and type in ('image', 'gifv') and id > $1 order by id limit $2
"""

SET_HASHES: Final = """
update media_attachments m set pdq = given.pdq, pdq_quality = given.quality
from unnest($1::bigint[], $2::bytea[], $3::smallint[]) as given (id, pdq, quality)
where m.id = given.id and m.pdq_quality is null
"""


async def insert_media(tx: Tx, new: NewMedia, at: datetime) -> MediaAttachment:
    """Write the row of an upload. Raises asyncpg.ForeignKeyViolationError where the account is gone."""
    row = await tx.fetchrow(
        INSERT_MEDIA,
        at,
        new.account_id,
        new.type,
        new.description,
        None if new.focus is None else new.focus.x,
        None if new.focus is None else new.focus.y,
        new.blurhash,
        new.content_type,
        new.original_key,
        new.preview_key,
        new.size_bytes,
        new.meta,
        new.pdq,
        new.pdq_quality,
    )
    assert row is not None
    return as_record(MediaAttachment, row)


async def find_own(conn: Reader, account_id: int, media_id: int) -> MediaAttachment | None:
    """An upload of this account, attached or not."""
    return find_record(MediaAttachment, await conn.fetchrow(OWN_MEDIA, account_id, media_id))


async def update_unposted(
    tx: Tx, account_id: int, media_id: int, *, description: tuple[str | None] | None, focus: tuple[Focus | None] | None
) -> MediaAttachment | None:
    """Change what is given (a tuple of one) of an upload that no status shows yet; None where there is none."""
    point = focus[0] if focus else None
    row = await tx.fetchrow(
        UPDATE_UNPOSTED,
        account_id,
        media_id,
        description is not None,
        description[0] if description else None,
        focus is not None,
        point.x if point else None,
        point.y if point else None,
    )
    return find_record(MediaAttachment, row)


async def delete_unattached(tx: Tx, account_id: int, media_id: int) -> list[str]:
    """Delete an upload that nothing uses and return its keys; empty where there is none."""
    return _keys(await tx.fetch(DELETE_UNATTACHED, account_id, media_id))


async def delete_orphans(tx: Tx, before: datetime, limit: int) -> list[str]:
    """Delete the oldest unattached uploads from before a moment and return their keys."""
    return _keys(await tx.fetch(DELETE_ORPHANS, before, limit))


async def release_media(tx: Tx, status_id: int, keep: Sequence[int], at: datetime) -> None:
    """Detach from a status all but the media in `keep`."""
    await tx.execute(RELEASE_MEDIA, status_id, keep, at)


async def delete_of_status(tx: Tx, status_id: int) -> list[str]:
    """Delete the media of a status and return the keys."""
    return _keys(await tx.fetch(DELETE_OF_STATUS, status_id))


async def keys_of_account(conn: Reader, account_id: int) -> list[str]:
    """The keys of everything that an account has uploaded to its posts."""
    return _keys(await conn.fetch(KEYS_OF_ACCOUNT, account_id))


async def list_unhashed(conn: Reader, after: int, limit: int) -> list[tuple[int, str]]:
    """Ids above `after` of pictures that nobody has tried to hash, with the keys of their previews."""
    return [(row["id"], row["preview_key"]) for row in await conn.fetch(UNHASHED, after, limit)]


async def set_hashes(tx: Tx, hashes: Mapping[int, tuple[bytes | None, int]]) -> None:
    """Write PDQ hashes with their qualities by id; None where there is none to be had."""
    found = hashes.values()
    await tx.execute(SET_HASHES, list(hashes), [pdq for pdq, _ in found], [quality for _, quality in found])


def _keys(rows: Sequence[asyncpg.Record]) -> list[str]:
    return [key for row in rows for key in (row["original_key"], row["preview_key"])]
