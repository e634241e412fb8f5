"""How an event becomes jobs: one for each handler, written into the transaction of the event, so that they exist if and
only if it commits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar, cast

import msgspec

from rostra.events import Event
from rostra.kit.db import Tx
from rostra.kit.jobs import Handlers, Job, Kind, enqueue
from rostra.resources import Resources

E = TypeVar("E", bound=Event)


class Reaction(msgspec.Struct, frozen=True):
    """A handler of an event: the job that it becomes, and whether an event needs it."""

    kind: Kind[Any]
    wanted: Callable[[Any], bool]
    # When; None: at once.
    starts_at: Callable[[Any], datetime | None]


HANDLERS: Handlers[Resources] = Handlers()
_REACTIONS: defaultdict[type[Event], list[Reaction]] = defaultdict(list)


def on(
    event: type[E],
    name: str,
    handler: Callable[[E, Resources], Awaitable[None]],
    *,
    when: Callable[[E], bool] = lambda _: True,
    starts_at: Callable[[E], datetime | None] = lambda _: None,
    priority: int = 0,
    **policy: Any,
) -> None:
    """Have `handler` run, as the job `name`, after each `event` for which `when` holds: at once, or at the time that
    `starts_at` says."""
    kind: Kind[Any] = Kind(name, event, priority)
    HANDLERS.add(kind, handler, **policy)
    _REACTIONS[event].append(Reaction(kind, cast("Callable[[Any], bool]", when), starts_at))


class Tick(msgspec.Struct, frozen=True):
    """The payload of a periodic job: nothing but that it is time."""


def every(expression: str, name: str, handler: Callable[[Tick, Resources], Awaitable[None]], **policy: Any) -> None:
    """Have `handler` run, as the job `name`, whenever the cron `expression` comes due (UTC), once for all workers."""
    kind = Kind(name, Tick)
    HANDLERS.add(kind, handler, **policy)
    HANDLERS.every(expression, kind.job(Tick()))


def jobs_for(event: Event) -> list[Job]:
    """The jobs that an event becomes."""
    return [
        reaction.kind.job(event, run_at=reaction.starts_at(event))
        for reaction in _REACTIONS[type(event)]
        if reaction.wanted(event)
    ]


async def emit(tx: Tx, event: Event) -> None:
    """Queue the handlers of `event` in the transaction that made it happen."""
    await enqueue(tx, jobs_for(event))
