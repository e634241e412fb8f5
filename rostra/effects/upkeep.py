"""What the server forgets in time."""

from __future__ import annotations

from rostra.effects.reactions import Tick, every
from rostra.instance.sweep import sweep as sweep_logins
from rostra.kit.jobs import sweep as sweep_jobs
from rostra.kit.ratelimit import sweep as sweep_windows
from rostra.media.attach import purge_orphans
from rostra.resources import Resources


async def _sweep(_: Tick, res: Resources) -> None:
    async with res.db.transaction() as tx:
        await sweep_jobs(tx, res.clock.now())
    async with res.db.transaction() as tx:
        await sweep_windows(tx, res.clock.now())
    await purge_orphans(res.db, res.store, res.clock)


async def _sweep_logins(_: Tick, res: Resources) -> None:
    await sweep_logins(res.db, res.clock)


every("11 * * * *", "kit.sweep", _sweep, timeout=600)
every("41 * * * *", "instance.sweep", _sweep_logins, timeout=600)
