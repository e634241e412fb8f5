"""From a page of ids to Status JSON in one statement, whatever the length of the page.

The statements are made in `page`; here their rows become entities: stored JSON, counts, the poll and the viewer's
flags are joined as text, and nothing is fetched per row. Stored JSON that was made for other addresses or by an older
renderer is made anew on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import LiteralString

import asyncpg
import msgspec
from msgspec import Raw

from rostra.accounts.render import refresh_accounts
from rostra.entities.status import FilterResult, RawStatus
from rostra.filters.match import NO_FILTERS, Filters
from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.kit.paging import Page, Window
from rostra.posts.notices import find_moderation, render_notices
from rostra.posts.page import (
    BOOKMARKED,
    BY_IDS,
    FAVOURITED,
    MUTED,
    PINNED,
    REBLOGGED,
    page_by_cursor,
    page_of,
)
from rostra.posts.polls import PollRow, decode_poll, render_poll
from rostra.posts.render import refresh_statuses
from rostra.text.urls import Urls

__all__ = ["StatusReader", "page_by_cursor", "page_of"]

Rows = Sequence[asyncpg.Record]
_Found = tuple[asyncpg.Record, RawStatus]


class StatusReader:
    """Reads Status JSON for one viewer (None: a visitor). Made per request; holds no resource of its own."""

    def __init__(
        self,
        db: Database,
        urls: Urls,
        viewer_id: int | None,
        at: datetime,
        filters: Filters = NO_FILTERS,
        locale: str = "en",
    ) -> None:
        self._db = db
        self._urls = urls
        self._viewer_id = viewer_id
        self._at = at
        self._filters = filters
        self._locale = locale

    async def fetch(self, statement: LiteralString, *args: object) -> Rows:
        """Run a statement made by `page_of` or `page_by_cursor`; its rows are for `render`."""
        rows = await self._run(statement, args)
        current = self._urls.fingerprint
        stale = [row for row in rows if row["rendered_for"] != current or row["account_rendered_for"] != current]
        if not stale:
            return rows
        await self._refresh(stale)
        return await self._run(statement, args)

    async def page(
        self,
        statements: tuple[LiteralString, LiteralString],
        window: Window,
        *args: object,
        context: str,
        whole: bool = False,
    ) -> Page[RawStatus]:
        """A page of statuses. The statement's $3, $4, $5 are the window; `args` follow.

        `whole` says that the statement leaves out what may not be seen before it cuts the page, so that a short page is
        the last.
        """
        rows = await self.fetch(window.choose(statements), window.below, window.above, window.limit, *args)
        cursors: list[int] = [row["cursor"] for row in rows if row["cursor"] is not None]
        return Page(
            await self.render(rows, context),
            newest=max(cursors, default=None),
            oldest=min(cursors, default=None),
            more=not whole or len(cursors) >= window.limit,
        )

    async def by_ids(self, ids: Sequence[int], context: str = "") -> list[RawStatus]:
        """The statuses with these ids that the viewer may see, in that order."""
        found = await self.by_id(ids, context)
        return [found[status_id] for status_id in dict.fromkeys(ids) if status_id in found]

    async def by_id(self, ids: Sequence[int], context: str = "") -> dict[int, RawStatus]:
        """Like `by_ids`, by id."""
        if not ids:
            return {}
        wanted = set(ids)
        found = self._render(await self.fetch(BY_IDS, list(wanted)), context)
        return {row["id"]: status for row, status in found if row["id"] in wanted}

    async def find(self, status_id: int) -> RawStatus | None:
        """One status, or None where it is absent or not to be seen."""
        return (await self.by_id([status_id])).get(status_id)

    async def get(self, status_id: int) -> RawStatus:
        """One status. Raises NotFound where it is absent or not to be seen."""
        found = await self.find(status_id)
        if found is None:
            raise NotFound
        return found

    async def get_poll(self, poll_id: int) -> Raw:
        """The poll of the status with this id, as JSON. Raises NotFound where the status is not to be seen."""
        rows = [row for row in await self.fetch(BY_IDS, [poll_id]) if row["id"] == poll_id and row["poll"] is not None]
        if not rows:
            raise NotFound
        return Raw(self._poll(rows[0]))

    async def render(self, rows: Rows, context: str) -> list[RawStatus]:
        """Rows as Status JSON, the highest cursor first; what a filter of the viewer hides in `context` is left out."""
        found = self._render(rows, context)
        found.sort(key=_cursor, reverse=True)
        return [status for _, status in found]

    async def _run(self, statement: LiteralString, args: Iterable[object]) -> Rows:
        async with self._db.read() as conn:
            return await conn.fetch(statement, self._viewer_id, self._at, *args)

    def _render(self, rows: Rows, context: str) -> list[_Found]:
        boosted = {row["id"]: row for row in rows}
        found: list[_Found] = []
        for row in rows:
            if row["cursor"] is None:
                continue
            subject = row if row["reblog_of_id"] is None else boosted.get(row["reblog_of_id"])
            if subject is None:
                continue
            results = self._filter(subject, context) if self._filters else _NO_RESULTS
            if results is not None:
                found.append((row, Raw(self._join(row, subject, self._tail(subject, results)))))
        return found

    def _filter(self, subject: asyncpg.Record, context: str) -> list[FilterResult] | None:
        """What filters say of a status, or None where it is to be left out. One's own are not filtered."""
        if subject["account_id"] == self._viewer_id:
            return _NO_RESULTS
        options = decode_poll(subject["poll"]).options if subject["poll"] is not None else ()
        return self._filters.results(subject["id"], subject["rendered"], options, context, self._at)

    def _tail(self, subject: asyncpg.Record, results: list[FilterResult]) -> str:
        """The end of a Status: what filters and moderation say of it."""
        moderation = find_moderation(subject["withheld"], subject["labels"], self._locale)
        if moderation is not None:
            said = _encode([*render_notices(moderation), *results]).decode()
            return f',"filtered":{said},"moderation":{_encode(moderation).decode()}}}'
        if self._viewer_id is None:
            return "}"
        return f',"filtered":{_encode(results).decode()}}}' if results else _NOTHING_FILTERED

    def _join(self, row: asyncpg.Record, subject: asyncpg.Record, tail: str) -> str:
        """A Status: what is stored of it, and the counts and flags of `subject`, which a boost shares."""
        counts = (
            f',"replies_count":{subject["replies_count"]},"reblogs_count":{subject["reblogs_count"]},'
            f'"favourites_count":{subject["favourites_count"]},"quotes_count":0,"quote":null{self._flags(subject)}'
        )
        poll = "null" if subject["poll"] is None else self._poll(subject)
        shown = (
            f'{{{subject["rendered"]}{counts}{self._pinned(subject)},"account":{_account(subject)},"reblog":null,'
            f'"poll":{poll}{tail}'
        )
        if subject is row:
            return shown
        return f'{{{row["rendered"]}{counts},"account":{_account(row)},"reblog":{shown},"poll":null{tail}'

    def _flags(self, subject: asyncpg.Record) -> str:
        if self._viewer_id is None:
            return ""
        flags: int = subject["flags"]
        return _FLAGS[flags & ~PINNED]

    def _pinned(self, subject: asyncpg.Record) -> str:
        if subject["account_id"] != self._viewer_id:
            return ""
        return ',"pinned":true' if subject["flags"] & PINNED else ',"pinned":false'

    def _poll(self, row: asyncpg.Record) -> str:
        poll: PollRow = decode_poll(row["poll"])
        return _encode(render_poll(poll, self._viewer_id, self._at, row["rendered"])).decode()

    async def _refresh(self, stale: Rows) -> None:
        """Make stale stored JSON anew. Nothing to do on all but the first read after a change."""
        current = self._urls.fingerprint
        accounts = {row["account_id"] for row in stale if row["account_rendered_for"] != current}
        statuses = {row["id"] for row in stale if row["rendered_for"] != current}
        async with self._db.transaction() as tx:
            if accounts:
                await refresh_accounts(tx, accounts, self._urls)
            if statuses:
                await refresh_statuses(tx, statuses, self._urls)


_NO_RESULTS: list[FilterResult] = []
_NOTHING_FILTERED = ',"filtered":[]}'
_encode = msgspec.json.Encoder().encode


def _cursor(found: _Found) -> int:
    return found[0]["cursor"]


def _spell_flags(flags: int) -> str:
    named = (("favourited", FAVOURITED), ("reblogged", REBLOGGED), ("muted", MUTED), ("bookmarked", BOOKMARKED))
    return "".join(f',"{name}":{"true" if flags & bit else "false"}' for name, bit in named)


_FLAGS = [_spell_flags(flags) for flags in range(PINNED)]


def _account(row: asyncpg.Record) -> str:
    day = row["last_status_on"]
    return (
        f'{{{row["account_rendered"]},"followers_count":{row["followers_count"]},'
        f'"following_count":{row["following_count"]},"statuses_count":{row["statuses_count"]},'
        f'"last_status_at":{_quote(day)}}}'
    )


def _quote(day: str | None) -> str:
    return "null" if day is None else f'"{day}"'
