"""The stored part of a status's JSON: made from its parts when it is written, from the database when it is stale."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from rostra.accounts.queries import Emoji, find_emojis
from rostra.accounts.render import render_emoji, shortcodes_in
from rostra.entities.account import timestamp
from rostra.entities.status import (
    Application,
    MediaAttachment,
    PreviewCard,
    PreviewCardAuthor,
    StatusMention,
    StatusStatic,
    StatusTag,
    encode_static,
)
from rostra.kit.db import Tx
from rostra.media.records import MediaAttachment as Upload
from rostra.posts import queries
from rostra.posts.records import CardPart, MediaPart, StatusParts
from rostra.text.urls import Urls


def render_media(media: MediaPart, urls: Urls) -> MediaAttachment:
    """An attachment as an entity."""
    meta: dict[str, Any] = dict(media.meta)
    if media.focus_x is not None and media.focus_y is not None:
        meta["focus"] = {"x": media.focus_x, "y": media.focus_y}
    return msgspec.convert(
        {
            "id": str(media.id),
            "type": media.type,
            "url": urls.stored(media.original_key),
            "preview_url": urls.stored(media.preview_key),
            "meta": meta,
            "description": media.description,
            "blurhash": media.blurhash,
        }
        | ({} if media.covered is None else {"covered": media.covered}),
        MediaAttachment,
    )


def render_upload(media: Upload, urls: Urls) -> MediaAttachment:
    """An upload, posted or not, as an entity."""
    return render_media(msgspec.convert(media, MediaPart, from_attributes=True), urls)


def render_card(card: CardPart, urls: Urls) -> PreviewCard:
    """A link's preview as an entity."""
    named = card.author_name or card.author_url
    return msgspec.convert(
        {
            **{name: getattr(card, name) for name in _CARD_FIELDS},
            "image": urls.stored(card.image_key) if card.image_key else None,
            "published_at": timestamp(card.published_at) if card.published_at else None,
            "authors": [PreviewCardAuthor(name=card.author_name, url=card.author_url)] if named else [],
        },
        PreviewCard,
    )


_CARD_FIELDS = sorted(set(CardPart.__struct_fields__) & set(PreviewCard.__struct_fields__) - {"published_at"})


def render_static(parts: StatusParts, emojis: Iterable[Emoji], urls: Urls) -> str:
    """The stored part of a status's JSON. `emojis` may hold more than the status uses."""
    used = shortcodes_in(parts.spoiler_text, parts.text, *parts.poll_options)
    return encode_static(
        StatusStatic(
            id=str(parts.id),
            created_at=timestamp(parts.created_at),
            in_reply_to_id=str(parts.in_reply_to_id) if parts.in_reply_to_id else None,
            in_reply_to_account_id=str(parts.in_reply_to_account_id) if parts.in_reply_to_account_id else None,
            sensitive=parts.sensitive or parts.covered,
            spoiler_text=parts.spoiler_text,
            visibility=parts.visibility,
            language=parts.language,
            uri=parts.uri,
            url=parts.url,
            edited_at=timestamp(parts.edited_at) if parts.edited_at else None,
            content=parts.content,
            application=Application(name=parts.app_name, website=parts.app_website) if parts.app_name else None,
            media_attachments=[render_media(media, urls) for media in parts.media],
            mentions=[
                StatusMention(
                    id=str(m.id),
                    username=m.username,
                    url=m.url,
                    acct=f"{m.username}@{m.domain}" if m.domain else m.username,
                )
                for m in parts.mentions
            ],
            tags=[StatusTag(name=tag.name, url=urls.tag(tag.name)) for tag in parts.tags],
            emojis=[render_emoji(emoji, urls) for emoji in emojis if emoji.shortcode in used],
            card=render_card(parts.card, urls) if parts.card else None,
        )
    )


async def refresh_statuses(tx: Tx, ids: Iterable[int], urls: Urls) -> None:
    """Make the static JSON of these statuses anew and keep it.

    The rows are locked first: what is read after that cannot be older than what an edit commits meanwhile.
    """
    parts = await queries.find_parts(tx, await queries.lock_statuses(tx, ids))
    texts = [text for part in parts for text in (part.spoiler_text, part.text, *part.poll_options)]
    emojis = await find_emojis(tx, sorted(shortcodes_in(*texts)))
    rendered = [(part.id, render_static(part, emojis, urls)) for part in parts]
    await queries.store_rendered(tx, rendered, urls.fingerprint)
