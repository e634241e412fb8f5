"""What a status was, and what was typed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, Raw

from rostra.accounts.queries import Emoji, find_emojis
from rostra.accounts.render import hydrate_accounts, render_emoji, shortcodes_in
from rostra.entities.account import timestamp
from rostra.entities.status import MediaAttachment, StatusEdit, StatusSource
from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.posts import edit_queries, queries
from rostra.posts.edit_queries import Current, Version
from rostra.posts.render import render_media
from rostra.text.urls import Urls


async def get_history(db: Database, urls: Urls, *, viewer_id: int | None, status_id: int) -> list[StatusEdit]:
    """All versions of a status, the oldest first, the one that holds last. Raises NotFound."""
    async with db.read() as conn:
        current = await edit_queries.find_history(conn, viewer_id, status_id)
        if current is None:
            raise NotFound
        parts = await queries.find_parts(conn, [current.id])
        media = [msgspec.to_builtins(render_media(part, urls)) for part in parts[0].media] if parts else []
        versions = [*current.earlier, _as_version(current, media)]
        texts = [text for v in versions for text in (v.text, v.spoiler_text, *(v.poll_options or ()))]
        emojis = await find_emojis(conn, sorted(shortcodes_in(*texts)))
    account = (await hydrate_accounts(db, [current.account_id], urls))[0]
    return [_render(version, account, emojis, urls) for version in versions]


def _as_version(current: Current, media: Sequence[object]) -> Version:
    return msgspec.convert(
        {**{name: getattr(current, name) for name in Version.__struct_fields__ if name != "media"}, "media": media},
        Version,
    )


def _render(version: Version, account: Raw, emojis: Sequence[Emoji], urls: Urls) -> StatusEdit:
    used = shortcodes_in(version.text, version.spoiler_text, *(version.poll_options or ()))
    options = version.poll_options
    return StatusEdit(
        content=version.content,
        spoiler_text=version.spoiler_text,
        sensitive=version.sensitive,
        created_at=timestamp(version.created_at),
        account=account,
        media_attachments=msgspec.convert(version.media, list[MediaAttachment]),
        emojis=[render_emoji(emoji, urls) for emoji in emojis if emoji.shortcode in used],
        poll=UNSET if options is None else {"options": [{"title": title} for title in options]},
    )


async def get_source(db: Database, *, viewer_id: int, status_id: int) -> StatusSource:
    """The text of a status as it was typed. Raises NotFound."""
    async with db.read() as conn:
        source = await edit_queries.find_source(conn, viewer_id, status_id)
    if source is None:
        raise NotFound
    return StatusSource(id=str(source.id), text=source.text, spoiler_text=source.spoiler_text)
