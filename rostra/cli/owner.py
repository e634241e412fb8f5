"""`rostra owner`: the link with which the first visitor becomes the owner."""

from __future__ import annotations

import asyncio

import click

from rostra.cli.options import current_database, database_errors, say, with_settings
from rostra.kit.settings import Settings


@click.command()
@with_settings
def owner(settings: Settings) -> None:
    """Print a one-time link with which the first visitor becomes the owner; links from before stop working.

    Prints nothing where the server has an owner. Works whether or not the server runs.
    """
    with database_errors():
        url = asyncio.run(_claim_url(settings))
    if url is None:
        return
    say("Nobody owns this server yet. Whoever opens this link first will:")
    click.echo(url)


async def _claim_url(settings: Settings) -> str | None:
    from rostra.accounts.claim import owner_claim_url
    from rostra.kit.clock import Clock
    from rostra.kit.db import open_database
    from rostra.resources import urls_of

    async with current_database(settings) as dsn, open_database(dsn, max_size=1) as db:
        return await owner_claim_url(db, Clock(), urls_of(settings))
