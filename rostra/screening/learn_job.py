"""Learning as it is done: by night, by a command, or by a worker because somebody asked for it on a page. What came of
it is kept each time, so that a page can say why nothing was put into force.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec
import structlog

from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.jobs import enqueue
from rostra.screening import learn_queries, learn_run_queries
from rostra.screening.active import ActivePolicy
from rostra.screening.detectors import load_detectors
from rostra.screening.learn import MOST_DECISIONS, Outcome, learn
from rostra.screening.learn_order import LEARN, LearnWanted
from rostra.screening.learn_queries import Latest
from rostra.screening.learn_run_queries import RunRow
from rostra.screening.lessons import TYPES

log = structlog.get_logger(__name__)

# What is not finished by then never will be.
GIVEN_UP: Final = timedelta(hours=1)
_KEPT_FOR: Final = timedelta(days=90)
# Until so many decisions are new, another night's learning would say the same.
_NEWS: Final = 10


async def order_learning(db: Database, clock: Clock, *, actor_id: int) -> None:
    """Have a worker learn now; once, however often it is asked for meanwhile."""
    at = clock.now()
    async with db.transaction() as tx:
        if await learn_run_queries.find_running(tx, at - GIVEN_UP) is None:
            run_id = await learn_run_queries.insert_run(tx, actor_id, at)
            await enqueue(tx, [LEARN.job(LearnWanted(run_id=run_id, actor_id=actor_id), dedupe_key="learn")])


async def run_ordered(db: Database, clock: Clock, policies: ActivePolicy, wanted: LearnWanted) -> None:
    """Do what was ordered."""
    await _run(db, clock, policies, wanted.run_id, wanted.actor_id)


async def learn_and_keep(db: Database, clock: Clock, policies: ActivePolicy) -> Outcome:
    """Learn, put what does better into force, and keep what came of it."""
    async with db.transaction() as tx:
        run_id = await learn_run_queries.insert_run(tx, None, clock.now())
    return await _run(db, clock, policies, run_id, None)


async def learn_nightly(db: Database, clock: Clock, policies: ActivePolicy) -> Outcome:
    """The same every night, unless there is nothing new, or somebody took the last adjustment back: then people say
    when it goes on. What was learnt for another version of the model is learnt anew, for it counts for nothing."""
    async with db.read() as conn:
        latest = await learn_queries.find_latest(conn)
        run = await learn_run_queries.find_latest_run(conn)
        rows = await learn_queries.list_decisions(conn, TYPES, MOST_DECISIONS)
    if waits(latest, run):
        return Outcome(skipped="the last adjustment was taken back; `rostra policy learn` goes on")
    known = [at for at in (latest and latest.created_at, run and run.started_at) if at is not None]
    new = sum(not known or row.at > max(known) for row in rows)
    if new < _NEWS and await _suits(db, policies):
        return Outcome(skipped="hardly anything was decided since")
    outcome = await learn_and_keep(db, clock, policies)
    if outcome.broken:
        log.warning("what was learnt would break the policy's own tests", tests=outcome.broken[:3])
    return outcome


def waits(latest: Latest | None, run: RunRow | None) -> bool:
    """Whether the nights wait: the last adjustment was taken back, and nobody has had it learn since."""
    return (
        latest is not None
        and latest.type == "model_rolled_back"
        and (run is None or run.started_at <= latest.created_at)
    )


async def _suits(db: Database, policies: ActivePolicy) -> bool:
    """Whether what is in force was made for this version of the model, or nothing is in force."""
    adjustment = (await policies.current(db)).adjustment
    return adjustment is None or load_detectors().cascade.suited(adjustment) is not None


async def _run(db: Database, clock: Clock, policies: ActivePolicy, run_id: int, actor_id: int | None) -> Outcome:
    kept: dict[str, object] | None = None
    try:
        outcome = await learn(db, clock, policies, actor_id=actor_id)
        kept = msgspec.to_builtins(outcome)
        return outcome
    finally:
        async with db.transaction() as tx:
            await learn_run_queries.finish_run(tx, run_id, clock.now(), kept)
            await learn_run_queries.forget_runs(tx, clock.now() - _KEPT_FOR)
