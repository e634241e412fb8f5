"""From a page of ids to Status JSON in one statement, whatever the length of the page.

A list's own statement is only the choice of ids; `page_of` joins it to everything that a Status shows: the stored JSON
of the status, of what it boosts and of both authors, the counts, the poll, and the viewer's own flags. Nothing is
fetched per row. Stored JSON that was made for other addresses or by an older renderer is made anew on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString

import asyncpg
import msgspec
from msgspec import Raw

from rostra.accounts.queries import store_rendered
from rostra.accounts.render import render_fresh
from rostra.entities.account import AccountCounts, account_json
from rostra.entities.status import FilterResult, RawStatus
from rostra.filters.match import NO_FILTERS, Filters
from rostra.kit.db import Database
from rostra.kit.errors import NotFound
from rostra.kit.paging import Page, Window
from rostra.posts.access import VISIBLE_BOOSTED, VISIBLE_STATUS
from rostra.posts.polls import PollRow, render_poll
from rostra.posts.render import render_stored
from rostra.text.urls import Urls

_SUBJECT: Final = "coalesce(o.id, s.id)"

# $1 is the viewer, $2 the time, $3… belong to the page.
_COLUMNS: Final = f"""
select page.id as cursor, s.id, s.account_id, s.rendered, s.rendered_for,
  a.rendered as account_rendered, a.rendered_for as account_rendered_for,
  ast.followers_count, ast.following_count, ast.statuses_count, ast.last_status_at::date as last_status_at,
  o.id as boosted_id, o.account_id as boosted_account_id,
  o.rendered as boosted_rendered, o.rendered_for as boosted_rendered_for,
  oa.rendered as boosted_account_rendered, oa.rendered_for as boosted_account_rendered_for,
  oast.followers_count as boosted_followers_count, oast.following_count as boosted_following_count,
  oast.statuses_count as boosted_statuses_count, oast.last_status_at::date as boosted_last_status_at,
  st.replies_count, st.reblogs_count, st.favourites_count,
  p.id as poll_id, p.options as poll_options, p.votes as poll_votes, p.voters_count as poll_voters_count,
  p.multiple as poll_multiple, p.hide_totals as poll_hide_totals, p.expires_at as poll_expires_at,
  p.account_id as poll_account_id, v.choices as poll_choices,
  $1::bigint is not null and exists (
    select from favourites x where x.account_id = $1 and x.status_id = {_SUBJECT}) as favourited,
  $1::bigint is not null and exists (
    select from statuses x where x.account_id = $1 and x.reblog_of_id = {_SUBJECT}) as reblogged,
  $1::bigint is not null and exists (
    select from bookmarks x where x.account_id = $1 and x.status_id = {_SUBJECT}) as bookmarked,
  $1::bigint is not null and exists (select from conversation_mutes x
    where x.account_id = $1 and x.conversation_id = coalesce(o.conversation_id, s.conversation_id)) as muted,
  $1 = s.account_id and exists (
    select from status_pins x where x.account_id = $1 and x.status_id = s.id) as pinned
from page
join statuses s on s.id = page.id
join accounts a on a.id = s.account_id
join account_stats ast on ast.account_id = s.account_id
left join statuses o on o.id = s.reblog_of_id
left join accounts oa on oa.id = o.account_id
left join account_stats oast on oast.account_id = o.account_id
join status_stats st on st.status_id = {_SUBJECT}
left join polls p on p.status_id = {_SUBJECT}
left join poll_votes v on v.poll_id = p.id and v.account_id = $1
"""

# The time is a parameter of every page, whether or not its choice of ids needs one.
_MAY_SEE: Final = f"$2::timestamptz is not null and {VISIBLE_STATUS} and (o.id is null or {VISIBLE_BOOSTED})"


def page_of(ids: LiteralString) -> LiteralString:
    """A statement that answers the statuses which `ids` selects, newest first.

    `ids` is a select of one column `id`; $1 is the viewer, $2 the time, further parameters are its own. What the viewer
    may not see is left out, whatever `ids` says.
    """
    return f"with page as ({ids}) {_COLUMNS} where {_MAY_SEE} order by page.id desc"


BY_IDS: Final = f"""
with page as (select wanted.id, wanted.place from unnest($3::bigint[]) with ordinality as wanted(id, place))
{_COLUMNS} where {_MAY_SEE} order by page.place
"""


# A list whose cursor is the id of another row (a favourite, a bookmark): its page has the columns id and cursor.
def page_by_cursor(ids: LiteralString) -> LiteralString:
    """Like `page_of`, for a select of `id` and `cursor`, in the order of the cursor."""
    columns = _COLUMNS.replace("page.id as cursor", "page.cursor")
    return f"with page as ({ids}) {columns} where {_MAY_SEE} order by page.cursor desc"


class StatusReader:
    """Reads Status JSON for one viewer. Made per request; holds no resource of its own."""

    def __init__(
        self, db: Database, urls: Urls, viewer_id: int | None, at: datetime, filters: Filters = NO_FILTERS
    ) -> None:
        self._db = db
        self._urls = urls
        self._viewer_id = viewer_id
        self._at = at
        self._filters = filters

    async def fetch(self, statement: LiteralString, *args: object) -> list[asyncpg.Record]:
        """Run a statement made by `page_of` or `page_by_cursor`."""
        async with self._db.read() as conn:
            return await conn.fetch(statement, self._viewer_id, self._at, *args)

    async def page(
        self, statements: tuple[LiteralString, LiteralString], window: Window, *args: object, context: str
    ) -> Page[RawStatus]:
        """A page of statuses. The statement's $3, $4, $5 are the window; `args` follow."""
        rows = await self.fetch(window.choose(statements), window.below, window.above, window.limit, *args)
        return Page(
            await self.render(rows, context),
            newest=rows[0]["cursor"] if rows else None,
            oldest=rows[-1]["cursor"] if rows else None,
        )

    async def by_ids(self, ids: Sequence[int], context: str = "") -> list[RawStatus]:
        """The statuses with these ids that the viewer may see, in that order."""
        return await self.render(await self.fetch(BY_IDS, ids), context) if ids else []

    async def find(self, status_id: int) -> RawStatus | None:
        """One status, or None where it is absent or not to be seen."""
        found = await self.by_ids([status_id])
        return found[0] if found else None

    async def get(self, status_id: int) -> RawStatus:
        """One status. Raises NotFound where it is absent or not to be seen."""
        found = await self.find(status_id)
        if found is None:
            raise NotFound
        return found

    async def by_id(self, ids: Sequence[int], context: str = "") -> dict[int, RawStatus]:
        """Like `by_ids`, by id."""
        return dict(await self._render(await self.fetch(BY_IDS, ids), context)) if ids else {}

    async def render(self, rows: Sequence[asyncpg.Record], context: str) -> list[RawStatus]:
        """Rows as Status JSON; statuses that a filter of the viewer hides in `context` are left out."""
        return [status for _, status in await self._render(rows, context)]

    async def _render(self, rows: Sequence[asyncpg.Record], context: str) -> list[tuple[int, RawStatus]]:
        fresh = await self._refresh(rows)
        rendered: list[tuple[int, RawStatus]] = []
        for row in rows:
            boosted = row["boosted_id"] is not None
            subject_id: int = row["boosted_id"] if boosted else row["id"]
            static = fresh.statuses.get(subject_id) or row["boosted_rendered" if boosted else "rendered"]
            filtered: list[FilterResult] | None = []
            author_id: int = row["boosted_account_id" if boosted else "account_id"]
            # Nobody's filters hide their own words from them.
            if self._filters and author_id != self._viewer_id:
                filtered = self._filters.results(subject_id, static, row["poll_options"] or (), context, self._at)
            if filtered is not None:
                rendered.append((row["id"], Raw(self._join(row, static, fresh, filtered))))
        return rendered

    def _join(self, row: asyncpg.Record, static: str, fresh: Fresh, filtered: list[FilterResult]) -> bytes:
        tail = self._poll_and_flags(row, filtered)
        counts = (
            f',"replies_count":{row["replies_count"]},"reblogs_count":{row["reblogs_count"]},'
            f'"favourites_count":{row["favourites_count"]},"quotes_count":0,"quote":null,"account":'
        )
        account = _account(row, "account_id", "", fresh)
        if row["boosted_id"] is None:
            return f"{{{static}{counts}".encode() + account + b',"reblog":null' + tail
        boost = fresh.statuses.get(row["id"]) or row["rendered"]
        author = _account(row, "boosted_account_id", "boosted_", fresh)
        boosted = f"{{{static}{counts}".encode() + author + b',"reblog":null' + tail
        return f"{{{boost}{counts}".encode() + account + b',"reblog":' + boosted + tail

    def _poll_and_flags(self, row: asyncpg.Record, filtered: list[FilterResult]) -> bytes:
        """What ends a Status: the poll and the viewer's own flags, which a boost shares with what it boosts."""
        poll = b"null"
        if row["poll_id"] is not None:
            poll = _encode(render_poll(PollRow.from_row(row), self._viewer_id, self._at, self._urls))
        if self._viewer_id is None:
            return b',"poll":' + poll + b"}"
        pinned = ""
        if row["account_id"] == self._viewer_id and row["boosted_id"] is None:
            pinned = f',"pinned":{_bool(row["pinned"])}'
        flags = (
            f',"favourited":{_bool(row["favourited"])},"reblogged":{_bool(row["reblogged"])},'
            f'"muted":{_bool(row["muted"])},"bookmarked":{_bool(row["bookmarked"])}{pinned},"filtered":'
        )
        return b',"poll":' + poll + flags.encode() + (_encode(filtered) if filtered else b"[]") + b"}"

    async def _refresh(self, rows: Sequence[asyncpg.Record]) -> Fresh:
        """Make stale stored JSON anew and keep it. Nothing to do on all but the first read after a change."""
        current = self._urls.fingerprint
        statuses: set[int] = set()
        accounts: set[int] = set()
        for row in rows:
            if row["rendered_for"] != current:
                statuses.add(row["id"])
            if row["account_rendered_for"] != current:
                accounts.add(row["account_id"])
            if row["boosted_id"] is not None and row["boosted_rendered_for"] != current:
                statuses.add(row["boosted_id"])
            if row["boosted_id"] is not None and row["boosted_account_rendered_for"] != current:
                accounts.add(row["boosted_account_id"])
        fresh = Fresh({}, {})
        if statuses or accounts:
            async with self._db.transaction() as tx:
                fresh.accounts = await render_fresh(tx, sorted(accounts), self._urls)
                await store_rendered(tx, list(fresh.accounts.items()), current)
                fresh.statuses = await render_stored(tx, sorted(statuses), self._urls)
        return fresh


class Fresh:
    """Static JSON made in this request, by id."""

    __slots__ = ("accounts", "statuses")

    def __init__(self, accounts: dict[int, str], statuses: dict[int, str]) -> None:
        self.accounts = accounts
        self.statuses = statuses


_encode = msgspec.json.Encoder().encode


def _bool(value: object) -> str:
    return "true" if value else "false"


def _account(row: asyncpg.Record, id_column: str, prefix: str, fresh: Fresh) -> bytes:
    counts = AccountCounts(
        followers_count=row[f"{prefix}followers_count"],
        following_count=row[f"{prefix}following_count"],
        statuses_count=row[f"{prefix}statuses_count"],
        last_status_at=row[f"{prefix}last_status_at"],
    )
    static = fresh.accounts.get(row[id_column]) or row[f"{prefix}account_rendered"]
    return account_json(static, counts, b"}")
