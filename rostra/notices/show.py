"""Notices as staff and their senders look at them: lists, one with everything about it, what is in quarantine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

from rostra.accounts.permissions import check_may
from rostra.kit.errors import NotFound
from rostra.kit.ids import MAX_ID
from rostra.moderation.desk import Desk, Reviewer
from rostra.notices import item_queries, queries, story_queries
from rostra.notices.formats.decode import to_text
from rostra.notices.formats.records import lines
from rostra.notices.item_queries import Found, Person, Tally
from rostra.notices.queries import Counts, PackMade
from rostra.notices.records import Answer, Clock, Copy, Drilled, Item, Line, Notice, Reply, Step

PAGE: Final = 40
ITEMS: Final = 50
_PREVIEW: Final = 5
_TEXT: Final = 100_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Which = Literal["open", "quarantined", "closed"]


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A notice with everything about it. `items` are a page of them (`total` in all); `copies` the nearest few of each
    of these; `posts` what the items are now, by the status's id."""

    notice: Notice
    items: list[Item]
    total: int
    settled: int
    copies: dict[int, list[Copy]]
    tallies: dict[int, Tally]
    posts: dict[int, Found]
    steps: list[Step]
    clocks: list[Clock]
    answer: Answer | None
    replies: list[Reply]
    pack: PackMade | None
    drilled: Drilled | None = None

    @property
    def answered_after(self) -> timedelta | None:
        """How long the first answer took; None where none was sent."""
        return next((step.at - self.notice.received_at for step in self.steps if step.state == "sent"), None)


async def list_notices(desk: Desk, reviewer: Reviewer, which: Which, after: str = "") -> tuple[list[Line], str, Counts]:
    """A page of notices, where to go on (empty at the end), and how many there are. Open ones come in the order of
    their clocks. Raises Forbidden."""
    check_may(reviewer.role, "notices")
    async with desk.db.read() as conn:
        counts = await queries.count_notices(conn, desk.clock.now())
        if which == "open":
            due_at, last = _open_cursor(after)
            rows = await queries.list_open(conn, due_at, last, PAGE + 1)
        else:
            first = MAX_ID if which == "closed" else 0
            cursor = int(after) if after.isdecimal() and int(after) <= MAX_ID else first
            rows = await queries.list_ids(conn, which, cursor, PAGE + 1)
    more, rows = len(rows) > PAGE, rows[:PAGE]
    if not more:
        return rows, "", counts
    last_row = rows[-1]
    millis = (last_row.due_at - _EPOCH) // timedelta(milliseconds=1)
    return rows, f"{millis}-{last_row.id}" if which == "open" else str(last_row.id), counts


def _open_cursor(after: str) -> tuple[datetime, int]:
    millis, _, last = after.partition("-")
    if millis.isdecimal() and last.isdecimal() and int(last) <= MAX_ID and int(millis) < 10**14:
        return _EPOCH + timedelta(milliseconds=int(millis)), int(last)
    return _EPOCH, 0


async def get_view(desk: Desk, reviewer: Reviewer, notice_id: int, start: int = 0) -> View:
    """A notice, its items from the one after position `start` on. Raises Forbidden and NotFound."""
    check_may(reviewer.role, "notices")
    async with desk.db.read() as conn:
        notice = await queries.find_notice(conn, notice_id)
        if notice is None:
            raise NotFound
        items = await item_queries.list_items(conn, notice_id)
        shown = [item for item in items if item.position > start][:ITEMS]
        ids = [item.id for item in shown]
        copies: dict[int, list[Copy]] = {}
        for copy in await item_queries.list_copies(conn, ids, _PREVIEW):
            copies.setdefault(copy.item_id, []).append(copy)
        statuses = [item.subject_id for item in shown if item.subject_kind == "status" and item.subject_id is not None]
        return View(
            notice=notice,
            items=shown,
            total=len(items),
            settled=sum(item.is_settled for item in items),
            copies=copies,
            tallies=await item_queries.tally_copies(conn, ids),
            posts=await item_queries.list_found(conn, statuses),
            steps=await queries.list_steps(conn, notice_id),
            clocks=await queries.list_clocks(conn, notice_id),
            answer=await story_queries.find_answer(conn, notice_id),
            replies=await queries.list_replies(conn, notice_id),
            pack=await queries.find_pack_made(conn, notice_id),
            drilled=await queries.find_drill(conn, notice_id) if notice.channel == "drill" else None,
        )


async def read_original(desk: Desk, reviewer: Reviewer, notice_id: int) -> str:
    """What came, as text and nothing else. Raises Forbidden and NotFound."""
    check_may(reviewer.role, "notices")
    async with desk.db.read() as conn:
        original = await queries.find_original(conn, notice_id)
    if original is None:
        raise NotFound
    return lines(to_text(original[1][:_TEXT])[0], _TEXT)


async def get_for_provider(desk: Desk, provider_id: int, notice_id: int) -> tuple[Notice, list[Item]]:
    """A provider's own notice with its items. Raises NotFound for those of others."""
    async with desk.db.read() as conn:
        notice = await queries.find_notice(conn, notice_id)
        if notice is None or notice.provider_id != provider_id:
            raise NotFound
        return notice, await item_queries.list_items(conn, notice_id)


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One item with the nearest of its copies and what it is now."""

    notice: Notice
    item: Item
    copies: list[Copy]
    tally: Tally | None
    post: Found | None
    person: Person | None


async def get_item(desk: Desk, reviewer: Reviewer, notice_id: int, item_id: int) -> Shown:
    """An item of a notice. Raises Forbidden and NotFound."""
    check_may(reviewer.role, "notices")
    async with desk.db.read() as conn:
        notice = await queries.find_notice(conn, notice_id)
        item = next((each for each in await item_queries.list_items(conn, notice_id) if each.id == item_id), None)
        if notice is None or item is None:
            raise NotFound
        is_post = item.subject_kind == "status" and item.subject_id is not None
        posts = await item_queries.list_found(conn, [item.subject_id or 0] if is_post else [])
        people = await item_queries.list_people(conn, [item.account_id or 0])
        return Shown(
            notice=notice,
            item=item,
            copies=await item_queries.list_copies(conn, [item_id], ITEMS),
            tally=(await item_queries.tally_copies(conn, [item_id])).get(item_id),
            post=posts.get(item.subject_id or 0),
            person=people.get(item.account_id or 0),
        )


async def next_open(desk: Desk, notice_id: int) -> int | None:
    """The first item of a notice that is not decided; None where all are."""
    async with desk.db.read() as conn:
        items = await item_queries.list_items(conn, notice_id)
    return next((item.id for item in items if not item.is_settled and item.match in ("found", "near")), None)
