"""SQL of editing a status, and of what it was before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from rostra.entities.account import Visibility
from rostra.kit.db import Reader, Tx, find_record
from rostra.media.records import Focus
from rostra.posts.access import VISIBLE_STATUS

LOCK_OWN: Final = """
select id from statuses where id = $1 and account_id = $2 and reblog_of_id is null for no key update
"""

# Read once the lock is held: a statement that waits for a lock sees the rest as it was before it waited.
LOCKED: Final = """
select s.id, s.text, s.content, s.spoiler_text, s.sensitive, s.language, s.visibility, s.revision, s.created_at,
  s.edited_at, s.has_poll, s.card_id, c.url as card_url, s.withheld is not null as is_withheld,
  array(select m.id from media_attachments m where m.status_id = s.id and m.removed_at is null
    order by m.position, m.id) as media_ids,
  array(select t.name from status_tags st join tags t on t.id = st.tag_id where st.status_id = s.id) as tags
from statuses s left join preview_cards c on c.id = s.card_id where s.id = $1
"""

OWN: Final = """
select visibility, sensitive, language, in_reply_to_id from statuses
where id = $1 and account_id = $2 and reblog_of_id is null
"""

KEEP_REVISION: Final = """
insert into status_edits (status_id, revision, text, content, spoiler_text, sensitive, media, poll_options, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

UPDATE_STATUS: Final = """
update statuses set text = $2, content = $3, spoiler_text = $4, sensitive = $5, language = $6, has_poll = $7,
  card_id = $8, edited_at = $9, revision = revision + 1
where id = $1
"""

DELETE_MENTIONS_EXCEPT: Final = "delete from mentions where status_id = $1 and not account_id = any($2::bigint[])"

DELETE_TAGS: Final = """
delete from status_tags where status_id = $1 and tag_id in (select t.id from tags t where t.name = any($2::text[]))
"""

UPDATE_MEDIA: Final = """
update media_attachments set
  description = case when $3 then $4 else description end,
  focus_x = case when $5 then $6 else focus_x end,
  focus_y = case when $5 then $7 else focus_y end
where id = $2 and status_id = $1 and removed_at is null
"""

# $1 the viewer, $2 the status; of a boost, what it boosts is meant.
_NAMED: Final = "(select coalesce(named.reblog_of_id, named.id) from statuses named where named.id = $2)"

# What moderation has removed since is in no earlier version either.
HISTORY: Final = f"""
select s.id, s.account_id, s.text, s.content, s.spoiler_text, s.sensitive,
  coalesce(s.edited_at, s.created_at) as created_at,
  (select p.options from polls p where p.status_id = s.id) as poll_options,
  coalesce((select jsonb_agg(jsonb_build_object('text', e.text, 'content', e.content, 'spoiler_text', e.spoiler_text,
      'sensitive', e.sensitive, 'poll_options', e.poll_options, 'created_at', e.created_at,
      'media', (select coalesce(jsonb_agg(f.shown order by f.place), '[]')
        from jsonb_array_elements(e.media) with ordinality f(shown, place)
        where not exists (select from actions x where x.subject_kind = 'media'
          and x.subject_id = (f.shown ->> 'id')::bigint and x.kind = 'remove' and x.ended_at is null)))
      order by e.revision)
    from status_edits e where e.status_id = s.id), '[]') as earlier
from statuses s join accounts a on a.id = s.account_id
where s.id = {_NAMED} and {VISIBLE_STATUS}
"""

SOURCE: Final = f"""
select s.id, s.text, s.spoiler_text from statuses s join accounts a on a.id = s.account_id
where s.id = {_NAMED} and {VISIBLE_STATUS}
"""


_BY_PEOPLE: Final = """
exists (select from actions x join decisions d on d.id = x.decision_id
  where x.subject_kind = 'status' and x.subject_id = s.id and x.ended_at is null and not d.automated_decision
"""

SET_REACH: Final = f"""
update statuses s set limited = $2 or {_BY_PEOPLE} and x.kind = 'limit'),
  interaction_off = $3 or {_BY_PEOPLE} and x.kind = 'interaction-off')
where s.id = $1
"""


class OwnStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A status as its author edits it; nobody else changes it meanwhile. `tags` are normalised names."""

    id: int
    text: str
    content: str
    spoiler_text: str
    sensitive: bool
    language: str | None
    visibility: Visibility
    revision: int
    created_at: datetime
    edited_at: datetime | None
    has_poll: bool
    card_id: int | None
    card_url: str | None
    is_withheld: bool
    media_ids: list[int]
    tags: list[str]

    @property
    def is_listed(self) -> bool:
        """Whether everybody may see it."""
        return self.visibility in ("public", "unlisted")


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """Of a status, what an edit leaves as it is unless it says otherwise."""

    visibility: Visibility
    sensitive: bool
    language: str | None
    in_reply_to_id: int | None


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A status as it once was. `media` are MediaAttachment entities, as they were shown then."""

    text: str
    content: str
    spoiler_text: str
    sensitive: bool
    media: list[dict[str, Any]]
    poll_options: list[str] | None
    created_at: datetime


class Current(msgspec.Struct, frozen=True, kw_only=True):
    """A status as it is, with what it was before, the oldest first."""

    id: int
    account_id: int
    text: str
    content: str
    spoiler_text: str
    sensitive: bool
    poll_options: list[str] | None
    created_at: datetime
    earlier: list[Version]


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What was typed."""

    id: int
    text: str
    spoiler_text: str


async def set_reach(tx: Tx, status_id: int, *, limited: bool, interaction_off: bool) -> None:
    """Limit and close an edited status as the new verdict says; what people have decided of it stays."""
    await tx.execute(SET_REACH, status_id, limited, interaction_off)


async def find_own(db: Reader, status_id: int, account_id: int) -> Manner | None:
    """How the account's own status is posted; None where it is absent, a boost, or somebody else's."""
    return find_record(Manner, await db.fetchrow(OWN, status_id, account_id))


async def lock_own(tx: Tx, status_id: int, account_id: int) -> OwnStatus | None:
    """The account's own status, locked until the transaction ends. A boost cannot be edited and is none."""
    if await tx.fetchval(LOCK_OWN, status_id, account_id) is None:
        return None
    return find_record(OwnStatus, await tx.fetchrow(LOCKED, status_id))


async def keep_revision(
    tx: Tx, status: OwnStatus, media: Sequence[dict[str, Any]], poll_options: Sequence[str] | None
) -> None:
    """Keep what a status was, under its revision."""
    await tx.execute(
        KEEP_REVISION, status.id, status.revision, status.text, status.content, status.spoiler_text, status.sensitive,
        media, poll_options, status.edited_at or status.created_at,
    )  # fmt: skip


async def update_status(
    tx: Tx, status_id: int, *, text: str, content: str, spoiler_text: str, sensitive: bool, language: str | None,
    has_poll: bool, card_id: int | None, at: datetime,
) -> None:  # fmt: skip
    """Write what a status has become."""
    await tx.execute(UPDATE_STATUS, status_id, text, content, spoiler_text, sensitive, language, has_poll, card_id, at)


async def delete_mentions_except(tx: Tx, status_id: int, account_ids: Sequence[int]) -> None:
    """Forget whom the text does not mention any more."""
    await tx.execute(DELETE_MENTIONS_EXCEPT, status_id, account_ids)


async def delete_tags(tx: Tx, status_id: int, names: Sequence[str]) -> None:
    """Forget hashtags that the text does not have any more."""
    await tx.execute(DELETE_TAGS, status_id, names)


async def update_media(
    tx: Tx, status_id: int, media_id: int, *, description: tuple[str | None] | None, focus: tuple[Focus | None] | None
) -> None:
    """Change what is given (a tuple of one) of an attachment of this status."""
    point = focus[0] if focus else None
    await tx.execute(
        UPDATE_MEDIA, status_id, media_id, description is not None, description[0] if description else None,
        focus is not None, point.x if point else None, point.y if point else None,
    )  # fmt: skip


async def find_history(db: Reader, viewer_id: int | None, status_id: int) -> Current | None:
    """The status (or what it boosts) with its earlier versions, if the viewer may see it."""
    row = await db.fetchrow(HISTORY, viewer_id, status_id)
    return None if row is None else msgspec.convert(dict(row.items()), Current)


async def find_source(db: Reader, viewer_id: int, status_id: int) -> Source | None:
    """What was typed in the status, or in what it boosts, if the viewer may see it."""
    return find_record(Source, await db.fetchrow(SOURCE, viewer_id, status_id))
