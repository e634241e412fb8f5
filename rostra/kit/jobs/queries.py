"""Our statements on PgQueuer's tables, one typed function each; retrying and burying jobs are PgQueuer's own.

The queue keeps the database's time (`now()`), as PgQueuer does: one clock for all workers, whatever theirs say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString, Protocol

import asyncpg

from rostra.kit.db import Reader, Tx


class _Queued(Protocol):
    """The part of a Job that is stored (the record itself lives above this module)."""

    @property
    def name(self) -> str: ...
    @property
    def payload(self) -> bytes: ...
    @property
    def priority(self) -> int: ...
    @property
    def run_at(self) -> datetime | None: ...
    @property
    def dedupe_key(self) -> str | None: ...


INSERT_JOBS = """
insert into pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status)
select priority, entrypoint, payload, coalesce(run_at, now()), dedupe_key, 'queued'
from unnest($1::int[], $2::text[], $3::bytea[], $4::timestamptz[], $5::text[])
     as t (priority, entrypoint, payload, run_at, dedupe_key)
on conflict (dedupe_key) where status in ('queued', 'picked') and dedupe_key is not null do nothing
"""


def inserting(
    priorities: LiteralString, names: LiteralString, payloads: LiteralString, times: LiteralString
) -> LiteralString:
    """SQL that stores jobs without a dedupe_key, for a statement that writes them with what they follow from; its
    parameters are those of `columns`."""
    return f"""
insert into pgqueuer (priority, entrypoint, payload, execute_after, status)
select priority, entrypoint, payload, coalesce(run_at, now()), 'queued'
from unnest({priorities}::int[], {names}::text[], {payloads}::bytea[], {times}::timestamptz[])
     as t (priority, entrypoint, payload, run_at)
"""


def columns(jobs: Sequence[_Queued]) -> tuple[Any, ...]:
    """The parameters of `inserting`."""
    assert all(job.dedupe_key is None for job in jobs)
    return (
        [job.priority for job in jobs],
        [job.name for job in jobs],
        [job.payload for job in jobs],
        [job.run_at for job in jobs],
    )


async def insert_jobs(tx: Tx, jobs: Sequence[_Queued]) -> None:
    """Store jobs as queued; those whose dedupe_key is queued or running already are left out."""
    await tx.execute(
        INSERT_JOBS,
        [job.priority for job in jobs],
        [job.name for job in jobs],
        [job.payload for job in jobs],
        [job.run_at for job in jobs],
        [job.dedupe_key for job in jobs],
    )


# A job without a run_at was stored with execute_after = created, and is due whatever the caller's clock says.
TAKE_DUE = """
delete from pgqueuer
where id = (
  select id from pgqueuer
  where status = 'queued' and (execute_after <= $1 or execute_after = created)
  order by priority desc, id
  limit 1
  for update skip locked
)
returning id, entrypoint, payload
"""


async def take_due(tx: Tx, now: datetime) -> asyncpg.Record | None:
    """Remove and return the next job that is due at `now`."""
    return await tx.fetchrow(TAKE_DUE, now)


# Of each kind as many as it has room for, in the order in which they came due; the index (entrypoint, execute_after)
# gives them without a look at those that are scheduled for later.
CLAIM = """
update pgqueuer set status = 'picked', queue_manager_id = $4, heartbeat = now(), updated = now()
where id = any(array(
  select job.id from unnest($1::text[], $2::int[]) as kind (name, room)
  cross join lateral (
    select id, priority, execute_after from pgqueuer
    where entrypoint = kind.name and status = 'queued' and execute_after <= now()
    order by execute_after limit kind.room for update skip locked) job
  order by job.priority desc, job.execute_after, job.id limit $3))
returning *
"""


async def claim(tx: Tx, rooms: Mapping[str, int], most: int, worker: object) -> list[asyncpg.Record]:
    """Take up to `most` due jobs for `worker` (its UUID), of each name at most what `rooms` says, in no order."""
    return await tx.fetch(CLAIM, list(rooms), list(rooms.values()), most, worker)


# The ends of runs that succeeded: nothing stays of them.
FINISH = "delete from pgqueuer where id = any($1::bigint[])"


async def finish(tx: Tx, ids: Sequence[int]) -> None:
    """Remove jobs that are done."""
    await tx.execute(FINISH, ids)


# A job whose worker died counts an attempt, so that one that kills its worker does not do so for ever.
TAKE_BACK = """
update pgqueuer set status = 'queued', attempts = attempts + 1, queue_manager_id = null, updated = now()
where id in (
  select id from pgqueuer where status = 'picked' and heartbeat < now() - $1::interval for update skip locked)
"""


async def take_back(tx: Tx, lease: timedelta) -> None:
    """Put jobs of workers that have not been heard of for `lease` back into the queue."""
    await tx.execute(TAKE_BACK, lease)


RELEASE = """
update pgqueuer
set status = 'queued', queue_manager_id = null, updated = now()
where id = any($1::bigint[]) and status = 'picked' and queue_manager_id = $2
"""


async def release(tx: Tx, ids: Sequence[int], worker: object) -> None:
    """Put jobs that `worker` (its UUID) still holds back into the queue, without counting an attempt."""
    await tx.execute(RELEASE, list(ids), worker)


LIST_DEAD = """
select job.id, job.entrypoint as name, job.payload, job.attempts + 1 as attempts,
       job.created as queued_at, job.updated as died_at,
       coalesce(log.traceback ->> 'exception_type', '') as error,
       coalesce(log.traceback ->> 'exception_message', '') as message,
       coalesce(log.traceback ->> 'traceback', '') as traceback
from pgqueuer job
left join lateral (
  select traceback from pgqueuer_log
  where job_id = job.id and traceback is not null
  order by created desc, id desc
  limit 1
) log on true
where job.status = 'failed' and ($1::text is null or job.entrypoint = $1)
order by job.updated desc, job.id desc
limit $2
"""


async def dead_rows(reader: Reader, name: str | None, limit: int) -> list[asyncpg.Record]:
    """Jobs that failed for good, the latest first, with their last error."""
    return await reader.fetch(LIST_DEAD, name, limit)


# Of dead jobs that share a dedupe_key the youngest is retried, and none while such a job is queued or running.
RETRY_DEAD = """
update pgqueuer
set status = 'queued', attempts = 0, execute_after = now(), updated = now(), queue_manager_id = null
where id in (
  select distinct on (coalesce(dead.dedupe_key, 'id ' || dead.id)) dead.id from pgqueuer dead
  where dead.status = 'failed'
    and ($1::bigint[] is null or dead.id = any($1))
    and ($2::text is null or dead.entrypoint = $2)
    and not exists (
      select from pgqueuer live where live.dedupe_key = dead.dedupe_key and live.status in ('queued', 'picked')
    )
  order by coalesce(dead.dedupe_key, 'id ' || dead.id), dead.id desc
)
returning id
"""


async def requeue_dead(tx: Tx, ids: Sequence[int] | None, name: str | None) -> int:
    """Queue dead jobs afresh; returns how many."""
    return len(await tx.fetch(RETRY_DEAD, None if ids is None else list(ids), name))


DISCARD_DEAD = """
delete from pgqueuer
where status = 'failed' and ($1::bigint[] is null or id = any($1)) and ($2::text is null or entrypoint = $2)
returning id
"""


async def delete_dead(tx: Tx, ids: Sequence[int] | None, name: str | None) -> int:
    """Remove dead jobs; returns how many."""
    return len(await tx.fetch(DISCARD_DEAD, None if ids is None else list(ids), name))


STATISTICS = """
select entrypoint as name,
       count(*) filter (where status = 'queued' and execute_after <= $1) as due,
       count(*) filter (where status = 'queued' and execute_after > $1) as later,
       count(*) filter (where status = 'picked') as running,
       count(*) filter (where status = 'failed') as dead,
       coalesce(extract(epoch from $1 - min(execute_after) filter (where status = 'queued' and execute_after <= $1)), 0)
         ::float8 as oldest_due_age
from pgqueuer
group by entrypoint
order by entrypoint
"""


async def depth_rows(reader: Reader, now: datetime) -> list[asyncpg.Record]:
    """Per name of job: how many are in which state at `now`."""
    return await reader.fetch(STATISTICS, now)


SWEEP_LOG = """
delete from pgqueuer_log
where created < $1 and not exists (select from pgqueuer where pgqueuer.id = pgqueuer_log.job_id)
"""


async def delete_old_failures(tx: Tx, before: datetime) -> None:
    """Forget the errors, older than `before`, of jobs that no longer exist."""
    await tx.execute(SWEEP_LOG, before)


# Schedules that no release of ours asks for any more; rows of other names are not ours to judge.
FORGET_SCHEDULES = """
delete from pgqueuer_schedules
where (entrypoint, expression) not in (select * from unnest($1::text[], $2::text[]))
"""


async def forget_schedules_except(tx: Tx, names: Sequence[str], expressions: Sequence[str]) -> None:
    """Remove every schedule but the given (name, expression) pairs."""
    await tx.execute(FORGET_SCHEDULES, list(names), list(expressions))
