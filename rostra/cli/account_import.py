"""`rostra account import`: bring a list or an archive into somebody's account, as they would on the web.

It is the operator's word that stands for the owner's; what the policy refuses it refuses here as well.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from rostra.cli.options import Exit, Refusal, current_database, database_errors, in_words, say, with_settings
from rostra.kit.settings import Settings

if TYPE_CHECKING:
    from rostra.accounts.records import User
    from rostra.archive.import_records import Import
    from rostra.resources import Resources

_TYPES = ("following", "blocking", "muting", "domain_blocking", "lists", "bookmarks", "archive")
_PAUSE = 0.5


@click.command("import")
@click.argument("name", metavar="@HANDLE")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--type", "kind", type=click.Choice(_TYPES), help="What it is; else as the file says.")
@click.option("--overwrite", is_flag=True, help="End what is there already and not in the list.")
@click.option("--with-direct", is_flag=True, help="Of an archive: also posts for single people.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and do nothing.")
@click.option("--json", is_flag=True, expose_value=False, help="Print JSON, as it does anyway.")
@with_settings
def import_(settings: Settings, name: str, file: Path, **wish: Any) -> None:
    """Import a CSV file or an archive of posts into an account.

    Works whether or not the server runs. Ends when all is imported, with a report; what could not be is in it by
    reason.
    """
    from rostra.kit.errors import RostraError

    with database_errors():
        try:
            report = asyncio.run(_import(settings, name, file, **wish))
        except RostraError as error:
            said = in_words(error).removeprefix("file ")
            raise Refusal(Exit.FAILED, f"{file}: {said.replace(': choose it', ': name it with --type')}") from None
    click.echo(msgspec.json.encode(report))


async def _import(
    settings: Settings, name: str, file: Path, *, kind: str | None, overwrite: bool, with_direct: bool, dry_run: bool
) -> dict[str, Any]:
    from rostra.accounts.staff import find_user_by_name
    from rostra.archive.import_csv import drop_import
    from rostra.effects import emit
    from rostra.resources import open_resources

    async with current_database(settings) as dsn, open_resources(settings, dsn, emit) as res:
        user = await find_user_by_name(res.db, name)
        if user is None:
            raise Refusal(Exit.FAILED, f"there is no account called {name}; `rostra account list` shows them all")
        import_id = await _stage(res, user, file, kind)
        if dry_run:
            report = await _report(res, user, import_id)
            await drop_import(res.db, user.account_id, import_id)
            return report
        await _carry_out(res, user, import_id, overwrite=overwrite, with_direct=with_direct)
        return await _report(res, user, import_id)


async def _stage(res: Resources, user: User, file: Path, kind: str | None) -> int:
    from rostra.archive.csv_read import CsvType
    from rostra.archive.import_archive import folder_of, stage_archive
    from rostra.archive.import_csv import stage_csv
    from rostra.archive.import_inspect import own_key

    if kind == "archive" or (kind is None and file.suffix.lower() in (".zip", ".gz", ".tgz", ".tar")):
        folder = folder_of(res.settings.data_dir)
        copy = folder / f"{secrets.token_hex(16)}.upload"
        await asyncio.to_thread(shutil.copyfile, file, copy)
        return await stage_archive(
            res.db,
            res.clock,
            res.urls,
            res.http,
            own_key=own_key(res.settings),
            folder=folder,
            path=copy,
            account_id=user.account_id,
            username=user.username,
            file_name=file.name,
        )
    body = await asyncio.to_thread(file.read_bytes)
    chosen = msgspec.convert(kind, CsvType) if kind else None
    return await stage_csv(res.db, res.clock, res.urls, user.account_id, body, kind=chosen, file_name=file.name)


async def _carry_out(res: Resources, user: User, import_id: int, *, overwrite: bool, with_direct: bool) -> None:
    """Here, beside a worker that may have begun already: each batch is done by one of the two."""
    from rostra.accounts.staff import note_import
    from rostra.archive.import_archive import folder_of, run_archive
    from rostra.archive.import_csv import confirm_import, get_import, run_csv
    from rostra.archive.import_posts import Tools

    mode = "overwrite" if overwrite else "merge"
    await confirm_import(res.db, res.clock, user.account_id, import_id, mode=mode, with_direct=with_direct)
    await note_import(res.db, res.clock, user.account_id)
    await res.screen.get_ready(res.db)
    tools = Tools(db=res.db, clock=res.clock, urls=res.urls, screen=res.screen, store=res.store, images=res.images)
    while (found := await get_import(res.db, user.account_id, import_id)).state == "running":
        say(f"{found.imported + found.failed} of {found.total}")
        await run_csv(res.db, res.clock, res.emit, import_id)
        await run_archive(tools, res.emit, folder_of(res.settings.data_dir), import_id)
        await asyncio.sleep(_PAUSE)


async def _report(res: Resources, user: User, import_id: int) -> dict[str, Any]:
    from rostra.archive.import_csv import get_import, preview

    found: Import = await get_import(res.db, user.account_id, import_id)
    seen = await preview(res.db, res.clock, found)
    told: dict[str, Any] = {
        "id": str(found.id),
        "account": user.username,
        "type": found.type,
        "state": found.state,
        "total": found.total,
        "imported": found.imported,
        "failed": found.failed,
        "skipped": found.skipped,
        "reasons": dict(seen.reasons),
        "problem": found.problem,
    }
    if found.source is not None:
        return {**told, "source": found.source, "proven": found.archive.proven}
    return {**told, "overwriting_would_end": seen.ends} if found.state == "waiting" else told
