"""The chain of pieces, cut from files that look as the receiver's do: whatever happens, it stays one chain."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
import zstandard
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rostra.continuity import names
from rostra.continuity.keys import RecoveryKey, SigningKey
from rostra.continuity.place import Identity, Place
from rostra.continuity.records import SEGMENT, Piece, segment_name
from rostra.continuity.sealed import unseal
from rostra.continuity.ship import cut, spool
from rostra.continuity.ship.alarms import Alarms
from rostra.continuity.ship.chain import find_end
from rostra.continuity.ship.cut import Cutter
from rostra.continuity.ship.lane import Lane, TargetRecord
from rostra.continuity.ship.primary import DatabaseAway, Primary
from rostra.continuity.ship.queries import Position
from rostra.continuity.ship.spool import open_spool
from rostra.continuity.site import found_site, next_epoch
from rostra.continuity.targets import Target, open_target
from rostra.kit.clock import FixedClock

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
KEY = RecoveryKey.generate()
TIMELINE = 1
# Where the log of these tests begins: in the middle of a segment, as a server's does.
BEGIN = 3 * SEGMENT


def identity_of(key: RecoveryKey) -> Identity:
    site, site_object = found_site(key.root, "a.test", [key.recipient], [key.root.public], NOON)
    signing_key = SigningKey.generate()
    epoch, epoch_object = next_epoch(key.root, site, 1, signing_key, NOON, "init", None)
    return Identity(
        site=site, epoch=epoch, signing_key=signing_key, media_key=b"m" * 32,
        site_object=site_object, epoch_object=epoch_object,
    )  # fmt: skip


IDENTITY = identity_of(KEY)


class Log:
    """A server's log and the receiver's files of it. `write` writes, `receive` brings it all to the files."""

    def __init__(self, place: Place) -> None:
        place.ensure()
        self.place = place
        self.content = b""
        self.received = BEGIN
        self.receives = True

    @property
    def written(self) -> int:
        return BEGIN + len(self.content)

    def write(self, size: int) -> None:
        block = os.urandom(4096)
        self.content += (block * (size // len(block) + 1))[:size]

    def receive(self) -> None:
        """As pg_receivewal: whole segments under their name, the last one with zeros behind what it has."""
        at = self.received // SEGMENT * SEGMENT
        while at < self.written:
            body = self.content[at - BEGIN : at - BEGIN + SEGMENT]
            file = self.place.wal / segment_name(TIMELINE, at)
            partial = file.with_name(f"{file.name}.partial")
            if len(body) == SEGMENT:
                partial.unlink(missing_ok=True)
                file.write_bytes(body)
            else:
                partial.write_bytes(body)
                os.truncate(partial, SEGMENT)
            at += SEGMENT
        self.received = self.written

    async def ask(self, _question: object) -> Position:
        if not self.receives:
            raise DatabaseAway("it does not answer")
        return Position(written=self.written, received=self.received, has_slot=True, is_lost=False, receiver=1)


class Ship:
    """The parts of shipping that these tests are about, as after a start."""

    def __init__(self, log: Log, clock: FixedClock, lanes: list[Lane] | None = None, *, broken: bool = False) -> None:
        self.said: list[str] = []
        self.alarms = Alarms(self.said.append)
        self.spool, self.is_certain = open_spool(log.place.spool, IDENTITY)
        newest = asyncio.run(find_end(IDENTITY, self.spool, self.is_certain, lanes or [], self.alarms))
        self.cutter = Cutter(
            IDENTITY, log.place, cast("Primary", log), self.spool, newest, TIMELINE, broken, clock, self.alarms,
            lambda: None,
        )  # fmt: skip

    def cut(self) -> None:
        asyncio.run(self.cutter.cut())


def read_chain(place: Place) -> list[tuple[Piece, bytes]]:
    """All pieces of a spool in their order, checked to be a chain."""
    pieces: list[tuple[Piece, bytes]] = []
    previous = ""
    key = IDENTITY.signing_key.public
    for number, file in enumerate(sorted(place.spool.iterdir()), 1):
        name = names.wal_piece(1, number)
        found = unseal(file.read_bytes(), {key.id: key}, site=IDENTITY.site.id, name=name)
        assert (found.header.sequence, found.header.previous) == (number, previous)
        previous = found.digest
        about = msgspec.json.decode(found.header.about, type=Piece)
        body = zstandard.decompress(KEY.decrypt(found.body)) if found.body else b""
        assert len(body) == about.end - about.start
        pieces.append((about, body))
    return pieces


@pytest.fixture(autouse=True, scope="module")
def impatient() -> Iterator[None]:
    """Nobody receives while the cutter waits for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cut, "_SETTLE_PAUSE", 0.0)
        yield


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(Place(tmp_path))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOON)


# Without shrinking, which takes minutes with segments of this size; the example is short as it is.
@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([0, 1, 5000, SEGMENT // 2, SEGMENT]), st.booleans(), st.booleans()), max_size=7
    )
)
def test_whatever_is_written_and_however_often_it_starts_again_the_chain_holds_every_byte(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bool, bool]]
) -> None:
    log = Log(Place(tmp_path_factory.mktemp("place")))
    clock = FixedClock(NOON)
    ship = Ship(log, clock)
    for size, is_received, starts_again in [*steps, (1, True, False)]:
        log.write(size)
        if is_received:
            log.receive()
        if starts_again:
            ship = Ship(log, clock)
        clock.tick(seconds=1)
        ship.cut()
    pieces = read_chain(log.place)
    assert b"".join(body for _, body in pieces) == log.content
    assert pieces[0][0].start == BEGIN
    assert not any(about.gap for about, _ in pieces)
    for before, after in itertools.pairwise(about for about, _ in pieces):
        assert after.start == before.end
    for about, _ in pieces:
        assert about.end == about.start or about.start // SEGMENT == (about.end - 1) // SEGMENT
    assert ship.cutter.reached == clock.now()


def test_a_segment_that_was_cut_is_removed_and_the_one_that_is_written_stays(log: Log, clock: FixedClock) -> None:
    log.write(2 * SEGMENT + 100)
    log.receive()
    Ship(log, clock).cut()
    assert [file.name for file in log.place.wal.iterdir()] == [f"{segment_name(1, BEGIN + 2 * SEGMENT)}.partial"]


def test_what_is_missing_for_good_makes_a_gap_that_begins_with_a_segment(log: Log, clock: FixedClock) -> None:
    ship = Ship(log, clock)
    log.write(5000)
    log.receive()
    ship.cut()
    log.write(3 * SEGMENT)
    log.receive()
    for lost in (BEGIN, BEGIN + SEGMENT):
        (log.place.wal / segment_name(1, lost)).unlink()
    (log.place.wal / f"{segment_name(1, BEGIN)}.partial").unlink(missing_ok=True)
    ship.cut()
    first, gap, *rest = [about for about, _ in read_chain(log.place)]
    assert (first.gap, gap.gap, gap.start) == (False, True, BEGIN + 2 * SEGMENT)
    assert not any(about.gap for about in rest)
    assert ship.cutter.last_gap == 2
    assert any("gap" in line for line in ship.said)


def test_another_database_in_the_place_of_ours_begins_with_a_gap(log: Log, clock: FixedClock) -> None:
    log.write(5000)
    log.receive()
    Ship(log, clock).cut()
    log.write(10)
    log.receive()
    again = Ship(log, clock, broken=True)
    again.cut()
    assert [(about.start, about.gap) for about, _ in read_chain(log.place)] == [(BEGIN, False), (BEGIN, True)]
    log.write(10)
    log.receive()
    again.cut()
    assert [about.gap for about, _ in read_chain(log.place)] == [False, True, False]


def test_an_idle_server_says_that_it_lives_every_half_minute(
    log: Log, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.write(5000)
    log.receive()
    ship = Ship(log, clock)
    ship.cut()
    for _ in range(3):
        clock.tick(seconds=10)
        ship.cut()
    assert len(read_chain(log.place)) == 1
    assert ship.cutter.reached == clock.now(), "this server knows without a piece"
    monkeypatch.setattr(cut, "HEARTBEAT", 0.0)
    ship.cut()
    pieces = read_chain(log.place)
    assert [(about.start, about.end) for about, _ in pieces[1:]] == [(BEGIN + 5000, BEGIN + 5000)]
    assert Ship(log, clock).cutter.reached == clock.now()


def test_a_clock_that_goes_back_takes_nothing_back(log: Log, clock: FixedClock) -> None:
    ship = Ship(log, clock)
    for minutes in (0, -60, 1):
        log.write(100)
        log.receive()
        clock.tick(minutes=minutes)
        ship.cut()
    assert ship.cutter.reached == NOON
    assert [link.reached for n in (1, 2, 3) if (link := ship.spool.find(n))] == [NOON, NOON, NOON]


def test_what_the_server_has_written_and_nobody_received_is_not_called_safe(log: Log, clock: FixedClock) -> None:
    ship = Ship(log, clock)
    log.write(5000)
    log.receive()
    ship.cut()
    log.write(100)
    clock.tick(seconds=5)
    ship.cut()
    assert ship.cutter.reached == NOON


def test_a_full_disk_leaves_no_half_and_the_chain_goes_on_when_there_is_room(
    log: Log, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship = Ship(log, clock)
    log.write(5000)
    log.receive()

    def full(path: Path, body: bytes) -> None:
        path.with_name(f".{path.name}.{os.getpid()}").write_bytes(body[:10])
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(spool, "write_whole", full)
        ship.cut()
    assert list(log.place.spool.iterdir()) == []
    assert "No space left on device" in ship.alarms.texts[0]
    ship.cut()
    assert ship.alarms.texts == []
    assert len(read_chain(log.place)) == 1


def test_what_a_death_in_the_middle_left_is_removed(log: Log, clock: FixedClock) -> None:
    log.write(5000)
    log.receive()
    Ship(log, clock).cut()
    (log.place.spool / ".000000000002.4711").write_bytes(b"half")
    ship = Ship(log, clock)
    assert ship.is_certain
    assert [file.name for file in log.place.spool.iterdir()] == ["000000000001"]


def test_pieces_of_an_earlier_epoch_are_removed(log: Log, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    log.write(5000)
    log.receive()
    Ship(log, clock).cut()
    epoch, sealed = next_epoch(KEY.root, IDENTITY.site, 2, IDENTITY.signing_key, NOON, "restore", None)
    later = msgspec.structs.replace(IDENTITY, epoch=epoch, epoch_object=sealed)
    found, is_certain = open_spool(log.place.spool, later)
    assert (found.newest, is_certain) == (None, False)
    assert list(log.place.spool.iterdir()) == []


def spoil(path: Path) -> None:
    body = path.read_bytes()
    path.write_bytes(body[:-1] + bytes([body[-1] ^ 1]))


@pytest.mark.parametrize("lose", [spoil, lambda path: path.unlink()], ids=["spoilt", "removed"])
def test_where_this_disk_does_not_know_the_end_the_targets_are_asked(
    log: Log, clock: FixedClock, tmp_path: Path, lose: Callable[[Path], None]
) -> None:
    ship = Ship(log, clock)
    for _ in range(3):
        log.write(1000)
        log.receive()
        ship.cut()
    chain = {n: (log.place.spool / f"{n:012d}").read_bytes() for n in (1, 2, 3)}

    async def bring(target: Target) -> None:
        for number, raw in chain.items():
            await target.put(f"{IDENTITY.site.id}/{names.wal_piece(1, number)}", raw)

    async def with_target(act: Callable[[Target], Any]) -> Any:
        async with open_target(str(tmp_path / "target")) as target:
            return await act(target)

    asyncio.run(with_target(bring))
    lose(log.place.spool / "000000000003")

    async def end(target: Target) -> Any:
        record = TargetRecord(label=target.label, epoch=1, sequence=3)
        lane = Lane(target, log.place, record, clock, 0)
        found, is_certain = open_spool(log.place.spool, IDENTITY)
        return await find_end(IDENTITY, found, is_certain, [lane], Alarms(print))

    link = asyncio.run(with_target(end))
    assert (link.sequence, link.end) == (3, BEGIN + 3000)


def test_while_no_target_takes_anything_pieces_are_few(log: Log, clock: FixedClock) -> None:
    ship = Ship(log, clock)
    for _ in range(20):
        log.write(1000)
        log.receive()
        asyncio.run(ship.cutter.cut(is_in_vain=True))
    assert len(read_chain(log.place)) <= 1
    log.write(2 << 20)
    log.receive()
    asyncio.run(ship.cutter.cut(is_in_vain=True))
    assert b"".join(body for _, body in read_chain(log.place)) == log.content


def test_a_database_that_does_not_answer_is_waited_for(log: Log, clock: FixedClock) -> None:
    ship = Ship(log, clock)
    log.receives = False
    ship.cut()
    log.receives = True
    log.write(10)
    log.receive()
    clock.tick(seconds=timedelta(seconds=1).total_seconds())
    ship.cut()
    assert len(read_chain(log.place)) == 1
