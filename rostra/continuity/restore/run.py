"""The whole walk of a restore, in the order in which people are helped soonest.

Documents, base, log, recovery, migration, new epoch: then the server can be started, and files and checks go on beside
it. Until then the data directory is marked as half restored, and what fails leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import asyncpg
import msgspec

from rostra.continuity.place import LookOnly, Place
from rostra.continuity.records import Fork, TableCensus
from rostra.continuity.restore import check, external, queries
from rostra.continuity.restore.arrive import SCRATCH, Arrived, fetch_all
from rostra.continuity.restore.capsule import CapsuleFound, open_capsule, put_back
from rostra.continuity.restore.directory import check_empty, half_restored
from rostra.continuity.restore.documents import Documents
from rostra.continuity.restore.here import WANTED, fetch_media, settings_here, settings_problems, store_of
from rostra.continuity.restore.media import note_wanted, remove_gone
from rostra.continuity.restore.plan import Plan, find_census, make_plan, newest_capsule
from rostra.continuity.restore.records import (
    LastPost,
    LedgerFound,
    Listeners,
    MediaFound,
    NotRestorable,
    Options,
    Planned,
    Proof,
    Report,
)
from rostra.continuity.restore.recover import SIGNAL, Machine, Recovered, needs_of, prove, recover
from rostra.continuity.restore.site_choice import choose_site
from rostra.continuity.restore.takeover import become
from rostra.continuity.restore.walk import Walk
from rostra.continuity.targets import open_target
from rostra.kit.db import open_database
from rostra.kit.jobs.schema import install
from rostra.kit.migrate import MigrationRefused, migrate
from rostra.kit.objectstore import StoreUnavailable
from rostra.kit.postgres import use_database
from rostra.kit.postgres_adopt import adopt_cluster
from rostra.kit.settings import Settings

REPORT = "restored.json"
_STATEMENT = 600.0


class _Server(msgspec.Struct, frozen=True, kw_only=True):
    """The server as it was when it could be started."""

    arrived: Arrived
    recovered: Recovered
    proof: Proof | None
    last_post: LastPost | None
    new_epoch: int | None
    media_key: bytes
    newest_file: int


async def restore(options: Options, listeners: Listeners | None = None) -> Report:
    """Bring a site back into an empty data directory. Raises NotRestorable, Broken, StoreUnavailable, TargetUnusable,
    and what PostgreSQL is refused with."""
    walk = Walk(options, listeners or Listeners())
    check_empty(options.data_dir)
    async with open_target(options.target) as target:
        trust = await choose_site(target, options.key, options.site)
        documents = Documents(target, trust, options.key)
        name = await newest_capsule(documents, options.to)
        capsule = None if name is None else await open_capsule(documents, name)
        if capsule is not None and external.had_external_database(capsule):
            report = await external.restore_beside(walk, documents, capsule)
        else:
            server = await _until_ready(walk, documents, capsule)
            report = await _beside_it(walk, documents, server)
    Place(options.data_dir).write_json(REPORT, report)
    return report


async def fetch_rest(options: Options, listeners: Listeners | None = None) -> MediaFound:
    """Go on with the files of a restore that was interrupted after its server could be started; nothing else."""
    walk, place = Walk(options, listeners or Listeners()), Place(options.data_dir)
    is_external = place.has_external_database
    if place.find_half_restored() is not None or not (is_external or (place.path / WANTED).exists()):
        raise NotRestorable(f"no files are wanted in {options.data_dir}: its restore lacks none, or lacks more")
    async with open_target(options.target) as target:
        trust = await choose_site(target, options.key, options.site)
        media_key = (place.path / "media.key").read_bytes()
        fetch = external.fetch_known if is_external else fetch_media
        return await fetch(walk, Documents(target, trust, options.key), media_key, settings_here(options))


async def _until_ready(walk: Walk, documents: Documents, newest: CapsuleFound | None) -> _Server:
    """Everything that the first request waits for."""
    options = walk.options
    with walk.step("reading what is there"):
        plan = await make_plan(documents, options.to)
        check.check_fits(plan.base)
        if options.purpose == "take-over":
            walk.warn(await check.check_may_open(documents.target, documents.trust.site.id))
    walk.listeners.planned(_planned(documents, plan))
    async with half_restored(walk, documents.target.label) as place:
        check.check_room(plan, options.data_dir)
        capsule = newest if newest and newest.name == plan.capsule else await open_capsule(documents, plan.capsule)
        media_key = capsule.media_key
        arrived = await fetch_all(walk, documents, plan)
        walk.warn(arrived.warnings)
        server = await _bring_up(walk, documents, place, arrived, capsule, media_key)
    walk.ready_after = round(walk.elapsed, 3)
    walk.listeners.ready(options.data_dir)
    return server


def _planned(documents: Documents, plan: Plan) -> Planned:
    parts = sum(part.size for base in plan.bases for part in base.about.parts)
    log = sum(size for sequence, size in plan.sizes.items() if plan.first <= sequence <= plan.last)
    return Planned(
        site=documents.trust.site.id,
        domain=documents.trust.site.domain,
        epoch=plan.epoch,
        base_at=plan.base.ended_at,
        until=plan.to or plan.until,
        size=parts + log,
        pieces=plan.last - plan.first + 1,
    )


async def _bring_up(
    walk: Walk, documents: Documents, place: Place, arrived: Arrived, capsule: CapsuleFound, media_key: bytes
) -> _Server:
    options, plan = walk.options, arrived.plan
    needs = needs_of(arrived.cluster, options.pg_bindir)
    (arrived.cluster / SIGNAL).touch(mode=0o600)
    with walk.step("putting the database into place"):
        place_it = partial(adopt_cluster, durable=options.durable)
        await asyncio.to_thread(place_it, options.data_dir, options.pg_user, arrived.cluster)
        await asyncio.to_thread(shutil.rmtree, options.data_dir / SCRATCH, ignore_errors=True)
    machine = Machine(
        data_dir=options.data_dir, bindir=options.pg_bindir, user=options.pg_user, durable=options.durable,
        at_least=needs,
    )  # fmt: skip
    proof = await _prove(walk, documents, machine, plan, arrived.log.end)
    with walk.step("recovery", arrived.log.end - plan.start, "bytes") as advanced:
        recovered = await recover(machine, plan.to, plan.stop, _position(advanced, plan.start))
    last_post, newest_file = await _migrate(walk, machine, place.path / WANTED)
    walk.warn(put_back(capsule, options))
    walk.warn(settings_problems(options, documents.target.label))
    new_epoch = await _become(walk, documents, place, arrived, recovered, media_key)
    return _Server(
        arrived=arrived,
        recovered=recovered,
        proof=proof,
        last_post=last_post,
        new_epoch=new_epoch,
        media_key=media_key,
        newest_file=newest_file,
    )


async def _prove(walk: Walk, documents: Documents, machine: Machine, plan: Plan, end: int) -> Proof | None:
    if not walk.options.prove:
        return None
    census = await find_census(documents, plan, end if plan.stop is None else min(end, plan.stop))
    if census is None:
        walk.warn(["no census lies between the base and the end of the log, so no table can be compared with one"])
        return None
    with walk.step("comparing every table with the census", census.lsn - plan.start, "bytes") as advanced:
        return await prove(machine, census, end, _position(advanced, plan.start))


def _position(advanced: Callable[[int], None], start: int) -> Callable[[int], None]:
    """What is told positions, and counts bytes."""
    reached = start

    def at(position: int) -> None:
        nonlocal reached
        if position > reached:
            advanced(position - reached)
            reached = position

    return at


async def _migrate(walk: Walk, machine: Machine, wanted: Path) -> tuple[LastPost | None, int]:
    """Start without any trace of the recovery, bring the schema up to date, and write down which files are wanted."""
    server = machine.server({})
    server.launch()
    try:
        await server.wait_ready()
        with walk.step("bringing the database up to date"):
            try:
                await migrate(server.dsn, check.MIGRATIONS, after=install)
            except MigrationRefused as error:
                raise NotRestorable(f"the copy is of another Rostra than this one: {error}") from None
            connection = await asyncpg.connect(server.dsn)
            try:
                await note_wanted(connection, wanted)
                newest = await connection.fetchval(queries.NEWEST_CHANGE)
                return await queries.find_last_post(connection), newest
            finally:
                await connection.close()
    finally:
        await asyncio.to_thread(server.stop)


async def _become(
    walk: Walk, documents: Documents, place: Place, arrived: Arrived, recovered: Recovered, media_key: bytes
) -> int | None:
    """What this copy is from now on: the server, or something to look at."""
    options, plan = walk.options, arrived.plan
    if options.purpose == "look":
        place.mark_look_only(LookOnly(until=plan.to or arrived.log.until, restored_at=datetime.now(UTC)))
    if options.purpose != "take-over":
        return None
    fork = Fork(epoch=plan.epoch, sequence=arrived.log.counts, lsn=recovered.end)
    return await become(walk, documents, place, media_key, fork)


async def _beside_it(walk: Walk, documents: Documents, server: _Server) -> Report:
    """What goes on while the server may run already: files, then the check, then the report."""
    settings = settings_here(walk.options)
    problems: list[str] = []
    media = MediaFound()
    try:
        media = await fetch_media(walk, documents, server.media_key, settings)
    except (StoreUnavailable, NotRestorable) as error:
        problems.append(f"files could not be put into the store: {error}; go on with --media-only")
    tables, ledger = await _count(walk, settings, server)
    if media.lacking:
        problems.append(f"{media.lacking} of {media.wanted} files are missing or broken at {documents.target.label}")
    if ledger.problem:
        problems.append(f"the ledger: {ledger.problem}")
    return _report(walk, documents, server, tables, ledger, media, problems)


async def _count(walk: Walk, settings: Settings, server: _Server) -> tuple[dict[str, TableCensus], LedgerFound]:
    """Count what is here, whether or not the server was started meanwhile."""
    async with use_database(settings) as dsn:
        with walk.step("counting every table"):
            tables = await check.count(dsn)
        async with open_database(dsn, max_size=1, statement_timeout=_STATEMENT) as db:
            with walk.step("checking the ledger"):
                ledger = await check.check_ledger(db, lambda _done, _total: None)
        connection = await asyncpg.connect(dsn)
        try:
            await remove_gone(connection, store_of(settings), server.newest_file)
        finally:
            await connection.close()
    return tables, ledger


def _until(server: _Server) -> datetime:
    """The last moment of which the copy knows."""
    plan = server.arrived.plan
    if plan.to is not None:
        return plan.to
    # Recovery ended within a piece then, whose own moment promises too much.
    return server.arrived.log.until if plan.stop is None else server.recovered.last_transaction or plan.base.ended_at


def _report(
    walk: Walk,
    documents: Documents,
    server: _Server,
    tables: dict[str, TableCensus],
    ledger: LedgerFound,
    media: MediaFound,
    problems: list[str],
) -> Report:
    plan, log = server.arrived.plan, server.arrived.log
    return Report(
        target=documents.target.label,
        site=documents.trust.site.id,
        domain=documents.trust.site.domain,
        purpose=walk.options.purpose,
        asked=walk.options.to,
        epoch=plan.epoch,
        new_epoch=server.new_epoch,
        bases=[base.about.id for base in plan.bases],
        first_piece=plan.first,
        last_piece=log.last,
        until=_until(server),
        last_transaction=server.recovered.last_transaction,
        last_post=server.last_post,
        files_verified=server.arrived.files,
        proof=server.proof,
        tables=tables,
        ledger=ledger,
        media=media,
        started_at=walk.started_at,
        ready_after=walk.ready_after,
        finished_after=round(walk.elapsed, 3),
        seconds=walk.seconds,
        warnings=walk.warnings,
        problems=problems,
    )
