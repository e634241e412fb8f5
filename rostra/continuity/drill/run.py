"""A drill as a whole: restore, try out, compare, measure, record, clean up.

The restore is the very one that is used in the night, for the purpose of a drill: it opens no epoch, so that nobody is
fenced. Trying the server out is the caller's, who knows pages and people; it begins as soon as the database is there.
"""

from __future__ import annotations

import asyncio
import random
import socket
import subprocess
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg
import msgspec

from rostra.continuity.drill.notes import Notes
from rostra.continuity.drill.record import put_record
from rostra.continuity.drill.scratch import DATA, scratch
from rostra.continuity.keys import RecoveryKey
from rostra.continuity.place import Place
from rostra.continuity.records import DrillRecord, DrillStep
from rostra.continuity.restore import run as restoring
from rostra.continuity.restore.media import read_wanted
from rostra.continuity.restore.queries import find_last_post
from rostra.continuity.restore.records import LastPost, Listeners, Options, Report, Step
from rostra.continuity.restore.site_choice import choose_site
from rostra.continuity.targets import StoreUnavailable, Target, open_target
from rostra.kit.files import write_whole
from rostra.kit.lock import SERVING, DirectoryLock
from rostra.kit.postgres import EmbeddedPostgres, PostgresRefused, dsn_of
from rostra.kit.postgres_home import find_socket_directory
from rostra.kit.postgres_programs import client_program
from rostra.kit.postgres_setup import ADMIN, ENVIRONMENT, ROLE
from rostra.kit.settings import Settings

FEW_FILES: Final = 50
"""Files that a quick drill draws by lot; a full one fetches all."""

_CENSUS_LATE: Final = timedelta(hours=1)
_PATIENCE: Final = 5


class DrillOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to rehearse. `scratch` is where there is room, `original` the settings of a server of this machine that may
    be the one whose copy it is; a copy that ends more than `lost_at_most` before the drill fails it."""

    target: str
    key: RecoveryKey
    scratch: Path
    full: bool = False
    site: str | None = None
    original: Settings | None = None
    lost_at_most: timedelta = timedelta(minutes=15)
    pg_bindir: Path | None = None
    pg_user: str | None = None


class Copy(msgspec.Struct, frozen=True, kw_only=True):
    """The restored server while its database runs: nobody serves it yet."""

    settings: Settings
    dsn: str


TryOut = Callable[[Copy, Notes], Awaitable[None]]


async def drill(options: DrillOptions, try_out: TryOut, say: Callable[[str], None]) -> DrillRecord:
    """Rehearse, and keep the record at the target, also of a failure. The record says how it went.

    Raises what `open_target` and `choose_site` do: where it is not known of which site the drill would be, there is
    nothing to keep.
    """
    at, notes = datetime.now(UTC), Notes(say)
    async with open_target(options.target) as target:
        trust = await choose_site(target, options.key, options.site)
        rehearsal = _Rehearsal(options, notes, at, trust.site.id)
        try:
            await rehearsal.run(try_out)
        except Exception as error:  # a drill that fails in a way that nobody thought of has failed, and says so
            text = str(error) or type(error).__name__
            if not any(text in problem for problem in notes.problems):
                notes.fault(text)
        record = rehearsal.record(target.label)
        return await _keep(target, options.key, trust.site.id, record, say)


async def _keep(
    target: Target, key: RecoveryKey, site: str, record: DrillRecord, say: Callable[[str], None]
) -> DrillRecord:
    try:
        await put_record(target, site, key.root, record)
    except StoreUnavailable as error:
        say(f"the record could not be kept at {target.label}, so the server does not hear of this drill: {error}")
    return record


class _Rehearsal:
    """One drill from the restore to the record."""

    def __init__(self, options: DrillOptions, notes: Notes, at: datetime, site: str) -> None:
        self._options = options
        self._notes = notes
        self._at = at
        self._site = site
        self._report: Report | None = None
        self._acknowledged: LastPost | None = None
        self._ready = asyncio.Event()
        self._lock: DirectoryLock | None = None

    async def run(self, try_out: TryOut) -> None:
        """Raises whatever ends it; what was found until then is in the notes."""
        self._acknowledged = await self._ask_original()
        with scratch(self._options.scratch) as directory:
            try:
                await self._run_in(directory / DATA, try_out)
            finally:
                if self._lock is not None:
                    self._lock.release()
        self._judge()

    async def _run_in(self, data: Path, try_out: TryOut) -> None:
        options = Options(
            target=self._options.target,
            key=self._options.key,
            data_dir=data,
            purpose="drill",
            site=self._site,
            prove=True,
            pg_bindir=self._options.pg_bindir,
            pg_user=self._options.pg_user,
            durable=False,
        )
        listeners = Listeners(step=self._tell(), say=lambda _: None, ready=self._when_ready)
        walk = asyncio.ensure_future(restoring.restore(options, listeners))
        ready = asyncio.ensure_future(self._ready.wait())
        try:
            await asyncio.wait({walk, ready}, return_when=asyncio.FIRST_COMPLETED)
            if not self._ready.is_set():
                await walk
            await self._with_database(options, try_out, walk)
        finally:
            for task in (walk, ready):
                task.cancel()
            await asyncio.gather(walk, ready, return_exceptions=True)

    def _tell(self) -> Callable[[Step], None]:
        """Say each step of the restore once."""
        said = set[str]()

        def step(step: Step) -> None:
            if step.name not in said:
                said.add(step.name)
                self._notes.say(f"restore: {step.name}")

        return step

    def _when_ready(self, data: Path) -> None:
        # Held from this very moment on, so that the restore joins our database and starts none of its own.
        self._lock = DirectoryLock(data)
        self._lock.acquire(SERVING)
        if not self._options.full:
            draw_files(Place(data).path / restoring.WANTED, FEW_FILES)
        self._ready.set()

    async def _with_database(self, options: Options, try_out: TryOut, walk: asyncio.Future[Report]) -> None:
        server = EmbeddedPostgres(
            options.data_dir, bindir=options.pg_bindir, user=options.pg_user, durable=options.durable
        )
        try:
            with self._notes.step("starting the database"):
                server.launch()
                await server.wait_ready()
            await try_out(Copy(settings=restoring.settings_here(options), dsn=server.dsn), self._notes)
            report = self._report = await walk
            restored = [DrillStep(name=f"restore: {name}", seconds=took) for name, took in report.seconds.items()]
            self._notes.steps[:0] = restored
            if self._options.full:
                await self._check_cluster(options)
        finally:
            # What the restore still asks of the database ends first.
            walk.cancel()
            await asyncio.gather(walk, return_exceptions=True)
            await asyncio.to_thread(server.stop)

    async def _check_cluster(self, options: Options) -> None:
        with self._notes.step("checking every table and index with pg_amcheck") as found:
            program = client_program(options.pg_bindir, "pg_amcheck")
            where = find_socket_directory(options.data_dir.resolve())
            if where is None:
                raise PostgresRefused("the copy's database is gone")
            process = await asyncio.create_subprocess_exec(
                program, "--install-missing", "--heapallindexed", "--host", where, "--username", ADMIN, ROLE,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=ENVIRONMENT,
            )  # fmt: skip
            said, _ = await process.communicate()
            if process.returncode != 0:
                raise PostgresRefused(" ".join(said.decode(errors="replace").split())[-1000:])
            found("nothing amiss")

    async def _ask_original(self) -> LastPost | None:
        """The newest post that the original has acknowledged by now, where it runs on this machine."""
        original = self._options.original
        if original is None:
            return None
        identity = Place(original.data_dir).find_identity()
        if identity is None or identity.site.id != self._site:
            return None
        try:
            dsn = original.database_url or dsn_of(original.data_dir)
            connection = await asyncpg.connect(dsn, timeout=_PATIENCE)
        except (OSError, TimeoutError, PostgresRefused, asyncpg.PostgresError):
            return None
        try:
            return await find_last_post(connection)
        finally:
            connection.terminate()

    def _judge(self) -> None:
        """Hold what the restore reports against what a copy has to be."""
        report = self._report
        assert report is not None, "a drill that got here has restored"
        for problem in report.problems:
            self._notes.fault(problem)
        if report.proof is None:
            base_at = _stamp_of(report.bases[-1])
            if base_at is None or self._at - base_at > _CENSUS_LATE:
                self._notes.fault("no census came after the base, so not a single table could be compared")
        else:
            proof = report.proof
            self._notes.add("comparing", 0.0, f"{proof.tables} tables with {proof.rows} rows are those of the original")
        late = self._at - report.until
        if late > self._options.lost_at_most:
            self._notes.fault(
                f"the copy ends {late.total_seconds() / 60:.0f} minutes before this drill: does ship run?"
            )
        self._look_for_acknowledged(report)

    def _look_for_acknowledged(self, report: Report) -> None:
        newest, last = self._acknowledged, report.last_post
        if newest is None or newest.created_at >= report.until:
            return
        if last is None or int(last.id) < int(newest.id):
            self._notes.fault(
                f"the post {newest.id} was acknowledged at {newest.created_at.isoformat()}, before the end of the "
                "copy, and is not in it"
            )

    def _rpo(self) -> float | None:
        """Seconds that would be lost: up to what the original had acknowledged, or at most those until the drill."""
        if self._report is None:
            return None
        until = self._report.until
        wanted = self._at if self._acknowledged is None else self._acknowledged.created_at
        return round(max(0.0, (wanted - until).total_seconds()), 3)

    def record(self, target: str) -> DrillRecord:
        """What is kept of it."""
        notes, report = self._notes, self._report
        media = report.media if report else None
        return DrillRecord(
            at=self._at,
            ended_at=datetime.now(UTC),
            target=target,
            host=socket.gethostname(),
            full=self._options.full,
            ok=not notes.problems,
            epoch=report.epoch if report else 0,
            until=report.until if report else None,
            rpo=self._rpo(),
            rto=None if notes.answered_after is None else round(notes.answered_after, 3),
            tables=report.proof.tables if report and report.proof else 0,
            media=media.fetched + media.were_there if media else 0,
            steps=notes.steps,
            problems=notes.problems,
        )


def draw_files(wanted: Path, number: int) -> None:
    """Leave that many files, drawn by lot, of the list of those that a restore is going to fetch."""
    drawn = list(read_wanted(wanted))
    if len(drawn) > number:
        drawn = random.SystemRandom().sample(drawn, number)
        write_whole(wanted, b"".join(msgspec.json.encode(each) + b"\n" for each in drawn), durably=False)


def _stamp_of(base: str) -> datetime | None:
    """When a base was begun, by its name."""
    stamp = base.partition("-")[2]
    try:
        return datetime.strptime(f"{stamp[:-4]}.{stamp[-4:-1]}", "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
    except ValueError:
        return None
