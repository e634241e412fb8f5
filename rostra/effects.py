"""What follows from what happened: the map of the system. One line for each event and handler.

`emit` writes a job for each handler into the transaction of the event, so that they exist if and only if it commits.
Each handler is retried alone; all of them bear being repeated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import msgspec

from rostra.events import Event, StatusPublished
from rostra.kit.db import Tx
from rostra.kit.jobs import Handlers, Job, Kind, enqueue
from rostra.resources import Resources
from rostra.timelines.fan_out import fan_out

E = TypeVar("E", bound=Event)


class Reaction(msgspec.Struct, frozen=True):
    """A handler of an event: the job that it becomes, and whether an event needs it."""

    kind: Kind[Any]
    wanted: Callable[[Any], bool]


HANDLERS: Handlers[Resources] = Handlers()
_REACTIONS: defaultdict[type[Event], list[Reaction]] = defaultdict(list)


def on(
    event: type[E],
    name: str,
    handler: Callable[[E, Resources], Awaitable[None]],
    *,
    when: Callable[[E], bool] = lambda _: True,
    priority: int = 0,
    **policy: Any,
) -> None:
    """Have `handler` run, as the job `name`, after each `event` for which `when` holds."""
    kind: Kind[Any] = Kind(name, event, priority)
    HANDLERS.add(kind, handler, **policy)
    _REACTIONS[event].append(Reaction(kind, cast("Callable[[Any], bool]", when)))


def jobs_for(event: Event) -> list[Job]:
    """The jobs that an event becomes."""
    return [reaction.kind.job(event) for reaction in _REACTIONS[type(event)] if reaction.wanted(event)]


async def emit(tx: Tx, event: Event) -> None:
    """Queue the handlers of `event` in the transaction that made it happen."""
    await enqueue(tx, jobs_for(event))


async def _fan_out(event: StatusPublished, res: Resources) -> None:
    await fan_out(res.db, event.status_id)


on(StatusPublished, "timelines.fan_out", _fan_out, priority=10)
