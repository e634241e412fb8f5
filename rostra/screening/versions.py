"""The versions of the policy: kept as files in the database, so that all processes and machines have the same.

A version becomes active as a whole, after its own check and its own tests have passed; the one before stays at hand for
rolling back. What a bundle must be like is `rostra.policy`'s business; running its tests is `fixtures`'.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

from rostra.kit.clock import Clock
from rostra.kit.db import Database, Reader, Tx
from rostra.kit.errors import NotFound, Refused
from rostra.kit.ids import MAX_ID
from rostra.ledger.append import Entry, append
from rostra.policy import check
from rostra.policy.check_fixtures import Progress, no_progress
from rostra.policy.evaluate import Policy, compile_policy
from rostra.policy.folder import version_of
from rostra.policy.parse import parse_bundle
from rostra.policy.records import Bundle, Problem
from rostra.policy.shipped import shipped_files
from rostra.screening import policy_queries
from rostra.screening.detectors import Detectors
from rostra.screening.fixtures import failures_of, known_names, run_fixtures
from rostra.screening.overview_queries import find_in_force_once
from rostra.screening.policy_queries import Version

_PAGE: Final = 50
_AS_SHIPPED: Final = "As shipped"


class PolicyRefused(Refused):
    """A bundle that cannot become active; `problems` say where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{first.file}:{first.line}: {first.what}; {first.remedy}{more}")


def check_files(
    files: Mapping[str, bytes], detectors: Detectors, today: date, *, progress: Progress = no_progress
) -> tuple[Bundle, list[Problem]]:
    """A bundle and all that is wrong with it, its own tests included. Takes seconds: not for the event loop."""
    bundle, problems = check.check_files(files, today=today, known=known_names())
    if has_errors(problems):
        return bundle, problems
    return bundle, [*problems, *failures_of(run_fixtures(bundle, detectors, today, progress=progress))]


def has_errors(problems: Iterable[Problem]) -> bool:
    """Whether something stands in the way of activation."""
    return any(problem.level == "error" for problem in problems)


async def keep(
    db: Database, clock: Clock, files: Mapping[str, bytes], *, note: str = "", author_id: int | None = None
) -> str:
    """Keep the files of a version without making it active; its version."""
    version = parse_bundle(files).bundle.version
    async with db.transaction() as tx:
        await policy_queries.insert_version(tx, version, _as_text(files), note, author_id, clock.now())
    return version


async def activate(
    db: Database,
    clock: Clock,
    detectors: Detectors,
    files: Mapping[str, bytes],
    *,
    note: str = "",
    author_id: int | None = None,
) -> str:
    """Make a bundle the active policy and return its version; all processes have it within seconds.

    Raises PolicyRefused where it has errors or fails its own tests; the active one stays then.
    """
    bundle, problems = await asyncio.to_thread(check_files, files, detectors, clock.now().date())
    if errors := [problem for problem in problems if problem.level == "error"]:
        raise PolicyRefused(errors)
    async with db.transaction() as tx:
        await policy_queries.lock_state(tx)
        await switch_to(tx, clock.now(), bundle.version, _as_text(files), note=note, author_id=author_id)
    return bundle.version


async def switch_to(
    tx: Tx, at: datetime, version: str, files: Mapping[str, str], *, note: str, author_id: int | None
) -> None:
    """Put a version that has passed its checks into force. The state must be locked."""
    version_id = await policy_queries.insert_version(tx, version, dict(files), note, author_id, at)
    await _switch(tx, at, version_id, version, "policy_activated", author_id, {"note": note})


async def roll_back(
    db: Database, clock: Clock, *, to: str | None = None, author_id: int | None = None, why: str = ""
) -> str:
    """Make the version before the active one, or the one named `to` (its first letters), active again; its version.

    Raises NotFound where there is none, and Refused for one that was never in force: nobody has checked it.
    """
    at = clock.now()
    async with db.transaction() as tx:
        await policy_queries.lock_state(tx)
        state = await policy_queries.read_state(tx, at)
        version_id = state.previous_id if to is None else (await find_version(tx, to)).id
        if version_id is None:
            raise NotFound("There is no version to go back to")
        if not await find_in_force_once(tx, [version_id]):
            raise Refused(f"{to} was never in force: `rostra policy activate` checks and tests it first")
        found = await policy_queries.find_files(tx, version_id)
        assert found is not None
        await _switch(
            tx, at, version_id, found.version, "policy_rolled_back", author_id, {"from": state.version, "why": why}
        )
    return found.version


async def _switch(
    tx: Tx, at: datetime, version_id: int, version: str, event: str, author_id: int | None, details: dict[str, object]
) -> None:
    await policy_queries.set_active(tx, version_id, at)
    await append(
        tx,
        at,
        Entry(
            type=event,
            subject_kind="policy",
            subject_id=version_id,
            actor_id=author_id,
            policy=version,
            details=details,
        ),
    )


async def ensure_policy(db: Database, clock: Clock) -> bool:
    """See to it that some policy is active: the shipped one where there is none, and the newly shipped one where the
    active one came with an older Rostra and nobody has touched it. Whether it had to be made so.

    The shipped one passed its tests when it was built.
    """
    at = clock.now()
    files = await asyncio.to_thread(shipped_files)
    version = version_of(files)
    async with db.read() as conn:
        # Nothing is locked where nothing is to be done: a process can start where commits wait for a standby.
        if await policy_queries.is_in_place(conn, version, _AS_SHIPPED):
            return False
    async with db.transaction() as tx:
        active = await policy_queries.lock_state(tx)
        if active is not None and not await policy_queries.is_untouched(tx, active, _AS_SHIPPED):
            return False
        version_id = await policy_queries.insert_version(tx, version, _as_text(files), _AS_SHIPPED, None, at)
        if version_id == active:
            return False
        await _switch(tx, at, version_id, version, "policy_activated", None, {"note": _AS_SHIPPED})
    return True


async def find_version(conn: Reader, name: str) -> Version:
    """The version whose name begins so. Raises NotFound, and Refused where several do."""
    found = await policy_queries.find_versions(conn, _plain(name))
    if not found:
        raise NotFound(f"There is no version {name}; `rostra policy show` lists them")
    if len(found) > 1 and found[0].version != name:
        raise Refused(f"Several versions begin with {name}: write more of it")
    return found[0]


async def list_versions(db: Database, before: int = MAX_ID) -> list[Version]:
    """A page of the history, the newest first."""
    async with db.read() as conn:
        return await policy_queries.list_versions(conn, before, _PAGE)


async def read_files(db: Database, clock: Clock, name: str | None = None) -> dict[str, bytes]:
    """The files of a version, or of the active one. Raises NotFound."""
    async with db.read() as conn:
        if name is None:
            version_id = (await policy_queries.read_state(conn, clock.now())).version_id
        else:
            version_id = (await find_version(conn, name)).id
        found = None if version_id is None else await policy_queries.find_files(conn, version_id)
    if found is None:
        raise NotFound("No policy is active yet: start the server once")
    return {name: text.encode() for name, text in found.files.items()}


async def load_policy(conn: Reader, version_id: int) -> tuple[Bundle, Policy]:
    """A stored version, ready to judge."""
    found = await policy_queries.find_files(conn, version_id)
    if found is None:
        raise NotFound(f"The policy version {version_id} is gone")
    return await asyncio.to_thread(_compile, found.files)


def _compile(files: Mapping[str, str]) -> tuple[Bundle, Policy]:
    """Raises PolicyRefused for files that cannot be read: rules that were left out would let posts through."""
    parsed = parse_bundle({name: text.encode() for name, text in files.items()})
    if errors := [problem for problem in parsed.problems if problem.level == "error"]:
        raise PolicyRefused(errors)
    return parsed.bundle, compile_policy(parsed.bundle)


def _as_text(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: content.decode() for name, content in files.items()}


def _plain(prefix: str) -> str:
    """The beginning of a version, or what no version begins with: a name that is none must not stand for another."""
    return prefix if re.fullmatch(r"[0-9a-f]+", prefix) else "-"
