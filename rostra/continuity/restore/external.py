"""The way back of a server whose database was an external one: all but the database, which its operator brings back.

What is in the store only the database knows, so files are fetched when it is there: at once where it is named already,
else later (`fetch_known`). The old server is fenced in either case, for there may be one alone under its name.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from rostra.continuity import names
from rostra.continuity.place import Place
from rostra.continuity.restore import check, queries
from rostra.continuity.restore.capsule import CapsuleFound, put_back, settings_of
from rostra.continuity.restore.directory import half_restored
from rostra.continuity.restore.documents import Documents
from rostra.continuity.restore.here import WANTED, fetch_media, settings_here, settings_problems, store_of
from rostra.continuity.restore.media import note_wanted, remove_gone
from rostra.continuity.restore.records import LastPost, MediaFound, NotRestorable, Planned, Report
from rostra.continuity.restore.takeover import become
from rostra.continuity.restore.walk import Walk
from rostra.kit.db import connect
from rostra.kit.objectstore import StoreUnavailable
from rostra.kit.settings import Settings

_NAME_IT: Final = "its database is an external one: set ROSTRA_DATABASE_URL to the one that its operator has restored"


def had_external_database(capsule: CapsuleFound) -> bool:
    """Whether the server of the capsule had its posts in a database that its operator copies. Raises Broken."""
    return bool(settings_of(capsule).get("database_url"))


async def restore_beside(walk: Walk, documents: Documents, capsule: CapsuleFound) -> Report:
    """Settings, secrets, keys and banks, the new epoch, and the files as far as the database is there to name them.

    Raises as `run.restore`.
    """
    options, site = walk.options, documents.trust.site
    if options.purpose != "take-over":
        raise NotRestorable(
            f"the database of {site.domain} was an external one, of which {documents.target.label} has no copy, so "
            "there is nothing to be looked at or tried; its operator's own copies have it"
        )
    media_key, last_post = capsule.media_key, None
    if options.database_url is not None:
        last_post = await _look_into(options.database_url)
    walk.warn(await check.check_may_open(documents.target, site.id))
    walk.listeners.planned(
        Planned(
            site=site.id, domain=site.domain, epoch=capsule.epoch, base_at=None, until=capsule.made_at, size=0, pieces=0
        )
    )
    async with half_restored(walk, documents.target.label) as place:
        walk.warn(await _older_bases(documents))
        walk.warn(put_back(capsule, options))
        walk.warn(settings_problems(options, documents.target.label))
        place.mark_external_database()
        new_epoch = await become(walk, documents, place, media_key, None)
    media, problems = MediaFound(), list[str]()
    if options.database_url is None:
        walk.warn(_next_steps(walk, documents))
    else:
        walk.ready_after = round(walk.elapsed, 3)
        walk.listeners.ready(options.data_dir)
        try:
            media = await fetch_known(walk, documents, media_key, settings_here(options))
        except (StoreUnavailable, NotRestorable) as error:
            problems.append(f"files could not be put into the store: {error}; go on with --media-only")
    if media.lacking:
        problems.append(f"{media.lacking} of {media.wanted} files are missing or broken at {documents.target.label}")
    return _report(walk, documents, capsule, new_epoch, last_post, media, problems)


async def fetch_known(walk: Walk, documents: Documents, media_key: bytes, settings: Settings) -> MediaFound:
    """Bring the files that the database knows into the store. Raises NotRestorable, StoreUnavailable, and what the
    database raises."""
    url = walk.options.database_url or settings.database_url
    if url is None:
        raise NotRestorable(_NAME_IT)
    async with _database(url) as connection:
        await note_wanted(connection, Place(walk.options.data_dir).path / WANTED)
        newest = await connection.fetchval(queries.NEWEST_CHANGE) or 0
    found = await fetch_media(walk, documents, media_key, settings)
    async with _database(url) as connection:
        await remove_gone(connection, store_of(settings), newest)
    return found


async def _look_into(url: str) -> LastPost | None:
    """The newest post of the database, before anything is done for it."""
    async with _database(url) as connection:
        return await queries.find_last_post(connection)


@asynccontextmanager
async def _database(url: str) -> AsyncGenerator[asyncpg.Connection]:
    connection = await connect(url)
    try:
        if not await connection.fetchval(queries.HAS_REGISTER):
            raise NotRestorable(
                "the database that ROSTRA_DATABASE_URL names is not that of a server: have its operator's copy "
                "restored there first, and brought up to date with `rostra migrate` where it is of an older version"
            )
        yield connection
    finally:
        await connection.close()


async def _older_bases(documents: Documents) -> list[str]:
    if not [each async for each in documents.target.folders(documents.path(names.BASES))]:
        return []
    return [
        f"{documents.target.label} also has base copies of the time before the database was an external one: --to a "
        "moment of then restores them"
    ]


def _next_steps(walk: Walk, documents: Documents) -> list[str]:
    data = walk.options.data_dir
    return [
        f"THE DATABASE IS NOT HERE: it was an external one, of which {documents.target.label} has no copy; it has to "
        "come from its operator's own copies, and until it is there no file can be fetched either",
        "next: restore the database and set ROSTRA_DATABASE_URL to it; then "
        f"`rostra migrate --data {data}`, the files by this command once more with --media-only, "
        f"`rostra doctor --data {data}`, `rostra up --data {data}`",
    ]


def _report(
    walk: Walk,
    documents: Documents,
    capsule: CapsuleFound,
    new_epoch: int,
    last_post: LastPost | None,
    media: MediaFound,
    problems: list[str],
) -> Report:
    return Report(
        target=documents.target.label,
        site=documents.trust.site.id,
        domain=documents.trust.site.domain,
        purpose=walk.options.purpose,
        asked=walk.options.to,
        epoch=capsule.epoch,
        new_epoch=new_epoch,
        bases=[],
        first_piece=0,
        last_piece=0,
        until=capsule.made_at,
        last_transaction=None,
        last_post=last_post,
        files_verified=0,
        proof=None,
        tables={},
        ledger=None,
        media=media,
        started_at=walk.started_at,
        ready_after=walk.ready_after,
        finished_after=round(walk.elapsed, 3),
        seconds=walk.seconds,
        warnings=walk.warnings,
        problems=problems,
        external_database=True,
    )
