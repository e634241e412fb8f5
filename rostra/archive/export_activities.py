"""A person and their posts as ActivityStreams objects, in the forms that Mastodon's archives have. Pure.

W3C Activity Streams 2.0; the terms that it lacks as Mastodon uses them (docs.joinmastodon.org/spec/activitypub).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from rostra.archive.export_records import Asked, Attached, Mentioned, Owner, Post
from rostra.archive.layout import AVATAR, BOOKMARKS, EMOJIS, HEADER, LIKES, MEDIA, OUTBOX, PUBLIC
from rostra.entities.account import timestamp
from rostra.text.urls import Urls

CONTEXT: Final[list[object]] = [
    "https://www.w3.org/ns/activitystreams",
    {
        "toot": "http://joinmastodon.org/ns#",
        "schema": "http://schema.org#",
        "rostra": "urn:rostra:archive:",
        "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
        "sensitive": "as:sensitive",
        "Hashtag": "as:Hashtag",
        "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
        "movedTo": {"@id": "as:movedTo", "@type": "@id"},
        "PropertyValue": "schema:PropertyValue",
        "value": "schema:value",
        "Emoji": "toot:Emoji",
        "blurhash": "toot:blurhash",
        "discoverable": "toot:discoverable",
        "indexable": "toot:indexable",
        "votersCount": "toot:votersCount",
        "focalPoint": {"@container": "@list", "@id": "toot:focalPoint"},
        "visibility": "rostra:visibility",
        "withheld": "rostra:withheld",
        "pinned": "rostra:pinned",
    },
]
_TEXT: Final = "text/plain"


def media_file(media: Attached) -> str:
    """The name in the archive of a post's picture."""
    return f"{MEDIA}/{media.id}/original.{_extension(media.original_key)}"


def profile_file(name: str, key: str) -> str:
    """The name in the archive of the avatar or the header, by its key."""
    return f"{name}.{_extension(key)}"


def emoji_file(key: str) -> str:
    """The name in the archive of a custom emoji, by its key."""
    return f"{EMOJIS}/{sha256(key.encode()).hexdigest()[:16]}.{_extension(key)}"


def render_actor(owner: Owner, emojis: Mapping[str, str]) -> dict[str, Any]:
    """The person. `emojis` are shortcodes with the keys of their pictures."""
    shown: dict[str, Any] = {
        "@context": CONTEXT,
        "id": owner.uri,
        "type": "Service" if owner.bot else "Person",
        "url": owner.url,
        "followers": followers_of(owner),
        "following": f"{owner.uri}/following",
        "outbox": OUTBOX,
        "likes": LIKES,
        "bookmarks": BOOKMARKS,
        "preferredUsername": owner.username,
        "name": owner.display_name,
        "summary": owner.note,
        "source": {"content": owner.note_text, "mediaType": _TEXT},
        "published": timestamp(owner.created_at),
        "manuallyApprovesFollowers": owner.locked,
        "discoverable": owner.discoverable,
        "indexable": owner.indexable,
        "alsoKnownAs": owner.also_known_as,
        "attachment": [
            {"type": "PropertyValue", "name": field.name, "value": field.html, "source": field.value}
            for field in owner.fields
        ],
        "tag": _emojis(emojis),
    }
    if owner.moved_to:
        shown["movedTo"] = owner.moved_to
    if owner.avatar_key:
        shown["icon"] = _image(profile_file(AVATAR, owner.avatar_key), owner.avatar_description)
    if owner.header_key:
        shown["image"] = _image(profile_file(HEADER, owner.header_key), owner.header_description)
    return shown


def render_activity(post: Post, owner: Owner, urls: Urls, emojis: Mapping[str, str], at: datetime) -> dict[str, Any]:
    """A post as `Create`, a boost as `Announce`. `emojis` are those of this post, as above; `at` is now."""
    to, cc = _audience(post, owner)
    act: dict[str, Any] = {
        "id": f"{post.uri}/activity",
        "type": "Create",
        "actor": owner.uri,
        "published": timestamp(post.created_at),
        "to": to,
        "cc": cc,
    }
    if post.reblog_of is not None:
        return {**act, "type": "Announce", "visibility": post.visibility, "object": post.reblog_of}
    return {**act, "object": _note(post, owner, urls, emojis, at)}


def followers_of(owner: Owner) -> str:
    """The address of the collection of somebody's followers."""
    return f"{owner.uri}/followers"


def _note(post: Post, owner: Owner, urls: Urls, emojis: Mapping[str, str], at: datetime) -> dict[str, Any]:
    to, cc = _audience(post, owner)
    shown: dict[str, Any] = {
        "id": post.uri,
        "type": "Note",
        "url": post.url,
        "attributedTo": owner.uri,
        "published": timestamp(post.created_at),
        "inReplyTo": post.in_reply_to,
        "to": to,
        "cc": cc,
        "visibility": post.visibility,
        "summary": post.spoiler_text or None,
        "sensitive": post.sensitive,
        "content": post.content,
        "source": {"content": post.text, "mediaType": _TEXT},
        "tag": _tags(post, urls, emojis),
        "attachment": [_document(media) for media in post.media],
        "likes": {"type": "Collection", "totalItems": post.likes},
        "shares": {"type": "Collection", "totalItems": post.shares},
    }
    if post.language:
        shown["contentMap"] = {post.language: post.content}
    if post.edited_at:
        shown["updated"] = timestamp(post.edited_at)
    if post.pinned:
        shown["pinned"] = True
    if post.withheld:
        shown["withheld"] = post.withheld
    return shown if post.poll is None else shown | _question(post.poll, at)


def _question(poll: Asked, at: datetime) -> dict[str, Any]:
    options = [
        {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": votes}}
        for name, votes in zip(poll.options, poll.votes, strict=True)
    ]
    shown: dict[str, Any] = {
        "type": "Question",
        "anyOf" if poll.multiple else "oneOf": options,
        "votersCount": poll.voters_count,
    }
    if poll.expires_at:
        shown["endTime"] = timestamp(poll.expires_at)
        if poll.expires_at <= at:
            shown["closed"] = shown["endTime"]
    return shown


def _audience(post: Post, owner: Owner) -> tuple[list[str], list[str]]:
    """To whom a post is addressed, and to whom a copy goes."""
    named = [mention.uri for mention in post.mentions]
    followers = followers_of(owner)
    match post.visibility:
        case "public":
            return [PUBLIC], [followers, *named]
        case "unlisted":
            return [followers], [PUBLIC, *named]
        case "private":
            return [followers], named
        case "direct":
            return named, []


def _tags(post: Post, urls: Urls, emojis: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        *({"type": "Mention", "href": who.uri, "name": _handle(who, urls)} for who in post.mentions),
        *({"type": "Hashtag", "href": urls.tag(tag.name), "name": f"#{tag.display_name}"} for tag in post.tags),
        *_emojis(emojis),
    ]


def _handle(who: Mentioned, urls: Urls) -> str:
    return f"@{who.username}@{who.domain or urls.domain}"


def _emojis(emojis: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"type": "Emoji", "name": f":{code}:", "icon": {"type": "Image", "url": emoji_file(key)}}
        for code, key in sorted(emojis.items())
    ]


def _document(media: Attached) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "type": "Document",
        "mediaType": media.content_type,
        "url": media_file(media),
        "name": media.description,
        "blurhash": media.blurhash,
    }
    original = media.meta.get("original") or {}
    shown |= {name: original[name] for name in ("width", "height") if name in original}
    if media.focus_x is not None and media.focus_y is not None:
        shown["focalPoint"] = [media.focus_x, media.focus_y]
    return shown


def _image(name: str, description: str) -> dict[str, Any]:
    return {"type": "Image", "url": name, "name": description or None}


def _extension(key: str) -> str:
    """Of our own key; what is no plain word cannot come from one."""
    found = key.rpartition(".")[2].lower()
    return found if found.isascii() and found.isalnum() and len(found) <= 5 else "bin"
