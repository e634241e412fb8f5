"""One batch of lines of a CSV file, done by the rules of the slices that they belong to: for each kind of list, one
function says what became of each line, and another ends what an overwriting import leaves out.

The number of statements does not depend on the number of lines.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from rostra.archive import csv_queries
from rostra.archive.csv_read import CsvType
from rostra.archive.import_records import Import, Row
from rostra.events import Emit
from rostra.kit.db import Tx
from rostra.lists.bulk import add_eligible, ensure_lists, keep_only
from rostra.posts.bookmark_queries import delete_bookmarks, insert_bookmarks
from rostra.relationships import bulk
from rostra.relationships.bulk import Outcome
from rostra.relationships.bulk_queries import Wish

Outcomes = dict[int, str | None]
"""By the place of a line: None where it was imported, else why not."""

_REASONS: Final[Mapping[Outcome, str]] = {
    "self": "yourself", "absent": "not_found", "blocked": "blocked", "moved": "you_moved",
}  # fmt: skip
_ENDED_TOGETHER: Final = 200


async def apply_rows(tx: Tx, emit: Emit, done: Import, rows: Sequence[Row], at: datetime) -> Outcomes:
    """Do what the lines say for the account of the import."""
    assert done.type != "archive"
    return await _APPLY[done.type](tx, emit, done.account_id, rows, at)


async def _follow(tx: Tx, emit: Emit, account_id: int, rows: Sequence[Row], at: datetime) -> Outcomes:
    wishes = [_wish(account_id, row) for row in rows]
    became = await bulk.follow_all(tx, emit, wishes, at)
    return {row.place: _REASONS.get(became[account_id, _target(row)]) for row in rows}


async def _block(tx: Tx, emit: Emit, account_id: int, rows: Sequence[Row], at: datetime) -> Outcomes:
    held = set(await bulk.block_all(tx, emit, [(account_id, _target(row)) for row in rows], at))
    return {row.place: _absent(account_id, row, held) for row in rows}


async def _mute(tx: Tx, emit: Emit, account_id: int, rows: Sequence[Row], at: datetime) -> Outcomes:
    del emit
    mutes = {_target(row): row.options.get("hide") is not False for row in rows}
    held = set(await bulk.mute_all(tx, [(account_id, target_id, hide) for target_id, hide in mutes.items()], at))
    return {row.place: _absent(account_id, row, held) for row in rows}


async def _block_domains(tx: Tx, emit: Emit, account_id: int, rows: Sequence[Row], at: datetime) -> Outcomes:
    await bulk.block_domains(tx, emit, account_id, list(dict.fromkeys(row.subject for row in rows)), at)
    return dict.fromkeys((row.place for row in rows), None)


async def _list(tx: Tx, emit: Emit, account_id: int, rows: Sequence[Row], at: datetime) -> Outcomes:
    """Members of a list are followed, as in Mastodon: else nothing of theirs would be in it."""
    lists = await ensure_lists(tx, emit, account_id, [row.options["title"] for row in rows], at)
    others = [Wish(account_id=account_id, target_id=_target(row)) for row in rows if _target(row) != account_id]
    became = await bulk.follow_all(tx, emit, others, at)
    members = [(lists[row.options["title"]], _target(row)) for row in rows if row.options["title"] in lists]
    eligible = await add_eligible(tx, account_id, members, at)

    def reason(row: Row) -> str | None:
        if row.options["title"] not in lists:
            return "too_many_lists"
        outcome = became.get((account_id, _target(row)))
        return None if _target(row) in eligible else _REASONS.get(outcome or "absent", "not_found")

    return {row.place: reason(row) for row in rows}


async def _bookmark(tx: Tx, emit: Emit, account_id: int, rows: Sequence[Row], at: datetime) -> Outcomes:
    del emit
    # The file has the latest first, as the list of bookmarks has.
    seen = await insert_bookmarks(tx, account_id, [_target(row) for row in reversed(rows)], at)
    return {row.place: None if row.target_id in seen else "not_visible" for row in rows}


_APPLY: Final[Mapping[CsvType, Callable[[Tx, Emit, int, Sequence[Row], datetime], Awaitable[Outcomes]]]] = {
    "following": _follow, "blocking": _block, "muting": _mute, "domain_blocking": _block_domains, "lists": _list,
    "bookmarks": _bookmark,
}  # fmt: skip


async def end_others(tx: Tx, emit: Emit, done: Import) -> bool:
    """End some of what was there before an overwriting import was confirmed and is not in its file; whether there may
    be more of it."""
    assert done.type != "archive"
    assert done.confirmed_at is not None
    if done.type == "lists":
        await keep_only(tx, done.account_id, await csv_queries.find_listed(tx, done.id), done.confirmed_at)
        return False
    found = await csv_queries.find_others(tx, done.type, done.account_id, done.id, done.confirmed_at, _ENDED_TOGETHER)
    pairs = [(done.account_id, other_id) for other_id, _ in found]
    if done.type == "following":
        await bulk.unfollow_all(tx, emit, pairs)
    elif done.type == "blocking":
        await bulk.unblock_all(tx, pairs)
    elif done.type == "muting":
        await bulk.unmute_all(tx, pairs)
    elif done.type == "domain_blocking":
        await bulk.unblock_domains(tx, done.account_id, [name for _, name in found if name])
    else:
        await delete_bookmarks(tx, done.account_id, [status_id for status_id, _ in found])
    return len(found) == _ENDED_TOGETHER


def _target(row: Row) -> int:
    assert row.target_id is not None
    return row.target_id


def _wish(account_id: int, row: Row) -> Wish:
    options = row.options
    return Wish(
        account_id=account_id,
        target_id=_target(row),
        show_reblogs=options.get("show_reblogs"),
        notify=options.get("notify"),
        languages=options.get("languages"),
    )


def _absent(account_id: int, row: Row, held: set[tuple[int, int]]) -> str | None:
    if row.target_id == account_id:
        return "yourself"
    return None if (account_id, row.target_id) in held else "not_found"
