"""What has to come over the network before PostgreSQL can start: base and log, side by side, in one directory.

Where a base turns out to be damaged an older one is taken, which with more of the log leads to the same end.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

import msgspec

from rostra.continuity.restore import check
from rostra.continuity.restore.documents import Documents
from rostra.continuity.restore.fetch import combine, fetch_base, verify
from rostra.continuity.restore.plan import Plan, make_plan
from rostra.continuity.restore.records import NotRestorable
from rostra.continuity.restore.wal import Fetched, fetch_wal
from rostra.continuity.restore.walk import Walk
from rostra.continuity.sealed import Broken

SCRATCH: Final = "restoring"
"""The directory in the data directory in which all this lies meanwhile."""


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """What is on this disk when the network has done its part."""

    plan: Plan
    log: Fetched
    cluster: Path
    files: int
    warnings: list[str]


async def fetch_all(walk: Walk, documents: Documents, plan: Plan) -> Arrived:
    """Base and log; where a base turns out to be damaged, an older one with more of the log does as well."""
    damaged: dict[str, str] = {}
    while True:
        scratch = walk.options.data_dir / SCRATCH
        try:
            return await _fetch_with(walk, documents, plan, scratch, damaged)
        except _BaseDamaged as error:
            damaged[error.base] = str(error)
            walk.warn([f"{error}; an older base is used instead"])
        await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)
        try:
            plan = await make_plan(documents, walk.options.to, list(damaged))
        except NotRestorable as error:
            raise NotRestorable("\n".join([*damaged.values(), str(error)])) from None
        check.check_fits(plan.base)


class _BaseDamaged(Exception):
    def __init__(self, base: str, text: str) -> None:
        self.base = base
        super().__init__(text)


async def _fetch_with(walk: Walk, documents: Documents, plan: Plan, scratch: Path, damaged: dict[str, str]) -> Arrived:
    wal = scratch / "wal"
    await asyncio.to_thread(wal.mkdir, 0o700, parents=True)
    log, cluster = await _both(_fetch_log(walk, documents, plan, wal), _fetch_bases(walk, documents, plan, scratch))
    with walk.step("checking every file of the database"):
        try:
            files = await verify(cluster, walk.options.pg_bindir)
        except Broken as error:
            raise _BaseDamaged(plan.base.id, str(error)) from None
    (cluster / "pg_wal").mkdir(mode=0o700, exist_ok=True)
    for segment in wal.iterdir():
        segment.rename(cluster / "pg_wal" / segment.name)
    warnings = [line for line in plan.warnings if line not in damaged.values()]
    return Arrived(plan=plan, log=log, cluster=cluster, files=files, warnings=warnings)


async def _both(log: Coroutine[Any, Any, Fetched], bases: Coroutine[Any, Any, Path]) -> tuple[Fetched, Path]:
    """Both at once; where one fails, the other is ended."""
    tasks = (asyncio.ensure_future(log), asyncio.ensure_future(bases))
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _fetch_log(walk: Walk, documents: Documents, plan: Plan, into: Path) -> Fetched:
    with walk.step("log", plan.last - plan.first + 1, "pieces") as arrived:
        return await fetch_wal(documents, plan, into, arrived)


async def _fetch_bases(walk: Walk, documents: Documents, plan: Plan, scratch: Path) -> Path:
    """The one directory with the whole cluster."""
    directories: list[Path] = []
    total = sum(part.size for base in plan.bases for part in base.about.parts)
    with walk.step("database", total, "bytes") as arrived:
        for number, base in enumerate(plan.bases):
            directories.append(scratch / f"base-{number}")
            try:
                await fetch_base(documents, base, directories[-1], arrived)
            except Broken as error:
                raise _BaseDamaged(base.about.id, str(error)) from None
    if len(directories) == 1:
        return directories[0]
    with walk.step("combining the bases"):
        try:
            await combine(directories, scratch / "cluster", walk.options.pg_bindir)
        except Broken as error:
            raise _BaseDamaged(plan.base.id, str(error)) from None
    return scratch / "cluster"
