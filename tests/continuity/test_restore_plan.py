"""Which objects bring back which moment, over several epochs, and what is said where some are missing.

The sites are made of sealed objects without any database in them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import zstandard

from rostra.continuity import names
from rostra.continuity.keys import Recipients, RecoveryKey, SigningKey
from rostra.continuity.records import SEGMENT, Base, BaseKind, Fork, Piece
from rostra.continuity.restore.documents import Documents
from rostra.continuity.restore.plan import Plan, contiguous, make_plan, moment
from rostra.continuity.restore.records import NotRestorable
from rostra.continuity.restore.site_choice import choose_site
from rostra.continuity.restore.wal import Fetched, fetch_wal
from rostra.continuity.sealed import Broken, seal
from rostra.continuity.site import found_site, next_epoch, read_trust
from rostra.continuity.targets import open_target

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FULL, STEP = SEGMENT // 4, SEGMENT // 4


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


class Site:
    """A site at a directory. Each epoch's log consists of pieces of a quarter of a segment, one a minute."""

    def __init__(self, path: Path, domain: str = "origin.test") -> None:
        self.path = path
        self.key = RecoveryKey.generate()
        self.recipients = Recipients([self.key.recipient])
        self.site, document = found_site(self.key.root, domain, [self.key.recipient], [self.key.root.public], at(-1))
        self.keys: dict[int, SigningKey] = {}
        self._digests: dict[int, str] = {}
        self.write(names.SITE, document)
        self.epoch(1, at(0), None)

    def write(self, name: str, raw: bytes) -> None:
        path = self.path / self.site.id / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)

    def remove(self, name: str) -> None:
        (self.path / self.site.id / name).unlink()

    def epoch(self, number: int, opened: datetime, fork: Fork | None, signer: SigningKey | None = None) -> None:
        self.keys[number] = SigningKey.generate()
        why = "init" if fork is None else "restore"
        signer = signer or self.key.root
        _, raw = next_epoch(signer, self.site, number, self.keys[number], opened, why, fork)
        self.write(names.epoch(number), raw)

    def piece(
        self, number: int, sequence: int, made: datetime, *, key: int | None = None, gap: bool = False,
        start: int | None = None, timeline: int = 1, previous: str | None = None, body: bytes | None = None,
    ) -> None:  # fmt: skip
        start = (sequence - 1) * STEP if start is None else start
        name = names.wal_piece(number, sequence)
        log = bytes([sequence]) * STEP if body is None else body
        raw, digest = seal(
            self.keys[key or number],
            self.recipients.encrypt(zstandard.compress(log)),
            site=self.site.id,
            name=name,
            epoch=key or number,
            made_at=made,
            about=Piece(start=start, end=start + STEP, timeline=timeline, gap=gap),
            sequence=sequence,
            previous=self._digests.get(number, "") if previous is None else previous,
        )
        self._digests[number] = digest
        self.write(name, raw)

    def pieces(self, number: int, count: int, since: float, first: int = 1) -> None:
        for sequence in range(first, first + count):
            self.piece(number, sequence, at(since + sequence))

    def base(
        self, number: int, started: datetime, wal_from: int, *, kind: BaseKind = "full", parent: str | None = None,
        ended: datetime | None = None, key: int | None = None,
    ) -> str:  # fmt: skip
        base_id = names.base_id(number, started)
        start = (wal_from - 1) * STEP
        about = Base(
            id=base_id, kind=kind, parent=parent, start=start + 40, end=start + 300, timeline=1, wal_from=wal_from,
            started_at=started, ended_at=ended or started, parts=[], raw_size=0, postgres="18.6", system="7",
            rostra="0.1.0", migrations=[],
        )  # fmt: skip
        name = names.base_manifest(base_id)
        body = zstandard.compress(b"{}")
        signer = self.keys[key or number]
        raw, _ = seal(
            signer, body, site=self.site.id, name=name, epoch=key or number, made_at=about.ended_at, about=about
        )
        self.write(name, raw)
        self.write(names.capsule(number, started), b"")
        return base_id

    async def plan(self, to: datetime | None = None) -> Plan:
        async with open_target(str(self.path)) as target:
            trust = await read_trust(target, self.site.id, self.key.root.public)
            return await make_plan(Documents(target, trust, self.key), to)

    async def fetch(self, into: Path, to: datetime | None = None) -> Fetched:
        async with open_target(str(self.path)) as target:
            trust = await read_trust(target, self.site.id, self.key.root.public)
            documents = Documents(target, trust, self.key)
            plan = await make_plan(documents, to)
            into.mkdir()
            return await fetch_wal(documents, plan, into, lambda _: None)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "target")


def test_contiguous_ends_before_the_first_hole() -> None:
    assert contiguous({3, 4, 5, 7}, 3) == 5
    assert contiguous({4, 5}, 3) is None
    assert contiguous([], 1) is None


async def test_the_newest_base_and_all_of_the_log_behind_it_are_what_is_needed(site: Site) -> None:
    site.pieces(1, 12, since=0)
    site.base(1, at(1), 1)
    newest = site.base(1, at(6), 5)
    plan = await site.plan()
    assert (plan.base.id, plan.first, plan.last, plan.until, plan.to) == (newest, 5, 12, at(12), None)


async def test_for_a_moment_the_newest_base_that_was_complete_then_is_taken(site: Site) -> None:
    site.pieces(1, 12, since=0)
    first = site.base(1, at(1), 1)
    second = site.base(1, at(5), 5, ended=at(6))
    assert (await site.plan(at(5.5))).base.id == first
    plan = await site.plan(at(6))
    assert (plan.base.id, plan.to) == (second, at(6))


async def test_before_the_first_base_there_is_nothing(site: Site) -> None:
    site.pieces(1, 4, since=0)
    first = site.base(1, at(2), 1, ended=at(2) + timedelta(microseconds=1500))
    site.base(1, at(3), 2)
    with pytest.raises(NotRestorable, match="no base backup from which this could be restored") as refused:
        await site.plan(at(1))
    told = re.search(r"the oldest moment that can be had is (\S+)", str(refused.value))
    assert told is not None
    oldest = datetime.fromisoformat(told[1])
    assert (await site.plan(oldest)).base.id == first
    with pytest.raises(NotRestorable):
        await site.plan(oldest - timedelta(milliseconds=1))


async def test_where_no_base_can_be_used_no_moment_is_promised(site: Site) -> None:
    site.pieces(1, 4, since=0)
    site.base(1, at(2), 9)
    with pytest.raises(NotRestorable, match="no base backup from which this could be restored") as refused:
        await site.plan(at(1))
    assert "oldest moment" not in str(refused.value)


async def test_a_base_whose_log_is_not_there_yet_is_not_used(site: Site) -> None:
    site.pieces(1, 4, since=0)
    first = site.base(1, at(1), 1)
    site.base(1, at(4), 5)
    plan = await site.plan()
    assert plan.base.id == first
    assert "the WAL piece 000005 of epoch 1 is missing" in plan.warnings[0]


async def test_a_hole_before_the_newest_base_does_not_matter_but_for_moments_before(site: Site) -> None:
    site.pieces(1, 12, since=0)
    first = site.base(1, at(1), 1)
    second = site.base(1, at(9), 9)
    site.remove(names.wal_piece(1, 6))
    assert (await site.plan()).base.id == second
    assert (await site.plan(at(5))).base.id == first
    said = rf"piece 000006 of epoch 1 is missing at file://.*: the copy ends at {moment(at(5))}; --to {moment(at(5))}"
    with pytest.raises(NotRestorable, match=said):
        await site.plan(at(7))


async def test_what_an_old_server_writes_after_the_next_epoch_was_opened_does_not_count(site: Site) -> None:
    site.pieces(1, 8, since=0)
    first = site.base(1, at(1), 1)
    site.epoch(2, at(7), Fork(epoch=1, sequence=6, lsn=6 * STEP - 5))
    site.pieces(1, 4, since=0, first=9)
    site.base(1, at(10), 9)
    plan = await site.plan()
    assert (plan.epoch, plan.base.id, plan.last) == (1, first, 6)
    assert plan.stop == 6 * STEP - 5
    assert "was made after epoch 1 had ended, and does not count" in " ".join(plan.warnings)
    assert "epoch 2, which began at" in " ".join(plan.warnings)
    assert "has no base that can be used" in " ".join(plan.warnings)


async def test_once_the_new_epoch_has_a_base_it_is_what_is_restored(site: Site) -> None:
    site.pieces(1, 8, since=0)
    site.base(1, at(1), 1)
    site.epoch(2, at(10), Fork(epoch=1, sequence=8, lsn=8 * STEP))
    site.pieces(2, 4, since=10)
    base = site.base(2, at(11), 1)
    plan = await site.plan()
    assert (plan.epoch, plan.base.id, plan.last, plan.warnings) == (2, base, 4, [])
    before = await site.plan(at(9.5))
    assert (before.epoch, before.last, before.to, before.stop) == (1, 8, None, None)


async def test_a_moment_of_a_new_epoch_before_its_first_base_is_refused_with_what_can_be_had(site: Site) -> None:
    site.pieces(1, 8, since=0)
    site.base(1, at(1), 1)
    site.epoch(2, at(10), Fork(epoch=1, sequence=8, lsn=8 * STEP))
    site.pieces(2, 4, since=10)
    site.base(2, at(12), 1)
    with pytest.raises(NotRestorable, match=rf"restored by a --to before {moment(at(10))}"):
        await site.plan(at(11))


async def test_an_epoch_that_came_from_an_older_one_leads_back_there(site: Site) -> None:
    """Epoch 2 was a mistake: epoch 3 was restored from epoch 1."""
    site.pieces(1, 8, since=0)
    site.base(1, at(1), 1)
    site.epoch(2, at(10), Fork(epoch=1, sequence=8, lsn=8 * STEP))
    site.pieces(2, 4, since=10)
    second = site.base(2, at(11), 1)
    site.epoch(3, at(20), Fork(epoch=1, sequence=4, lsn=4 * STEP))
    plan = await site.plan()
    assert (plan.epoch, plan.last) == (1, 4)
    assert (await site.plan(at(13))).base.id == second


async def test_the_pieces_that_the_next_epoch_knows_of_are_missed(site: Site) -> None:
    site.pieces(1, 6, since=0)
    site.base(1, at(1), 1)
    site.epoch(2, at(10), Fork(epoch=1, sequence=8, lsn=8 * STEP))
    with pytest.raises(NotRestorable, match=f"piece 000007 of epoch 1 is missing .* ends at {moment(at(6))}"):
        await site.plan()


async def test_the_server_of_an_old_epoch_cannot_write_for_a_new_one(site: Site) -> None:
    site.pieces(1, 4, since=0)
    site.base(1, at(1), 1)
    site.epoch(2, at(5), Fork(epoch=1, sequence=4, lsn=4 * STEP))
    site.pieces(2, 4, since=5)
    base = site.base(2, at(6), 1)
    site.base(2, at(7), 1, key=1)
    plan = await site.plan()
    assert plan.base.id == base
    assert "was written by the server of epoch 1, not of 2" in plan.warnings[0]


async def test_an_epoch_that_nobody_certified_is_refused(site: Site) -> None:
    site.pieces(1, 4, since=0)
    site.base(1, at(1), 1)
    site.epoch(2, at(5), Fork(epoch=1, sequence=4, lsn=4 * STEP), signer=SigningKey.generate())
    with pytest.raises(Broken, match=r"epochs/000002: signed by .*, whom nobody certified"):
        await site.plan()


async def test_a_log_that_was_cut_short_is_told_by_objects_that_are_newer(site: Site) -> None:
    site.pieces(1, 4, since=0)
    site.base(1, at(1), 1)
    site.write(names.census(1, at(30)), b"")
    plan = await site.plan()
    assert "its newest pieces are missing" in plan.warnings[0]
    assert moment(at(4)) in plan.warnings[0]


async def test_the_log_becomes_segments_whose_last_one_ends_in_zeros(site: Site, tmp_path: Path) -> None:
    site.pieces(1, 6, since=0)
    site.base(1, at(1), 1)
    fetched = await site.fetch(tmp_path / "wal")
    assert fetched == Fetched(last=6, counts=6, end=6 * STEP, until=at(6))
    first, second = sorted((tmp_path / "wal").iterdir())
    assert (first.name, second.name) == ("000000010000000000000000", "000000010000000000000001")
    assert first.read_bytes() == b"".join(bytes([number]) * STEP for number in (1, 2, 3, 4))
    assert second.read_bytes() == bytes([5]) * STEP + bytes([6]) * STEP + bytes(2 * STEP)


async def test_no_more_of_the_log_is_fetched_than_a_moment_needs(site: Site, tmp_path: Path) -> None:
    site.pieces(1, 10, since=0)
    site.base(1, at(1), 1)
    fetched = await site.fetch(tmp_path / "wal", at(3.5))
    assert (fetched.last, fetched.counts) == (4, 10)


WRONG: dict[str, tuple[Callable[[Site], None], str]] = {
    "a gap": (lambda site: site.piece(1, 5, at(5), gap=True, start=8 * STEP), "what is between was never shipped"),
    "a jump": (lambda site: site.piece(1, 5, at(5), start=6 * STEP), "what is between was never shipped"),
    "another chain": (lambda site: site.piece(1, 5, at(5), previous="0" * 64), "does not follow the piece before it"),
    "another timeline": (lambda site: site.piece(1, 5, at(5), timeline=2), "is of timeline 2, not 1"),
    "too few bytes": (lambda site: site.piece(1, 5, at(5), body=b"short"), "has 5 bytes of the log, not 4194304"),
    "too many bytes": (lambda site: site.piece(1, 5, at(5), body=bytes(2 * SEGMENT)), "would be larger than"),
    "over the end of a segment": (
        lambda site: site.piece(1, 5, at(5), start=4 * STEP - 1),
        "over the end of a segment",
    ),
}


@pytest.mark.parametrize("case", sorted(WRONG))
async def test_a_piece_that_does_not_continue_the_log_ends_it_there(site: Site, tmp_path: Path, case: str) -> None:
    spoil, said = WRONG[case]
    site.pieces(1, 4, since=0)
    spoil(site)
    site.pieces(1, 2, since=0, first=6)
    site.base(1, at(1), 1)
    with pytest.raises(NotRestorable, match=f"{said}.*the copy ends at {moment(at(4))}"):
        await site.fetch(tmp_path / "wal")
    fetched = await site.fetch(tmp_path / "until", at(4))
    assert (fetched.last, fetched.end) == (4, 4 * STEP)


async def test_of_several_sites_the_one_that_the_key_is_for_is_meant(tmp_path: Path) -> None:
    one, other = Site(tmp_path / "target", "one.test"), Site(tmp_path / "target", "other.test")
    for each in (one, other):
        each.pieces(1, 2, since=0)
    async with open_target(str(tmp_path / "target")) as target:
        assert (await choose_site(target, one.key, None)).site.domain == "one.test"
        assert (await choose_site(target, one.key, one.site.id)).site.domain == "one.test"
        with pytest.raises(Broken, match="the recovery key is none"):
            await choose_site(target, one.key, other.site.id)
        with pytest.raises(NotRestorable) as caught:
            await choose_site(target, RecoveryKey.generate(), None)
    lines = str(caught.value).splitlines()
    assert lines[0].endswith("the key is for none of them; choose one with --site ID:")
    assert {line.split()[1] for line in lines[1:]} == {"one.test", "other.test"}


async def test_where_there_are_no_copies_that_is_said(tmp_path: Path) -> None:
    async with open_target(str(tmp_path / "empty")) as target:
        with pytest.raises(NotRestorable, match="there are no copies at file://"):
            await choose_site(target, RecoveryKey.generate(), None)
