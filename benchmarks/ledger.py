"""Measure the ledger: `python -m benchmarks ledger [--events N]`, 1,000,000 without it (some ten minutes).

On an embedded PostgreSQL of its own, durable as in use. What appending costs with the tree's part and without, how fast
events are sealed, what that takes on disk, what proofs, export, checking and erasing cost then.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, LiteralString

import uvloop

from rostra.cli.options import current_database
from rostra.kit.clock import Clock
from rostra.kit.db import Database, Tx, open_database
from rostra.kit.log import set_up_logging
from rostra.kit.settings import load_settings
from rostra.ledger import queries
from rostra.ledger.append import APPEND, Entry, append, columns
from rostra.ledger.audit_stored import check_stored
from rostra.ledger.erase import erase_account
from rostra.ledger.export import export
from rostra.ledger.keys import load_signer
from rostra.ledger.note import Signer
from rostra.ledger.read_export import check_export
from rostra.ledger.seal import seal
from rostra.ledger.tree import consistency_proof, find_leaf, inclusion_proof

_PEOPLE: Final = 20_000
_APPENDED: Final = 4_000
_TURNS: Final = 6
_PROOFS: Final = 300
_BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)

# As long as those of real verdicts are.
_DETAILS: Final = {
    "kind": "post",
    "action": "allow",
    "language": "en",
    "scores": {"threat": 0.0123, "hate": 0.0041, "harassment": 0.0207, "spam": 0.0918, "sexual": 0.0033},
    "hits": [],
}

FILL: Final = """
insert into moderation_events (id, type, subject_kind, subject_id, account_id, policy, detectors, clause, details,
  created_at)
select make_id(at), 'verdict', 'status', (extract(epoch from at) * 1000)::bigint << 16, 1 + n % 20000,
  '5d0c2f1a9b7e', 'm3:91f4f8f2a964', '', $3, at
from (select n, $4::timestamptz + n * interval '1 second' as at from generate_series($1::int, $2::int) as n) as each
"""

# The tree's part of appending: what it was before, and with it again.
WITHOUT_TREE: Final = (
    "alter table moderation_events disable trigger moderation_events_queue",
    "drop index moderation_events_of_account",
    "drop index moderation_events_of_actor",
)
WITH_TREE: Final = (
    "alter table moderation_events enable trigger moderation_events_queue",
    "create index moderation_events_of_account on moderation_events (account_id) where account_id is not null",
    "create index moderation_events_of_actor on moderation_events (actor_id) where actor_id is not null",
)

TIDY: Final = """
vacuum analyze moderation_events, ledger_pending, ledger_leaves, ledger_tiles, ledger_salts, ledger_checkpoints
"""

SIZES: Final = """
select c.relname as name, pg_total_relation_size(c.oid) as bytes from pg_class c
where c.relname in ('moderation_events', 'ledger_leaves', 'ledger_tiles', 'ledger_checkpoints', 'ledger_pending',
    'ledger_salts', 'moderation_events_of_account', 'moderation_events_of_actor')
order by c.relname
"""


def main(arguments: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks ledger")
    parser.add_argument("--events", type=int, default=1_000_000, help="events to seal [1000000]")
    run(parser.parse_args(arguments).events)


def run(events: int) -> None:
    """Measure with so many events and print."""
    set_up_logging(level="warning", as_json=False)
    directory = Path(tempfile.mkdtemp(prefix="rostra-bench-"))
    try:
        uvloop.run(_measure(directory, events))
    finally:
        shutil.rmtree((directory / "run").resolve(), ignore_errors=True)
        shutil.rmtree(directory, ignore_errors=True)


async def _measure(directory: Path, events: int) -> None:
    settings = load_settings({}, {"data_dir": directory, "dev": True, "scheme": "http", "domain": "localhost:3000"})
    signer = load_signer(settings)
    async with current_database(settings) as dsn, open_database(dsn, statement_timeout=3600) as db:
        print(f"\nthe ledger, {events:,} events")
        await _fill(db, events)
        await _sealing(db, signer, events)
        await _sizes(db, events)
        await _proofs(db, events)
        await _few(db, signer)
        await _files(db, signer, directory / "ledger.gz", events)
        await _erasing(db)
        await _appending(db)


async def _fill(db: Database, events: int) -> None:
    for first in range(0, events, 50_000):
        async with db.transaction() as tx:
            await tx.execute(FILL, first, min(first + 50_000, events) - 1, _DETAILS, _BEGAN)
    async with db.autocommit() as tx:
        await tx.execute("vacuum analyze moderation_events, ledger_pending")


async def _sealing(db: Database, signer: Signer, events: int) -> None:
    began, used = time.perf_counter(), time.process_time()
    await seal(db, Clock(), signer)
    took, cpu = time.perf_counter() - began, time.process_time() - used
    _say("sealing", f"{events / took:,.0f} events a second", f"{cpu / events * 1e6:.0f} µs of our CPU each")
    async with db.autocommit() as tx:
        await tx.execute(TIDY)


async def _sizes(db: Database, events: int) -> None:
    async with db.read() as conn:
        for row in await conn.fetch(SIZES):
            _say(f"  {row['name']}", f"{row['bytes'] / events:.1f} bytes an event", "")


async def _proofs(db: Database, events: int) -> None:
    async with db.read() as conn:
        hashes = [
            next(iter((await queries.leaf_hashes(conn, [queries.Range(at, at + 1)])).values()))
            for at in range(0, events, max(events // _PROOFS, 1))
        ]

        async def one(number: int) -> object:
            return await inclusion_proof(conn, number * 7919 % events, events)

        async def two(number: int) -> object:
            return await consistency_proof(conn, 1 + number * 7919 % (events - 1), events)

        async def three(number: int) -> object:
            return await find_leaf(conn, hashes[number % len(hashes)])

        await _times("inclusion proof", one)
        await _times("consistency proof", two)
        await _times("leaf by its hash", three)


async def _times(name: str, act: Callable[[int], Awaitable[object]]) -> None:
    times: list[float] = []
    for number in range(_PROOFS):
        began = time.perf_counter()
        await act(number)
        times.append((time.perf_counter() - began) * 1e3)
    _say(name, f"{statistics.median(times):.2f} ms", f"slowest of {_PROOFS} {max(times):.2f} ms")


async def _few(db: Database, signer: Signer) -> None:
    """What a run of the sequencer costs that finds little."""

    async def nothing(_: int) -> object:
        return await seal(db, Clock(), signer)

    async def ten(number: int) -> object:
        async with db.transaction() as tx:
            for each in range(10):
                await append(tx, Clock().now(), _entry(number * 10 + each))
        return await seal(db, Clock(), signer)

    await _times("sealing nothing", nothing)
    await _times("appending ten and sealing them", ten)


async def _files(db: Database, signer: Signer, path: Path, events: int) -> None:
    began = time.perf_counter()
    await export(db, Clock(), path)
    took = time.perf_counter() - began
    size = path.stat().st_size / events  # noqa: ASYNC240 - nothing else runs
    _say("export", f"{took:.0f} s, {events / took:,.0f} leaves a second", f"{size:.1f} bytes each")
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    check_export(path, key=signer.verifier)
    took, grown = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    _say("checking the export", f"{took:.0f} s, {events / took:,.0f} leaves a second", f"{grown / 1024:.1f} MiB more")
    began = time.perf_counter()
    await check_stored(db, key=signer.verifier)
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _say("checking the tables", f"{took:.0f} s, {events / took:,.0f} leaves a second", f"{peak:.0f} MiB at the most")


async def _erasing(db: Database) -> None:
    times: list[float] = []
    for account_id in range(1, 40):
        began = time.perf_counter()
        async with db.transaction() as tx:
            await erase_account(tx, Clock().now(), account_id)
        times.append((time.perf_counter() - began) * 1e3)
    _say("erasing somebody", f"{statistics.median(times):.1f} ms", f"slowest of {len(times)} {max(times):.1f} ms")


async def _appending(db: Database) -> None:
    """In turns with and without, the median of each, in one transaction each."""
    with_tree: list[float] = []
    without: list[float] = []
    for turn in range(_TURNS):
        with_tree.append(await _append_many(db, turn))
        await _change(db, WITHOUT_TREE)
        without.append(await _append_many(db, turn))
        await _change(db, WITH_TREE)
    one, other = statistics.median(with_tree), statistics.median(without)
    _say("appending, with the tree's part", f"{one:.1f} µs of the database's CPU", f"without {other:.1f} µs")


async def _change(db: Database, statements: Sequence[LiteralString]) -> None:
    async with db.transaction() as tx:
        for statement in statements:
            await tx.execute(statement)


async def _append_many(db: Database, turn: int) -> float:
    """Microseconds of the database's CPU that one event takes, whatever else the machine does."""
    async with db.transaction() as tx:
        pid: int = await tx.fetchval("select pg_backend_pid()")
        for number in range(100):
            await _append(tx, number)
        began = _cpu(pid)
        for number in range(_APPENDED):
            await _append(tx, turn * _APPENDED + number)
        return (_cpu(pid) - began) / _APPENDED * 1e6


def _cpu(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


async def _append(tx: Tx, number: int) -> None:
    await tx.fetchval(APPEND, *columns(_BEGAN + timedelta(days=400, milliseconds=number), _entry(number)))


def _entry(number: int) -> Entry:
    return Entry(
        type="verdict",
        subject_kind="status",
        subject_id=number << 16,
        account_id=1 + number * 7919 % _PEOPLE,
        policy="5d0c2f1a9b7e",
        detectors="m3:91f4f8f2a964",
        details=_DETAILS,
    )


def _say(what: str, figure: str, more: str) -> None:
    print(f"{what:<36}{figure:<36}{more}", flush=True)
