"""Checks of a version as jobs, for pages: somebody orders one, a worker carries it out and keeps what it found.

To put a version into force is a check, too, and at its end the switch, in one transaction with the result: unless
another version is in force by then than the one whose place it was to take. Commands do the same while one waits
(`versions.activate`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import structlog

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.kit.errors import Conflict, NotFound
from rostra.kit.jobs import enqueue
from rostra.policy.records import Problem
from rostra.screening import check_queries, policy_queries, versions
from rostra.screening.active import ActivePolicy
from rostra.screening.check_order import CHECK_POLICY, CheckWanted
from rostra.screening.check_queries import CheckRow, NewCheck
from rostra.screening.detectors import load_detectors
from rostra.screening.drafts import with_file

log = structlog.get_logger(__name__)

# What is not finished by then never will be.
GIVEN_UP: Final = timedelta(hours=1)
_KEPT_FOR: Final = timedelta(days=30)
_TELL_EVERY: Final = 0.5


async def order_check(db: Database, clock: Clock, version: str, *, author_id: int | None) -> int:
    """Have a worker check a kept version; the check's id. Raises NotFound."""
    async with db.transaction() as tx:
        version_id = (await versions.find_version(tx, version)).id
        return await _order(tx, clock, NewCheck(version_id=version_id, author_id=author_id))


async def order_file_check(
    db: Database, clock: Clock, version: str, name: str, text: str, *, note: str, author_id: int | None
) -> int:
    """Have a worker check a version with one of its files changed, added or taken out; nothing of that is kept as a
    version. Raises NotFound, and Invalid with the field `name` or `text`."""
    with_file(await versions.read_files(db, clock, version), name, text)
    async with db.transaction() as tx:
        version_id = (await versions.find_version(tx, version)).id
        new = NewCheck(
            version_id=version_id, author_id=author_id, file_name=name, file_text=text.encode(errors="replace"),
            note=note,
        )  # fmt: skip
        return await _order(tx, clock, new)


async def order_activation(
    db: Database, clock: Clock, version: str, *, seen: str, note: str, author_id: int | None
) -> int:
    """Have a worker check a version and put it into force in the place of `seen`, the one that was in force when
    somebody decided so. Raises NotFound, and Conflict where another one is."""
    async with db.transaction() as tx:
        version_id = (await versions.find_version(tx, version)).id
        if ((await policy_queries.read_state(tx, clock.now())).version or "") != seen:
            raise Conflict("Another version is in force now")
        new = NewCheck(version_id=version_id, author_id=author_id, wanted="activate", note=note, seen=seen)
        return await _order(tx, clock, new)


async def _order(tx: Tx, clock: Clock, new: NewCheck) -> int:
    at = clock.now()
    await check_queries.forget_checks(tx, at - _KEPT_FOR)
    waiting = await check_queries.find_waiting(tx, new, at - GIVEN_UP)
    if waiting is not None:
        return waiting
    check_id = await check_queries.insert_check(tx, new, at)
    await enqueue(tx, [CHECK_POLICY.job(CheckWanted(check_id=check_id))])
    return check_id


async def run_check(db: Database, clock: Clock, policies: ActivePolicy, check_id: int) -> None:
    """Carry out what was ordered. Bears being repeated, and being killed at any moment."""
    async with db.transaction() as tx:
        await check_queries.start(tx, check_id, clock.now())
    async with db.read() as conn:
        row = await check_queries.find_check(conn, check_id)
        kept = None if row is None else await policy_queries.find_files(conn, row.version_id)
    if row is None or kept is None or row.finished_at is not None:
        return
    files: Mapping[str, bytes] = {name: text.encode() for name, text in kept.files.items()}
    if row.file_name is not None and row.file_text is not None:
        files = with_file(files, row.file_name, row.file_text.decode())
    try:
        problems = await _check(db, clock, row.id, files)
    except Exception:
        log.exception("a policy could not be checked", check=row.id, version=row.version)
        async with db.transaction() as tx:
            await check_queries.finish(tx, row.id, clock.now(), "failed")
        return
    async with db.transaction() as tx:
        await _conclude(tx, clock, row, problems, kept.files)
    policies.forget()


async def _check(db: Database, clock: Clock, check_id: int, files: Mapping[str, bytes]) -> list[Problem]:
    """All that is wrong, with how far it is written down twice a second."""
    reached = [0, 0]

    def tell(done: int, total: int) -> None:
        reached[:] = done, total

    def check(tell: Callable[[int, int], None]) -> list[Problem]:
        return versions.check_files(files, load_detectors(), clock.now().date(), progress=tell)[1]

    checking = asyncio.ensure_future(asyncio.to_thread(check, tell))
    while not checking.done():
        await asyncio.wait({checking}, timeout=_TELL_EVERY)
        async with db.transaction() as tx:
            await check_queries.note_progress(tx, check_id, *reached)
    return await checking


async def _conclude(tx: Tx, clock: Clock, row: CheckRow, problems: list[Problem], files: Mapping[str, str]) -> None:
    """Write what came of it, and switch where that was wanted."""
    at = clock.now()
    if versions.has_errors(problems):
        await check_queries.finish(tx, row.id, at, "faulty", problems)
        return
    if row.wanted == "check":
        await check_queries.finish(tx, row.id, at, "sound", problems)
        return
    await policy_queries.lock_state(tx)
    active = (await policy_queries.read_state(tx, at)).version or ""
    if active not in (row.seen, row.version):
        await check_queries.finish(tx, row.id, at, "changed", problems, active)
        return
    if active != row.version:
        await versions.switch_to(tx, at, row.version, files, note=row.note, author_id=row.author_id)
    await check_queries.finish(tx, row.id, at, "activated", problems)


async def get_check(db: Database, check_id: int) -> CheckRow:
    """How far it is, or what came of it. Raises NotFound."""
    async with db.read() as conn:
        found = await check_queries.find_check(conn, check_id)
    if found is None:
        raise NotFound
    return found


async def find_latest_check(db: Database, version_id: int) -> CheckRow | None:
    """The latest check of a version as it is kept."""
    async with db.read() as conn:
        return await check_queries.find_latest(conn, version_id)
