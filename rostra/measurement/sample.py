"""Samples of views: planned with a seed that the ledger has before anything is looked at, drawn, drawn again to check.

Day after day a small one; or one of several days on the command line. No day is in two.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

import asyncpg
import msgspec

from rostra.kit.clock import Clock
from rostra.kit.db import Database
from rostra.kit.errors import Conflict, Invalid, NotFound, OutOfRange
from rostra.ledger.append import Entry, append
from rostra.measurement import plan_queries
from rostra.measurement.frame import (
    HIGH,
    MIDDLE,
    STRATA,
    Drawn,
    Frame,
    digest,
    draw,
    make_frame,
    pack,
    stratum_of,
    unpack,
)
from rostra.measurement.plan_queries import Plan, Stratum
from rostra.measurement.prevalence_queries import list_guesses
from rostra.measurement.strata import allocate
from rostra.moderation.cases.evidence import take_snapshots

_AT_ONCE: Final = 5_000
_LEARN_FROM: Final = timedelta(days=28)
_DAY: Final = timedelta(days=1)
# Nights in which nobody worked are made up for.
_CATCH_UP: Final = timedelta(days=7)


async def plan_sample(
    db: Database,
    clock: Clock,
    first: date,
    until: date,
    *,
    size: int,
    seed: str | None = None,
    actor_id: int | None = None,
) -> int:
    """Plan a sample of `size` views of the days `first` up to, not with, `until` (UTC): its id.

    The seed (made up where none is given) is in the ledger when this returns; nothing was looked at yet. Raises Invalid
    where the days are not over or the size is odd, Conflict where one of the days is in another sample.
    """
    at = clock.now()
    if not first < until <= at.date():
        raise Invalid("days", "must be over (in UTC), and the first not after the last", code="ERR_NOT_OVER")
    if not 1 <= size <= 20_000:
        raise OutOfRange("size", 1, 20_000)
    async with db.transaction() as tx:
        settings = await plan_queries.get_settings(tx)
        plan = Plan(
            id=await plan_queries.make_plan_id(tx, at),
            first=first,
            until=until,
            seed=seed or secrets.token_hex(16),
            size=size,
            double_share=settings.double_share,
            planned_at=at,
            drawn_at=None,
            strata=[],
            views=0,
            frame_sha256=None,
            drawn_event_id=None,
        )
        try:
            await plan_queries.insert_plan(tx, plan, await append(tx, at, _planned(plan, actor_id)))
        except asyncpg.ExclusionViolationError:
            raise Conflict("One of these days is in another sample") from None
    return plan.id


def _planned(plan: Plan, actor_id: int | None) -> Entry:
    said = {
        "first": str(plan.first),
        "until": str(plan.until),
        "seed": plan.seed,
        "size": plan.size,
        "double_share": plan.double_share,
        "strata": {"names": STRATA, "middle": MIDDLE, "high": HIGH},
    }
    return Entry(type="sample_planned", subject_kind="sample", subject_id=plan.id, actor_id=actor_id, details=said)


async def draw_planned(db: Database, clock: Clock) -> list[int]:
    """Draw all samples that were planned and not drawn; their ids. What was interrupted is done again, the same."""
    drawn: list[int] = []
    while True:
        async with db.read() as conn:
            plan = next(iter(await plan_queries.list_undrawn(conn)), None)
        if plan is None:
            return drawn
        frame = await read_frame(db, plan)
        if not await _draw(db, clock, plan, frame):
            return drawn
        drawn.append(plan.id)


async def read_frame(db: Database, plan: Plan) -> Frame:
    """What was viewed on the plan's days, as far as it may be shown to those who label."""
    rows: list[tuple[int, int, int]] = []
    days, after = (plan.first, plan.until), 0
    while True:
        async with db.read() as conn:
            some = await plan_queries.list_frame(conn, days, after, _AT_ONCE, plan.planned_at)
        rows += [
            (row.status_id, row.views, stratum_of(row.risk, is_flagged=row.flagged)) for row in some if row.is_open
        ]
        if len(some) < _AT_ONCE:
            return make_frame(rows)
        after = some[-1].status_id


async def _draw(db: Database, clock: Clock, plan: Plan, frame: Frame) -> bool:
    at = clock.now()
    async with db.transaction() as tx:
        if not await plan_queries.lock_undrawn(tx, plan.id):
            return False
        guesses = await list_guesses(tx, plan.first - _LEARN_FROM, plan.first)
        views = [frame.views_of(stratum) for stratum in range(len(STRATA))]
        draws = allocate(views, guesses, plan.size)
        strata = [
            Stratum(name=name, views=views[n], statuses=frame.statuses_of(n), draws=draws[n])
            for n, name in enumerate(STRATA)
        ]
        plan = msgspec.structs.replace(plan, strata=strata, views=sum(views), frame_sha256=digest(frame), drawn_at=at)
        items = redraw(plan, frame)
        taken = await take_snapshots(tx, at, "status", [item.status_id for item in items])
        event_id = await append(tx, at, _drawn(plan, items))
        await plan_queries.save_drawn(tx, plan, pack(frame), event_id)
        rows = [
            (item.status_id, item.position, item.stratum, item.draws, item.twice, taken.get(item.status_id))
            for item in items
        ]
        await plan_queries.insert_items(tx, at, plan.id, rows)
        if plan.until - plan.first == _DAY:
            await plan_queries.save_day(tx, plan.first, sum(views), views[-1], at)
    return True


def _drawn(plan: Plan, items: Sequence[Drawn]) -> Entry:
    assert plan.frame_sha256 is not None
    said = {
        "frame": plan.frame_sha256.hex(),
        "views": plan.views,
        "strata": [msgspec.structs.asdict(stratum) for stratum in plan.strata],
        "statuses": len(items),
    }
    return Entry(type="sample_drawn", subject_kind="sample", subject_id=plan.id, details=said)


def redraw(plan: Plan, frame: Frame) -> list[Drawn]:
    """The sample that the plan's seed gives, in the order of labelling; always the same."""
    return draw(frame, plan.seed, [stratum.draws for stratum in plan.strata], plan.double_share)


async def get_plan(db: Database, plan_id: int) -> Plan:
    """A sample's plan. Raises NotFound."""
    async with db.read() as conn:
        plan = await plan_queries.find_plan(conn, plan_id)
    if plan is None:
        raise NotFound
    return plan


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What came of drawing a sample again. All true: it is what the ledger says, from what it says, in its order."""

    plan_id: int
    seed_is_logged: bool
    frame_is_logged: bool
    sample_is_the_same: bool
    statuses: int
    views: int

    @property
    def is_sound(self) -> bool:
        return self.seed_is_logged and self.frame_is_logged and self.sample_is_the_same


async def check_sample(db: Database, plan_id: int) -> Check:
    """Draw a sample again from its stored frame and hold it against what is kept and what the ledger says. NotFound."""
    async with db.read() as conn:
        plan = await plan_queries.find_plan(conn, plan_id)
        stored = await plan_queries.find_frame(conn, plan_id)
        kept = await plan_queries.list_items(conn, plan_id)
        logged = {each.type: each for each in await plan_queries.list_logged(conn, plan_id)}
    if plan is None or stored is None:
        raise NotFound
    frame = unpack(stored)
    first, second = logged.get("sample_planned"), logged.get("sample_drawn")
    again = [msgspec.structs.astuple(item) for item in redraw(plan, frame)]
    return Check(
        plan_id=plan_id,
        seed_is_logged=first is not None and first.details["seed"] == plan.seed and first.details["size"] == plan.size,
        frame_is_logged=second is not None and second.details["frame"] == digest(frame).hex(),
        sample_is_the_same=again == [msgspec.structs.astuple(item) for item in kept]
        and second is not None
        and second.details["strata"] == [msgspec.structs.asdict(stratum) for stratum in plan.strata],
        statuses=len(kept),
        views=plan.views,
    )


async def sample_daily(db: Database, clock: Clock) -> list[int]:
    """Plan a sample of the views of each of the last seven days that is in none, and draw what was planned: the ids.

    The share of risky views of each day is kept, also where nothing is to be drawn.
    """
    today = clock.now().date()
    async with db.read() as conn:
        size = (await plan_queries.get_settings(conn)).daily_sample
        missing = await plan_queries.list_unplanned(conn, today - _CATCH_UP, today)
    for day in missing if size else ():
        await plan_sample(db, clock, day, day + _DAY, size=size)
    drawn = await draw_planned(db, clock)
    for number in range(_CATCH_UP.days):
        await _keep_day(db, clock, today - (number + 1) * _DAY)
    return drawn


async def _keep_day(db: Database, clock: Clock, day: date) -> None:
    at = clock.now()
    async with db.read() as conn:
        if await plan_queries.has_day(conn, day):
            return
    plan = Plan(
        id=0, first=day, until=day + timedelta(days=1), seed="", size=0, double_share=0, planned_at=at, drawn_at=None,
        strata=[], views=0, frame_sha256=None, drawn_event_id=None,
    )  # fmt: skip
    frame = await read_frame(db, plan)
    if not len(frame.ids):
        return
    async with db.transaction() as tx:
        await plan_queries.save_day(tx, day, int(frame.views.sum()), frame.views_of(3), at)
