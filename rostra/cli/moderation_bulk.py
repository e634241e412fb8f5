"""The commands of `rostra moderation bulk…`, on the server's database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import click
import msgspec

from rostra.cli.moderation_server import reviewer_named, run_desk
from rostra.cli.options import Exit, Refusal, say
from rostra.cli.policy_files import columns
from rostra.kit.ids import MAX_ID
from rostra.kit.settings import Settings
from rostra.moderation.decisions import bulk, second_look_queries
from rostra.moderation.decisions.bulk_queries import BulkRow, BulkState
from rostra.moderation.decisions.bulk_reverse import order_reversal
from rostra.moderation.decisions.second_look import change_limit
from rostra.moderation.decisions.second_look_queries import Waiting
from rostra.moderation.desk import Desk, Reviewer
from rostra.moderation.records import Draft

_LISTED: Final = 200
_SAYS: Final[dict[BulkState, str]] = {
    "waiting": "waits for a second person: somebody else of the staff lets it go ahead with `bulk-approve`",
    "running": "is carried out by a worker: `bulk-show` says how far it is",
    "finished": "is finished",
    "stopped": "was stopped",
    "reversing": "is turned round by a worker: `bulk-show` says how far it is",
    "reversed": "was turned round",
}


def start_bulk(
    settings: Settings, actor: str, ids: Sequence[str], draft: Draft, accounts: bool, *, as_json: bool
) -> None:
    """Order a bulk decision."""
    wrong = [each for each in ids if not (each.isascii() and each.isdecimal() and int(each) <= MAX_ID)]
    if wrong:
        raise Refusal(Exit.FAILED, f"{wrong[0]!r} is no id: the file has one on each line")

    async def act(desk: Desk, reviewer: Reviewer) -> int:
        kind = "account" if accounts else "status"
        return await bulk.start_bulk(desk, reviewer, kind, [int(each) for each in ids], draft)

    _say_how_far(_order(settings, actor, act), as_json=as_json)


def print_bulk(settings: Settings, bulk_id: int, *, as_json: bool) -> None:
    """How far it is."""

    async def read(desk: Desk) -> BulkRow:
        return await bulk.get_bulk(desk, bulk_id)

    row = run_desk(settings, read, nothing=_nothing(bulk_id))
    if as_json:
        click.echo(msgspec.json.encode(row))
        return
    for name in ("id", "state", "total", "done", "skipped", "reversed", "created_at", "finished_at", "second_look"):
        value = getattr(row, name)
        click.echo(f"{name}: {'-' if value is None else value}")


def limit_bulk(settings: Settings, over: int | None, actor: str, *, as_json: bool) -> None:
    """Over how many a decision waits for a second person; sets it where it is given."""
    if over is not None and not actor:
        raise click.UsageError("whose act is it? Add --as NAME, an administrator")

    async def go(desk: Desk) -> int:
        if over is not None:
            await change_limit(desk, await reviewer_named(desk, actor), over)
        async with desk.db.read() as conn:
            return await second_look_queries.find_limit(conn)

    limit = run_desk(settings, go)
    if as_json:
        click.echo(msgspec.json.encode({"over": limit}))
    else:
        click.echo(f"over {limit}: a second person looks first" if limit else "nothing waits for a second person")


def print_waiting(settings: Settings, *, as_json: bool) -> None:
    """What waits for a second person."""

    async def read(desk: Desk) -> list[Waiting]:
        async with desk.db.read() as conn:
            return await second_look_queries.list_waiting(conn, _LISTED)

    found = run_desk(settings, read)
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    rows = [[str(row.id), row.username or "-", str(row.total), f"{row.created_at:%Y-%m-%d %H:%M}"] for row in found]
    for line in columns([["NUMBER", "ORDERED BY", "ITEMS", "AT"], *rows]):
        click.echo(line)


def approve_bulk(settings: Settings, bulk_id: int, actor: str, *, as_json: bool) -> None:
    """Let it go ahead, as a second person."""

    async def act(desk: Desk, reviewer: Reviewer) -> int:
        await bulk.approve_bulk(desk, reviewer, bulk_id)
        return bulk_id

    _say_how_far(_order(settings, actor, act, nothing=_nothing(bulk_id)), as_json=as_json)


def stop_bulk(settings: Settings, bulk_id: int, actor: str, *, as_json: bool) -> None:
    """Decide nothing more of it."""

    async def act(desk: Desk, reviewer: Reviewer) -> int:
        await bulk.stop_bulk(desk, reviewer, bulk_id)
        return bulk_id

    _say_how_far(_order(settings, actor, act, nothing=_nothing(bulk_id)), as_json=as_json)


def reverse_bulk(settings: Settings, bulk_id: int, actor: str, note: str, *, as_json: bool) -> None:
    """Order that it is turned round."""

    async def act(desk: Desk, reviewer: Reviewer) -> int:
        await order_reversal(desk, reviewer, bulk_id, note)
        return bulk_id

    _say_how_far(_order(settings, actor, act, nothing=_nothing(bulk_id)), as_json=as_json)


def _order(
    settings: Settings, actor: str, act: Callable[[Desk, Reviewer], Awaitable[int]], *, nothing: str = ""
) -> BulkRow:
    """Do something as somebody of the staff, and how it stands then."""

    async def go(desk: Desk) -> BulkRow:
        return await bulk.get_bulk(desk, await act(desk, await reviewer_named(desk, actor)))

    return run_desk(settings, go, nothing=nothing)


def _say_how_far(row: BulkRow, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(row))
        return
    alone = " (nobody else here could have looked at it first)" if row.second_look == "alone" else ""
    say(f"bulk decision {row.id} {_SAYS[row.state]}{alone}; see /admin/desk/bulk/{row.id}")


def _nothing(bulk_id: int) -> str:
    return f"there is no bulk decision {bulk_id}: `rostra moderation bulk` prints the number"
