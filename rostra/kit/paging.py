"""Keyset paging as Mastodon has it: `max_id`, `since_id`, `min_id`, `limit`, and the Link header.

`max_id` is older than; `since_id` is the newest page, cut off at the id; `min_id` is the page right after the id, still
shown newest first. They combine. No list has an offset, so page 1,000 costs what page 1 costs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Final, Generic, LiteralString, TypeVar

import msgspec
from msgspec import Meta

from rostra.kit.errors import BadRequest
from rostra.kit.ids import MAX_ID

T = TypeVar("T")

Id = Annotated[int, Meta(ge=0, le=MAX_ID)]


class ById(msgspec.Struct, frozen=True, kw_only=True):
    """The form of what its address names, and nothing else is asked of."""

    id: Id


class Window(msgspec.Struct, frozen=True):
    """A page of ids: `above < id < below`, at most `limit`, from the old end where `oldest_first`."""

    below: int
    above: int
    limit: int
    oldest_first: bool = False

    def choose(self, both: tuple[LiteralString, LiteralString]) -> LiteralString:
        """The statement of a `both_orders` pair that reads this window from its right end."""
        return both[1] if self.oldest_first else both[0]

    def beyond(self, oldest: int, newest: int) -> Window:
        """The window that follows where this one held the ids from `oldest` to `newest`."""
        if self.oldest_first:
            return msgspec.structs.replace(self, above=newest)
        return msgspec.structs.replace(self, below=oldest)


HIDDEN_PAGES: Final = 5
"""As many pages are looked through for one of which something is left."""


async def read_on(
    window: Window, read: Callable[[Window], Awaitable[tuple[list[T], Sequence[int]]]], *, pages: int = HIDDEN_PAGES
) -> tuple[list[T], list[int], int]:
    """The items of the first page, from `window` on, of which something is left: apps take an empty page for the end.

    `read` gives what is shown of a page and the ids of all of it. Returns the items, the ids of all that was read, and
    how many the last page had. Looks through so many `pages` at most.
    """
    items: list[T] = []
    ids: Sequence[int] = ()
    seen: list[int] = []
    for _ in range(pages):
        items, ids = await read(window)
        seen += ids
        if items or not ids:
            break
        window = window.beyond(min(ids), max(ids))
    return items, seen, len(ids)


class PageForm(msgspec.Struct, frozen=True, kw_only=True):
    """The paging parameters of every list; lists with more parameters inherit from it."""

    max_id: Id | None = None
    since_id: Id | None = None
    min_id: Id | None = None
    limit: int | None = None

    def window(self, *, default: int = 20, most: int | None = None) -> Window:
        """As a Window. `most` is twice the default unless given. Raises BadRequest for a negative limit."""
        limit = default if self.limit is None else self.limit
        if limit < 0:
            raise BadRequest("limit must not be negative")
        return Window(
            below=MAX_ID if self.max_id is None else self.max_id,
            above=max(self.since_id or 0, self.min_id or 0) if self.since_id or self.min_id else -1,
            limit=min(limit, default * 2 if most is None else most),
            oldest_first=self.min_id is not None,
        )


class Page(msgspec.Struct, Generic[T], frozen=True):
    """A page to answer with: `items` newest first and the cursors of its two ends (None where there is nothing)."""

    items: list[T]
    newest: int | None = None
    oldest: int | None = None
    # Whether an older page may follow.
    more: bool = True


def both_orders(statement: LiteralString) -> tuple[LiteralString, LiteralString]:
    """A statement that ends its page in `desc /*page*/` as the pair of that and its oldest-first twin."""
    return statement, statement.replace("desc /*page*/", "asc /*page*/")
