"""Answering a search."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Raw

from rostra.accounts.render import hydrate_accounts
from rostra.entities.account import RawAccount
from rostra.entities.status import RawStatus
from rostra.kit.db import Database
from rostra.posts.hydrate import StatusReader, page_of
from rostra.relationships.wanted import wanted
from rostra.search import queries
from rostra.search.words import parse_search
from rostra.text.entities import normalise_tag
from rostra.text.urls import Urls

_LONGEST: Final = 500

# Found are open posts and, of the others, those that the viewer wrote, is mentioned in, or has kept. $3 words, $4 below,
# $5 above, $6 limit, $7 offset, $8 author's name, $9 its domain, $10 media, $11 poll, $12 reply, $13 sensitive,
# $14 language, $15 one author's id.
STATUSES: Final = page_of(f"""
  select s.id from status_search x
  join statuses s on s.id = x.status_id
  join accounts author on author.id = s.account_id
  where ($3 = '' or x.words @@ websearch_to_tsquery('plain', $3))
    and s.id < $4 and s.id > $5
    and (x.open or s.account_id = $1
      or exists (select from mentions m where m.status_id = s.id and m.account_id = $1)
      or exists (select from favourites k where k.status_id = s.id and k.account_id = $1)
      or exists (select from bookmarks k where k.status_id = s.id and k.account_id = $1)
      or exists (select from statuses k where k.reblog_of_id = s.id and k.account_id = $1))
    and ($8::text is null or (lower(author.username) = lower($8) and coalesce(author.domain, '') = $9))
    and ($10::boolean is null or $10 = exists (select from media_attachments m where m.status_id = s.id))
    and ($11::boolean is null or $11 = exists (select from polls p where p.status_id = s.id))
    and ($12::boolean is null or $12 = (s.in_reply_to_id is not null))
    and ($13::boolean is null or $13 = s.sensitive)
    and ($14::text is null or s.language = $14)
    and ($15::bigint is null or s.account_id = $15)
    and {wanted("$1", "s.account_id", "author", "$2")}
  order by s.id desc limit $6 offset $7
""")


class SearchPage(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of the results is asked for; `below` and `above` bound ids of posts."""

    limit: int
    offset: int = 0
    below: int | None = None
    above: int | None = None
    author_id: int | None = None


async def search_statuses(
    reader: StatusReader, text: str, part: SearchPage, *, viewer_name: str | None, domain: str
) -> list[RawStatus]:
    """Posts that match, newest first."""
    search = parse_search(text[:_LONGEST])
    name, home = _author(search.author, viewer_name, domain)
    if not search.words and name is None and part.author_id is None and search.has_media is None:
        return []
    rows = await reader.fetch(
        STATUSES,
        search.words,
        min(search.below, part.below if part.below is not None else search.below),
        max(search.above, part.above if part.above is not None else search.above),
        part.limit,
        part.offset,
        name,
        home,
        search.has_media,
        search.has_poll,
        search.is_reply,
        search.is_sensitive,
        search.language,
        part.author_id,
    )
    return await reader.render(rows, "")


def _author(author: str | None, viewer_name: str | None, domain: str) -> tuple[str | None, str]:
    """Name and domain of `from:`; `me` is the viewer, and our own domain is none."""
    if author is None:
        return None, ""
    if author.lower() == "me" and viewer_name is not None:
        return viewer_name, ""
    name, _, home = author.partition("@")
    return name, "" if home.lower() == domain else home.lower()


def _plain(text: str) -> str:
    """As `plain_text(lower(…))` has it in the database, and escaped for LIKE."""
    folded = unicodedata.normalize("NFKD", text.lower())
    bare = "".join(character for character in folded if not unicodedata.combining(character))
    return bare.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def search_accounts(
    db: Database,
    urls: Urls,
    text: str,
    *,
    viewer_id: int | None,
    at: datetime,
    limit: int,
    offset: int = 0,
    following: bool = False,
) -> list[RawAccount]:
    """Accounts by name, handle or address, best first."""
    text = text.strip()[:_LONGEST]
    if not text:
        return []
    async with db.read() as conn:
        if text.startswith(("http://", "https://")):
            found = await queries.find_account_at(conn, text)
            ids = [found] if found is not None else []
        else:
            name, _, home = text.removeprefix("@").partition("@")
            home = home.lower()
            ids = await queries.find_accounts(
                conn,
                viewer_id,
                _plain(name),
                None if not home else "" if home == urls.domain else home,
                following=following,
                limit=limit,
                offset=offset,
                at=at,
            )
    return await hydrate_accounts(db, ids, urls)


async def search_hashtags(db: Database, text: str, *, limit: int, offset: int = 0) -> list[str]:
    """Normalised names of hashtags that begin with what was typed."""
    prefix = normalise_tag(text.strip().removeprefix("#")[:_LONGEST])
    if not prefix:
        return []
    async with db.read() as conn:
        return await queries.find_hashtags(conn, prefix.replace("\\", "\\\\").replace("_", "\\_"), limit, offset)


async def find_status_at(db: Database, reader: StatusReader, url: str) -> list[Raw]:
    """The status with this address, if the viewer may see it."""
    async with db.read() as conn:
        found = await queries.find_status_at(conn, url.strip())
    return await reader.by_ids([found]) if found is not None else []
