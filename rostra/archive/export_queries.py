"""SQL of what a person takes along: read in pages by key, so that neither memory nor a transaction grows with it."""

from __future__ import annotations

from typing import Final

import msgspec

from rostra.archive.export_records import Owner, Post
from rostra.kit.db import Reader

OWNER: Final = """
select a.id, a.username, a.uri, a.url, a.display_name, a.note_text, a.note, a.fields, a.avatar_key,
  a.avatar_description, a.header_key, a.header_description, a.locked, a.bot, a.discoverable, a.indexable, a.created_at,
  a.also_known_as, target.uri as moved_to, u.email, u.locale, u.theme
from accounts a join users u on u.account_id = a.id left join accounts target on target.id = a.moved_to_id
where a.id = $1 and a.domain is null
"""

POSTS: Final = """
select s.id, s.uri, s.url, s.text, s.content, s.spoiler_text, s.visibility, s.sensitive, s.language, s.created_at,
  s.edited_at, s.withheld, parent.uri as in_reply_to, boosted.uri as reblog_of,
  exists (select from status_pins p where p.account_id = s.account_id and p.status_id = s.id) as pinned,
  coalesce(st.favourites_count, 0) as likes, coalesce(st.reblogs_count, 0) as shares,
  coalesce((select jsonb_agg(jsonb_build_object('id', m.id, 'content_type', m.content_type,
      'original_key', m.original_key, 'description', m.description, 'blurhash', m.blurhash, 'focus_x', m.focus_x,
      'focus_y', m.focus_y, 'meta', m.meta) order by m.position, m.id)
    from media_attachments m where m.status_id = s.id), '[]') as media,
  coalesce((select jsonb_agg(jsonb_build_object('username', x.username, 'domain', x.domain, 'uri', x.uri) order by x.id)
    from mentions m join accounts x on x.id = m.account_id where m.status_id = s.id), '[]') as mentions,
  coalesce((select jsonb_agg(jsonb_build_object('name', t.name, 'display_name', t.display_name) order by t.name)
    from status_tags g join tags t on t.id = g.tag_id where g.status_id = s.id), '[]') as tags,
  case when s.has_poll then (select jsonb_build_object('options', p.options, 'votes', p.votes, 'voters_count',
      p.voters_count, 'multiple', p.multiple, 'expires_at', p.expires_at)
    from polls p where p.status_id = s.id) end as poll
from statuses s
left join status_stats st on st.status_id = s.id
left join statuses parent on parent.id = s.in_reply_to_id
left join statuses boosted on boosted.id = s.reblog_of_id
where s.account_id = $1 and s.id > $2 order by s.id limit $3
"""

# Partial indexes, as where these lists are shown.
LIKES: Final = """
select f.id as cursor, s.uri from favourites f join statuses s on s.id = f.status_id
where f.account_id = $1 and f.id > 0 and f.id < $2 order by f.id desc limit $3
"""

BOOKMARKS: Final = """
select b.id as cursor, s.uri from bookmarks b join statuses s on s.id = b.status_id
where b.account_id = $1 and b.id > 0 and b.id < $2 order by b.id desc limit $3
"""

FOLLOWS: Final = """
select f.id as cursor, a.username, a.domain, f.show_reblogs, f.notify, f.languages
from follows f join accounts a on a.id = f.target_id
where f.account_id = $1 and f.id > $2 order by f.id limit $3
"""

FOLLOWERS: Final = """
select f.id as cursor, a.username, a.domain from follows f join accounts a on a.id = f.account_id
where f.target_id = $1 and f.id > $2 order by f.id limit $3
"""

# By what the index has, here and below: these lists have none by id.
BLOCKS: Final = """
select b.target_id as cursor, a.username, a.domain from blocks b join accounts a on a.id = b.target_id
where b.account_id = $1 and b.target_id > $2 order by b.target_id limit $3
"""

MUTES: Final = """
select m.target_id as cursor, a.username, a.domain, m.hide_notifications
from mutes m join accounts a on a.id = m.target_id
where m.account_id = $1 and m.target_id > $2 order by m.target_id limit $3
"""

NOTES: Final = """
select n.target_id as cursor, a.username, a.domain, n.comment
from account_notes n join accounts a on a.id = n.target_id
where n.account_id = $1 and n.target_id > $2 order by n.target_id limit $3
"""

DOMAIN_BLOCKS: Final = """
select b.domain as cursor, b.domain from account_domain_blocks b
where b.account_id = $1 and b.domain > $2 order by b.domain limit $3
"""

TAGS: Final = """
select f.tag_id as cursor, t.display_name from tag_follows f join tags t on t.id = f.tag_id
where f.account_id = $1 and f.tag_id > $2 order by f.tag_id limit $3
"""

LISTS: Final = "select l.id, l.title from lists l where l.account_id = $1 order by l.id"

MEMBERS: Final = """
select m.account_id as cursor, a.username, a.domain from list_accounts m join accounts a on a.id = m.account_id
where m.list_id = $1 and m.account_id > $2 order by m.account_id limit $3
"""

URIS: Final = "select s.id, s.uri from statuses s where s.id = any($1::bigint[])"

USED_EMOJIS: Final = "select e.shortcode, e.image_key from custom_emojis e where e.shortcode = any($1::text[])"


async def find_owner(db: Reader, account_id: int) -> Owner | None:
    """Whose archive it is: somebody of this server."""
    row = await db.fetchrow(OWNER, account_id)
    return None if row is None else msgspec.convert(dict(row.items()), Owner)


async def list_posts(db: Reader, account_id: int, after: int, limit: int) -> list[Post]:
    """Posts and boosts from the one after the id `after`, oldest first, those that moderation withholds too."""
    return [msgspec.convert(dict(row.items()), Post) for row in await db.fetch(POSTS, account_id, after, limit)]


async def list_uris(db: Reader, status_ids: list[int]) -> dict[int, str]:
    """The addresses of posts by id."""
    return {row["id"]: row["uri"] for row in await db.fetch(URIS, status_ids)} if status_ids else {}


async def list_lists(db: Reader, account_id: int) -> list[tuple[int, str]]:
    """(id, title) of the person's lists."""
    return [(row["id"], row["title"]) for row in await db.fetch(LISTS, account_id)]


async def find_emoji_keys(db: Reader, shortcodes: list[str]) -> dict[str, str]:
    """The keys of the pictures of custom emojis, disabled ones too, by shortcode."""
    rows = await db.fetch(USED_EMOJIS, shortcodes) if shortcodes else []
    return {row["shortcode"]: row["image_key"] for row in rows}
