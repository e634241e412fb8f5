"""`rostra archive`: take the archive of an account out of the server, and check any archive without one."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from rostra.cli.options import Exit, Refusal, current_database, database_errors, in_words, say, with_settings
from rostra.kit.settings import Settings

if TYPE_CHECKING:
    from rostra.archive.verify import Verdict


@click.group()
def archive() -> None:
    """Export the archive of an account; check archives.

    The layout is Mastodon's, with a signed manifest; docs/your-data.md describes it.
    """


@archive.command()
@click.argument("name", metavar="@HANDLE")
@click.option(
    "--to", "target", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The zip file to write."
)
@with_settings
def export(settings: Settings, name: str, target: Path) -> None:
    """Write the archive of an account to a file, as its owner gets it. Works whether or not the server runs."""
    from rostra.kit.errors import RostraError

    if target.exists():
        raise Refusal(Exit.FAILED, f"{target} is there already")
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with database_errors():
            size = asyncio.run(_export(settings, name, part))
        # Never over a file that has come meanwhile.
        os.link(part, target)
    except RostraError as error:
        raise Refusal(Exit.FAILED, in_words(error)) from None
    except FileExistsError:
        raise Refusal(Exit.FAILED, f"{target} is there already") from None
    finally:
        part.unlink(missing_ok=True)
    say(f"wrote {target}, {size} bytes; anybody can check it with `rostra archive verify {target}`")


@archive.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", help="Believe only this key: the one at /ledger/key of the server.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(file: Path, key: str | None, as_json: bool) -> None:
    """Check an archive: its signature and every file. Needs neither server nor database.

    Ends with 1 where anything was changed, is missing or was added, and names it.
    """
    from rostra.archive.verify import NotAnArchive, verify_archive
    from rostra.ledger.note import NoteError

    try:
        verdict = verify_archive(file, key)
    except NotAnArchive as error:
        raise Refusal(Exit.FAILED, f"{file}: {error}") from None
    except NoteError as error:
        raise click.UsageError(f"--key: {error}") from None
    click.echo(msgspec.json.encode(verdict) if as_json else _in_words(verdict, checked=key is not None))
    if verdict.problems:
        raise click.exceptions.Exit(int(Exit.FAILED))


async def _export(settings: Settings, name: str, path: Path) -> int:
    from rostra.accounts.staff import find_user_by_name
    from rostra.archive.export_archive import Sources, write_archive
    from rostra.archive.signing import load_key
    from rostra.kit.clock import Clock
    from rostra.kit.db import open_database
    from rostra.kit.objectstore import open_store
    from rostra.resources import urls_of

    async with current_database(settings) as dsn, open_database(dsn, max_size=1) as db:
        user = await find_user_by_name(db, name)
        if user is None:
            raise Refusal(Exit.FAILED, f"there is no account called {name}; `rostra account list` shows them all")
        store = open_store(settings.storage_url or settings.data_dir / "media")
        sources = Sources(db=db, store=store, urls=urls_of(settings), clock=Clock())
        # What is in it is the person's alone.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        return await write_archive(sources, load_key(settings), user.account_id, path)


def _in_words(verdict: Verdict, *, checked: bool) -> str:
    lines = [
        f"account  {verdict.account}",
        f"made at  {verdict.made_at} on {verdict.server}",
        f"key      {verdict.key or 'none'}",
        f"files    {verdict.files}",
        *(f"the server did not have {each}" for each in verdict.missing),
        *verdict.problems,
    ]
    if verdict.problems:
        lines.append(f"NOT GENUINE: {len(verdict.problems)} problems")
    elif checked:
        lines.append("genuine: signed with this key, and nothing was changed, taken out or added")
    else:
        lines.append(f"unchanged since it was signed; compare the key with the one at https://{verdict.server}/ledger")
    return "\n".join(lines)
