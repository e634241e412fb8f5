"""The queue: enqueueing with the caller's commit, running at least once, and what becomes of jobs that fail."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rostra.kit import jobs
from rostra.kit.clock import FixedClock
from rostra.kit.db import connect
from rostra.kit.jobs.periodic import Timetable
from rostra.kit.jobs.queries import take_back
from rostra.kit.jobs.worker import Worker

ROOT = Path(__file__).parent.parent.parent


class Note(msgspec.Struct, frozen=True):
    text: str = ""


NOTE = jobs.Kind("note", Note)
URGENT = jobs.Kind("urgent", Note, priority=10)
Seen = list[str]


async def remember(note: Note, seen: Seen) -> None:
    seen.append(note.text)


async def explode(note: Note, seen: Seen) -> None:
    seen.append(note.text)
    raise ArithmeticError(f"no {note.text}")


def handling(
    kind: jobs.Kind[Note], handler: Callable[[Note, Seen], Awaitable[None]], **policy: object
) -> jobs.Handlers[Seen]:
    handlers: jobs.Handlers[Seen] = jobs.Handlers()
    handlers.add(kind, handler, first_delay=timedelta(milliseconds=10), **policy)  # type: ignore[arg-type]
    return handlers


async def until(check: Callable[[], Awaitable[object]]) -> None:
    for _ in range(1500):
        if await check():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError("it never came true")


@pytest.fixture
async def queue(db) -> asyncpg.Connection:
    """A connection in the test's transaction, with the queue's tables."""
    await jobs.install(db.connection)
    db.statements.clear()
    return db.connection


@pytest.fixture
async def dsn(pg_server: str) -> AsyncIterator[str]:
    """A database of its own that has the queue's tables and nothing else."""
    name = f"queue_{os.urandom(4).hex()}"
    admin = await connect(pg_server.format(database="postgres"))
    await admin.execute(f"create database {name}")
    connection = await connect(pg_server.format(database=name))
    await jobs.install(connection)
    await connection.close()
    try:
        yield pg_server.format(database=name)
    finally:
        await admin.execute(f"drop database {name} with (force)")
        await admin.close()


@pytest.fixture
async def outside(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(dsn)
    yield connection
    await connection.close()


@asynccontextmanager
async def working(
    dsn: str, handlers: jobs.Handlers[Seen], seen: Seen, **options: object
) -> AsyncIterator[Worker[Seen]]:
    worker = Worker(dsn, handlers, seen, poll=0.02, **options)  # type: ignore[arg-type]
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await task


async def count(connection: asyncpg.Connection, status: str | None = None) -> int:
    return await connection.fetchval(
        "select count(*) from pgqueuer where $1::text is null or status::text = $1", status
    )


# Enqueueing and draining, in the test's transaction


async def test_jobs_exist_only_if_their_transaction_commits(queue):
    transaction = queue.transaction()
    await transaction.start()
    await jobs.enqueue(queue, [NOTE.job(Note("a"))])
    await transaction.rollback()
    assert await count(queue) == 0


async def test_any_number_of_jobs_is_one_statement(queue, db):
    await jobs.enqueue(queue, [NOTE.job(Note(str(n))) for n in range(40)])
    await jobs.enqueue(queue, [])
    assert len(db.statements) == 1
    assert await count(queue) == 40


async def test_draining_runs_urgent_jobs_first_and_otherwise_in_order(queue, clock):
    seen: Seen = []
    handlers = handling(NOTE, remember)
    handlers.add(URGENT, remember)
    await jobs.enqueue(queue, [NOTE.job(Note("b")), NOTE.job(Note("c")), URGENT.job(Note("a"))])
    assert await jobs.drain(queue, handlers, seen, now=clock.now()) == 3
    assert seen == ["a", "b", "c"]


async def test_a_scheduled_job_waits_for_its_time(queue, clock: FixedClock):
    seen: Seen = []
    later = NOTE.job(Note("later"), run_at=clock.now() + timedelta(hours=1))
    await jobs.enqueue(queue, [later])
    assert await jobs.drain(queue, handling(NOTE, remember), seen, now=clock.now()) == 0
    clock.tick(hours=1)
    assert await jobs.drain(queue, handling(NOTE, remember), seen, now=clock.now()) == 1


async def test_draining_runs_what_handlers_enqueue(queue, clock):
    seen: Seen = []

    async def twice(note: Note, seen: Seen) -> None:
        seen.append(note.text)
        if len(note.text) < 3:
            await jobs.enqueue(queue, [NOTE.job(Note(note.text + "x"))])

    await jobs.enqueue(queue, [NOTE.job(Note("x"))])
    await jobs.drain(queue, handling(NOTE, twice), seen, now=clock.now())
    assert seen == ["x", "xx", "xxx"]


async def test_draining_raises_what_a_handler_raises(queue, clock):
    await jobs.enqueue(queue, [NOTE.job(Note("a"))])
    with pytest.raises(ArithmeticError):
        await jobs.drain(queue, handling(NOTE, explode), [], now=clock.now())


async def test_draining_a_job_without_a_handler_is_an_error_that_names_it(queue, clock):
    await jobs.enqueue(queue, [URGENT.job(Note())])
    with pytest.raises(LookupError, match="urgent"):
        await jobs.drain(queue, handling(NOTE, remember), [], now=clock.now())


async def test_a_job_whose_dedupe_key_is_queued_is_left_out(queue):
    await jobs.enqueue(queue, [NOTE.job(Note("a"), dedupe_key="k"), NOTE.job(Note("b"), dedupe_key="k")])
    await jobs.enqueue(queue, [NOTE.job(Note("c"), dedupe_key="k"), NOTE.job(Note("d"), dedupe_key="other")])
    assert await count(queue) == 2


async def test_statistics_tell_due_later_and_age(queue):
    now = await queue.fetchval("select now()")
    waiting = NOTE.job(Note(), run_at=now - timedelta(seconds=30))
    await jobs.enqueue(queue, [waiting, NOTE.job(Note(), run_at=now + timedelta(days=1)), URGENT.job(Note())])
    note, urgent = await jobs.queue_statistics(queue, now)
    assert (note.name, note.due, note.later, note.running, note.dead, note.oldest_due_age) == ("note", 1, 1, 0, 0, 30.0)
    assert (urgent.name, urgent.due, urgent.oldest_due_age) == ("urgent", 1, 0.0)


async def test_installing_again_changes_nothing_and_keeps_notifications_off(queue):
    query = "select tgname, tgenabled from pg_trigger where tgrelid = 'pgqueuer'::regclass order by 1"
    before = await queue.fetch(query)
    await jobs.install(queue)
    assert await queue.fetch(query) == before
    assert dict(before)["tg_pgqueuer_changed"] == b"D"


async def test_another_release_of_the_tables_is_adapted_anew(queue):
    indexes = "select array_agg(indexname::text order by indexname) from pg_indexes where tablename = 'pgqueuer'"
    before = await queue.fetchval(indexes)
    assert "pgqueuer_ep_prio_id_idx" not in before
    await queue.execute("comment on table pgqueuer is 'adapted: 1'")
    await queue.execute("alter table pgqueuer enable trigger tg_pgqueuer_changed")
    await queue.execute("create index pgqueuer_ep_prio_id_idx on pgqueuer (entrypoint)")
    await jobs.install(queue)
    assert await queue.fetchval(indexes) == before
    assert await queue.fetchval("select tgenabled from pg_trigger where tgname = 'tg_pgqueuer_changed'") == b"D"


def test_a_second_handler_for_a_job_is_refused():
    handlers = handling(NOTE, remember)
    with pytest.raises(ValueError, match="note"):
        handlers.add(NOTE, explode)


@given(failures=st.integers(1, 100), first=st.floats(0.01, 3600))
def test_the_delay_doubles_up_to_six_hours_and_varies_by_a_quarter(failures, first):
    handlers: jobs.Handlers[Seen] = jobs.Handlers()
    handlers.add(NOTE, remember, first_delay=timedelta(seconds=first))
    base = min(timedelta(seconds=first).total_seconds() * 2 ** min(failures - 1, 30), 6 * 3600)
    delay = handlers.get("note").delay_after(failures).total_seconds()
    assert base * 0.999 - 1e-6 <= delay <= base * 1.2501 + 1e-6


def test_processes_that_only_enqueue_load_neither_pydantic_nor_the_queue_library():
    script = "import sys, rostra.kit.jobs; print([m for m in ('pydantic', 'pgqueuer', 'croniter') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


# Workers, with real commits


async def test_a_worker_does_a_job_and_leaves_nothing_behind(dsn, outside):
    seen: Seen = []
    async with working(dsn, handling(NOTE, remember), seen):
        await jobs.enqueue(outside, [NOTE.job(Note("a")), NOTE.job(Note("b"))])
        await until(lambda: _empty(outside))
    assert sorted(seen) == ["a", "b"]
    assert await outside.fetchval("select count(*) from pgqueuer_log") == 0


async def _empty(connection: asyncpg.Connection) -> bool:
    return await count(connection) == 0


async def test_a_worker_leaves_a_scheduled_job_and_one_it_does_not_know(dsn, outside):
    seen: Seen = []
    async with working(dsn, handling(NOTE, remember), seen):
        later = NOTE.job(Note("later"), run_at=datetime.now(UTC) + timedelta(hours=1))
        await jobs.enqueue(outside, [later, URGENT.job(Note("unknown")), NOTE.job(Note("now"))])
        await until(lambda: _holds(outside, 2))
    assert seen == ["now"]


async def _holds(connection: asyncpg.Connection, number: int) -> bool:
    return await count(connection) == number


async def test_a_job_that_fails_is_run_again_until_it_succeeds(dsn, outside):
    seen: Seen = []

    async def third_time_lucky(note: Note, seen: Seen) -> None:
        seen.append(note.text)
        if len(seen) < 3:
            raise ConnectionError

    outcomes: Seen = []
    async with working(
        dsn, handling(NOTE, third_time_lucky), seen, observe=lambda name, outcome, seconds: outcomes.append(outcome)
    ):
        await jobs.enqueue(outside, [NOTE.job(Note("a"))])
        await until(lambda: _empty(outside))
    assert seen == ["a", "a", "a"]
    assert outcomes == ["retried", "retried", "done"]


async def test_a_job_that_keeps_failing_is_kept_with_its_error_and_can_be_retried_or_discarded(dsn, outside):
    seen: Seen = []
    async with working(dsn, handling(NOTE, explode, attempts=2), seen):
        await jobs.enqueue(outside, [NOTE.job(Note("a"))])
        await until(lambda: count(outside, "failed"))
        (dead,) = await jobs.list_dead(outside)
        assert (dead.name, dead.attempts, dead.error, dead.message) == ("note", 2, "ArithmeticError", "no a")
        assert "explode" in dead.traceback
        assert dead.payload == b'{"text":"a"}'
        assert await jobs.retry_dead(outside, [dead.id]) == 1
        await until(lambda: _said(seen, 4))
        await until(lambda: count(outside, "failed"))
    assert await jobs.discard_dead(outside, name="another") == 0
    assert await jobs.discard_dead(outside) == 1
    assert await jobs.list_dead(outside) == []
    await jobs.sweep(outside, datetime.now(UTC) + timedelta(days=31))
    assert await outside.fetchval("select count(*) from pgqueuer_log") == 0


async def _said(seen: Seen, number: int) -> bool:
    return len(seen) >= number


async def test_a_dead_job_stays_dead_while_another_with_its_key_is_queued(queue):
    await jobs.enqueue(queue, [NOTE.job(Note("old"), dedupe_key="k")])
    await queue.execute("update pgqueuer set status = 'failed'")
    await jobs.enqueue(queue, [NOTE.job(Note("new"), dedupe_key="k")])
    assert await jobs.retry_dead(queue) == 0
    await queue.execute("update pgqueuer set status = 'failed'")
    assert await jobs.retry_dead(queue) == 1


async def test_a_payload_that_cannot_be_read_is_not_tried_again(dsn, outside):
    async with working(dsn, handling(NOTE, remember), []):
        await jobs.enqueue(outside, [jobs.Job(name="note", payload=b'{"text": 5}')])
        await until(lambda: count(outside, "failed"))
    (dead,) = await jobs.list_dead(outside)
    assert (dead.attempts, dead.error) == (1, "ValidationError")


async def test_a_handler_that_takes_too_long_is_cut_off(dsn, outside):
    async def sleep(note: Note, seen: Seen) -> None:
        await asyncio.sleep(3600)

    async with working(dsn, handling(NOTE, sleep, attempts=1, timeout=0.05), []):
        await jobs.enqueue(outside, [NOTE.job(Note())])
        await until(lambda: count(outside, "failed"))
    (dead,) = await jobs.list_dead(outside)
    assert dead.error == "TimeoutError"


async def test_a_worker_that_stops_lets_jobs_finish(dsn, outside):
    seen: Seen = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait(note: Note, seen: Seen) -> None:
        begun.set()
        await go_on.wait()
        seen.append(note.text)

    async with working(dsn, handling(NOTE, wait), seen) as worker:
        await jobs.enqueue(outside, [NOTE.job(Note("a"))])
        await begun.wait()
        worker.stop()
        go_on.set()
    assert seen == ["a"]
    assert await count(outside) == 0


async def test_a_worker_that_stops_returns_unfinished_jobs_without_counting_an_attempt(dsn, outside):
    begun = asyncio.Event()

    async def hang(note: Note, seen: Seen) -> None:
        begun.set()
        await asyncio.sleep(3600)

    async with working(dsn, handling(NOTE, hang), [], grace=0.05):
        await jobs.enqueue(outside, [NOTE.job(Note("a"))])
        await begun.wait()
    (job,) = await outside.fetch("select status::text, attempts, queue_manager_id from pgqueuer")
    assert tuple(job) == ("queued", 0, None)
    seen: Seen = []
    async with working(dsn, handling(NOTE, remember), seen):
        await until(lambda: _empty(outside))
    assert seen == ["a"]


KILLED = """
import asyncio, sys
import msgspec
from rostra.kit import jobs
from rostra.kit.jobs.worker import Worker

class Note(msgspec.Struct):
    text: str

async def hang(note, resources):
    print("begun", flush=True)
    await asyncio.sleep(3600)

handlers = jobs.Handlers()
handlers.add(jobs.Kind("note", Note), hang)
asyncio.run(Worker(sys.argv[1], handlers, None).run())
"""


async def test_the_job_of_a_killed_worker_is_taken_over(dsn, outside):
    await jobs.enqueue(outside, [NOTE.job(Note("a"))])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, dsn, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"begun\n"
    process.kill()
    await process.wait()
    seen: Seen = []
    async with working(dsn, handling(NOTE, remember), seen, lease=timedelta(seconds=0.5)):
        await until(lambda: _empty(outside))
    assert seen == ["a"]


async def test_a_running_job_is_not_taken_over_while_its_worker_lives(dsn, outside):
    seen: Seen = []
    go_on = asyncio.Event()

    async def wait(note: Note, seen: Seen) -> None:
        seen.append(note.text)
        await go_on.wait()

    async def beaten() -> bool:
        return await outside.fetchval("select heartbeat > created + interval '1.5 seconds' from pgqueuer")

    lease = timedelta(seconds=1)
    async with (
        working(dsn, handling(NOTE, wait), seen, lease=lease),
        working(dsn, handling(NOTE, wait), seen, lease=lease),
    ):
        await jobs.enqueue(outside, [NOTE.job(Note("a"))])
        await until(beaten)
        go_on.set()
    assert seen == ["a"]


async def test_a_job_that_kills_its_workers_is_dead_in_the_end(dsn, outside):
    await jobs.enqueue(outside, [NOTE.job(Note("poison"))])
    for _ in range(3):
        await outside.execute("update pgqueuer set status = 'picked', heartbeat = now() - interval '1 day'")
        await take_back(outside, timedelta(seconds=20))
    seen: Seen = []
    async with working(dsn, handling(NOTE, remember, attempts=3), seen):
        await until(lambda: count(outside, "failed"))
    (dead,) = await jobs.list_dead(outside)
    assert dead.error == "WorkerLost"
    assert seen == []


async def test_a_handler_runs_no_more_often_at_once_than_it_may_and_holds_up_no_other(dsn, outside):
    now, most = 0, 0
    go_on = asyncio.Event()
    seen: Seen = []

    async def busy(note: Note, seen: Seen) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await go_on.wait()
        await asyncio.sleep(0.005)
        now -= 1

    await jobs.enqueue(outside, [URGENT.job(Note()) for _ in range(40)])
    handlers = handling(URGENT, busy, concurrency=3)
    handlers.add(NOTE, remember)
    async with working(dsn, handlers, seen):
        await jobs.enqueue(outside, [NOTE.job(Note("quick"))])
        await until(lambda: _said(seen, 1))
        go_on.set()
        await until(lambda: _empty(outside))
    assert most == 3


async def test_a_worker_outlives_the_loss_of_its_connections(dsn, outside):
    seen: Seen = []
    async with working(dsn, handling(NOTE, remember), seen):
        await jobs.enqueue(outside, [NOTE.job(Note("a"))])
        await until(lambda: _empty(outside))
        await outside.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rostra jobs'"
        )
        await jobs.enqueue(outside, [NOTE.job(Note("b"))])
        await until(lambda: _empty(outside))
    assert seen == ["a", "b"]


async def test_a_periodic_job_is_queued_once_over_all_workers(dsn, outside):
    handlers = handling(NOTE, remember)
    handlers.every("0 3 * * *", NOTE.job(Note("nightly")))
    async with asyncpg.create_pool(dsn, min_size=4, max_size=4) as pool:
        tables = [Timetable(pool, handlers.periodic) for _ in range(4)]
        for table in tables:
            await table.announce()
        await asyncio.gather(*(table.queue_due() for table in tables))
        assert await count(outside) == 0
        await outside.execute("update pgqueuer_schedules set next_run = now() - interval '3 days'")
        await asyncio.gather(*(table.queue_due() for table in tables))
        assert await count(outside) == 1
        assert await outside.fetchval("select next_run > now() and status = 'queued' from pgqueuer_schedules")


async def test_a_schedule_that_the_code_no_longer_has_is_forgotten(dsn, outside):
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool:
        for expression in ("0 3 * * *", "0 4 * * *"):
            handlers = handling(NOTE, remember)
            handlers.every(expression, NOTE.job(Note()))
            await Timetable(pool, handlers.periodic).announce()
    assert await outside.fetchval("select array_agg(expression) from pgqueuer_schedules") == ["0 4 * * *"]


async def test_a_worker_runs_a_periodic_job_that_came_due_while_none_was_up(dsn, outside):
    seen: Seen = []
    handlers = handling(NOTE, remember)
    handlers.every("0 3 * * *", NOTE.job(Note("nightly")))
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool:
        await Timetable(pool, handlers.periodic).announce()
    await outside.execute("update pgqueuer_schedules set next_run = now() - interval '1 hour'")
    async with working(dsn, handlers, seen):
        await until(lambda: _said(seen, 1))
    assert seen == ["nightly"]


def test_a_schedule_given_twice_is_refused():
    handlers = handling(NOTE, remember)
    handlers.every("0 3 * * *", NOTE.job(Note("a")))
    with pytest.raises(ValueError, match="0 3"):
        handlers.every("0 3 * * *", NOTE.job(Note("b")))
