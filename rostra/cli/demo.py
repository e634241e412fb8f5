"""`rostra demo`: fill in the demonstration community."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import click
import msgspec

from rostra.cli.options import Exit, Refusal, current_database, database_errors, say, with_settings
from rostra.kit.settings import Settings

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from rostra.demo.fill import Progress, Summary


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def demo(settings: Settings, as_json: bool) -> None:
    """Fill in the demonstration community: fifteen people of an invented town, what they wrote and drew.

    For a look around, with an account to sign in to. What was interrupted goes on where it was; where all is there,
    nothing happens. Works whether or not the server runs, but not where other people live, unless in development.
    """
    summary = asyncio.run(_fill(settings))
    if as_json:
        click.echo(msgspec.json.encode(summary))
    elif summary.already:
        say("the demonstration community is there already")
    else:
        said = f"{summary.people} people and {summary.posts} posts are there"
        say(f"{said}; sign in as {summary.visitor} with the password {summary.password}")


async def _fill(settings: Settings) -> Summary:
    from rostra.demo.fill import fill
    from rostra.effects import emit
    from rostra.kit.errors import Conflict
    from rostra.resources import open_resources

    with database_errors():
        async with current_database(settings) as dsn:
            # What is lost in a crash is filled in again, so nothing needs to wait for the disk.
            hasty = f"{dsn}{'&' if '?' in dsn else '?'}synchronous_commit=off"
            async with open_resources(settings, hasty, emit) as res:
                try:
                    return await _with_bar(lambda progress: fill(res, progress=progress))
                except Conflict as error:
                    raise Refusal(Exit.FAILED, error.text) from None


async def _with_bar(run: Callable[[Progress], Awaitable[Summary]]) -> Summary:
    """`run` with a progress bar on a terminal, else with nothing."""
    if not sys.stderr.isatty():
        return await run(lambda _done, _of: None)
    bar: ProgressBar[int] = click.progressbar(length=1, label="Filling in", file=sys.stderr)

    def show(done: int, of: int) -> None:
        bar.length = of
        bar.update(done - bar.pos)

    with bar:
        return await run(show)
