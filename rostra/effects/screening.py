"""The policy: its checks and replays, the watch over its rules, what is learnt from decisions, what is forgotten."""

from __future__ import annotations

from rostra.effects.reactions import HANDLERS, Tick, every
from rostra.resources import Resources
from rostra.screening.check_order import CHECK_POLICY, CheckWanted
from rostra.screening.clusters import forget_refusals
from rostra.screening.learn_order import LEARN, LearnWanted
from rostra.screening.replay_order import REPLAY_POLICY, ReplayWanted
from rostra.screening.watch import watch_rules


async def _replay(wanted: ReplayWanted, res: Resources) -> None:
    from rostra.screening.replay_job import run_ordered

    await run_ordered(res.db, res.clock, res.screen.policies, wanted)


async def _check_policy(wanted: CheckWanted, res: Resources) -> None:
    from rostra.screening.check_job import run_check

    await run_check(res.db, res.clock, res.screen.policies, wanted.check_id)


async def _watch_rules(_: Tick, res: Resources) -> None:
    await watch_rules(res.db, res.clock, res.screen.policies)


async def _learn(_: Tick, res: Resources) -> None:
    from rostra.screening.learn_job import learn_nightly

    await learn_nightly(res.db, res.clock, res.screen.policies)


async def _learn_now(wanted: LearnWanted, res: Resources) -> None:
    from rostra.screening.learn_job import run_ordered

    await run_ordered(res.db, res.clock, res.screen.policies, wanted)


async def _forget_refusals(_: Tick, res: Resources) -> None:
    await forget_refusals(res.db, res.clock)


HANDLERS.add(CHECK_POLICY, _check_policy, attempts=3, concurrency=2, timeout=600)
HANDLERS.add(LEARN, _learn_now, attempts=1, concurrency=1, timeout=3600)
HANDLERS.add(REPLAY_POLICY, _replay, attempts=2, concurrency=1, timeout=4 * 3600)
every("*/5 * * * *", "screening.watch", _watch_rules)
every("33 3 * * *", "screening.forget_refusals", _forget_refusals)
every("37 3 * * *", "screening.learn", _learn, timeout=3600)
