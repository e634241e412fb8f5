"""The registry: which function does a kind of job, how often it is tried, for how long, and what recurs when."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any, Generic, TypeVar, cast

import msgspec

from rostra.kit.jobs.queue import Job, Kind

P = TypeVar("P", bound=msgspec.Struct)
R = TypeVar("R")

_LONGEST_DELAY = timedelta(hours=6)


class Entry(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """One handler and its policy; made by `Handlers.add`, which documents the fields."""

    name: str
    handler: Callable[[Any, R], Awaitable[None]]
    decoder: msgspec.json.Decoder[Any]
    attempts: int
    first_delay: timedelta
    timeout: float
    concurrency: int

    def delay_after(self, failures: int) -> timedelta:
        """How long to wait after the given number of failures (1 for the first): doubling, plus up to a quarter.

        The random part keeps the jobs that one fault made fail together from coming back together.
        """
        doubled = self.first_delay.total_seconds() * 2.0 ** min(failures - 1, 30)
        jitter = 1 + random.random() / 4  # noqa: S311
        return timedelta(seconds=min(doubled, _LONGEST_DELAY.total_seconds()) * jitter)


class Periodic(msgspec.Struct, frozen=True):
    """A job that is queued whenever the cron `expression` (UTC) comes due."""

    expression: str
    job: Job


class Handlers(Generic[R]):
    """Handlers by the name of the job. `R` is what every handler is given besides the payload: its resources."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry[R]] = {}
        self.periodic: list[Periodic] = []

    def add(
        self,
        kind: Kind[P],
        handler: Callable[[P, R], Awaitable[None]],
        *,
        attempts: int = 8,
        first_delay: timedelta = timedelta(seconds=5),
        timeout: float = 60.0,
        concurrency: int = 0,
    ) -> None:
        """Have `handler` do the jobs of `kind`.

        It is run up to `attempts` times, each for at most `timeout` seconds; after a failure the job waits
        `first_delay`, then twice that and so on, up to six hours. When the last attempt fails the job is kept as dead.
        At most `concurrency` run at once in one worker process; 0 means no limit.
        """
        if kind.name in self._entries:
            raise ValueError(f"two handlers for the job {kind.name!r}")
        self._entries[kind.name] = Entry(
            name=kind.name,
            handler=cast("Callable[[Any, R], Awaitable[None]]", handler),
            decoder=msgspec.json.Decoder(kind.payload),
            attempts=attempts,
            first_delay=first_delay,
            timeout=timeout,
            concurrency=concurrency,
        )

    def every(self, expression: str, job: Job) -> None:
        """Queue `job` once, over all workers together, whenever the cron `expression` (UTC; five fields, or six with
        seconds as the last) comes due.

        A run is left out while the one before is queued or running, and runs missed while no worker was up are
        made up for by a single one.
        """
        if any(known.job.name == job.name and known.expression == expression for known in self.periodic):
            raise ValueError(f"the job {job.name!r} has the schedule {expression!r} twice")
        keyed = msgspec.structs.replace(job, dedupe_key=job.dedupe_key or f"every {expression} {job.name}")
        self.periodic.append(Periodic(expression, keyed))

    def get(self, name: str) -> Entry[R]:
        """The entry for `name`; LookupError where there is none."""
        if name not in self._entries:
            raise LookupError(f"no handler for the job {name!r}")
        return self._entries[name]

    def __iter__(self) -> Iterator[Entry[R]]:
        return iter(self._entries.values())
