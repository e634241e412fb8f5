"""From a page of ids to Status JSON in one statement, whatever the length of the page.

The statements are made in `page`; here their rows become entities: stored JSON, counts, the poll and the viewer's
flags are joined as text, and nothing is fetched per row. Stored JSON that was made for other addresses or by an older
renderer is made anew on the way.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, LiteralString

import asyncpg
import msgspec
from msgspec import Raw

from rostra.accounts.render import refresh_accounts
from rostra.entities.status import FilterResult, RawStatus
from rostra.filters.match import NO_FILTERS, Filters
from rostra.kit.db import Database, commit_lightly
from rostra.kit.errors import NotFound
from rostra.kit.paging import HIDDEN_PAGES, Page, Window, read_on
from rostra.posts.notices import find_moderation, render_notices
from rostra.posts.page import (
    BOOKMARKED,
    BY_IDS,
    BY_IDS_FOR_STAFF,
    FAVOURITED,
    MUTED,
    PINNED,
    REBLOGGED,
    page_by_cursor,
    page_of,
    without_texts,
)
from rostra.posts.polls import PollRow, decode_poll, render_poll
from rostra.posts.records import Written
from rostra.posts.render import refresh_statuses
from rostra.posts.texts import KeptTexts, name_whole
from rostra.posts.views import ViewCounter
from rostra.text.urls import Urls

__all__ = ["StatusReader", "page_by_cursor", "page_of"]

Rows = Sequence[asyncpg.Record]
# The cursor, and the status as JSON.
_Found = tuple[int, str]


class StatusReader:
    """Reads Status JSON for one viewer (None: a visitor). Made per request; holds no resource of its own.

    With `kept`, texts that the process knows already are not read again: a page then takes one statement where all are
    known, and one more where some are not. With `views`, what it makes is counted as seen.
    """

    def __init__(
        self,
        db: Database,
        urls: Urls,
        viewer_id: int | None,
        at: datetime,
        filters: Filters = NO_FILTERS,
        locale: str = "en",
        kept: KeptTexts | None = None,
        views: ViewCounter | None = None,
    ) -> None:
        self._db = db
        self._urls = urls
        self._viewer_id = viewer_id
        self._at = at
        self._filters = filters
        self._locale = locale
        self._kept = kept
        self._views = views
        # The stored JSON of what was fetched, by id.
        self._statuses: dict[int, str] = {}
        self._accounts: dict[int, str] = {}
        # Whole statuses that were put together for others from the same rows.
        self._whole: dict[int, str] = {}

    async def fetch(self, statement: LiteralString, *args: object) -> Rows:
        """Run a statement made by `page_of` or `page_by_cursor`; its rows are for `render`."""
        if self._kept is not None:
            return await self._complete(self._kept, await self._run(without_texts(statement), args))
        rows = await self._run(statement, args)
        current = self._urls.fingerprint
        stale = [row for row in rows if row["rendered_for"] != current or row["account_rendered_for"] != current]
        if stale:
            accounts = {row["account_id"] for row in stale if row["account_rendered_for"] != current}
            await self._refresh({row["id"] for row in stale if row["rendered_for"] != current}, accounts)
            rows = await self._run(statement, args)
        self.learn(rows)
        return rows

    async def render_accounts(self, rows: Rows) -> dict[int, str]:
        """Account JSON by id, of rows with the ACCOUNT_COLUMNS; a statement only where some of it is not known."""
        kept = self._kept or KeptTexts()
        unknown = kept.find_accounts(rows, self._accounts)
        if unknown:
            await self._read_texts(kept, set(), unknown)
        shown: dict[int, str] = {}
        for row in rows:
            account_id = row["account_id"]
            if account_id in self._accounts and account_id not in shown:
                shown[account_id] = self._account(row)
        return shown

    def learn(self, rows: Rows) -> None:
        """Take the stored JSON from `rows` that have it."""
        for row in rows:
            self._statuses[row["id"]] = row["rendered"]
            self._accounts[row["account_id"]] = row["account_rendered"]

    async def _complete(self, kept: KeptTexts, rows: Rows) -> Rows:
        """Take the stored JSON of `rows` from memory, and what is not there from the database; returns the rows but for
        those that were deleted in between."""
        wanting = rows
        if not self._filters:
            wanting = kept.find_whole(rows, self._viewer_id, self._whole)
        statuses, accounts = kept.find(wanting, self._statuses, self._accounts)
        if not statuses and not accounts:
            return rows
        await self._read_texts(kept, statuses, accounts)
        gone = {
            row["id"] for row in wanting if row["id"] not in self._statuses or row["account_id"] not in self._accounts
        }
        return [row for row in rows if row["id"] not in gone] if gone else rows

    async def _read_texts(self, kept: KeptTexts, statuses: set[int], accounts: set[int]) -> None:
        into = (self._statuses, self._accounts)
        current = self._urls.fingerprint
        statuses, accounts = await kept.read(self._db, statuses, accounts, current, into=into)
        if statuses or accounts:
            await self._refresh(statuses, accounts)
            await kept.read(self._db, statuses, accounts, current, into=into)

    async def page(
        self,
        statements: tuple[LiteralString, LiteralString],
        window: Window,
        *args: object,
        context: str,
        whole: bool = False,
    ) -> Page[RawStatus]:
        """A page of statuses. The statement's $3, $4, $5 are the window; `args` follow.

        Where the viewer's filters hide all of it, the page is the next of which something is left: apps take an empty
        page for the end.

        `whole` says that the statement leaves out what may not be seen before it cuts the page, so that a short page is
        the last.
        """

        async def read(window: Window) -> tuple[list[RawStatus], list[int]]:
            rows = await self.fetch(window.choose(statements), window.below, window.above, window.limit, *args)
            cursors = [row["cursor"] for row in rows if row["cursor"] is not None]
            return await self.render(rows, context), cursors

        items, seen, last = await read_on(window, read, pages=HIDDEN_PAGES if self._filters else 1)
        more = not whole or last >= window.limit
        return Page(items, newest=max(seen, default=None), oldest=min(seen, default=None), more=more)

    async def by_ids(self, ids: Sequence[int], context: str = "") -> list[RawStatus]:
        """The statuses with these ids that the viewer may see, in that order."""
        found = await self.by_id(ids, context)
        return [found[status_id] for status_id in dict.fromkeys(ids) if status_id in found]

    async def by_id(self, ids: Sequence[int], context: str = "") -> dict[int, RawStatus]:
        """Like `by_ids`, by id."""
        return {status_id: Raw(text) for status_id, text in (await self.texts_by_id(ids, context)).items()}

    async def texts_by_id(self, ids: Sequence[int], context: str = "") -> dict[int, str]:
        """Like `by_id`, as text to be a part of other JSON."""
        if not ids:
            return {}
        wanted = set(ids)
        rows = await self.fetch(BY_IDS, list(wanted))
        return dict(self._render(rows, context, wanted))

    async def by_id_for_staff(self, ids: Sequence[int]) -> dict[int, RawStatus]:
        """The statuses with these ids that are there, by id, whoever may see them: what was reported is looked at."""
        if not ids:
            return {}
        wanted = set(ids)
        rows = await self.fetch(BY_IDS_FOR_STAFF, list(wanted))
        return {status_id: Raw(text) for status_id, text in self._render(rows, "", wanted)}

    async def find(self, status_id: int) -> RawStatus | None:
        """One status, or None where it is absent or not to be seen."""
        return (await self.by_id([status_id])).get(status_id)

    async def get(self, status_id: int) -> RawStatus:
        """One status. Raises NotFound where it is absent or not to be seen."""
        found = await self.find(status_id)
        if found is None:
            raise NotFound
        return found

    async def show(self, written: Written) -> RawStatus:
        """A status of the viewer's own that was just written and `stays` as it is: its row need not be read."""
        row = written.row
        self._statuses[written.status_id] = written.rendered
        if self._kept is None:
            return await self.get(written.status_id)
        self._kept.statuses.keep(written.status_id, written.rendered, row["rendered_version"])
        unknown = self._kept.find_accounts([row], self._accounts)
        if unknown:
            await self._read_texts(self._kept, set(), unknown)
        return Raw(self._join(row, row, _NO_RESULTS))

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
        return [Raw(status) for _, status in found]

    async def _run(self, statement: LiteralString, args: Iterable[object]) -> Rows:
        async with self._db.read() as conn:
            return await conn.fetch(statement, self._viewer_id, self._at, *args)

    def _render(self, rows: Rows, context: str, wanted: Container[int] | None = None) -> list[_Found]:
        """Each row that has a cursor with its status, of those that are `wanted` (None: all), as one that was seen."""
        boosted = {row["id"]: row for row in rows}
        filtering = bool(self._filters)
        found: list[_Found] = []
        seen: list[int] = []
        for row in rows:
            cursor = row["cursor"]
            if cursor is None or (wanted is not None and row["id"] not in wanted):
                continue
            subject = row if row["reblog_of_id"] is None else boosted.get(row["reblog_of_id"])
            if subject is None:
                continue
            known = self._whole.get(row["id"])
            if known is not None:
                found.append((cursor, known))
            else:
                results = self._filter(subject, context) if filtering else _NO_RESULTS
                if results is None:
                    continue
                joined = self._join(row, subject, results)
                self._share(row, subject, joined)
                found.append((cursor, joined))
            if subject["account_id"] != self._viewer_id:
                seen.append(subject["id"])
        if self._views is not None:
            self._views.count(seen)
        return found

    def _share(self, row: asyncpg.Record, subject: asyncpg.Record, joined: str) -> None:
        """Keep what would be seen of the same rows again: nothing in it changes with time or language."""
        if self._kept is None or self._filters:
            return
        # Where the cursor is the id of something of the viewer's, nobody else has such a row.
        if row["cursor"] != row["id"]:
            return
        if subject["poll"] is None and subject["labels"] is None and subject["withheld"] is None:
            self._kept.whole.keep(name_whole(row, subject, self._viewer_id), joined)

    def _filter(self, subject: asyncpg.Record, context: str) -> list[FilterResult] | None:
        """What filters say of a status, or None where it is to be left out. One's own are not filtered."""
        if subject["account_id"] == self._viewer_id:
            return _NO_RESULTS
        options = decode_poll(subject["poll"]).options if subject["poll"] is not None else ()
        return self._filters.results(subject["id"], self._statuses[subject["id"]], options, context, self._at)

    def _tail(self, withheld: Any, labels: Any, results: list[FilterResult]) -> str:
        """The end of a Status: what filters and moderation say of it."""
        moderation = find_moderation(withheld, labels and _decode(labels), self._locale)
        if moderation is not None:
            said = _encode([*render_notices(moderation), *results]).decode()
            return f',"filtered":{said},"moderation":{_encode(moderation).decode()}}}'
        if self._viewer_id is None:
            return "}"
        return f',"filtered":{_encode(results).decode()}}}' if results else _NOTHING_FILTERED

    def _join(self, row: asyncpg.Record, subject: asyncpg.Record, results: list[FilterResult]) -> str:
        """A Status: what is stored of it, and the counts and flags of `subject`, which a boost shares."""
        (
            _, status_id, author_id, _, withheld, labels, followers, following, written, day, replies, reblogs,
            favourites, flags, poll, *_,
        ) = subject.values()  # fmt: skip
        viewer_id = self._viewer_id
        spelt = "" if viewer_id is None else _FLAGS[flags & ~PINNED]
        counts = (
            f',"replies_count":{replies},"reblogs_count":{reblogs},"favourites_count":{favourites},'
            f'"quotes_count":0,"quote":null{spelt}'
        )
        pinned = "" if author_id != viewer_id else ',"pinned":true' if flags & PINNED else ',"pinned":false'
        if withheld is None and labels is None and not results:
            tail = "}" if viewer_id is None else _NOTHING_FILTERED
        else:
            tail = self._tail(withheld, labels, results)
        on = "null" if day is None else f'"{day}"'
        shown = (
            f'{{{self._statuses[status_id]}{counts}{pinned},"account":{{{self._accounts[author_id]},'
            f'"followers_count":{followers},"following_count":{following},"statuses_count":{written},'
            f'"last_status_at":{on}}},"reblog":null,"poll":{"null" if poll is None else self._poll(subject)}{tail}'
        )
        if subject is row:
            return shown
        text = self._statuses[row["id"]]
        return f'{{{text}{counts},"account":{self._account(row)},"reblog":{shown},"poll":null{tail}'

    def _account(self, row: asyncpg.Record) -> str:
        day = row["last_status_on"]
        on = "null" if day is None else f'"{day}"'
        return (
            f'{{{self._accounts[row["account_id"]]},"followers_count":{row["followers_count"]},'
            f'"following_count":{row["following_count"]},"statuses_count":{row["statuses_count"]},'
            f'"last_status_at":{on}}}'
        )

    def _poll(self, row: asyncpg.Record) -> str:
        poll: PollRow = decode_poll(row["poll"])
        return _encode(render_poll(poll, self._viewer_id, self._at, self._statuses[row["id"]])).decode()

    async def _refresh(self, statuses: set[int], accounts: set[int]) -> None:
        """Make stale stored JSON anew. Nothing to do on all but the first read after a change."""
        async with self._db.transaction() as tx:
            await commit_lightly(tx)
            if accounts:
                await refresh_accounts(tx, accounts, self._urls)
            if statuses:
                await refresh_statuses(tx, statuses, self._urls)


_NO_RESULTS: list[FilterResult] = []
_NOTHING_FILTERED = ',"filtered":[]}'
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_cursor = itemgetter(0)


def _spell_flags(flags: int) -> str:
    named = (("favourited", FAVOURITED), ("reblogged", REBLOGGED), ("muted", MUTED), ("bookmarked", BOOKMARKED))
    return "".join(f',"{name}":{"true" if flags & bit else "false"}' for name, bit in named)


_FLAGS = [_spell_flags(flags) for flags in range(PINNED)]
