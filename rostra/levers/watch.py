"""Once a minute: what has run out ends, conditions pull what they are to pull, the growth brake takes hold or lets go.

Several workers may come at the same minute: one after the other, so that each lever is pulled once.
"""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import Any, Literal

import structlog

from rostra.events import Emit
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx
from rostra.levers import queries
from rostra.levers.act import pull_locked, release_locked
from rostra.levers.forecast import Brake, Forecast, is_alarming, is_over
from rostra.levers.kinds import BRAKE, NAMES
from rostra.levers.reading_queries import read_all
from rostra.levers.records import Armed, Level, Pull, State, Wish
from rostra.levers.triggers import Readings, Trigger, is_met, measure

log = structlog.get_logger(__name__)


async def watch(db: Database, clock: Clock, emit: Emit) -> list[str]:
    """Look at everything once; the names of the levers that it pulled."""
    at = clock.now()
    async with db.read() as conn:
        readings = await read_all(conn, at)
    async with db.transaction() as tx:
        await queries.lock(tx)
        pulls = await queries.list_open_pulls(tx)
        for pulled in list(pulls.values()):
            if pulled.until is not None and pulled.until <= at:
                await release_locked(tx, at, emit, pulled, how="expired")
                del pulls[pulled.name]
        state = await queries.get_state(tx)
        await queries.keep_forecast(tx, readings.forecast, at)
        moved = await _pull_triggered(tx, at, emit, readings, pulls)
        if await _move_brake(tx, at, emit, readings.forecast, state, pulls.get(BRAKE)):
            moved.append(BRAKE)
    for name in moved:
        log.warning("a lever was pulled by its condition", lever=name)
    return moved


def brake_moves(
    forecast: Forecast, brake: Brake, *, pulled: bool, is_set: bool
) -> Literal["pull", "release", "set", "stay"]:
    """What the growth brake does. One that a person has released takes hold again only once the alarm has been over,
    which `set` notes."""
    if pulled:
        return "release" if not brake.on or is_over(forecast, brake) else "stay"
    if not is_set:
        return "set" if is_over(forecast, brake) else "stay"
    return "pull" if brake.on and is_alarming(forecast, brake) else "stay"


async def _move_brake(tx: Tx, at: datetime, emit: Emit, forecast: Forecast, state: State, pulled: Pull | None) -> bool:
    """Whether it took hold."""
    move = brake_moves(forecast, state.brake, pulled=pulled is not None, is_set=state.brake_is_set)
    if move == "release" and pulled is not None:
        await release_locked(tx, at, emit, pulled, how="brake")
    if move in ("release", "set"):
        await queries.set_brake_ready(tx, ready=True)
    if move != "pull":
        return False
    reading = _reading(Trigger("drain-time", state.brake.limit_hours), forecast.hours)
    await queries.set_brake_ready(tx, ready=False)
    return await pull_locked(tx, at, emit, BRAKE, Wish(level="watch"), how="brake", reading=reading) is not None


async def _pull_triggered(tx: Tx, at: datetime, emit: Emit, readings: Readings, pulls: dict[str, Pull]) -> list[str]:
    moved: list[str] = []
    armed = await queries.list_armed(tx)
    latest = await queries.list_latest_pulled(tx)
    for name, lever in armed.items():
        if lever.trigger is None or name in pulls or name not in NAMES:
            continue
        since = max(lever.armed_at, latest.get(name, lever.armed_at))
        met = is_met(lever.trigger, readings, since=since)
        if met and lever.is_set and await _pull(tx, at, emit, lever, lever.trigger, readings):
            moved.append(name)
        elif not met and not lever.is_set:
            await queries.set_ready(tx, name, ready=True)
    return moved


async def _pull(tx: Tx, at: datetime, emit: Emit, lever: Armed, trigger: Trigger, readings: Readings) -> bool:
    reading = _reading(trigger, measure(trigger, readings))
    wish = Wish(level=_level(trigger))
    return await pull_locked(tx, at, emit, lever.name, wish, how="trigger", reading=reading) is not None


def _level(trigger: Trigger) -> Level:
    return "critical" if trigger.kind in ("prevalence-alarm", "event-near") else "serious"


def _reading(trigger: Trigger, read: float | None) -> dict[str, Any]:
    """What made it pull, as it is kept; what is infinite is left out."""
    kept: dict[str, Any] = {"kind": trigger.kind, "over": trigger.over}
    return {**kept, "read": round(read, 1)} if read is not None and isfinite(read) else kept
