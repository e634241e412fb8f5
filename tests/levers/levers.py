"""Pulling levers in tests, as a person would."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rostra.levers.act import arm, pull, release
from rostra.levers.records import Setup, Wish
from rostra.levers.triggers import Trigger
from tests.world import Person, World


async def pull_lever(
    world: World, name: str, *, lasts: timedelta | None = timedelta(hours=24), by: Person | None = None, **params: Any
) -> int:
    """Prepare and pull a lever; the pull's id."""
    actor_id = by.account_id if by else None
    await arm(world.db, world.clock, name, Setup(params=params, lasts=lasts), actor_id=actor_id)
    pull_id = await pull(world.db, world.clock, world.res.emit, name, Wish(), actor_id=actor_id)
    world.res.screen.levers.forget()
    return pull_id


async def release_lever(world: World, name: str, *, publish_held: bool = False) -> None:
    """Release it, and let all that follows happen."""
    await release(world.db, world.clock, world.res.emit, name, actor_id=None, publish_held=publish_held)
    world.res.screen.levers.forget()
    await world.settle()


async def arm_trigger(world: World, name: str, trigger: Trigger, **params: Any) -> None:
    """Prepare a lever that a condition pulls, for a day."""
    setup = Setup(params=params, lasts=timedelta(hours=24), trigger=trigger)
    await arm(world.db, world.clock, name, setup, actor_id=None)


async def events(world: World) -> list[tuple[str, dict[str, Any]]]:
    """What the ledger has of levers, in order."""
    rows = await world.db.connection.fetch(
        "select type, details from moderation_events where subject_kind = 'lever' order by id"
    )
    return [(row["type"], row["details"]) for row in rows]


async def make_cases(
    world: World, count: int, *, hours_ago: float = 1.0, closed_hours_ago: float | None = None
) -> None:
    """Write cases that were opened then, and closed then."""
    opened = world.clock.now() - timedelta(hours=hours_ago)
    closed = None if closed_hours_ago is None else world.clock.now() - timedelta(hours=closed_hours_ago)
    author = await world.db.connection.fetchval("select min(id) from accounts")
    await world.db.connection.execute(
        "insert into cases (id, subject_kind, subject_id, account_id, policy, clause, rule, severity, opened_at,"
        " closed_at, state, rank, outcome)"
        " select make_id($1), 'account', make_id($1), $3, '', '', '', 1, $1, $2,"
        " case when $2::timestamptz is null then 'queued' else 'closed' end, 0,"
        " case when $2::timestamptz is null then null else 'ok' end from generate_series(1, $4)",
        opened, closed, author, count,
    )  # fmt: skip
