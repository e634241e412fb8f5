"""A standby of a server on the same machine: what it has, what it survives, and how it refuses to take over."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.machine import CommandFailed, Machine
from benchmarks.server import family
from rostra.continuity.standby.sync import SyncState, admin_dsn_of, keep_sync, names_in
from rostra.kit.db import commit_lightly, open_database
from rostra.kit.settings import SyncMode
from tests.continuity.hosts import Ledger, execute, has_caught_up, host, new_ledger, status_of, until, value

REGISTER = "insert into stored_objects (key, size, sha256, put_at) values ($1, $2, $3, $4)"


class Pair:
    """A primary and its standby, both running."""

    def __init__(self, primary: Machine, standby: Machine, ledger: Ledger) -> None:
        self.primary = primary
        self.standby = standby
        self.ledger = ledger

    def start_standby(self) -> None:
        self.standby.start("continuity", "standby", "--from", str(self.primary.directory), until="following")


@pytest.fixture(scope="module")
async def pair(home: Path) -> AsyncIterator[Pair]:
    primary, standby = host(home, "primary"), host(home, "standby")
    try:
        primary.start("up")
        (primary.directory / "rostra.toml").write_text('log_level = "info"\n')
        (primary.directory / "secrets.json").write_text("what signs people in")
        ledger = await new_ledger(primary)
        await put_file(primary, "avatars/ab/first.webp", b"first")
        made = Pair(primary, standby, ledger)
        made.start_standby()
        yield made
    finally:
        primary.destroy()
        standby.destroy()


async def put_file(machine: Machine, key: str, body: bytes) -> None:
    """As the server stores a file."""
    path = machine.directory / "media" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    await execute(machine, REGISTER, key, len(body), hashlib.sha256(body).digest(), datetime.now(UTC))


async def test_what_is_written_arrives_with_its_files_and_secrets(pair: Pair) -> None:
    await pair.ledger.write(pair.primary)
    await put_file(pair.primary, "attachments/cd/second.webp", b"second")
    await has_caught_up(pair.primary, pair.standby)
    assert await pair.ledger.missing_in(pair.standby) == []
    here = pair.standby.directory
    await until((here / "media/attachments/cd/second.webp").exists)
    assert (here / "media/avatars/ab/first.webp").read_bytes() == b"first"
    assert (here / "secrets.json").read_bytes() == (pair.primary.directory / "secrets.json").read_bytes()
    assert (here / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert (here / "rostra.toml").exists()


async def test_it_says_how_far_behind_it_is(pair: Pair) -> None:
    await until(lambda: (status := status_of(pair.standby)) is not None and status.behind_bytes == 0)
    await until(lambda: (status := status_of(pair.standby)) is not None and status.media_behind == 0)
    said = pair.standby.run("continuity", "standby", "--status")
    assert "that is all that the primary had written" in said
    assert str(pair.primary.directory) in said
    assert "that is all that the primary had written" in pair.standby.run("continuity", "status")


def test_a_standby_is_not_started_as_a_server(pair: Pair) -> None:
    with pytest.raises(CommandFailed, match=r"status 4.*this is a standby; promote it with"):
        pair.standby.run("up")


def test_a_server_is_not_made_a_standby(pair: Pair, home: Path) -> None:
    other = host(home, "other")
    pair_of_itself = Machine(pair.primary.directory, other.port, {})
    with pytest.raises(CommandFailed, match="already runs on"):
        pair_of_itself.run("continuity", "standby", "--from", str(pair.standby.directory))
    with pytest.raises(CommandFailed, match="is a standby itself"):
        other.run("continuity", "standby", "--from", str(pair.standby.directory))
    with pytest.raises(CommandFailed, match="no server was started there yet"):
        other.run("continuity", "standby", "--from", str(home / "nothing"))


async def test_it_follows_again_after_it_was_killed(pair: Pair) -> None:
    pair.standby.kill()
    await pair.ledger.write(pair.primary)
    pair.start_standby()
    await has_caught_up(pair.primary, pair.standby)
    assert await pair.ledger.missing_in(pair.standby) == []


async def test_it_follows_again_after_the_primary_was_started_anew(pair: Pair) -> None:
    pair.primary.stop()
    await until(lambda: (status := status_of(pair.standby)) is not None and not status.streaming)
    pair.primary.start("up")
    await pair.ledger.write(pair.primary)
    await has_caught_up(pair.primary, pair.standby)
    assert await pair.ledger.missing_in(pair.standby) == []


async def test_it_starts_over_where_the_log_has_gone_on_without_it(pair: Pair) -> None:
    pair.standby.stop()
    await value(pair.primary, "select pg_drop_replication_slot('standby_vm_standby')".replace("vm", _short_host()))
    first = await value(pair.primary, "select pg_walfile_name(pg_current_wal_lsn())")
    for _ in range(3):
        await value(pair.primary, "select pg_switch_wal()::text")
        await pair.ledger.write(pair.primary)
    connection_limit = "alter system set min_wal_size = '32MB'"
    await value(pair.primary, connection_limit)
    await value(pair.primary, "alter system set max_wal_size = '32MB'")
    await value(pair.primary, "select pg_reload_conf()")
    while await value(pair.primary, "select exists (select from pg_ls_waldir() where name = $1)", first):
        await value(pair.primary, "select pg_switch_wal()::text")
        await pair.ledger.write(pair.primary)
        await value(pair.primary, "checkpoint")
    pair.start_standby()
    await has_caught_up(pair.primary, pair.standby)
    assert await pair.ledger.missing_in(pair.standby) == []
    assert "starts over with a new base" in pair.standby.log.read_text()


def _short_host() -> str:
    import socket

    return socket.gethostname().partition(".")[0].lower().replace("-", "_")


class Keeper:
    """The keeper of synchronous commits, as a task of the test."""

    def __init__(self, machine: Machine, mode: SyncMode) -> None:
        self._machine = machine
        self.states: list[SyncState] = []
        self._task = asyncio.create_task(
            keep_sync(admin_dsn_of(machine.directory), mode, self.states.append, patience=2.0, pause=0.1)
        )

    async def end(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await keep_sync(admin_dsn_of(self._machine.directory), "off", self.states.append)

    @property
    def is_waiting_for_somebody(self) -> bool:
        return bool(self.states) and not self.states[-1].alarms


def pause(machine: Machine, number: signal.Signals) -> None:
    """Freeze a whole machine, or let it go on."""
    for process in machine._running:
        for pid in family(process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, number)


async def test_commits_wait_for_the_standby_and_go_on_when_it_vanishes(pair: Pair) -> None:
    keeper = Keeper(pair.primary, "on")
    try:
        await until(lambda: keeper.is_waiting_for_somebody)
        assert names_in(str(await value(pair.primary, "show synchronous_standby_names")))
        await pair.ledger.write(pair.primary)
        pause(pair.standby, signal.SIGSTOP)
        # Hangs until the keeper lets it go on.
        await pair.ledger.write(pair.primary)
        assert any("synchronous commits are off" in alarm for state in keeper.states for alarm in state.alarms)
        pause(pair.standby, signal.SIGCONT)
        await until(lambda: keeper.is_waiting_for_somebody)
        await pair.ledger.write(pair.primary)
    finally:
        pause(pair.standby, signal.SIGCONT)
        await keeper.end()
    assert await value(pair.primary, "show synchronous_standby_names") == ""


async def test_strict_commits_wait_until_the_standby_is_back(pair: Pair) -> None:
    keeper = Keeper(pair.primary, "strict")
    try:
        await until(lambda: keeper.is_waiting_for_somebody)
        pair.standby.kill()
        writing = asyncio.create_task(pair.ledger.write(pair.primary))
        await until(lambda: keeper.states[-1].alarms and keeper.states[-1].words.startswith("1 commits wait"))
        assert not writing.done()
        # What readers leave behind waits for nobody. It is given up by the server's own limit, were it to wait.
        async with open_database(pair.primary.dsn, statement_timeout=5) as db, db.transaction() as tx:
            await commit_lightly(tx)
            await tx.execute("create table read_meanwhile (id int)")
        pair.start_standby()
        await writing
    finally:
        await keeper.end()


def test_a_vanished_primary_without_any_fence_is_not_succeeded(pair: Pair) -> None:
    pair.primary.destroy()
    with pytest.raises(CommandFailed, match=r"cannot be kept from writing.*split brain.*--force"):
        pair.standby.run("continuity", "promote")
    assert status_of(pair.standby) is not None


async def test_with_force_it_takes_over_and_says_what_it_has(pair: Pair) -> None:
    # Also where nobody keeps it.
    pair.standby.kill()
    pair.standby.start("continuity", "promote", "--up", "--force")
    await pair.ledger.write(pair.standby)
    assert await pair.ledger.missing_in(pair.standby) == []
    assert "this is the server now; it has every" in pair.standby.log.read_text()
    assert not (pair.standby.directory / "continuity/standby.json").exists()


def test_after_it_was_killed_it_starts_as_the_server(pair: Pair) -> None:
    pair.standby.kill()
    pair.standby.start("up")
    shutil.rmtree(pair.primary.directory, ignore_errors=True)
