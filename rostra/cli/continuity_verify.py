"""`rostra continuity verify`: whether what lies at the targets is genuine, whole and complete, without the key."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import click

from rostra.cli.continuity_init import NO_TARGETS
from rostra.cli.options import Exit, Refusal, current_database, database_errors, say, with_settings
from rostra.continuity import names
from rostra.continuity.place import Identity, Place
from rostra.continuity.ship.lane import find_record
from rostra.continuity.site import find_sites
from rostra.continuity.targets import StoreUnavailable, TargetUnusable, label_of, open_target
from rostra.continuity.verify import Found, Verifier
from rostra.kit.db import Database, open_database
from rostra.kit.settings import Settings
from rostra.kit.stored_objects import list_after

_BATCH = 500


@click.command()
@click.option("--target", "number", type=click.IntRange(1), help="Only the target of this number, in their order.")
@click.option("--media", "read_files", is_flag=True, help="Read every file too, not only whether it is there.")
@with_settings
def verify(settings: Settings, number: int | None, read_files: bool) -> None:
    """Check everything at the targets: signatures, every byte of bases and log, that nothing is missing.

    It needs no recovery key, and opens nothing; a drill shows that the copies also restore. Exit status 1 where
    anything is broken or missing.
    """
    addresses = settings.continuity_targets if number is None else settings.continuity_targets[number - 1 : number]
    if not settings.continuity_targets:
        raise Refusal(Exit.SETTINGS, NO_TARGETS)
    if not addresses:
        known = len(settings.continuity_targets)
        raise Refusal(Exit.SETTINGS, f"--target: there is no target {number}; continuity_targets names {known}")
    with database_errors():
        is_good = [asyncio.run(_verify(settings, address, read_files=read_files)) for address in addresses]
    if not all(is_good):
        sys.exit(int(Exit.FAILED))


async def _verify(settings: Settings, address: str, *, read_files: bool) -> bool:
    label = label_of(address)
    place = Place(settings.data_dir)
    identity = place.find_identity()
    try:
        async with AsyncExitStack() as stack:
            target = await stack.enter_async_context(open_target(address))
            sites = [identity.site.id] if identity is not None else await find_sites(target)
            if not sites:
                click.echo(f"{label}: there are no copies")
                return False
            good = True
            for site in sites:
                expected = None
                external = settings.database_url is not None
                if identity is not None and (external or (settings.data_dir / "postgres").exists()):
                    db = await stack.enter_async_context(_database(settings))
                    expected = _expected(db, identity, place, label)
                found = await Verifier(target, site, say, external_database=external).run(
                    expected, read_files=read_files
                )
                good = _report(label, site, found) and good
            return good
    except (TargetUnusable, StoreUnavailable) as error:
        click.echo(f"{label}: {error}")
        return False


@asynccontextmanager
async def _database(settings: Settings) -> AsyncGenerator[Database]:
    async with current_database(settings) as dsn, open_database(dsn, max_size=2) as db:
        yield db


async def _expected(db: Database, identity: Identity, place: Place, label: str) -> AsyncIterator[str]:
    """The names of the files that ship has brought there, as far as they are in the store still."""
    record = find_record(place, label)
    after, until = 0, 0 if record is None else record.media_after
    while found := [each for each in await list_after(db, after, _BATCH) if each.id <= until]:
        after = found[-1].id
        for each in found:
            if not each.key.startswith(names.LEFT_OUT):
                yield names.media(identity.media_key, each.key)


def _report(label: str, site: str, found: Found) -> bool:
    click.echo(
        f"{label}, site {site}: {found.bases} base copies ({found.parts} parts), {found.pieces} pieces of log, "
        f"{found.capsules} capsules, {found.censuses} censuses, {found.files} files; "
        f"{found.bytes / 1_000_000:.1f} MB read"
    )
    for note in found.notes:
        click.echo(f"  - {note}")
    for problem in found.problems:
        click.echo(f"  ! {problem}")
    click.echo(f"  {'nothing is wrong' if not found.problems else f'{len(found.problems)} problems'}")
    return not found.problems
