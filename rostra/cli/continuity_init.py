"""`rostra continuity init`: the recovery key, shown once, and this server's entry at its targets."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Final

import click

from rostra.cli.options import Exit, Refusal, with_settings, writable_data_directory
from rostra.continuity.keys import RecoveryKey
from rostra.continuity.place import Place
from rostra.continuity.setup import set_up
from rostra.continuity.site import AlreadyOpened
from rostra.continuity.targets import StoreUnavailable, TargetUnusable, open_target, without_secrets
from rostra.kit.settings import Settings

NO_TARGETS: Final = (
    "continuity_targets: says where copies go, and is empty; set ROSTRA_CONTINUITY_TARGETS, or the line in rostra.toml"
)


@click.command()
@click.option("--keys", type=click.IntRange(1, 5), default=1, help="Recovery keys to make, one for each keeper. [1]")
@click.option("--qr/--no-qr", default=True, help="Show the keys as QR codes too.")
@with_settings
def init(settings: Settings, keys: int, qr: bool) -> None:
    """Make the recovery key and register this server at its targets.

    The key is printed here and nowhere else, ever. Write it down on paper before you go on: without it nobody can read
    the copies, not even you.
    """
    place = Place(writable_data_directory(settings))
    if place.is_set_up:
        raise Refusal(
            Exit.FAILED,
            f"{place.path} is set up already; the keys that were printed then stay good, and are the only ones",
        )
    if not settings.continuity_targets:
        raise Refusal(Exit.SETTINGS, NO_TARGETS)
    made = [RecoveryKey.generate() for _ in range(keys)]
    asyncio.run(_found(settings, place, made))
    for number, key in enumerate(made, 1):
        _show(key, f"Recovery key {number} of {keys}" if keys > 1 else "Recovery key", qr=qr)
    if settings.database_url is None:
        click.echo("\nWith it, `rostra continuity restore` brings the whole server back on any machine:")
    else:
        click.echo(
            "\nIT BRINGS NO POST BACK: the database is an external one (database_url), which its operator has to copy. "
            "Beside such a copy, this brings files, settings and secrets back on any machine:"
        )
    for address in settings.continuity_targets:
        click.echo(f"  rostra continuity restore '{without_secrets(address)}' --key FILE --data NEW-DIRECTORY")
    click.echo("Keep the addresses with the key, and what is left out of them here: SECRET, PASSWORD, files with keys.")
    click.echo("Copies begin when the server is started again, or now: rostra continuity ship")


async def _found(settings: Settings, place: Place, keys: list[RecoveryKey]) -> None:
    async with AsyncExitStack() as stack:
        try:
            targets = [await stack.enter_async_context(open_target(each)) for each in settings.continuity_targets]
            await set_up(place, targets, keys, settings.domain, datetime.now(UTC))
        except TargetUnusable as error:
            raise Refusal(Exit.SETTINGS, f"continuity_targets: {error}") from None
        except (StoreUnavailable, AlreadyOpened) as error:
            raise Refusal(Exit.FAILED, str(error)) from None


def _show(key: RecoveryKey, title: str, *, qr: bool) -> None:
    """As words, as age writes it, and as a picture for a telephone that has no network."""
    click.echo(f"\n{title}\n")
    for start in range(0, 24, 6):
        click.echo(
            "  " + "  ".join(f"{start + i + 1:2} {word:9}" for i, word in enumerate(key.words[start : start + 6]))
        )
    click.echo(f"\n  {key.identity}\n")
    if qr:
        import segno

        segno.make(key.identity, error="m").terminal(out=sys.stdout, compact=True)
