"""What is looked at before anything is fetched, and what is counted when all is back."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rostra import __version__
from rostra.continuity.census import count_tables
from rostra.continuity.records import SEGMENT, Base, TableCensus
from rostra.continuity.restore.plan import Plan
from rostra.continuity.restore.records import LedgerFound, NotRestorable
from rostra.continuity.targets import StoreUnavailable, Target
from rostra.kit.db import Database
from rostra.kit.migrate import migration_files
from rostra.ledger.audit_stored import check_stored
from rostra.ledger.proof import Broken as LedgerBroken

MIGRATIONS: Final = Path(__file__).parent.parent.parent / "migrations"
_MAJOR: Final = "18"
_SPARE: Final = 256 << 20
_NOTHING_SEALED: Final = "nothing was sealed yet"
_SAME: Final = {"amd64": "x86_64", "arm64": "aarch64"}


def check_fits(base: Base) -> None:
    """Refuse a copy that this version, this PostgreSQL or this machine cannot run. Raises NotRestorable."""
    if base.postgres.split(".")[0] != _MAJOR:
        raise NotRestorable(
            f"the copy is of PostgreSQL {base.postgres}, and this Rostra ({__version__}) has PostgreSQL {_MAJOR}; "
            f"install Rostra {base.rostra}, which made it"
        )
    if base.machine and _family(base.machine) != _family(platform.machine()):
        raise NotRestorable(
            f"the copy is of a machine of the kind {base.machine}, and this one is {platform.machine()}: "
            "PostgreSQL's files cannot be moved between them; take a machine of the same kind"
        )
    unknown = sorted(set(base.migrations) - {path.name for path in migration_files(MIGRATIONS)})
    if unknown or _numbers(base.rostra) > _numbers(__version__):
        because = f" (it knows {', '.join(unknown)})" if unknown else ""
        raise NotRestorable(
            f"the copy is of a newer Rostra, {base.rostra}{because}, and this one is {__version__}; "
            f"install Rostra {base.rostra} or a newer one here"
        )


def check_room(plan: Plan, data_dir: Path) -> None:
    """Refuse to begin where the disk is too small for database and log. Raises NotRestorable."""
    bases = [each.about.raw_size for each in plan.bases]
    # What is combined shares most of its files with the full one, but not those that changed.
    combined = bases[0] if len(bases) > 1 else 0
    log = plan.end - plan.start + 2 * SEGMENT
    check_bytes(data_dir, sum(bases) + combined + log + _SPARE, "the database and its log")


def check_bytes(directory: Path, wanted: int, what: str) -> None:
    """Raises NotRestorable where `directory` has no room for `wanted` bytes of `what`."""
    free = shutil.disk_usage(directory).free
    if free < wanted:
        raise NotRestorable(
            f"{what} need {wanted / 1e6:,.0f} MB in {directory}, and {free / 1e6:,.0f} MB are free; "
            "choose a directory on a larger disk with --data"
        )


async def check_may_open(target: Target, site: str) -> list[str]:
    """Try whether a new epoch can be written to the target, before hours are spent; what should be known about it.

    Raises NotRestorable.
    """
    probe = f"{site}/probes/{os.urandom(8).hex()}"
    try:
        try:
            honoured = await target.put_new(probe, b"first") and not await target.put_new(probe, b"second")
        finally:
            await target.delete([probe])
    except StoreUnavailable as error:
        raise NotRestorable(
            f"{target.label} takes no new objects ({error}), so the old server cannot be told that it was replaced; "
            "use an address that may write, or --look for a copy to look at"
        ) from None
    if honoured:
        return []
    return [
        f"{target.label} replaces what is there although it is asked not to (If-None-Match): never restore to two "
        "machines at a time"
    ]


async def count(dsn: str) -> dict[str, TableCensus]:
    """The rows and the hash of every table."""
    return await count_tables(dsn)


async def check_ledger(db: Database, progress: Callable[[int, int], None]) -> LedgerFound:
    """Build the ledger's tree anew from its leaves, and hold it against every signed checkpoint."""
    try:
        outcome = await check_stored(db, progress=progress)
    except LedgerBroken as error:
        problem = str(error)
        return LedgerFound(size=0, root="", problem=None if problem == _NOTHING_SEALED else problem)
    return LedgerFound(size=outcome.size, root=outcome.root)


def _family(machine: str) -> str:
    return _SAME.get(machine.lower(), machine.lower())


def _numbers(version: str) -> list[int]:
    return [int(part) if part.isdecimal() else 0 for part in version.split("+", maxsplit=1)[0].split(".")]
