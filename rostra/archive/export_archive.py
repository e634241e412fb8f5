"""The whole archive of an account: what belongs in it, in which order, read in pages and written as a stream.

Everything that the person wrote is in it, private posts and those that moderation withholds too; of others' posts only
the addresses. A picture that the store does not have is named as missing and stops nothing.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path
from typing import IO, Any, Final

import msgspec

from rostra.accounts.own import get_user, render_preferences
from rostra.accounts.render import shortcodes_in
from rostra.archive import export_queries as queries
from rostra.archive.archive_writer import ArchiveWriter, Entry
from rostra.archive.export_activities import (
    CONTEXT,
    emoji_file,
    media_file,
    profile_file,
    render_activity,
    render_actor,
)
from rostra.archive.export_csv import FILES, stream_bookmarks, stream_csv, stream_likes
from rostra.archive.export_records import Owner, Post
from rostra.archive.layout import ACTOR, AVATAR, BOOKMARKS, FILTERS, HEADER, LIKES, OUTBOX, PREFERENCES
from rostra.archive.signing import SigningKey
from rostra.filters.queries import list_filters
from rostra.filters.render import render_filter
from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.kit.objectstore import ObjectStore
from rostra.text.urls import Urls

POSTS_PAGE: Final = 200
"""Posts that are read and held at once."""
_NOT_STORED: Final = "the server does not have this file"


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive is made from."""

    db: Database
    store: ObjectStore
    urls: Urls
    clock: Clock


class _Making:
    """One archive while it is made: where it goes, whose it is, and which pictures are yet to come."""

    def __init__(self, sources: Sources, owner: Owner, writer: ArchiveWriter, pictures: IO[bytes]) -> None:
        self.db = sources.db
        self.store = sources.store
        self.urls = sources.urls
        self.at = sources.clock.now()
        self.owner = owner
        self.writer = writer
        # "name<tab>key" a line: on disk, for there may be hundreds of thousands.
        self.pictures = pictures
        # Those in use, of a server's few hundred.
        self.emojis: dict[str, str] = {}


async def write_archive(sources: Sources, key: SigningKey, account_id: int, path: Path) -> int:
    """Write the archive of a local account to `path` and return its size in bytes.

    Memory does not grow with the number of posts, rows or bytes; each picture costs about a kilobyte until the end.
    Raises NotFound, StoreUnavailable, OSError (disk full), and FileNotFoundError where a picture is deleted while it is
    read: whoever tries again finds it gone with its post.
    """
    async with sources.db.read() as conn:
        owner = await queries.find_owner(conn, account_id)
    if owner is None:
        raise NotFound
    writer = ArchiveWriter(path, sources.clock.now())
    with writer, tempfile.TemporaryFile(dir=path.parent) as pictures:
        making = _Making(sources, owner, writer, pictures)
        await _write_actor(making)
        await _write_outbox(making)
        for name, uris in (
            (LIKES, stream_likes(making.db, account_id)),
            (BOOKMARKS, stream_bookmarks(making.db, account_id)),
        ):
            await _write_addresses(making, name, uris)
        for name in FILES:
            await _write_csv(making, name)
        await _write_settings(making)
        await _write_pictures(making)
        handle = f"{owner.username}@{sources.urls.domain}"
        await asyncio.to_thread(writer.seal, handle, sources.urls.domain, key)
    return (await asyncio.to_thread(path.stat)).st_size


async def _write_actor(making: _Making) -> None:
    owner = making.owner
    texts = [owner.display_name, owner.note_text, *(f"{field.name} {field.value}" for field in owner.fields)]
    emojis = await _find_emojis(making, shortcodes_in(*texts))
    _write_whole(making, ACTOR, render_actor(owner, emojis))
    for name, key in ((AVATAR, owner.avatar_key), (HEADER, owner.header_key)):
        if key:
            _expect(making, profile_file(name, key), key)


async def _write_outbox(making: _Making) -> None:
    with making.writer.file(OUTBOX) as entry:
        entry.write(_opening(OUTBOX))
        total = 0
        async for posts in _pages_of_posts(making):
            emojis = await _find_emojis(making, set().union(*(_codes(post) for post in posts)))
            await asyncio.to_thread(_write_posts, making, entry, posts, emojis, total == 0)
            total += len(posts)
        entry.write(_closing(total))


async def _pages_of_posts(making: _Making) -> AsyncGenerator[list[Post]]:
    after, more = 0, True
    while more:
        async with making.db.read() as conn:
            posts = await queries.list_posts(conn, making.owner.id, after, POSTS_PAGE)
        if posts:
            yield posts
            after = posts[-1].id
        more = len(posts) == POSTS_PAGE


def _write_posts(making: _Making, entry: Entry, posts: list[Post], emojis: dict[str, str], first: bool) -> None:
    acts: list[dict[str, Any]] = []
    for post in posts:
        used = {code: emojis[code] for code in _codes(post) if code in emojis}
        acts.append(render_activity(post, making.owner, making.urls, used, making.at))
        for media in post.media:
            _expect(making, media_file(media), media.original_key)
    _write_items(entry, acts, first)


async def _write_addresses(making: _Making, name: str, pages: AsyncGenerator[list[str]]) -> None:
    with making.writer.file(name) as entry:
        entry.write(_opening(name))
        total = 0
        async for uris in pages:
            _write_items(entry, uris, total == 0)
            total += len(uris)
        entry.write(_closing(total))


async def _write_csv(making: _Making, name: str) -> None:
    with making.writer.file(FILES[name]) as entry:
        async for piece in stream_csv(making.db, making.urls.domain, name, making.owner.id):
            entry.write(piece)


async def _write_settings(making: _Making) -> None:
    async with making.db.read() as conn:
        filters = await list_filters(conn, making.owner.id)
        uris = await queries.list_uris(conn, [row[1] for each in filters for row in each.statuses])
    shown = [
        {
            **msgspec.to_builtins(render_filter(each)),
            "statuses": [uris[row[1]] for row in each.statuses if row[1] in uris],
        }
        for each in filters
    ]
    _write_whole(making, FILTERS, shown)
    preferences = render_preferences(await get_user(making.db, making.owner.id))
    rest = {"locale": making.owner.locale, "theme": making.owner.theme}
    _write_whole(making, PREFERENCES, {**msgspec.to_builtins(preferences), **rest})


async def _write_pictures(making: _Making) -> None:
    for key in sorted(set(making.emojis.values())):
        _expect(making, emoji_file(key), key)
    making.pictures.seek(0)
    for line in making.pictures:
        name, _, key = line.decode().rstrip("\n").partition("\t")
        await _write_picture(making, name, key)


async def _write_picture(making: _Making, name: str, key: str) -> None:
    """In windows, as the store gives it."""
    # Taken off one post and put on another while the posts were read.
    if making.writer.has(name):
        return
    windows = making.store.read(key)
    try:
        first = await anext(windows, b"")
    except FileNotFoundError:
        making.writer.miss(name, _NOT_STORED)
        return
    with making.writer.file(name) as entry:
        await asyncio.to_thread(entry.write, first)
        async for window in windows:
            await asyncio.to_thread(entry.write, window)


async def _find_emojis(making: _Making, codes: set[str]) -> dict[str, str]:
    async with making.db.read() as conn:
        found = await queries.find_emoji_keys(conn, sorted(codes))
    making.emojis |= found
    return found


def _codes(post: Post) -> set[str]:
    return shortcodes_in(post.spoiler_text, post.text, *(post.poll.options if post.poll else ()))


def _expect(making: _Making, name: str, key: str) -> None:
    making.pictures.write(f"{name}\t{key}\n".encode())


def _write_whole(making: _Making, name: str, tree: object) -> None:
    with making.writer.file(name) as entry:
        entry.write(msgspec.json.format(msgspec.json.encode(tree), indent=1))


def _opening(name: str) -> bytes:
    head = msgspec.json.encode({"@context": CONTEXT, "id": name, "type": "OrderedCollection"})
    return head[:-1] + b',"orderedItems":[\n'


def _write_items(entry: Entry, items: Iterable[object], first: bool) -> None:
    encoded = b",\n".join(msgspec.json.encode(item) for item in items)
    entry.write(encoded if first else b",\n" + encoded)


def _closing(total: int) -> bytes:
    return b'\n],"totalItems":%d}\n' % total
