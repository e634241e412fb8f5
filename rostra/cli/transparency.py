"""`rostra transparency`: statements of reasons as files, handing them in, and transparency reports."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

import click
import msgspec

from rostra.cli.options import Exit, Refusal, current_database, database_errors, in_words, say, with_settings
from rostra.kit.clock import Clock
from rostra.kit.errors import RostraError
from rostra.kit.settings import Settings

if TYPE_CHECKING:
    from rostra.kit.db import Database
    from rostra.measurement.transparency_sections import Period, Service

T = TypeVar("T")

_DAY = click.DateTime(["%Y-%m-%d"])
_year = click.option("--year", type=click.IntRange(2000, 2999), help="The calendar year.")
_from = click.option("--from", "first", type=_DAY, metavar="DAY", help="The first day, as 2026-01-31 (UTC).")
_to = click.option("--to", "last", type=_DAY, metavar="DAY", help="The last day; it counts.")


@click.group()
def transparency() -> None:
    """Statements of reasons, and the transparency report.

    Works whether or not the server runs. docs/transparency.md says what is in each file.
    """


@transparency.command()
@_from
@_to
@click.option("--json", "kind", flag_value="json", help="As the European Union's database takes them.")
@click.option("--csv", "kind", flag_value="csv", help="With the columns of that database.")
@click.argument("file", type=click.File("wb"), default="-")
@with_settings
def statements(
    settings: Settings, first: datetime | None, last: datetime | None, kind: str | None, file: BinaryIO
) -> None:
    """Write the statements of reasons of some days to FILE, or to standard output."""
    if first is None or last is None or last < first:
        raise click.UsageError("--from DAY and --to DAY are needed, the second not before the first")
    from rostra.dsa.render import stream_csv, stream_json
    from rostra.measurement.transparency_statements import read_statements

    begin = first.replace(tzinfo=UTC)
    end = last.replace(tzinfo=UTC) + timedelta(days=1)

    async def write(db: Database) -> int:
        counted = 0

        async def bodies() -> AsyncIterator[dict[str, object]]:
            nonlocal counted
            async for body in read_statements(db, begin, end):
                counted += 1
                yield body

        pieces = stream_csv(bodies()) if kind == "csv" else stream_json(bodies())
        async for piece in pieces:
            file.write(piece)
        return counted

    say(f"{_with_database(settings, write)} statements of reasons")


@transparency.command("hand-in")
@with_settings
def hand_in_now(settings: Settings) -> None:
    """Hand in what waits to the European Union's database now, instead of within the hour."""
    if settings.dsa_token is None:
        raise Refusal(Exit.SETTINGS, "dsa_token: none is set, so nothing is handed in; docs/transparency.md says how")
    from rostra import __version__
    from rostra.kit.http import HttpClient
    from rostra.measurement.transparency_statements import Register, hand_in

    register = Register(url=settings.dsa_url, token=settings.dsa_token)
    user_agent = f"Rostra/{__version__} (+{settings.base_url})"

    async def run(db: Database) -> int:
        async with HttpClient(user_agent=user_agent, allow_loopback=settings.dev) as http:
            return await hand_in(db, Clock(), http, register)

    say(f"{_with_database(settings, run)} statements of reasons handed in")


@transparency.command()
@_year
@_from
@_to
@click.option("--publish", is_flag=True, help="Publish it; it cannot be changed or taken back afterwards.")
@click.option("--note", default="", help="Why there is another revision of a period that was published.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the archive (ZIP) here.")
@click.option("--json", "as_json", is_flag=True, help="Print all numbers as JSON.")
@with_settings
def report(
    settings: Settings,
    year: int | None,
    first: datetime | None,
    last: datetime | None,
    publish: bool,
    note: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Make the transparency report of a year, or of the days --from … --to.

    Without --publish nothing is kept: look at it first.
    """
    from rostra.measurement.transparency import get_content, make_report, publish_report
    from rostra.measurement.transparency_files import pack
    from rostra.resources import own_store

    period = _period(year, first, last)

    async def run(db: Database) -> dict[str, object]:
        service = await _service(db, settings)
        if not publish:
            return await make_report(db, Clock(), service, period)
        store = own_store(settings, db, Clock())
        published = await publish_report(db, Clock(), store, service, period, actor_id=None, note=note)
        say(f"{settings.base_url}/transparency/reports/{published.id}/report.zip, sha256 {published.sha256}")
        return await get_content(db, published.id)

    content = _with_database(settings, run)
    if out is not None:
        out.write_bytes(pack(content))
        say(f"written to {out}")
    if as_json or (out is None and not publish):
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(content), indent=1).decode() + "\n")


def _period(year: int | None, first: datetime | None, last: datetime | None) -> Period:
    from rostra.measurement.transparency import year_of
    from rostra.measurement.transparency_sections import Period

    if year is not None and first is None and last is None:
        return year_of(year)
    if year is not None or first is None or last is None:
        raise click.UsageError("either --year, or --from and --to")
    return Period(first.date(), last.date() + timedelta(days=1))


async def _service(db: Database, settings: Settings) -> Service:
    from rostra.instance.cache import default_settings
    from rostra.instance.settings import read_settings
    from rostra.measurement.transparency import service_of

    async with db.read() as conn:
        return service_of(await read_settings(conn, default_settings(dev=settings.dev)), settings.domain)


def _with_database(settings: Settings, run: Callable[[Database], Awaitable[T]]) -> T:
    """Run on the server's database; what cannot be done ends the command with one line."""
    from rostra.kit.db import open_database

    async def work() -> T:
        async with AsyncExitStack() as stack:
            dsn = await stack.enter_async_context(current_database(settings))
            return await run(await stack.enter_async_context(open_database(dsn, max_size=2, statement_timeout=600)))

    with database_errors():
        try:
            return asyncio.run(work())
        except RostraError as error:
            raise Refusal(Exit.FAILED, in_words(error)) from None
