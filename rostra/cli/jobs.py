"""`rostra jobs`: the depth of the queue, the jobs that failed for good, and retrying or discarding those."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import Any, TypeVar

import click
import msgspec

from rostra.cli.options import Exit, current_database, database_errors, say, with_settings
from rostra.kit.clock import Clock
from rostra.kit.db import Tx, open_database
from rostra.kit.jobs.dead import DeadJob, QueueDepth, discard_dead, list_dead, queue_statistics, retry_dead
from rostra.kit.settings import Settings

T = TypeVar("T")

_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_name_option = click.option("--name", help="Only jobs of this name.")


@click.group()
def jobs() -> None:
    """Look at the queue, retry what failed.

    Works whether or not the server runs.
    """


@jobs.command("list")
@_json_option
@with_settings
def list_(settings: Settings, as_json: bool) -> None:
    """How many jobs of each name are due, wait for later, run or are dead, and how long the oldest is due."""
    depths = _in_transaction(settings, lambda tx: queue_statistics(tx, Clock().now()))
    if as_json:
        click.echo(msgspec.json.encode(depths))
    elif depths:
        click.echo(f"{'NAME':<32}{'DUE':>8}{'LATER':>8}{'RUNNING':>9}{'DEAD':>7}{'OLDEST':>10}")
        for depth in depths:
            click.echo(_depth_line(depth))
    else:
        click.echo("The queue is empty.")


@jobs.command()
@_name_option
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most this many.")
@_json_option
@with_settings
def dead(settings: Settings, name: str | None, limit: int, as_json: bool) -> None:
    """The jobs that failed for good, the latest first. With --json their tracebacks, too."""
    found = _in_transaction(settings, lambda tx: list_dead(tx, name=name, limit=limit))
    if as_json:
        click.echo(msgspec.json.encode([_as_json(job) for job in found]))
        return
    for job in found:
        click.echo(f"{job.id}  {job.name}  {job.died_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z  {job.attempts} attempts")
        click.echo(f"    {job.error}: {job.message}".rstrip(": "))
    if not found:
        click.echo("No job is dead.")


@jobs.command()
@click.argument("ids", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="All that are dead.")
@_name_option
@_json_option
@with_settings
def retry(settings: Settings, ids: tuple[int, ...], everything: bool, name: str | None, as_json: bool) -> None:
    """Queue dead jobs again, with all their attempts: those of the given IDS, --all, or --all of one --name."""
    _check_choice(ids, everything)
    count = _in_transaction(settings, lambda tx: retry_dead(tx, ids or None, name=name))
    _tell(count, "retried", ids, as_json)


@jobs.command()
@click.argument("ids", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="All that are dead.")
@_name_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@_json_option
@with_settings
def discard(
    settings: Settings, ids: tuple[int, ...], everything: bool, name: str | None, yes: bool, as_json: bool
) -> None:
    """Remove dead jobs for good: those of the given IDS, --all, or --all of one --name."""
    _check_choice(ids, everything)
    if everything and not yes:
        click.confirm(f"Discard all dead jobs{f' named {name}' if name else ''}?", abort=True, err=True)
    count = _in_transaction(settings, lambda tx: discard_dead(tx, ids or None, name=name))
    _tell(count, "discarded", ids, as_json)


def _in_transaction(settings: Settings, act: Callable[[Tx], Awaitable[T]]) -> T:
    async def run() -> T:
        async with (
            current_database(settings) as dsn,
            open_database(dsn, max_size=1) as db,
            db.transaction() as tx,
        ):
            return await act(tx)

    with database_errors():
        return asyncio.run(run())


def _check_choice(ids: tuple[int, ...], everything: bool) -> None:
    if bool(ids) == everything:
        raise click.UsageError("Give the ids of dead jobs, or --all.")


def _tell(count: int, verb: str, ids: tuple[int, ...], as_json: bool) -> None:
    """Print how many jobs were touched; the command fails where that is not all that were named."""
    if as_json:
        click.echo(msgspec.json.encode({verb: count}))
    else:
        click.echo(f"{count} {verb}")
    missed = len(set(ids)) - count
    if missed > 0:
        say(f"{missed} of the given ids could not be {verb}; `rostra jobs dead` lists what is dead")
        raise SystemExit(int(Exit.FAILED))


def _depth_line(depth: QueueDepth) -> str:
    oldest = f"{depth.oldest_due_age:.1f} s" if depth.due else "-"
    return f"{depth.name:<32}{depth.due:>8}{depth.later:>8}{depth.running:>9}{depth.dead:>7}{oldest:>10}"


def _as_json(job: DeadJob) -> dict[str, Any]:
    """The record with its payload as JSON instead of as text in base64."""
    try:
        payload = msgspec.json.decode(job.payload or b"{}")
    except msgspec.DecodeError:
        payload = (job.payload or b"").decode(errors="replace")
    return {**msgspec.structs.asdict(job), "payload": payload}
