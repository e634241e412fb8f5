"""One server that passes from machine to machine: promoted while the old one lives, after it was lost, and moved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from benchmarks.machine import CommandFailed, Machine
from rostra.continuity.place import Place
from rostra.continuity.records import Epoch, format_lsn
from rostra.continuity.site import Trust, read_trust
from rostra.continuity.standby.records import default_name
from rostra.continuity.targets import open_target
from tests.continuity.hosts import Ledger, host, new_ledger, status_of, until, value


class Relay:
    """The machines in the order in which they are the server."""

    def __init__(self, home: Path) -> None:
        self.target = home / "target"
        self.hidden = home / "hidden"
        settings = {"ROSTRA_CONTINUITY_TARGETS": str(self.target), "ROSTRA_CONTINUITY_SYNC": "on"}
        self.first, self.second, self.third, self.fourth = (
            host(home, name, **settings) for name in ("first", "second", "third", "fourth")
        )
        self.ledger = Ledger()

    @property
    def machines(self) -> list[Machine]:
        return [self.first, self.second, self.third, self.fourth]

    async def trust(self) -> Trust:
        async with open_target(str(self.target)) as target:
            (site,) = [path.name for path in self.target.iterdir()]
            return await read_trust(target, site)


@pytest.fixture(scope="module")
async def relay(home: Path) -> AsyncIterator[Relay]:
    made = Relay(home)
    try:
        made.first.start("up")
        made.first.run("continuity", "init", "--no-qr")
        made.ledger = await new_ledger(made.first)
        yield made
    finally:
        for machine in made.machines:
            machine.destroy()


def follow(standby: Machine, primary: Machine) -> None:
    standby.start("continuity", "standby", "--from", str(primary.directory), until="following")


def epoch_of(machine: Machine) -> Epoch:
    identity = Place(machine.directory).find_identity()
    assert identity is not None
    return identity.epoch


async def test_a_promotion_ends_the_old_server_and_has_all_that_it_wrote(relay: Relay) -> None:
    follow(relay.second, relay.first)
    await until((relay.second.directory / "continuity/primary/continuity/epoch.json").exists)
    async with relay.ledger.writing(relay.first):
        await until(lambda: len(relay.ledger.acknowledged) > 20)
        await asyncio.to_thread(relay.second.start, "continuity", "promote", "--up")
    assert await relay.ledger.missing_in(relay.second) == []
    said = relay.second.log.read_text()
    assert "the old server has ended and nothing that it wrote is missing" in said
    replaced = Place(relay.first.directory).find_replaced()
    assert replaced is not None
    assert (replaced.epoch, replaced.why) == (2, "promote")
    await relay.ledger.write(relay.second)


async def test_the_next_epoch_is_certified_by_the_one_before(relay: Relay) -> None:
    trust = await relay.trust()
    assert [(epoch.number, epoch.why) for epoch in trust.epochs] == [(1, "init"), (2, "promote")]
    assert trust.current == epoch_of(relay.second)
    fork = trust.current.fork
    assert fork is not None
    assert fork.epoch == 1
    assert await value(relay.second, "select $1::text::pg_lsn <= pg_current_wal_lsn()", format_lsn(fork.lsn))


def test_the_old_server_refuses_to_be_started(relay: Relay) -> None:
    with pytest.raises(CommandFailed, match="status 9"):
        relay.first.run("up")


async def test_where_posts_wait_for_it_nothing_is_lost_with_the_machine(relay: Relay) -> None:
    follow(relay.third, relay.second)
    await until(lambda: (status := status_of(relay.third)) is not None and status.synchronous)
    await until((relay.third.directory / "continuity/primary/continuity/epoch.json").exists)
    async with relay.ledger.writing(relay.second):
        so_far = len(relay.ledger.acknowledged)
        await until(lambda: len(relay.ledger.acknowledged) > so_far + 100)
        relay.second.kill()
        relay.second.directory.rename(relay.hidden)
    relay.third.start("continuity", "promote", "--up")
    assert await relay.ledger.missing_in(relay.third) == []
    assert "fenced: epoch 3 is open at" in relay.third.log.read_text()
    await relay.ledger.write(relay.third)


def test_a_primary_that_comes_back_learns_at_the_target_that_it_was_replaced(relay: Relay) -> None:
    relay.hidden.rename(relay.second.directory)
    assert Place(relay.second.directory).find_replaced() is None
    with pytest.raises(CommandFailed, match=r"status 9.*this server was replaced"):
        relay.second.run("up")
    relay.second.destroy()


async def test_a_standby_of_a_server_that_was_succeeded_does_not_take_over(relay: Relay) -> None:
    """Somebody brings back a disk image of a standby that followed the second server."""
    late = host(relay.target.parent, "late", ROSTRA_CONTINUITY_TARGETS=str(relay.target))
    follow(late, relay.third)
    await until((late.directory / "continuity/primary/continuity/epoch.json").exists)
    late.stop()
    theirs = late.directory / "continuity/primary/continuity/epoch.json"
    theirs.write_bytes(msgspec.json.encode((await relay.trust()).epochs[1]))
    with pytest.raises(CommandFailed, match=r"has taken over already.*make a new standby"):
        late.run("continuity", "promote")
    late.destroy()
    assert Place(relay.third.directory).find_replaced() is None
    slot = default_name(late.directory)
    await value(relay.third, "select count(pg_drop_replication_slot(slot_name)) from pg_replication_slots "
                             "where slot_name = $1", slot)  # fmt: skip


async def test_a_move_that_cannot_tell_every_target_leaves_the_old_server_serving(relay: Relay) -> None:
    aside = relay.target.with_name("elsewhere")
    relay.target.rename(aside)
    try:
        with pytest.raises(CommandFailed, match="the old server still serves"):
            relay.fourth.run("continuity", "move", "--from", str(relay.third.directory), "--yes")
    finally:
        # The server that goes on has made a new one meanwhile, or not.
        if relay.target.exists():
            relay.target.rename(relay.target.with_name("made-meanwhile"))
        aside.rename(relay.target)
    await relay.ledger.write(relay.third)
    assert Place(relay.third.directory).find_replaced() is None


async def test_a_move_keeps_every_acknowledged_row(relay: Relay) -> None:
    async with relay.ledger.writing(relay.third):
        await asyncio.to_thread(relay.fourth.start, "continuity", "move", "--from", str(relay.third.directory), "--yes")
    assert await relay.ledger.missing_in(relay.fourth) == []
    await relay.ledger.write(relay.fourth)
    replaced = Place(relay.third.directory).find_replaced()
    assert replaced is not None
    assert (replaced.epoch, replaced.why) == (4, "move")
    assert [epoch.why for epoch in (await relay.trust()).epochs] == ["init", "promote", "promote", "move"]


async def test_a_release_can_be_taken_back(relay: Relay) -> None:
    relay.third.run("continuity", "release", "--data", str(relay.third.directory), "--undo")
    assert Place(relay.third.directory).find_replaced() is None
    relay.fourth.stop()
    relay.fourth.run("continuity", "release", "--data", str(relay.fourth.directory), "--to", "nobody")
    relay.fourth.run("continuity", "release", "--data", str(relay.fourth.directory), "--undo")
    relay.fourth.start("up")
    assert await relay.ledger.missing_in(relay.fourth) == []
