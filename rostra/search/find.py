"""Finding posts by their words, by operators and by their authors.

The index (`status_search`) says what may be found by anybody; the predicate of `posts.access`, which `page_of` adds,
says what the viewer may see at all.
"""

from __future__ import annotations

from typing import Final, LiteralString

import msgspec

from rostra.entities.status import RawStatus
from rostra.kit.db import Database
from rostra.posts.hydrate import StatusReader, page_of
from rostra.relationships.wanted import wanted
from rostra.search import queries
from rostra.search.words import Search, parse_search

LONGEST: Final = 500

# A word that is common is found among the latest posts, in the order of their ids; one that is rare is looked up in the
# index, which knows no order. How common a word is nobody knows beforehand, least of all a plan that was made for any
# word; so the latest posts are looked through first, and the index is asked where they do not fill the page.
_LATEST_POSTS: Final = "3000"
_LATEST_OF_AUTHOR: Final = "5000"
_LATEST_KEPT: Final = "5000"
_LATEST_INDEXED: Final = "2000"

# As a subquery, which is made once for a statement, not once for each of the thousands of rows that it is held against.
_QUERY: Final = "(select websearch_to_tsquery('plain', $3))"
_COLUMNS: Final = "x.status_id, x.account_id, x.open, x.words"
_WITHIN: Final = "x.status_id < $4 and x.status_id > $5"

_AMONG_LATEST: Final = f"""
  select {_COLUMNS} from status_search x where {_WITHIN} order by x.status_id desc limit {_LATEST_POSTS}"""

_AMONG_AUTHORS: Final = f"""
  select {_COLUMNS} from status_search x where x.account_id = $8 and {_WITHIN}
  order by x.status_id desc limit {_LATEST_OF_AUTHOR}"""

_AMONG_KEPT: Final = f"""
  select {_COLUMNS} from status_search x where {_WITHIN} and x.status_id in (
    (select o.id from statuses o where o.account_id = $1 order by o.id desc limit {_LATEST_KEPT})
    union all (select o.reblog_of_id from statuses o where o.account_id = $1 order by o.id desc limit {_LATEST_KEPT})
    union all (
      select m.status_id from mentions m where m.account_id = $1 order by m.status_id desc limit {_LATEST_KEPT})
    union all (select k.status_id from favourites k where k.account_id = $1 order by k.id desc limit {_LATEST_KEPT})
    union all (select k.status_id from bookmarks k where k.account_id = $1 order by k.id desc limit {_LATEST_KEPT}))"""

# A query that only excludes has nothing to look up ('T'), and an empty one neither. The sums keep the window from being
# looked up as well: mostly it holds all that there is, and the plan does not know.
_BY_INDEX: Final = f"""
  select {_COLUMNS} from status_search x
  where x.words @@ {_QUERY} and querytree({_QUERY}) not in ('', 'T')
    and x.status_id + 0 < $4 and x.status_id + 0 > $5
    and ($8::bigint is null or x.account_id = $8)
  order by x.status_id desc limit {_LATEST_INDEXED}"""

# What the viewer wrote, was mentioned in, or has kept. Scalar, so that each is looked up for the few rows that need it.
_MINE: Final = """(x.account_id = $1
  or (select true from mentions m where m.status_id = s.id and m.account_id = $1)
  or (select true from favourites k where k.status_id = s.id and k.account_id = $1)
  or (select true from bookmarks k where k.status_id = s.id and k.account_id = $1)
  or (select true from statuses k where k.reblog_of_id = s.id and k.account_id = $1))"""


# Posts of a limited author are found by followers only.
_NOT_LIMITED: Final = """(author.silenced_at is null
  or (select true from follows f where f.account_id = $1 and f.target_id = s.account_id))"""


def _statement(candidates: LiteralString) -> LiteralString:
    """$3 words, $4 below, $5 above, $6 limit, $7 offset, $8 author, $9 media, $10 poll, $11 link, $12 reply,
    $13 sensitive, $14 language, $15 kept."""
    return page_of(f"""
      select s.id from ({candidates}) x
      join statuses s on s.id = x.status_id join accounts author on author.id = s.account_id
      where ($3 = '' or x.words @@ {_QUERY}) and ($8::bigint is null or x.account_id = $8)
        and author.suspended_at is null
        and (x.open and $15::boolean is distinct from true and {_NOT_LIMITED}
          or $15 is distinct from false and {_MINE})
        and ($9::boolean is null or $9 = exists (select from media_attachments m where m.status_id = s.id
          and m.removed_at is null))
        and ($10::boolean is null or $10 = exists (select from polls p where p.status_id = s.id))
        and ($11::boolean is null or $11 = (s.card_id is not null))
        and ($12::boolean is null or $12 = (s.in_reply_to_id is not null))
        and ($13::boolean is null or $13 = s.sensitive)
        and ($14::text is null or s.language = $14)
        and {wanted("$1", "s.account_id", "author", "$2")}
      order by x.status_id desc limit $6 offset $7
    """)


AMONG_LATEST: Final = _statement(_AMONG_LATEST)
AMONG_AUTHORS: Final = _statement(_AMONG_AUTHORS)
AMONG_KEPT: Final = _statement(_AMONG_KEPT)
BY_INDEX: Final = _statement(_BY_INDEX)


class SearchPage(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of the results is asked for; `below` and `above` bound ids of posts."""

    limit: int
    offset: int = 0
    below: int | None = None
    above: int | None = None
    author_id: int | None = None


async def search_statuses(
    db: Database, reader: StatusReader, text: str, part: SearchPage, *, viewer_id: int | None, domain: str
) -> list[RawStatus]:
    """Posts that match, newest first. `domain` is this server's own."""
    search = parse_search(text[:LONGEST])
    if search.is_empty:
        return []
    author_id = part.author_id
    if search.author is not None:
        named = await _find_author(db, search.author, viewer_id, domain)
        if named is None or author_id not in (None, named):
            return []
        author_id = named
    arguments = _arguments(search, part, author_id)
    rows = await reader.fetch(_first(search, author_id), *arguments)
    if search.words and search.kept is not True and len(rows) < part.limit:
        rows = await reader.fetch(BY_INDEX, *arguments)
    return await reader.render(rows, "")


def _first(search: Search, author_id: int | None) -> LiteralString:
    if search.kept:
        return AMONG_KEPT
    return AMONG_LATEST if author_id is None else AMONG_AUTHORS


def _arguments(search: Search, part: SearchPage, author_id: int | None) -> tuple[object, ...]:
    return (
        search.words,
        min(search.below, part.below if part.below is not None else search.below),
        max(search.above, part.above if part.above is not None else search.above),
        part.limit,
        part.offset,
        author_id,
        search.has_media,
        search.has_poll,
        search.has_link,
        search.is_reply,
        search.is_sensitive,
        search.language,
        search.kept,
    )


async def _find_author(db: Database, author: str, viewer_id: int | None, domain: str) -> int | None:
    """The account that `from:` names; `me` is the viewer."""
    if author.lower() == "me" and viewer_id is not None:
        return viewer_id
    name, _, home = author.lower().partition("@")
    async with db.read() as conn:
        return await queries.find_account(conn, name, "" if home == domain else home)
