"""Replays as jobs, for pages: somebody orders one, a worker runs it against the policy that is then in force."""

from __future__ import annotations

import asyncio
from typing import Final

from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import OutOfRange
from rostra.kit.jobs import enqueue
from rostra.policy import check
from rostra.policy.evaluate import compile_policy
from rostra.screening.active import ActivePolicy
from rostra.screening.detectors import load_detectors
from rostra.screening.fixtures import known_names
from rostra.screening.overview import get_current, get_version
from rostra.screening.replay import Candidate, list_replays, replay
from rostra.screening.replay_order import REPLAY_POLICY, ReplayWanted
from rostra.screening.replay_queries import ReplayRow
from rostra.screening.versions import PolicyRefused, has_errors

MOST_DAYS: Final = 3650


async def order_replay(db: Database, clock: Clock, wanted: ReplayWanted) -> None:
    """Have a worker try a kept version on stored posts; once, however often it is asked for meanwhile.

    Raises NotFound, Invalid for the days, and PolicyRefused where the version has errors and cannot judge.
    """
    if not 1 <= wanted.days <= MOST_DAYS:
        raise OutOfRange("days", 1, MOST_DAYS)
    view = await get_version(db, wanted.version)
    today = clock.now().date()
    _, problems = await asyncio.to_thread(check.check_files, view.files, today=today, known=known_names())
    if has_errors(problems):
        raise PolicyRefused([problem for problem in problems if problem.level == "error"])
    async with db.transaction() as tx:
        await enqueue(tx, [REPLAY_POLICY.job(wanted, dedupe_key=f"replay:{view.version.version}")])


async def run_ordered(db: Database, clock: Clock, policies: ActivePolicy, wanted: ReplayWanted) -> int:
    """Run an ordered replay; its id. Raises NotFound where the version is gone."""
    view = await get_version(db, wanted.version)
    current = await get_current(db, policies)
    await policies.banks.look()

    def prepare() -> Candidate:
        return Candidate(compile_policy(view.bundle), load_detectors().for_bundle(view.bundle, current.adjustment))

    candidate = await asyncio.to_thread(prepare)
    baseline = Candidate(current.policy, current.detectors)
    return await replay(db, clock, candidate, baseline, policies.banks, days=wanted.days, author_id=wanted.author_id)


async def replays_of(db: Database, version: str) -> list[ReplayRow]:
    """The latest replays of a version, the newest first."""
    return [row for row in await list_replays(db) if row.version == version]
