"""The receiver: PostgreSQL's own `pg_receivewal`, started again whenever it ends, and the slot that it reads from.

The slot makes the server keep what was not received yet, up to `max_slot_wal_keep_size`. Where the server gave up on
it, the log has a gap: what was received is thrown away and reception begins anew.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from rostra.continuity.place import Place
from rostra.continuity.ship import queries
from rostra.continuity.ship.alarms import Alarms
from rostra.continuity.ship.primary import DatabaseAway, Primary
from rostra.kit.postgres import conninfo_of
from rostra.kit.postgres_home import PostgresRefused
from rostra.kit.postgres_programs import client_program
from rostra.kit.postgres_setup import ENVIRONMENT
from rostra.kit.settings import Settings

_WORK: Final = "receiver"
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 5.0
# A life of so many seconds was no failure at start.
_LONG_LIFE: Final = 30.0
_LAST_WORDS: Final = 4096


async def receive(settings: Settings, place: Place, primary: Primary, alarms: Alarms) -> None:
    """Receive for ever. What is wrong is an alarm until the cutter sees that something is received."""
    failures = 0
    while True:
        started = time.monotonic()
        try:
            await _prepare_slot(primary)
            said = await _run(settings, place)
        except DatabaseAway as error:
            said = f"could not connect: {error}"
        except (PostgresRefused, OSError) as error:
            said = str(error)
        failures = 1 if time.monotonic() - started > _LONG_LIFE else failures + 1
        mend(place.wal, said)
        if failures > 1:
            alarms.start(_WORK, explain(said))
        await asyncio.sleep(min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (failures - 1)))


def is_received(alarms: Alarms) -> None:
    """The cutter's word that reception goes on."""
    alarms.end(_WORK)


def explain(said: str) -> str:
    """What the receiver's last words mean, for the operator."""
    last = said.strip().splitlines()[-1:] or ["without a word"]
    reason = last[0].removeprefix("pg_receivewal: ").removeprefix("error: ")
    if "No space left on device" in said:
        return f"the disk is full, so nothing is received from the database: {reason}"
    if "already been removed" in said or "invalidated" in said:
        return "the database threw away log that was not received yet; new base copies are made"
    if any(words in said for words in ("could not connect", "connection to server", "server closed", "terminating")):
        return f"the database does not answer: {reason}"
    return f"nothing is received from the database: {reason}"


def mend(wal: Path, said: str) -> None:
    """Make good what would stop the receiver again: a half-made file, or a place that the server does not have."""
    if "already been removed" in said:
        for file in wal.iterdir():
            file.unlink()
    if "should be 0 or" in said:
        for file in wal.glob("*.partial"):
            file.unlink()


async def _prepare_slot(primary: Primary) -> None:
    """Have a slot that nobody else uses: who does is the receiver of a killed process."""
    position = await primary.ask(queries.find_position)
    for _ in range(100):
        if position.receiver is None:
            break
        await primary.ask(queries.end_receiver)
        await asyncio.sleep(0.1)
        position = await primary.ask(queries.find_position)
    if position.is_lost:
        await primary.ask(queries.drop_slot)
    if position.is_lost or not position.has_slot:
        await primary.ask(queries.make_slot)


async def _run(settings: Settings, place: Place) -> str:
    """One life of the program; its last words."""
    process = await asyncio.create_subprocess_exec(
        client_program(settings.pg_bindir, "pg_receivewal"),
        *("-D", str(place.wal), "--slot", queries.SLOT, "--synchronous", "--no-loop", "--no-password"),
        *("--status-interval", "1", "-d", conninfo_of(settings.data_dir)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=ENVIRONMENT,
    )
    said = b""
    try:
        assert process.stderr is not None
        while chunk := await process.stderr.read(1024):
            said = (said + chunk)[-_LAST_WORDS:]
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
    return said.decode(errors="replace")
