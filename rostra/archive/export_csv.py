"""The lists of a person as CSV files of Mastodon's forms, read in pages and written line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, Final, LiteralString

import asyncpg
import msgspec

from rostra.archive import export_queries as queries
from rostra.archive.layout import CSV_FILES, CSV_HEADINGS, NOTES, TAGS
from rostra.kit.db import Database
from rostra.kit.ids import MAX_ID

PAGE: Final = 1_000
"""Rows that are read at once."""

Line = Sequence[object]


class _List(msgspec.Struct, frozen=True, kw_only=True):
    """One file: its statement ($1 account, $2 cursor, $3 limit), where it begins, and a row as cells."""

    statement: LiteralString
    cells: Callable[[asyncpg.Record, str], Line]
    start: int | str = 0
    heading: tuple[str, ...] = ()


def address(row: asyncpg.Record, domain: str) -> str:
    """`user@domain` of an account, where `domain` is this server's."""
    return f"{row['username']}@{row['domain'] or domain}"


_LISTS: Final[dict[str, _List]] = {
    "follows": _List(
        statement=queries.FOLLOWS,
        cells=lambda row, domain: (
            address(row, domain),
            row["show_reblogs"],
            row["notify"],
            ", ".join(row["languages"] or ()),
        ),
        heading=CSV_HEADINGS["follows"],
    ),
    "followers": _List(
        statement=queries.FOLLOWERS,
        cells=lambda row, domain: (address(row, domain),),
        heading=CSV_HEADINGS["followers"],
    ),
    "mutes": _List(
        statement=queries.MUTES,
        cells=lambda row, domain: (address(row, domain), row["hide_notifications"]),
        heading=CSV_HEADINGS["mutes"],
    ),
    "blocks": _List(statement=queries.BLOCKS, cells=lambda row, domain: (address(row, domain),)),
    "domain_blocks": _List(statement=queries.DOMAIN_BLOCKS, cells=lambda row, _: (row["domain"],), start=""),
    "bookmarks": _List(statement=queries.BOOKMARKS, cells=lambda row, _: (row["uri"],), start=MAX_ID),
    "followed_tags": _List(
        statement=queries.TAGS, cells=lambda row, _: (f"#{row['display_name']}",), heading=("Hashtag",)
    ),
    "account_notes": _List(
        statement=queries.NOTES,
        cells=lambda row, domain: (address(row, domain), row["comment"]),
        heading=("Account address", "Comment"),
    ),
}

FILES: Final[dict[str, str]] = {**CSV_FILES, "followed_tags": TAGS, "account_notes": NOTES}
"""All CSV files: name in the address of a download, to name of the file."""


async def stream_csv(db: Database, domain: str, name: str, account_id: int) -> AsyncGenerator[bytes]:
    """The file `name` (of FILES) of an account, in pieces of up to PAGE lines; `domain` is this server's."""
    if name == "lists":
        async for piece in _stream_lists(db, domain, account_id):
            yield piece
        return
    wanted = _LISTS[name]
    if wanted.heading:
        yield _lines([wanted.heading])
    async for rows in pages(db, wanted.statement, account_id, wanted.start):
        yield _lines([wanted.cells(row, domain) for row in rows])


async def stream_likes(db: Database, account_id: int) -> AsyncGenerator[list[str]]:
    """The addresses of the posts that somebody has favourited, the latest first, in pages."""
    async for rows in pages(db, queries.LIKES, account_id, MAX_ID):
        yield [row["uri"] for row in rows]


async def stream_bookmarks(db: Database, account_id: int) -> AsyncGenerator[list[str]]:
    """The addresses of the posts that somebody has bookmarked, the latest first, in pages."""
    async for rows in pages(db, queries.BOOKMARKS, account_id, MAX_ID):
        yield [row["uri"] for row in rows]


async def pages(
    db: Database, statement: LiteralString, owner_id: int, start: int | str
) -> AsyncGenerator[list[asyncpg.Record]]:
    """What `statement` ($1 owner, $2 cursor, $3 limit; a column `cursor`) finds, PAGE rows at a time.

    Each page is a read of its own: no connection is held while the reader of a download is slow.
    """
    cursor, more = start, True
    while more:
        async with db.read() as conn:
            rows = await conn.fetch(statement, owner_id, cursor, PAGE)
        if rows:
            yield rows
            cursor = rows[-1]["cursor"]
        more = len(rows) == PAGE


async def _stream_lists(db: Database, domain: str, account_id: int) -> AsyncGenerator[bytes]:
    async with db.read() as conn:
        found = await queries.list_lists(conn, account_id)
    for list_id, title in found:
        async for rows in pages(db, queries.MEMBERS, list_id, 0):
            yield _lines([(title, address(row, domain)) for row in rows])


def _lines(rows: Sequence[Line]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([[_cell(cell) for cell in row] for row in rows])
    return out.getvalue().encode()


def _cell(value: object) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    # A lone carriage return ends a line for many readers, quoted or not.
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value
